/* SPDX-License-Identifier: BSD-3-Clause */
/* Events, a line each: time, what, which neighbour, and the details that the event has. */
#include <string.h>

#include "tables.h"
#include "tables_text.h"

/* Keys that have a place of their own in the line, or none. */
static int
is_head(const char *key)
{
	static const char *const heads[] = {"number", "time", "event", "text", "peer", "peer_name"};

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		if (strcmp(key, heads[i]) == 0)
			return 1;
	return 0;
}

/* What a key's end says of the value's unit; *len: the key without a unit. */
static enum text_format
unit_of(const char *key, size_t *len)
{
	static const struct {
		const char *end;
		enum text_format format;
		size_t stays; /* so much of the end */
	} units[] = {{"_us", TEXT_MICROS, 0}, {"_s", TEXT_SECONDS, 0}, {"_loss", TEXT_SHARE, 5},
		{"_bytes", TEXT_BYTES, 0}, {"_bps", TEXT_BITRATE, 0}};

	*len = strlen(key);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t end = strlen(units[i].end);

		if (*len > end && strcmp(key + *len - end, units[i].end) == 0) {
			*len -= end - units[i].stays;
			return units[i].format;
		}
	}
	return TEXT_PLAIN;
}

static const char *
text_of(const json_t *event, const char *key)
{
	const char *text = json_string_value(json_object_get(event, key));

	return text != NULL ? text : "";
}

static void
print_detail(FILE *out, const char *between, const char *key, const json_t *value)
{
	char text[TEXT_MAX];
	size_t len;
	enum text_format format = unit_of(key, &len);

	if (format == TEXT_PLAIN && json_is_integer(value))
		format = TEXT_COUNT;
	fprintf(out, "%s%.*s %s", between, (int)len, key,
		text_value(value, format, text, sizeof(text)));
}

static void
print_event(FILE *out, json_t *event)
{
	const char *key, *between = "  ";
	json_t *value, *peer = json_object_get(event, "peer");

	fprintf(out, "%-27s  %-13s", text_of(event, "time"), text_of(event, "event"));
	if (peer != NULL) {
		fprintf(out, "  peer %lld %s", (long long)json_integer_value(peer),
			text_of(event, "peer_name"));
		between = ": ";
	}
	json_object_foreach(event, key, value)
	{
		if (is_head(key) || json_is_null(value))
			continue;
		print_detail(out, between, key, value);
		between = ", ";
	}
	fputc('\n', out);
}

void
tables_print_events(FILE *out, const json_t *data, int json)
{
	json_t *list = json_is_array(data) ? json_deep_copy(data) : json_pack("[O]", data), *event;
	size_t i;

	json_array_foreach(list, i, event)
	{
		if (json) {
			json_dumpf(event, out, JSON_COMPACT | JSON_REAL_PRECISION(9));
			fputc('\n', out);
		} else {
			print_event(out, event);
		}
	}
	json_decref(list);
}
