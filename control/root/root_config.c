/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include <sys/un.h>

#include "config_connections.h"
#include "root_config_private.h"

#define SOCKET_PATH_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)
#define STORE_DEFAULT	"/var/lib/ferry/root.db"
#define LISTEN_WANTED	"an address and a TCP port, as \"192.0.2.1:13780\" or \"[2001:db8::1]:13780\""

static const char *const tcp_choices[] = {
	[ROOT_TCP_REFUSE] = "refuse", [ROOT_TCP_UDP] = "udp", NULL};
static const char *const forwarding_choices[] = {
	[ROOT_FORWARDING_INSTALLED] = "installed", [ROOT_FORWARDING_OPEN] = "open", NULL};

static void
read_socket(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct root_settings *settings = object;

	settings->socket = config_read_path(reader, setting);
	if (settings->socket != NULL && strlen(settings->socket) > SOCKET_PATH_MAX)
		config_reader_want(reader, setting, "a path of at most 107 bytes");
}

static void
print_socket(struct config_printer *printer, const struct config_key *key, const void *object)
{
	config_print_string(printer, key, ((const struct root_settings *)object)->socket);
}

#define FIELD(field) offsetof(struct root_settings, field)

static const struct config_key settings_keys[] = {
	{.name = "listen",
		.kind = KEY_ENDPOINT,
		.flags = KEY_NEEDED,
		.offset = FIELD(listen),
		.wanted = LISTEN_WANTED,
		.help = "where nodes connect (TCP)"},
	CONNECTION_TLS_KEYS(struct root_settings, "^", "nodes' certificates"),
	{.name = "store",
		.kind = KEY_PATH,
		.offset = FIELD(store),
		.help = "database, default " STORE_DEFAULT},
	{.name = "socket",
		.kind = KEY_CUSTOM,
		.read = read_socket,
		.print = print_socket,
		.help = "of ferryctl, default " CONFIG_ROOT_SOCKET},
	{.name = "forwarding",
		.kind = KEY_CHOICE,
		.offset = FIELD(forwarding),
		.choices = forwarding_choices,
		.help = "of all nodes: installed or open, default installed"},
	{.name = "tcp",
		.kind = KEY_CHOICE,
		.offset = FIELD(tcp),
		.choices = tcp_choices,
		.help = "sessions in JSON: refuse, or take them as udp; default refuse"},
	{.name = "report",
		.kind = KEY_PATH,
		.offset = FIELD(report),
		.help = "file of reports, default store's with .report behind it"},
	{.name = "report_s",
		.kind = KEY_UINT32,
		.offset = FIELD(report_s),
		.min = 0,
		.max = 86400,
		.fallback = 30,
		.help = "s between reports, 0 for none"},
	CONNECTION_PING_KEYS(struct root_settings),
};

#define SETTINGS_KEYS (sizeof(settings_keys) / sizeof(settings_keys[0]))

static void
read_settings(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct root_settings *settings = &((struct root_config *)object)->settings;
	size_t mark = config_reader_enter(reader, "root");

	settings->where = config_reader_where(reader, setting);
	settings->socket = CONFIG_ROOT_SOCKET;
	settings->store = STORE_DEFAULT;
	if (config_read_group(reader, setting, settings_keys, SETTINGS_KEYS, settings))
		config_connections_check(reader, setting, &settings->connections);
	if (settings->report == NULL && settings->store != NULL)
		settings->report = config_memory_printf(
			reader->source->memory, "%s.report", settings->store);
	config_reader_leave(reader, mark);
}

static void
read_files(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct root_config *config = object;

	if (!config_read_sequence(reader, setting, "files", 0, ROOT_FILES_MAX, false))
		return;
	config->files = config_memory_get(reader->source->memory,
		(size_t)config_setting_length(setting) * sizeof(*config->files));
	for (int i = 0; i < config_setting_length(setting); i++) {
		config_setting_t *element = config_setting_get_elem(setting, (unsigned int)i);
		struct root_file *file = &config->files[config->file_count];

		file->where = config_reader_where(reader, element);
		file->path = config_read_path(reader, element);
		config->file_count += file->path != NULL;
	}
}

static const struct config_key file_keys[] = {
	{.name = "root", .kind = KEY_CUSTOM, .flags = KEY_NEEDED, .read = read_settings},
	{.name = "nodes", .kind = KEY_CUSTOM, .flags = KEY_NEEDED, .read = root_read_places},
	{.name = "thresholds", .kind = KEY_CUSTOM, .read = root_read_thresholds},
	{.name = "conferences", .kind = KEY_CUSTOM, .read = config_read_conferences},
	{.name = "conference_files", .kind = KEY_CUSTOM, .read = read_files},
};

static void
check_file(struct config_reader *reader)
{
	const struct root_config *config = (const struct root_config *)reader->config;

	if (reader->errors->count == 0)
		root_check_places(reader, config);
	config_check_sessions(reader);
	config_check_relays(reader);
}

static void
check_nothing(struct config_reader *reader)
{
	(void)reader;
}

static const struct config_kind file_kind = {
	.keys = file_keys,
	.key_count = sizeof(file_keys) / sizeof(file_keys[0]),
	.bytes = sizeof(struct root_config),
	.broken = BROKEN_NODE | BROKEN_PORTS | BROKEN_PEERS,
	.root = true,
	.check = check_file,
};

/* The list of nodes alone. */
static const struct config_kind places_kind = {
	.keys = &file_keys[1],
	.key_count = 1,
	.bytes = sizeof(struct root_config),
	.root = true,
	.check = check_nothing,
};

struct root_config *
root_config_load(const char *path, struct config_errors *errs)
{
	return (struct root_config *)config_load_kind(&file_kind, path, NULL, 0, errs);
}

struct root_config *
root_config_load_string(const char *name, const char *text, size_t size, struct config_errors *errs)
{
	return (struct root_config *)config_load_kind(&file_kind, name, text, size, errs);
}

struct root_config *
root_places_load_string(const char *name, const char *text, size_t size, struct config_errors *errs)
{
	return (struct root_config *)config_load_kind(&places_kind, name, text, size, errs);
}

void
root_config_free(struct root_config *config)
{
	config_free(config != NULL ? &config->base : NULL);
}

void
root_config_print(const struct root_config *config, FILE *out)
{
	struct config_printer printer = {.out = out, .root = true};

	config_print_open(&printer, "root = {");
	config_print_keys(&printer, settings_keys, SETTINGS_KEYS, &config->settings);
	config_print_close(&printer, "};");
	root_print_places(&printer, config);
	root_print_thresholds(&printer, config);
	config_print_open(&printer, "conference_files = (");
	for (uint32_t i = 0; i < config->file_count; i++) {
		char quoted[2 * strlen(config->files[i].path) + 3];

		config_print_line(&printer, NULL, "%s%s",
			config_print_quote(quoted, config->files[i].path),
			i + 1 < config->file_count ? "," : "");
	}
	config_print_close(&printer, ");");
	config_print_conferences(&printer, NULL, &config->base);
}
