/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of stats_export.c and stats_collect_*.c share. */
#ifndef FERRY_STATS_PRIVATE_H
#define FERRY_STATS_PRIVATE_H

#include "stats_delay.h"
#include "stats_export.h"

/* A destination, what it was at the last interval. */
struct stats_session {
	/* Whose this is: memory alone may have come to another one since the last interval. */
	uint64_t entry; /* its number */
	const void *destination;
	uint64_t delivered, lost;
	bool seen;		   /* the two above hold something */
	struct stats_delay *delay; /* NULL: no packet came yet */
};

struct stats_feeder {
	const void *of; /* link */
	uint32_t queues;
	uint64_t taken, sent, drops, expired; /* since it is there */
};

/* A queue's place in a worker's pool, and what was counted there when it was looked at last. */
struct stats_queue {
	uint32_t conference;
	uint16_t link;
	bool used;
	uint64_t taken, sent, drops, expired;
};

/* A new record of this interval, all 0 but its head. */
#define STATS_BEGIN(record, TYPE, member, number)                                                  \
	do {                                                                                       \
		memset(&(record), 0, sizeof(record));                                              \
		(record).head = (struct ferry_stats_head){.type = FERRY_STATS_##TYPE,              \
			.bytes = sizeof((record).member),                                          \
			.index = (number),                                                         \
			.tick = e->tick};                                                          \
	} while (0)

/* Writes a record, and keeps it in `latest`. */
void stats_put(struct stats_export *e, const union ferry_stats_record *record);

/* Copies as much of a name as there is room for; NULL = none. */
void stats_name(char to[FERRY_STATS_NAME_MAX], const char *name);

/* Each puts its records. */
void stats_collect_workers(struct stats_export *e, uint64_t now);
void stats_collect_ports(struct stats_export *e);
void stats_collect_links(struct stats_export *e);
void stats_collect_feeders(struct stats_export *e);
void stats_collect_sessions(struct stats_export *e, uint64_t now);
void stats_collect_drops(struct stats_export *e, uint64_t now);
void stats_collect_node(struct stats_export *e, uint64_t first, uint64_t now);

#endif
