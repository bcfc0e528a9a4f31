/* SPDX-License-Identifier: BSD-3-Clause */
/* What happened, the last of it: told to the log, and to whoever follows. One thread. */
#ifndef FERRY_ROOT_EVENTS_H
#define FERRY_ROOT_EVENTS_H

#include <stdint.h>

#include <jansson.h>

#define ROOT_EVENTS_MAX 1024 /* older ones are forgotten */

/* X(name, text); ferryctl(1), `events` of the root program, names each. */
#define ROOT_EVENTS(X)                                                                             \
	X(node_up, "a node is in the tree")                                                        \
	X(node_moved, "a node has another parent")                                                 \
	X(node_away, "a node is no longer in the tree")                                            \
	X(node_unplaced, "a node has no place in the topology")                                    \
	X(node_error, "a node could not do what it was told")                                      \
	X(place_too_large, "a node's place is larger than a message may be: it must have fewer "   \
			   "nodes below it")                                                       \
	X(refused, "a node refused what it is to do with a session")                               \
	X(joined, "a node entered a conference")                                                   \
	X(left, "a node left a conference")                                                        \
	X(congestion, "packets wait for a link too long or too many")                              \
	X(alert, "a threshold was passed")                                                         \
	X(fullstats, "a node's statistics, as asked for")                                          \
	X(topology, "the topology has changed")                                                    \
	X(reloaded, "the configuration was read again")

#define ROOT_EVENT_VALUE(name, text) ROOT_EVENT_##name,
enum root_event_kind {
	ROOT_EVENTS(ROOT_EVENT_VALUE) ROOT_EVENT_KINDS
};
#undef ROOT_EVENT_VALUE

struct ctl_server;

struct root_events {
	json_t *list[ROOT_EVENTS_MAX];
	uint64_t count;		   /* so far, also the newest one's number */
	struct ctl_server *server; /* may be NULL */
};

/* priority as log_line()'s; details are taken and may be NULL. Lack of memory loses the event. */
void
root_event(struct root_events *events, int priority, enum root_event_kind kind, json_t *details);
/* The last so many, oldest first. */
json_t *root_events_last(const struct root_events *events, uint64_t last);
void root_events_free(struct root_events *events);

#endif
