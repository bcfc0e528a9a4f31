/* SPDX-License-Identifier: BSD-3-Clause */
/* Values that are more than a number: sequences, strings, names, paths. */
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "config_private.h"

bool
config_read_sequence(struct config_reader *reader, config_setting_t *setting, const char *what,
	unsigned int min, unsigned int max, bool groups)
{
	bool right = setting->type == CONFIG_TYPE_LIST ||
		     (setting->type == CONFIG_TYPE_ARRAY &&
			     (!groups || config_setting_length(setting) == 0));
	int length;

	if (!right) {
		config_reader_want(reader, setting, "%s of %s",
			groups ? "a list ( { ... }, { ... } )" : "an array [ ..., ... ]", what);
		return false;
	}
	length = config_setting_length(setting);
	if (length >= (int)min && length <= (int)max)
		return true;
	config_reader_fail(reader, setting, "%s has %d %s, it must have %u to %u",
		setting->name == NULL ? "a list" : setting->name, length, what, min, max);
	return false;
}

const char *
config_read_string_value(
	struct config_reader *reader, config_setting_t *setting, const char *wanted)
{
	const char *value;

	if (setting->type != CONFIG_TYPE_STRING || setting->value.sval == NULL ||
		setting->value.sval[0] == 0) {
		config_reader_want(reader, setting, "%s", wanted);
		return NULL;
	}
	value = setting->value.sval;
	for (const char *at = value; *at != 0; at++) {
		if ((unsigned char)*at >= 0x20 && *at != 0x7f)
			continue;
		config_reader_fail(reader, setting,
			"%s has a control character (value %d), it must be %s",
			setting->name == NULL ? "a string" : setting->name, *at, wanted);
		return NULL;
	}
	return value;
}

bool
config_read_name(struct config_reader *reader, config_setting_t *setting, char *name)
{
	const char *value = setting->type == CONFIG_TYPE_STRING ? setting->value.sval : "";
	size_t size = strlen(value);
	bool fine = size > 0 && size <= CONFIG_NAME_MAX;

	for (size_t i = 0; fine && i < size; i++)
		fine = isalnum((unsigned char)value[i]) ||
		       (strchr("-_.", value[i]) != NULL && i > 0);
	if (fine)
		memcpy(name, value, size + 1);
	else
		config_reader_want(reader, setting,
			"a name: 1 to %d letters, digits, '-', '_' and '.', the first a letter or "
			"digit",
			CONFIG_NAME_MAX);
	return fine;
}

void
config_read_endpoint(struct config_reader *reader, config_setting_t *setting,
	bool (*takes)(const struct underlay_addr *address), const char *wanted,
	struct config_endpoint *endpoint)
{
	const char *value = config_read_string_value(reader, setting, wanted);

	if (value != NULL && (!config_endpoint_parse(value, endpoint) ||
				     (takes != NULL && !takes(&endpoint->address))))
		config_reader_want(reader, setting, "%s", wanted);
}

bool
config_rate_parse(const char *text, uint64_t *rate)
{
	uint64_t value = 0, scale = 1, factor;
	bool fraction = false;
	size_t digits = 0;
	char unit;

	for (; (*text >= '0' && *text <= '9') || (*text == '.' && !fraction); text++) {
		if (*text == '.') {
			fraction = true;
			continue;
		}
		if (value > CONFIG_RATE_MAX * (uint64_t)1000000)
			return false;
		value = value * 10 + (uint64_t)(*text - '0');
		digits++;
		scale *= fraction ? 10 : 1;
		if (scale > 1000000000)
			return false;
	}
	unit = *text;
	if (unit == 'k' || unit == 'M' || unit == 'G')
		text++;
	if (digits == 0 || (*text != 0 && strcmp(text, "bit") != 0))
		return false;
	factor = unit == 'k' ? 1000 : unit == 'M' ? 1000000 : unit == 'G' ? 1000000000 : 1;
	if (value > UINT64_MAX / factor)
		return false;
	value *= factor;
	if (value % scale != 0)
		return false;
	*rate = value / scale;
	return true;
}

const char *
config_read_path(struct config_reader *reader, config_setting_t *setting)
{
	const char *value = config_read_string_value(reader, setting, "the path of a file");
	struct config_memory *memory = reader->source->memory;
	char *directory, *slash, *resolved;
	const char *path;

	if (value == NULL || value[0] == '/')
		return value == NULL ? NULL : config_memory_copy(memory, value);
	if (reader->source->later) {
		config_reader_fail(reader, setting,
			"%s is \"%.200s\", it must be an absolute path here",
			setting->name == NULL ? "a path" : setting->name, value);
		return NULL;
	}
	directory = config_memory_copy(memory, config_reader_where(reader, setting).file);
	slash = strrchr(directory, '/');
	if (slash == NULL)
		directory = config_memory_copy(memory, ".");
	else
		slash[slash == directory] = 0;
	resolved = realpath(directory, NULL);
	path = config_memory_printf(
		memory, "%s/%s", resolved == NULL ? directory : resolved, value);
	free(resolved);
	return path;
}
