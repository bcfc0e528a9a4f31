/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The frames under way in one direction of a simulated wire: bytes in slots of one block, and one
 * heap a receive queue, ordered by time of arrival, then by order of sending.
 */
#ifndef FERRY_WIRE_LANE_H
#define FERRY_WIRE_LANE_H

#include <stdbool.h>
#include <stdint.h>

#include "due_heap.h"

struct wire_frame {
	uint64_t due;
	uint64_t serial;
	uint32_t slot;
	uint32_t len;
	uint8_t data[];
};

struct wire_lane {
	uint16_t queues;
	uint32_t frames;
	uint32_t stride;
	uint32_t nb_free;
	uint64_t serial; /* of the next frame */
	uint8_t *block;	 /* frames + 1 slots: the last is never scheduled */
	uint32_t *unused;
	struct due_heap *heaps; /* a queue */
};

/* 0 or -ENOMEM; then nothing is held. */
int wire_lane_init(struct wire_lane *lane, uint16_t queues, uint32_t frames, uint32_t frame_bytes);
void wire_lane_fini(struct wire_lane *lane);

static inline bool
wire_lane_full(const struct wire_lane *lane)
{
	return lane->nb_free == 0;
}

/*
 * A slot with a serial number of its own. When the lane is full it is one that must not be
 * scheduled, only looked at and given back before the next is taken.
 */
struct wire_frame *wire_lane_take(struct wire_lane *lane);
void wire_lane_give_back(struct wire_lane *lane, struct wire_frame *frame);

void
wire_lane_schedule(struct wire_lane *lane, uint16_t queue, struct wire_frame *frame, uint64_t due);

/* The next frame of a queue, still in it; NULL = none. */
struct wire_frame *wire_lane_first(const struct wire_lane *lane, uint16_t queue);
/* Takes it out; the caller gives the slot back. */
struct wire_frame *wire_lane_pop(struct wire_lane *lane, uint16_t queue);

#endif
