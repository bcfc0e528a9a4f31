/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the root told a node last: its place, and of each session what it takes to have it again. It
 * is kept in a file, so that a node that starts while the root is away is what it was. One thread.
 *
 * The file: the line "ferry orders 2", a line that names the root (orders_root), then messages as
 * on the wire (mgmt_frame.h: 4 bytes of length that count themselves, the text), the place first,
 * then a 64-bit sum (FNV-1a, network order) of all before. Orders of another root than the
 * configuration's are none. It is written beside itself and renamed: a reader finds the old or the
 * new one. It is not forced to the disk, which would hold up the node; what a power failure leaves
 * half written has another sum.
 */
#ifndef FERRY_ORDERS_H
#define FERRY_ORDERS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "message.h"

#define ORDERS_BYTES_MAX  (UINT64_C(256) << 20) /* of the file */
#define ORDERS_ERROR_MAX  (MESSAGE_ERROR_MAX + 64)
#define ORDERS_HEAD	  "ferry orders 2\n"
#define ORDERS_HEAD_BYTES (sizeof(ORDERS_HEAD) - 1)
#define ORDERS_SUM_BYTES  8
#define ORDERS_ROOT_MAX	  128 /* of the line, with its end */

struct order {
	TAILQ_ENTRY(order) next;
	LIST_ENTRY(order) alike; /* of a stream, and a few others */
	enum message_type type;
	uint64_t stream; /* message_stream(); 0 of the place */
	char *text;
	size_t size;
};

/* All 0 at first. */
struct orders {
	TAILQ_HEAD(, order) list;   /* the place first, if there is one */
	struct order_chain *chains; /* NULL: there was none yet */
	size_t count;
	uint64_t steps; /* orders that were looked at for what others replace */
};

void orders_free(struct orders *orders);

/*
 * A message that was carried out; those of no account for this are left out. What it replaces goes.
 * 1: something has changed, 0: nothing, -1: out of memory, and it is not kept.
 */
int orders_note(struct orders *orders, const struct message *message);

/*
 * The order after one, of which there were so many when that was looked at (orders->count); NULL:
 * none. Where some are gone since, perhaps that one, it is the first again.
 */
const struct order *
orders_after(const struct orders *orders, const struct order *order, size_t count);

/* The place, for message_free(); NULL: none (or out of memory). */
struct message *orders_place(const struct orders *orders);

/*
 * One line that tells a root from others: its address, and a sum of the authority's file (NULL:
 * there is no TLS). 0, or -1 with error, which names the file.
 */
int orders_root(const char *address, const char *authority, char *root, char *error);

/*
 * The messages of a file, without what is before and after them. 0, or -1 with error; then orders
 * is empty.
 */
int orders_parse(const uint8_t *bytes, size_t size, struct orders *orders, char *error);

/*
 * How long (us) what comes waits until it is written with the rest, if that took so long last time:
 * at most a tenth of a node's time goes into it, however many sessions it has, but never more than
 * 10 s.
 */
uint64_t orders_pause(uint64_t took);

/* 0; 1: there is no such file; -1 with error (ORDERS_ERROR_MAX bytes), which does not name it. */
int orders_load(const char *path, const char *root, struct orders *orders, char *error);
int orders_save(const char *path, const char *root, const struct orders *orders, char *error);

#endif
