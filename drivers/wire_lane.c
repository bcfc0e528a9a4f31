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
	lane->heaps = calloc((size_t)queues * frames, sizeof(struct wire_frame *));
	lane->heap_len = calloc(queues, sizeof(*lane->heap_len));
	if (lane->block == NULL || lane->unused == NULL || lane->heaps == NULL ||
		lane->heap_len == NULL) {
		wire_lane_fini(lane);
		return -ENOMEM;
	}
	for (uint32_t i = frames; i-- > 0;)
		lane->unused[lane->nb_free++] = i;
	return 0;
}

void
wire_lane_fini(struct wire_lane *lane)
{
	free(lane->block);
	free(lane->unused);
	free(lane->heaps);
	free(lane->heap_len);
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

static bool
before(const struct wire_frame *a, const struct wire_frame *b)
{
	return a->due != b->due ? a->due < b->due : a->serial < b->serial;
}

void
wire_lane_schedule(struct wire_lane *lane, uint16_t queue, struct wire_frame *frame, uint64_t due)
{
	struct wire_frame **heap = lane->heaps + (size_t)queue * lane->frames;
	uint32_t i = lane->heap_len[queue]++;

	frame->due = due;
	while (i > 0 && before(frame, heap[(i - 1) / 2])) {
		heap[i] = heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	heap[i] = frame;
}

struct wire_frame *
wire_lane_first(const struct wire_lane *lane, uint16_t queue)
{
	return lane->heap_len[queue] == 0 ? NULL : lane->heaps[(size_t)queue * lane->frames];
}

struct wire_frame *
wire_lane_pop(struct wire_lane *lane, uint16_t queue)
{
	struct wire_frame **heap = lane->heaps + (size_t)queue * lane->frames;
	struct wire_frame *first = heap[0], *last;
	uint32_t n = --lane->heap_len[queue], i = 0, child;

	last = heap[n];
	while ((child = 2 * i + 1) < n) {
		if (child + 1 < n && before(heap[child + 1], heap[child]))
			child++;
		if (!before(heap[child], last))
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = last;
	return first;
}
