/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading a group by its table of keys. */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "config_private.h"

struct config_where
config_reader_where(const struct config_reader *reader, const config_setting_t *setting)
{
	const struct config_source *source = reader->source;
	uint32_t line = setting->line;
	const config_setting_t *parent = setting->parent;

	/* The root group has no line. */
	if (line == 0 || line > source->line_count)
		return (struct config_where){source->lines[0].file, 0, 0};
	if (setting->type == CONFIG_TYPE_STRING && parent != NULL &&
		parent->type != CONFIG_TYPE_GROUP)
		line = source->lines[line - 1].string_line;
	return (struct config_where){
		source->lines[line - 1].file, source->lines[line - 1].line, line};
}

void
config_reader_fail(
	struct config_reader *reader, const config_setting_t *setting, const char *format, ...)
{
	struct config_where where = config_reader_where(reader, setting);
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	config_errors_add(reader->errors, &where, "%s%s", reader->context, text);
}

size_t
config_reader_enter(struct config_reader *reader, const char *format, ...)
{
	size_t mark = strlen(reader->context);
	size_t at = mark > 0 ? mark - 2 : 0; /* a blank takes the place of ": " */
	char text[160];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	snprintf(reader->context + at, sizeof(reader->context) - at, "%s%s: ", mark > 0 ? " " : "",
		text);
	return mark;
}

void
config_reader_leave(struct config_reader *reader, size_t mark)
{
	reader->context[mark] = 0;
	if (mark >= 2)
		memcpy(reader->context + mark - 2, ": ", 2);
}

/* The name of a setting for a message: its key, or its place in a list. */
static const char *
setting_label(const config_setting_t *setting, char *buf, size_t size)
{
	const config_setting_t *parent = setting->parent;

	if (setting->name != NULL)
		return setting->name;
	snprintf(buf, size, "%s number %d", parent->name == NULL ? "element" : parent->name,
		config_setting_index(setting) + 1);
	return buf;
}

static void
setting_describe(const config_setting_t *setting, char *buf, size_t size)
{
	switch (setting->type) {
	case CONFIG_TYPE_GROUP:
		snprintf(buf, size, "a group { }");
		break;
	case CONFIG_TYPE_INT:
		snprintf(buf, size, "%d", setting->value.ival);
		break;
	case CONFIG_TYPE_INT64:
		snprintf(buf, size, "%lld", setting->value.llval);
		break;
	case CONFIG_TYPE_FLOAT:
		snprintf(buf, size, "the floating-point number %g", setting->value.fval);
		break;
	case CONFIG_TYPE_STRING:
		snprintf(buf, size, "\"%.80s\"", setting->value.sval);
		break;
	case CONFIG_TYPE_BOOL:
		snprintf(buf, size, "%s", setting->value.ival ? "true" : "false");
		break;
	case CONFIG_TYPE_ARRAY:
		snprintf(buf, size, "an array [ ]");
		break;
	case CONFIG_TYPE_LIST:
		snprintf(buf, size, "a list ( )");
		break;
	default:
		snprintf(buf, size, "nothing");
	}
}

void
config_reader_want(
	struct config_reader *reader, const config_setting_t *setting, const char *format, ...)
{
	char label[96], value[128], wanted[512];
	va_list args;

	va_start(args, format);
	vsnprintf(wanted, sizeof(wanted), format, args);
	va_end(args);
	setting_describe(setting, value, sizeof(value));
	config_reader_fail(reader, setting, "%s is %s, it must be %s",
		setting_label(setting, label, sizeof(label)), value, wanted);
}

void
config_reader_label(config_setting_t *group, const char *word, unsigned int index, const char *key,
	char *label, size_t size)
{
	config_setting_t *setting = NULL;

	if (config_setting_is_group(group))
		setting = config_setting_get_member(group, key);
	if (setting != NULL && setting->type == CONFIG_TYPE_STRING)
		snprintf(label, size, "%s \"%.*s\"", word, CONFIG_NAME_MAX, setting->value.sval);
	else if (setting != NULL && setting->type == CONFIG_TYPE_INT)
		snprintf(label, size, "%s %d", word, setting->value.ival);
	else if (setting != NULL && setting->type == CONFIG_TYPE_INT64)
		snprintf(label, size, "%s %lld", word, setting->value.llval);
	else
		snprintf(label, size, "%s number %u", word, index + 1);
}

