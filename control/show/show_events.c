/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <time.h>

#include "liveness.h"
#include "show_private.h"

static json_t *
show_time(uint64_t utc_ns)
{
	time_t seconds = (time_t)(utc_ns / 1000000000);
	char date[32], text[48];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%06uZ", date, (unsigned int)(utc_ns / 1000 % 1000000));
	return json_string(text);
}

static void
show_event_link(json_t *object, const struct worker_event_link *link)
{
	json_object_set_new(object, "was", json_string(link_state_name(link->was)));
	json_object_set_new(
		object, "rtt_us", link->rtt != 0 ? show_number(link->rtt) : json_null());
	json_object_set_new(object, "probe_loss", show_real((double)link->loss_ppm * 1e-6));
	json_object_set_new(object, "data_loss", show_real((double)link->data_loss_ppm * 1e-6));
	json_object_set_new(object, "silent_s", show_real((double)link->silent * 1e-3));
}

static void
show_event_congestion(json_t *object, const struct worker_event_congestion *congestion)
{
	json_object_set_new(object, "conference", show_number(congestion->conference));
	json_object_set_new(object, "session", show_number(congestion->session));
	json_object_set_new(object, "queue_packets", show_number(congestion->queue_packets));
	json_object_set_new(object, "queue_bytes", show_number(congestion->queue_bytes));
	json_object_set_new(object, "drops", show_number(congestion->drops));
}

static void
show_event_stranger(json_t *object, const struct worker_event_stranger *stranger)
{
	json_object_set_new(object, "address", show_address(&stranger->address));
	json_object_set_new(object, "port", json_string(stranger->port->name));
	json_object_set_new(object, "datagrams", show_number(stranger->datagrams));
}

static void
show_event_lost(json_t *object, const uint64_t *lost)
{
	json_object_set_new(object, "lost", show_number(*lost));
}

json_t *
show_event(const struct show_view *view, const struct history_entry *entry)
{
	const struct worker_event *event = &entry->event;
	const char *name = show_node_name(view, event->peer);
	json_t *object = json_object();

	json_object_set_new(object, "number", show_number(entry->number));
	json_object_set_new(object, "time", show_time(entry->utc_ns));
	json_object_set_new(object, "event", json_string(worker_event_name(event->kind)));
	json_object_set_new(object, "text", json_string(worker_event_text(event->kind)));
	if (event->peer != 0) {
		json_object_set_new(object, "peer", show_number(event->peer));
		json_object_set_new(
			object, "peer_name", name != NULL ? json_string(name) : json_null());
	}
#define SHOW_DETAILS(name, details, text)                                                          \
	case EVENT_##name:                                                                         \
		show_event_##details(object, &event->details);                                     \
		break;
	switch (event->kind) {
		WORKER_EVENTS(SHOW_DETAILS)
	}
#undef SHOW_DETAILS
	return object;
}

json_t *
show_events(const struct show_view *view, uint32_t last)
{
	const struct history *h = view->history;
	json_t *array = json_array();
	uint64_t kept = RTE_MIN(h->count, (uint64_t)HISTORY_MAX);

	for (uint64_t n = h->count - RTE_MIN(kept, (uint64_t)last) + 1; n <= h->count; n++)
		json_array_append_new(array, show_event(view, history_find(h, n)));
	return array;
}
