/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl_server.h"
#include "log.h"
#include "root_events.h"

static const struct {
	const char *name, *text;
} kinds[] = {
#define ROOT_EVENT_ROW(name, text) [ROOT_EVENT_##name] = {#name, text},
	ROOT_EVENTS(ROOT_EVENT_ROW)
#undef ROOT_EVENT_ROW
};

static json_t *
time_text(void)
{
	char date[32], text[64];
	struct timespec now;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%06ldZ", date, now.tv_nsec / 1000 % 1000000);
	return json_string(text);
}

/* Lists of things are lines of their own, of whom the event is. */
static bool
is_list(const json_t *value)
{
	return json_is_object(json_array_get(value, 0));
}

static void
log_event(int priority, const char *text, json_t *details)
{
	char line[1024] = "";
	size_t used = 0;
	const char *key;
	json_t *value;

	json_object_foreach(details, key, value)
	{
		char *inner;

		if (is_list(value))
			continue;
		inner = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY);
		if (used < sizeof(line))
			used += (size_t)snprintf(line + used, sizeof(line) - used, "%s %s %s",
				used == 0 ? ":" : ",", key,
				inner != NULL ? inner : json_string_value(value));
		free(inner);
	}
	log_line(priority, "%s%s", text, line);
}

void
root_event(struct root_events *events, int priority, enum root_event_kind kind, json_t *details)
{
	json_t *event = json_object();
	json_t **place = &events->list[events->count % ROOT_EVENTS_MAX];

	json_object_set_new(event, "number", json_integer((json_int_t)++events->count));
	json_object_set_new(event, "time", time_text());
	json_object_set_new(event, "event", json_string(kinds[kind].name));
	json_object_set_new(event, "text", json_string(kinds[kind].text));
	if (details != NULL)
		json_object_update(event, details);
	log_event(priority, kinds[kind].text, details);
	json_decref(details);
	json_decref(*place);
	*place = event;
	if (events->server != NULL && ctl_server_followed(events->server))
		ctl_server_tell(events->server, json_incref(event));
}

json_t *
root_events_last(const struct root_events *events, uint64_t last)
{
	uint64_t known = events->count < ROOT_EVENTS_MAX ? events->count : ROOT_EVENTS_MAX;
	json_t *list = json_array();

	last = last < known ? last : known;
	for (uint64_t i = events->count - last; i < events->count; i++) {
		json_t *event = events->list[i % ROOT_EVENTS_MAX];

		if (event != NULL)
			json_array_append(list, event);
	}
	return list;
}

void
root_events_free(struct root_events *events)
{
	for (size_t i = 0; i < ROOT_EVENTS_MAX; i++)
		json_decref(events->list[i]);
	memset(events, 0, sizeof(*events));
}
