/* SPDX-License-Identifier: BSD-3-Clause */
/* The group "impair" of a port: its keys are those of impair_settings.h. */
#include <inttypes.h>
#include <string.h>

#include "config_private.h"

/* Rates and counts may be integers too; a number without its unit is no time and no share. */
static bool
read_value(config_setting_t *setting, const struct impair_key *key, uint64_t *value)
{
	char text[IMPAIR_TEXT];

	if (setting->type == CONFIG_TYPE_STRING && setting->value.sval != NULL)
		return impair_value_parse(key, setting->value.sval, value);
	if (key->kind == IMPAIR_TIME || key->kind == IMPAIR_SHARE)
		return false;
	if (setting->type == CONFIG_TYPE_INT)
		snprintf(text, sizeof(text), "%d", setting->value.ival);
	else if (setting->type == CONFIG_TYPE_INT64)
		snprintf(text, sizeof(text), "%lld", setting->value.llval);
	else
		return false;
	return impair_value_parse(key, text, value);
}

/* For config_read_group: one key of the table, whichever setting's name it has. */
static void
read_key(struct config_reader *reader, config_setting_t *setting, void *object)
{
	const struct impair_key *key = impair_key_find(setting->name, strlen(setting->name));
	struct impair_settings *settings = object;
	char wanted[IMPAIR_TEXT];

	if (!read_value(setting, key, impair_settings_field(settings, key)))
		config_reader_want(reader, setting, "%s", impair_value_wanted(key, wanted));
}

static void
print_key(struct config_printer *printer, const struct config_key *config_key, const void *object)
{
	const struct impair_key *key = impair_key_find(config_key->name, strlen(config_key->name));
	const struct impair_settings *settings = object;
	uint64_t value = impair_settings_value(settings, key);
	char text[IMPAIR_TEXT];

	if (!impair_settings_used(settings, key))
		config_print_line(printer, key->help, "# %s not set", key->name);
	else if (key->kind == IMPAIR_NUMBER || key->kind == IMPAIR_BYTES)
		config_print_line(printer, key->help, "%s = %" PRIu64 "%s;", key->name, value,
			value > INT32_MAX ? "L" : "");
	else
		config_print_line(printer, key->help, "%s = \"%s\";", key->name,
			impair_value_text(key, value, text));
}

static void
make_keys(struct config_key keys[IMPAIR_KEYS])
{
	for (size_t i = 0; i < IMPAIR_KEYS; i++)
		keys[i] = (struct config_key){.name = impair_keys[i].name,
			.kind = KEY_CUSTOM,
			.read = read_key,
			.print = print_key,
			.help = impair_keys[i].help};
}

void
config_read_impair(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_port *port = object;
	struct config_key keys[IMPAIR_KEYS];
	const struct impair_key *wrong;
	uint32_t given = 0;
	char reason[256];
	size_t mark = config_reader_enter(reader, "impair");

	make_keys(keys);
	impair_settings_init(&port->impair);
	port->impaired = true;
	if (config_read_group(reader, setting, keys, IMPAIR_KEYS, &port->impair)) {
		for (size_t i = 0; i < IMPAIR_KEYS; i++)
			if (config_setting_get_member(setting, impair_keys[i].name) != NULL)
				given |= 1u << i;
		wrong = impair_settings_finish(&port->impair, given, reason, sizeof(reason));
		if (wrong != NULL)
			config_reader_fail(reader, config_setting_get_member(setting, wrong->name),
				"%s", reason);
	}
	config_reader_leave(reader, mark);
}

void
config_print_impair(
	struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_port *port = object;
	struct config_key keys[IMPAIR_KEYS];

	if (!port->impaired) {
		config_print_line(printer, key->help, "# %s not set", key->name);
		return;
	}
	make_keys(keys);
	config_print_open(printer, "impair = {");
	config_print_keys(printer, keys, IMPAIR_KEYS, &port->impair);
	config_print_close(printer, "};");
}
