/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The writing side of the statistics ring (stats_ring.h). One thread. Putting a record is a copy
 * into memory: no lock, no system call, nothing that waits for a reader.
 */
#ifndef FERRY_STATS_WRITER_H
#define FERRY_STATS_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "stats_ring.h"

struct stats_writer {
	struct ferry_stats_header *header; /* NULL = none is open */
	uint8_t *slots;
	uint64_t next; /* number of the next record */
	uint32_t mask;
	size_t bytes;
	int fd;
	dev_t dev; /* of the file, so that only our own is removed */
	ino_t inode;
	char path[256];
};

struct stats_writer_params {
	const char *path; /* absolute; in memory (tmpfs), or writing it may wait for a disk */
	const char *node;
	uint32_t node_id;
	uint32_t slots; /* a power of two, at most FERRY_STATS_SLOTS_MAX */
	uint64_t interval_ns;
	uint64_t utc_ns; /* now */
	uint64_t now_ns; /* now, CLOCK_MONOTONIC */
};

/*
 * Makes the file (mode 0644: all may read, nobody else may write), all of its memory with it, and
 * gives it its name in place of what had it. 0, or a negative errno with a sentence in error;
 * -ENOSPC if the memory cannot be had, or if others were left with less than a MiB then.
 */
int stats_writer_open(
	struct stats_writer *w, const struct stats_writer_params *params, char *error, size_t size);

/*
 * False: somebody cut the file short. To put into it, or to say that it lives, would kill us
 * (SIGBUS); to close it is all that can be done.
 */
bool stats_writer_whole(const struct stats_writer *w);

/* 0: the file's name is still its own; -ENOENT: nothing has it; -EEXIST: something else has. */
int stats_writer_named(const struct stats_writer *w);

/* Appends a record: head.type, index, tick and bytes are set; bytes are a multiple of 8. */
void stats_writer_put(struct stats_writer *w, const union ferry_stats_record *record);

/* Says that we live; after the record of the node that ends an interval. */
void stats_writer_beat(struct stats_writer *w, uint64_t now_ns);

/* Says that this file ended, and removes it if its name is still ours. Nothing open: nothing. */
void stats_writer_close(struct stats_writer *w);

#endif
