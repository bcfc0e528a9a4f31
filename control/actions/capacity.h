/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Room for what comes at run time (config_capacity): what is taken of it, and whether more fits.
 * What was taken away gives its packets back at once, although the last of them may be on their way
 * for some milliseconds more.
 */
#ifndef FERRY_CAPACITY_H
#define FERRY_CAPACITY_H

#include "session_book.h"

/* The ring between the control thread and a worker for a session's file, which holds one less. */
#define CAPACITY_FILE_RING 1024
/* All that such a file holds: with one that the feeder and one that the source has in hand, */
#define CAPACITY_FILE_FEED (CAPACITY_FILE_RING - 1 + 2)
/* or with those that the control thread is writing, FILE_PIECES_A_TURN. */
#define CAPACITY_FILE_SINK (CAPACITY_FILE_RING - 1 + 256)

/* Packets that a session's ends here may hold, by what holds them. */
struct capacity_holds {
	uint32_t file, reorder, coding;
};

/* For the pools of a session that is there from the start; */
struct capacity_holds
capacity_holds(const struct config *config, const struct config_session *session);
/* and all of it, of one that comes at run time. */
uint32_t capacity_of_session(const struct config *config, const struct config_session *session);
/* Packets that a peer's link may hold beside what waits for its pace. */
uint32_t capacity_of_peer(const struct config *config, const struct config_peer *peer);

/* May so much more come? 0, or -ENOSPC with error: what is full, and which key has its size. */
int capacity_check(const struct session_book *book, const struct config_capacity *more, char *error,
	size_t size);

/* Came it at run time? */
static inline bool
capacity_is_later(const struct config_where *where)
{
	return where->line == 0;
}

#endif
