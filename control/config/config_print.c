/* SPDX-License-Identifier: BSD-3-Clause */
#include <err.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config_private.h"

#define HELP_COLUMN 44
#define INDENT	    2

void
config_print_line(struct config_printer *printer, const char *help, const char *format, ...)
{
	va_list args;
	int column = printer->indent * INDENT;

	fprintf(printer->out, "%*s", column, "");
	va_start(args, format);
	column += vfprintf(printer->out, format, args);
	va_end(args);
	if (help != NULL)
		fprintf(printer->out, "%*s# %s", column < HELP_COLUMN ? HELP_COLUMN - column : 1,
			"", help);
	fputc('\n', printer->out);
}

void
config_print_open(struct config_printer *printer, const char *text)
{
	config_print_line(printer, NULL, "%s", text);
	printer->indent++;
}

void
config_print_close(struct config_printer *printer, const char *text)
{
	printer->indent--;
	config_print_line(printer, NULL, "%s", text);
}

const char *
config_print_quote(char *buf, const char *value)
{
	char *at = buf;

	*at++ = '"';
	for (; *value != 0; value++) {
		if (*value == '"' || *value == '\\')
			*at++ = '\\';
		*at++ = *value;
	}
	*at++ = '"';
	*at = 0;
	return buf;
}

void
config_print_string(struct config_printer *printer, const struct config_key *key, const char *value)
{
	char quoted[2 * strlen(value) + 3];

	config_print_line(
		printer, key->help, "%s = %s;", key->name, config_print_quote(quoted, value));
}

static void
print_uint(struct config_printer *printer, const struct config_key *key, uint64_t value)
{
	char help[256];
	int used;

	used = snprintf(help, sizeof(help), "%s%s%" PRIu64 " to %" PRIu64,
		key->help == NULL ? "" : key->help, key->help == NULL ? "" : ", ", key->min,
		key->max);
	if (!(key->flags & KEY_NEEDED) && !key->no_default)
		snprintf(help + used, sizeof(help) - (size_t)used, ", default %" PRIu64,
			key->fallback);
	config_print_line(printer, help, "%s = %" PRIu64 "%s;", key->name, value,
		value > INT32_MAX ? "L" : "");
}

static void
print_if_set(struct config_printer *printer, const struct config_key *key, const char *value)
{
	if (value != NULL)
		config_print_string(printer, key, value);
	else
		config_print_line(printer, key->help, "# %s not set", key->name);
}

static void
print_time(struct config_printer *printer, const struct config_key *key, int64_t ms)
{
	char text[CONFIG_TIME_TEXT];

	print_if_set(printer, key, ms != 0 ? config_time_text(ms, text) : NULL);
}

void
config_print_endpoint(struct config_printer *printer, const struct config_key *key,
	const struct config_endpoint *endpoint)
{
	char text[CONFIG_ADDRESS_TEXT];

	print_if_set(printer, key,
		endpoint->address.family != 0 ? config_endpoint_text(endpoint, text) : NULL);
}

static void
print_key(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const void *field = (const char *)object + key->offset;

	switch (key->kind) {
	case KEY_UINT32:
		print_uint(printer, key, *(const uint32_t *)field);
		break;
	case KEY_UINT64:
		print_uint(printer, key, *(const uint64_t *)field);
		break;
	case KEY_BOOL:
		config_print_line(printer, key->help, "%s = %s;", key->name,
			*(const bool *)field ? "true" : "false");
		break;
	case KEY_CHOICE:
		config_print_string(printer, key, key->choices[*(const uint32_t *)field]);
		break;
	case KEY_NAME:
		config_print_string(printer, key, field);
		break;
	case KEY_TIME:
		print_time(printer, key, *(const int64_t *)field);
		break;
	case KEY_PATH:
		print_if_set(printer, key, *(const char *const *)field);
		break;
	case KEY_ENDPOINT:
		config_print_endpoint(printer, key, field);
		break;
	case KEY_CUSTOM:
		key->print(printer, key, object);
		break;
	}
}

void
config_print_keys(struct config_printer *printer, const struct config_key *keys, size_t count,
	const void *object)
{
	for (size_t i = 0; i < count; i++) {
		if (printer->root || (keys[i].flags & KEY_ROOT) == 0)
			print_key(printer, &keys[i], object);
	}
}

char *
config_print_missing(struct config_memory *memory, const struct config *config,
	config_setting_t *group, const struct config_key *keys, size_t count, const void *object)
{
	struct config_printer printer = {.config = config};
	char *text = NULL, *kept;
	size_t size;

	printer.out = open_memstream(&text, &size);
	if (printer.out == NULL)
		err(1, "keys of a group");
	for (size_t i = 0; i < count; i++) {
		if ((keys[i].flags & KEY_ROOT) == 0 &&
			config_setting_get_member(group, keys[i].name) == NULL)
			print_key(&printer, &keys[i], object);
	}
	if (fclose(printer.out) != 0)
		err(1, "keys of a group");
	kept = config_memory_copy(memory, text);
	free(text);
	return kept;
}

void
config_print_groups(struct config_printer *printer, const struct config_key *keys, size_t key_count,
	const void *structs, uint32_t count, size_t bytes)
{
	for (uint32_t i = 0; i < count; i++) {
		config_print_open(printer, "{");
		config_print_keys(printer, keys, key_count, (const char *)structs + i * bytes);
		config_print_close(printer, i + 1 < count ? "}," : "}");
	}
}

void
config_print(const struct config *config, FILE *out)
{
	struct config_printer printer = {.out = out, .config = config};

	fprintf(out, "# The effective configuration of node %u.\n", config->node.id);
	config_print_node(&printer, NULL, config);
	config_print_ports(&printer, NULL, config);
	config_print_peers(&printer, NULL, config);
	config_print_conferences(&printer, NULL, config);
	config_print_statistics(&printer, NULL, config);
	config_print_management(&printer, NULL, config);
}