config_setting_t *
config_reader_item(struct config_reader *reader, config_setting_t *list, int i, const char *word,
	const char *key, size_t *mark)
{
	config_setting_t *group = config_setting_get_elem(list, (unsigned int)i);
	char label[64];

	config_reader_label(group, word, (unsigned int)i, key, label, sizeof(label));
	*mark = config_reader_enter(reader, "%s", label);
	return group;
}

/* Edits (one byte put in, left out or changed) from a to b; names are short. */
static unsigned int
edit_distance(const char *a, const char *b)
{
	unsigned int row[64];
	size_t columns = strlen(b);

	if (strlen(a) >= 64 || columns >= 64)
		return UINT32_MAX;
	for (unsigned int j = 0; j <= columns; j++)
		row[j] = j;
	for (unsigned int i = 1; a[i - 1] != 0; i++) {
		unsigned int diagonal = row[0];

		row[0] = i;
		for (unsigned int j = 1; j <= columns; j++) {
			unsigned int best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[columns];
}

static bool
is_known(const struct config_reader *reader, const struct config_key *key)
{
	return reader->root || (key->flags & KEY_ROOT) == 0;
}

static void
fail_unknown(struct config_reader *reader, config_setting_t *setting, const struct config_key *keys,
	size_t count)
{
	const char *nearest = NULL;
	unsigned int least = 3; /* more edits than two are another word */
	char list[512];
	size_t used = 0;

	list[0] = 0;
	for (size_t i = 0; i < count; i++) {
		unsigned int distance = edit_distance(setting->name, keys[i].name);

		if (!is_known(reader, &keys[i]))
			continue;
		if (distance < least && distance < strlen(keys[i].name)) {
			least = distance;
			nearest = keys[i].name;
		}
		if (used < sizeof(list))
			used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s",
				i == 0 ? "" : ", ", keys[i].name);
	}
	if (nearest != NULL)
		config_reader_fail(reader, setting,
			"there is no key \"%.60s\", did you mean \"%s\"?", setting->name, nearest);
	else
		config_reader_fail(reader, setting, "there is no key \"%.60s\", the keys are: %s",
			setting->name, list);
}

bool
config_read_uint(struct config_reader *reader, config_setting_t *setting, uint64_t min,
	uint64_t max, const char *unit, uint64_t *value)
{
	long long number;

	if (setting->type == CONFIG_TYPE_INT)
		number = setting->value.ival;
	else if (setting->type == CONFIG_TYPE_INT64)
		number = setting->value.llval;
	else
		number = -1;
	if (number >= 0 && (uint64_t)number >= min && (uint64_t)number <= max) {
		*value = (uint64_t)number;
		return true;
	}
	config_reader_want(reader, setting, "an integer from %" PRIu64 " to %" PRIu64 "%s%s", min,
		max, unit == NULL ? "" : " ", unit == NULL ? "" : unit);
	return false;
}

static void
read_uint_key(struct config_reader *reader, config_setting_t *setting, const struct config_key *key,
	void *field)
{
	const char *unit = key->flags & KEY_POWER_OF_TWO ? "and a power of two" : key->unit;
	uint64_t value;

	if (!config_read_uint(reader, setting, key->min, key->max, unit, &value))
		return;
	if ((key->flags & KEY_POWER_OF_TWO) && (value & (value - 1)) != 0)
		config_reader_want(reader, setting, "an integer from %" PRIu64 " to %" PRIu64 " %s",
			key->min, key->max, unit);
	else if (key->kind == KEY_UINT32)
		*(uint32_t *)field = (uint32_t)value;
	else
		*(uint64_t *)field = value;
}

static void
read_choice_key(struct config_reader *reader, config_setting_t *setting,
	const struct config_key *key, uint32_t *field)
{
	char list[256];
	size_t used = 0;

	for (uint32_t i = 0; key->choices[i] != NULL; i++) {
		if (setting->type == CONFIG_TYPE_STRING &&
			strcmp(setting->value.sval, key->choices[i]) == 0) {
			*field = i;
			return;
		}
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s\"%s\"",
			i == 0 ? "" : (key->choices[i + 1] == NULL ? " or " : ", "),
			key->choices[i]);
	}
	config_reader_want(reader, setting, "%s", list);
}

