/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The last events of a node (dataplane/worker/event.h), fetched from its workers' rings. The
 * control thread's, under control_lock.
 */
#ifndef FERRY_HISTORY_H
#define FERRY_HISTORY_H

#include <stdint.h>

#include "event.h"
#include "node.h"

#define HISTORY_MAX 1024 /* older ones are forgotten */

struct history_entry {
	uint64_t number; /* the first is 1 */
	uint64_t utc_ns; /* when, by the node's UTC */
	struct worker_event event;
};

struct history {
	uint64_t count;		    /* events so far, also the newest one's number */
	uint64_t lost[WORKERS_MAX]; /* of each worker's events, as last looked at */
	uint64_t last[WORKERS_MAX]; /* when the newest of each worker was raised */

	/* Called for each event as it comes; may be NULL. */
	void (*each)(void *ctx, const struct history_entry *entry);
	void *ctx;

	struct history_entry entries[HISTORY_MAX];
};

/*
 * Fetches what the workers told. Where events were lost, an event says so. At most so many as the
 * rings held at the beginning: a flood does not keep the control thread.
 */
void history_poll(struct history *h, struct node *node);

/* An event by its number; NULL: not yet, or forgotten. */
const struct history_entry *history_find(const struct history *h, uint64_t number);

#endif
