/* SPDX-License-Identifier: BSD-3-Clause */
/* The group "statistics": the ring in shared memory, and who may ask for metrics. */
#include <string.h>

#include "config_private.h"

#define PATH_MAX_BYTES 240

static void
read_file(struct config_reader *reader, config_setting_t *setting, void *object)
{
	static const char wanted[] = "an absolute path of at most 240 bytes";
	struct config_statistics *statistics = object;
	const char *value = config_read_string_value(reader, setting, wanted);

	statistics->file_where = config_reader_where(reader, setting);
	if (value == NULL)
		return;
	if (value[0] != '/' || strlen(value) > PATH_MAX_BYTES)
		config_reader_want(reader, setting, "%s", wanted);
	else
		statistics->file = config_memory_copy(reader->source->memory, value);
}

static void
print_file(struct config_printer *printer, const struct config_key *key, const void *object)
{
	config_print_string(printer, key, ((const struct config_statistics *)object)->file);
}

/* A port alone is one of 127.0.0.1. */
static void
read_metrics(struct config_reader *reader, config_setting_t *setting, void *object)
{
	static const char wanted[] = "a TCP port from 1 to 65535, or \"ADDRESS:PORT\"";
	struct config_statistics *statistics = object;
	struct config_endpoint *at = &statistics->metrics;
	uint64_t port;

	statistics->metrics_where = config_reader_where(reader, setting);
	if (config_setting_type(setting) != CONFIG_TYPE_STRING) {
		if (!config_read_uint(reader, setting, 1, 65535, NULL, &port))
			return;
		(void)config_endpoint_parse("127.0.0.1:1", at);
		at->udp_port = (uint16_t)port;
		return;
	}
	config_read_endpoint(reader, setting, NULL, wanted, at);
}

static void
print_metrics(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_statistics *statistics = object;

	config_print_endpoint(printer, key, &statistics->metrics);
}

#define FIELD(field) offsetof(struct config_statistics, field)

static const struct config_key statistics_keys[] = {
	{.name = "file",
		.kind = KEY_CUSTOM,
		.read = read_file,
		.print = print_file,
		.help = "default: the socket's path with .stats"},
	{.name = "interval",
		.kind = KEY_UINT32,
		.offset = FIELD(interval),
		.min = 10,
		.max = 60000,
		.fallback = 1000,
		.unit = "ms",
		.help = "ms between two records"},
	{.name = "intervals",
		.kind = KEY_UINT32,
		.offset = FIELD(intervals),
		.min = 2,
		.max = 3600,
		.fallback = 8,
		.help = "that the ring holds"},
	{.name = "report",
		.kind = KEY_UINT32,
		.offset = FIELD(report),
		.min = 1,
		.max = 3600,
		.fallback = 30,
		.unit = "s",
		.help = "s between two reports to the parent"},
	{.name = "metrics",
		.kind = KEY_CUSTOM,
		.read = read_metrics,
		.print = print_metrics,
		.help = "where OpenMetrics are given, default nowhere"},
};

#define NB_KEYS (sizeof(statistics_keys) / sizeof(statistics_keys[0]))

void
config_read_statistics(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_statistics *statistics = &((struct config *)object)->statistics;
	size_t mark = config_reader_enter(reader, "statistics");

	(void)config_read_group(reader, setting, statistics_keys, NB_KEYS, statistics);
	config_reader_leave(reader, mark);
}

void
config_check_statistics(struct config_reader *reader)
{
	struct config_statistics *statistics = &reader->config->statistics;
	const char *path = reader->config->node.socket;
	size_t len;

	/* The group was not there. */
	if (statistics->interval == 0)
		config_read_defaults(statistics_keys, NB_KEYS, statistics);
	if (path == NULL)
		return;
	/* Each would take the other's place. */
	if (statistics->file != NULL && strcmp(statistics->file, path) == 0)
		config_check_fail(reader, &statistics->file_where,
			"statistics: file is \"%s\", which is the node's socket, it must be "
			"another path",
			path);
	if (statistics->file != NULL)
		return;
	len = strlen(path);
	if (len > 5 && strcmp(path + len - 5, ".sock") == 0)
		len -= 5;
	statistics->file = config_memory_printf(
		reader->source->memory, "%.*s.stats", (int)len, path);
}

void
config_print_statistics(
	struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config *config = object;

	(void)key;
	config_print_open(printer, "statistics = {");
	config_print_keys(printer, statistics_keys, NB_KEYS, &config->statistics);
	config_print_close(printer, "};");
}
