/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "config_private.h"

#ifdef __has_feature
#define CONFIG_HAS_FEATURE(feature) __has_feature(feature)
#else
#define CONFIG_HAS_FEATURE(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || CONFIG_HAS_FEATURE(address_sanitizer)
/* libconfig 1.5 loses the string that it is reading when it meets a syntax error. */
const char *__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
	return "leak:libconfig.so\n";
}
#endif

static const struct config_key root_keys[] = {
	{.name = "node", .kind = KEY_CUSTOM, .flags = KEY_NEEDED, .read = config_read_node},
	{.name = "ports", .kind = KEY_CUSTOM, .flags = KEY_NEEDED, .read = config_read_ports},
	{.name = "peers", .kind = KEY_CUSTOM, .read = config_read_peers},
	{.name = "conferences", .kind = KEY_CUSTOM, .read = config_read_conferences},
	{.name = "statistics", .kind = KEY_CUSTOM, .read = config_read_statistics},
	{.name = "management", .kind = KEY_CUSTOM, .read = config_read_management},
};

static const struct config_key conferences_keys[] = {
	{.name = "conferences",
		.kind = KEY_CUSTOM,
		.flags = KEY_NEEDED,
		.read = config_read_conferences},
};

void
config_load_syntax(struct config_reader *reader, const config_t *parsed)
{
	const struct config_source *source = reader->source;
	const char *text = config_error_text(parsed);
	size_t line = (size_t)config_error_line(parsed);
	struct config_where where;

	if (line > source->token_line)
		line = source->token_line > 0 ? source->token_line : 1;
	where = (struct config_where){
		source->lines[line - 1].file, source->lines[line - 1].line, (uint32_t)line};
	if (strcmp(text, "duplicate setting name") == 0)
		text = "a key is set twice in one group, it must be set once";
	else if (strcmp(text, "mismatched element type in array") == 0)
		text = "the elements of an array in [ ] must all be of one type";
	else if (strcmp(text, "syntax error") == 0)
		text = "syntax error here or just before, right is: KEY = VALUE; with strings in "
		       "\"\", groups in { }, lists of groups in ( ), arrays in [ ]";
	config_errors_add(reader->errors, &where, "%s", text);
}

static void
config_load_check(struct config_reader *reader)
{
	config_check_management(reader);
	if (reader->config->node.id == 0)
		reader->broken |= BROKEN_NODE;
	if (reader->config->port_count == 0)
		reader->broken |= BROKEN_PORTS;
	config_check_ports(reader);
	config_check_peers(reader);
	config_check_sessions(reader);
	config_check_relays(reader);
	config_check_statistics(reader);
}

static const struct config_kind node_kind = {
	.keys = root_keys,
	.key_count = sizeof(root_keys) / sizeof(root_keys[0]),
	.bytes = sizeof(struct config),
	.check = config_load_check,
};

/* Only what every node would check alike. */
static const struct config_kind conferences_kind = {
	.keys = conferences_keys,
	.key_count = sizeof(conferences_keys) / sizeof(conferences_keys[0]),
	.bytes = sizeof(struct config),
	.broken = BROKEN_NODE | BROKEN_PORTS | BROKEN_PEERS,
	.root = true,
	.check = config_check_sessions,
};

static void
check_conferences_file(struct config_reader *reader)
{
	config_check_sessions(reader);
	config_check_relays(reader);
}

static struct config *
config_load_source(
	const struct config_kind *kind, struct config_source *source, struct config_errors *errs)
{
	struct config_reader *reader;
	struct config *config;
	config_t parsed;

	config = config_memory_get(source->memory, kind->bytes);
	config->memory = source->memory;
	reader = config_memory_get(source->memory, sizeof(*reader));
	reader->config = config;
	reader->source = source;
	reader->errors = errs;
	reader->broken = kind->broken;
	reader->root = kind->root;
	config_init(&parsed);
	if (config_read_string(&parsed, source->text) == CONFIG_TRUE) {
		config_read_group(
			reader, config_root_setting(&parsed), kind->keys, kind->key_count, config);
		kind->check(reader);
	} else {
		config_load_syntax(reader, &parsed);
	}
	config_destroy(&parsed);
	return config;
}

struct config *
config_load_kind(const struct config_kind *kind, const char *name, const char *text, size_t size,
	struct config_errors *errs)
{
	struct config_source source = {.memory = config_memory_new(), .errors = errs};
	struct config *config = NULL;
	bool fine;

	if (text == NULL)
		fine = config_source_file(&source, name);
	else
		fine = config_source_string(&source, name, text, size);
	if (fine)
		config = config_load_source(kind, &source, errs);
	config_source_free(&source);
	if (errs->count == 0)
		return config;
	config_errors_sort(errs);
	config_memory_free(source.memory);
	return NULL;
}

struct config *
config_load(const char *path, struct config_errors *errs)
{
	return config_load_kind(&node_kind, path, NULL, 0, errs);
}

struct config *
config_load_string(const char *name, const char *text, size_t size, struct config_errors *errs)
{
	return config_load_kind(&node_kind, name, text, size, errs);
}

struct config *
config_load_conferences(const char *path, struct config_errors *errs)
{
	struct config_kind kind = conferences_kind;

	kind.check = check_conferences_file;
	return config_load_kind(&kind, path, NULL, 0, errs);
}

struct config *
config_load_conferences_string(
	const char *name, const char *text, size_t size, struct config_errors *errs)
{
	return config_load_kind(&conferences_kind, name, text, size, errs);
}

void
config_free(struct config *config)
{
	if (config != NULL)
		config_memory_free(config->memory);
}
