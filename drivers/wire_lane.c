/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include "wire_lane.h"

static struct wire_frame *
slot(const struct wire_lane *lane, uint32_t i)
{
	return (struct wire_frame *)(lane->block + (size_t)i * lane->stride);
}

int
wire_lane_init(struct wire_lane *lane, uint16_t queues, uint32_t frames, uint32_t frame_bytes)
{
	uint32_t stride = ((uint32_t)sizeof(struct wire_frame) + frame_bytes + 63) / 64 * 64;

	*lane = (struct wire_lane){.queues = queues, .frames = frames, .stride = stride};
	/* calloc: what is never used of a large block is never touched. */
	lane->block = calloc((size_t)frames + 1, stride);
	lane->unused = calloc(frames, sizeof(*lane->unused));
	lane->heaps = calloc(queues, sizeof(*lane->heaps));
	if (lane->block == NULL || lane->unused == NULL || lane->heaps == NULL) {
		wire_lane_fini(lane);
		return -ENOMEM;
	}
	for (uint16_t q = 0; q < queues; q++) {
		if (due_heap_init(&lane->heaps[q], frames) < 0) {
			wire_lane_fini(lane);
			return -ENOMEM;
		}
	}
	for (uint32_t i = frames; i-- > 0;)
		lane->unused[lane->nb_free++] = i;
	return 0;
}

void
wire_lane_fini(struct wire_lane *lane)
{
	for (uint16_t q = 0; lane->heaps != NULL && q < lane->queues; q++)
		due_heap_fini(&lane->heaps[q]);
	free(lane->block);
	free(lane->unused);
	free(lane->heaps);
	*lane = (struct wire_lane){0};
}

struct wire_frame *
wire_lane_take(struct wire_lane *lane)
{
	uint32_t i = lane->nb_free == 0 ? lane->frames : lane->unused[--lane->nb_free];
	struct wire_frame *frame = slot(lane, i);

	frame->slot = i;
	frame->serial = lane->serial++;
	return frame;
}

void
wire_lane_give_back(struct wire_lane *lane, struct wire_frame *frame)
{
	if (frame->slot < lane->frames)
		lane->unused[lane->nb_free++] = frame->slot;
}

void
wire_lane_schedule(struct wire_lane *lane, uint16_t queue, struct wire_frame *frame, uint64_t due)
{
	frame->due = due;
	due_heap_push(&lane->heaps[queue], due, frame->serial, frame);
}

struct wire_frame *
wire_lane_first(const struct wire_lane *lane, uint16_t queue)
{
	const struct due_heap *heap = &lane->heaps[queue];

	return heap->len == 0 ? NULL : heap->entries[0].item;
}

struct wire_frame *
wire_lane_pop(struct wire_lane *lane, uint16_t queue)
{
	return due_heap_pop(&lane->heaps[queue]);
}
