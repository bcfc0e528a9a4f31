/* SPDX-License-Identifier: BSD-3-Clause */
/* What happened, the last of it: told to the log, and to whoever follows. One thread. */
#ifndef FERRY_ROOT_EVENTS_H
#define FERRY_ROOT_EVENTS_H

#include <stdint.h>

#include <jansson.h>

#define ROOT_EVENTS_MAX 1024 /* older ones are forgotten */

struct ctl_server;

struct root_events {
	json_t *list[ROOT_EVENTS_MAX];
	uint64_t count;		   /* so far, also the newest one's number */
	struct ctl_server *server; /* may be NULL */
};

/* priority as log_line()'s; details are taken and may be NULL. Lack of memory loses the event. */
void root_event(struct root_events *events, int priority, const char *name, const char *text,
	json_t *details);
/* The last so many, oldest first. */
json_t *root_events_last(const struct root_events *events, uint64_t last);
void root_events_free(struct root_events *events);

#endif