static void
read_time_key(struct config_reader *reader, config_setting_t *setting, int64_t *field)
{
	const char *value = config_read_string_value(reader, setting, CONFIG_TIME_WANTED);

	if (value != NULL && !config_time_parse(value, field))
		config_reader_want(reader, setting, "%s", CONFIG_TIME_WANTED);
}

static void
read_key(struct config_reader *reader, config_setting_t *setting, const struct config_key *key,
	void *object)
{
	void *field = (char *)object + key->offset;

	switch (key->kind) {
	case KEY_UINT32:
	case KEY_UINT64:
		read_uint_key(reader, setting, key, field);
		break;
	case KEY_BOOL:
		if (setting->type == CONFIG_TYPE_BOOL)
			*(bool *)field = setting->value.ival != 0;
		else
			config_reader_want(reader, setting, "true or false");
		break;
	case KEY_CHOICE:
		read_choice_key(reader, setting, key, field);
		break;
	case KEY_NAME:
		config_read_name(reader, setting, field);
		break;
	case KEY_TIME:
		read_time_key(reader, setting, field);
		break;
	case KEY_PATH:
		*(const char **)field = config_read_path(reader, setting);
		break;
	case KEY_ENDPOINT:
		config_read_endpoint(reader, setting, NULL, key->wanted, field);
		break;
	case KEY_CUSTOM:
		key->read(reader, setting, object);
		break;
	}
}

static void
default_key(const struct config_key *key, void *object)
{
	void *field = (char *)object + key->offset;

	switch (key->kind) {
	case KEY_UINT32:
	case KEY_CHOICE:
		*(uint32_t *)field = (uint32_t)key->fallback;
		break;
	case KEY_UINT64:
		*(uint64_t *)field = key->fallback;
		break;
	case KEY_BOOL:
		*(bool *)field = key->fallback != 0;
		break;
	case KEY_NAME:
	case KEY_TIME:
	case KEY_PATH:
	case KEY_ENDPOINT:
	case KEY_CUSTOM:
		break;
	}
}

void
config_read_defaults(const struct config_key *keys, size_t count, void *object)
{
	for (size_t i = 0; i < count; i++)
		default_key(&keys[i], object);
}

static const struct config_key *
find_key(const struct config_reader *reader, const struct config_key *keys, size_t count,
	const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (is_known(reader, &keys[i]) && strcmp(keys[i].name, name) == 0)
			return &keys[i];
	}
	return NULL;
}

bool
config_read_group(struct config_reader *reader, config_setting_t *group,
	const struct config_key *keys, size_t count, void *object)
{
	size_t before = reader->errors->count;

	if (!config_setting_is_group(group)) {
		config_reader_want(reader, group, "a group: { KEY = VALUE; ... }");
		return false;
	}
	/* In the order of the table, so that a key's reader may rely on the keys above its own. */
	for (size_t i = 0; i < count; i++) {
		config_setting_t *setting = config_setting_get_member(group, keys[i].name);

		default_key(&keys[i], object);
		if (!is_known(reader, &keys[i]))
			continue;
		if (setting != NULL)
			read_key(reader, setting, &keys[i], object);
		else if (keys[i].flags & KEY_NEEDED)
			config_reader_fail(reader, group,
				"the key \"%s\" is missing, it must be set", keys[i].name);
	}
	for (int i = 0; i < config_setting_length(group); i++) {
		config_setting_t *setting = config_setting_get_elem(group, (unsigned int)i);

		if (find_key(reader, keys, count, setting->name) == NULL)
			fail_unknown(reader, setting, keys, count);
	}
	return reader->errors->count == before;
}
