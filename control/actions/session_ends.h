/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which sessions of a book take datagrams at an address of this node, and which write a file here:
 * found by address and by path, as there may be very many when one more is defined. session_book.c
 * keeps it; control thread only.
 */
#ifndef FERRY_SESSION_ENDS_H
#define FERRY_SESSION_ENDS_H

#include <stdint.h>
#include <sys/queue.h>

#include "config.h"

struct session_book;
struct session_entry;

LIST_HEAD(session_end_chain, session_end);

/* Of one entry: 0, one or two. */
struct session_end {
	LIST_ENTRY(session_end) alike;
	const struct session_entry *entry; /* NULL: it is in no chain */
};

struct session_ends {
	struct session_end_chain *ingresses, *files;
	uint32_t mask;	/* of chains */
	uint64_t steps; /* entries that all look-ups so far went over */
};

/* For so many entries. 0 or -ENOMEM; then the book is to be freed too. */
int session_ends_init(struct session_ends *ends, uint32_t entries);
void session_ends_free(struct session_ends *ends);

/* An entry comes into the book, or its configuration is another: what is noted of it is renewed. */
void session_ends_note(struct session_book *book, struct session_entry *entry);
void session_ends_drop(struct session_entry *entry);

/* One that has the UDP ingress, or the egress file here, of a session; but for old. Or NULL. */
const struct session_entry *session_ends_ingress(struct session_book *book,
	const struct config_session *session, const struct session_entry *old);
const struct session_entry *session_ends_file(struct session_book *book,
	const struct config_session *session, const struct session_entry *old);

#endif
