/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rate at which each session that starts here may now send: its share of what the pacers of its
 * flows' first links allow. ferry.cfg(5), RATES, says how it is found.
 *
 * Control thread, control_lock held.
 */
#ifndef FERRY_ALLOWED_H
#define FERRY_ALLOWED_H

#include <stdint.h>

#include "session_book.h"

struct allowed {
	const struct session_book *book;
	uint64_t *bps;	    /* by entry of the book: bit/s of payload; 0 = no limit */
	uint32_t *sessions; /* by link: of the conference that is looked at */
	uint64_t *weights;  /* by link and priority: of conferences that send there */
	uint64_t *seen;	    /* by link: the stamp of the last session that was counted there */
	uint64_t stamp;
};

/* 0 or -ENOMEM. The book outlives it. */
int allowed_init(struct allowed *allowed, const struct session_book *book);
void allowed_free(struct allowed *allowed);

/* Finds all rates anew. */
void allowed_tick(struct allowed *allowed);

/* The rate last found; 0 = no limit, also with allowed NULL. */
uint64_t allowed_bps(const struct allowed *allowed, const struct session_entry *entry);

#endif
