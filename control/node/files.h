/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The files of sessions: read at a source, written at a destination, by the control thread, which
 * exchanges payloads with workers through rings. A file is one message: its first and last packets
 * are marked.
 */
#ifndef FERRY_FILES_H
#define FERRY_FILES_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/queue.h>

#include "capacity.h"
#include "ferryd.h"

/*
 * Of each file at most so many are read or written in one go, for control_lock is held meanwhile:
 * a worker may take and give them as fast as this thread gives and takes them.
 */
#define FILE_PIECES_A_TURN 256
static_assert(
	CAPACITY_FILE_RING - 1 + FILE_PIECES_A_TURN <= CAPACITY_FILE_SINK, "a file's packets");

/* A file that is sent, a payload read ahead so that the last one is known as such. */
struct file_feed {
	struct session_entry *entry;
	FILE *file; /* NULL: all is handed over */
	const char *path;
	uint16_t size; /* payload bytes of a packet */
	bool first;
	struct rte_mbuf *ahead;
	uint64_t bytes;
};

/*
 * A file that is written: it begins anew with each first packet of a message. A removed session's
 * is written until its destination is released, for workers count as delivered what they gave by
 * then; another session's of the same path waits for that.
 */
struct file_sink {
	TAILQ_ENTRY(file_sink) entries;
	uint32_t conference, session;
	struct session_entry *entry;	 /* NULL: removed */
	struct destination *destination; /* NULL: released */
	struct rte_ring *ring;		 /* the destination's, and the sink's own once released */
	struct file_sink *follower;	 /* waits until all of this one is written; NULL: none */
	bool waits;			 /* is one's follower */
	bool failed;
	FILE *file; /* NULL: not open */
	uint64_t bytes, lost;
	char path[];
};

/* Reads ahead into the source's ring while there is room. Pieces, at most FILE_PIECES_A_TURN. */
uint32_t file_feed_serve(struct ferryd *f, struct file_feed *feed);

/* Writes what the destination delivered. Pieces, at most FILE_PIECES_A_TURN; none if it waits. */
uint32_t file_sink_serve(struct file_sink *sink);

/* 0, or -1 with error. */
int file_feed_open(struct file_feed *feed, char *error, size_t size);
void file_feed_close(struct file_feed *feed);

/* NULL: out of memory. */
struct file_sink *file_sink_new(struct session_entry *entry, const char *path);
/* The session is removed: its destination is about to be, and the entry is gone. */
void file_sink_leave(struct file_sink *sink);
/* Of one that leaves: all is written, and nothing more will come. */
bool file_sink_is_done(const struct file_sink *sink);
/* Workers have ended, or it is done: writes what there is, and frees it. */
void file_sink_end(struct file_sink *sink);

#endif
