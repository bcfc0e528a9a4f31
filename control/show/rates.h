/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rates: what counters did between the last two samples. Sampled by the control thread, once a
 * second; read by whoever holds control_lock.
 */
#ifndef FERRY_RATES_H
#define FERRY_RATES_H

#include <stdbool.h>
#include <stdint.h>

#include "worker.h"

struct show_view;

/* One counter's samples. All zero = none taken yet. */
struct rate {
	uint64_t value; /* of the last sample */
	uint64_t at;	/* its time, ns */
	double per_second;
	bool sampled; /* value and at hold a sample */
	bool known;   /* per_second is that between the last two */
};

/*
 * Takes a sample. A value below the last one is that of a counter that began anew: the rate is then
 * unknown until the next sample. Two samples of one time are one, the first.
 */
void rate_sample(struct rate *rate, uint64_t value, uint64_t now);

/* Forgets all samples. */
void rate_reset(struct rate *rate);

/* Packets and bytes one way. */
struct rate_pair {
	struct rate packets, bytes;
};

struct rates_link {
	const void *of; /* whose samples these are: an index may come to another link */
	struct rate_pair tx, rx;
};

struct rates_session {
	/* Whose samples these are; the next session may have the same memory. */
	uint64_t number;
	const void *source, *destination;
	struct rate_pair sent, delivered;
};

struct rates_port {
	struct rate_pair tx, rx; /* as the device counts, not known for every one */
};

struct rates_worker {
	struct rate busy, idle; /* ns a second */
};

struct rates {
	uint32_t nb_links, nb_sessions;
	struct rates_link *links;	/* by index of the link */
	struct rates_session *sessions; /* by index of the entry, as many as the book has room */
	struct rates_port ports[WORKER_PORTS_MAX];
	struct rates_worker workers[WORKERS_MAX];
};

/* 0 or -ENOMEM. */
int rates_init(struct rates *rates, uint32_t nb_links, uint32_t nb_sessions);
void rates_free(struct rates *rates);

/* Samples everything that view shows, into view->rates. now as worker_poll's. */
void rates_tick(const struct show_view *view, uint64_t now);

#endif
