/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The floor is a reference only if it does the same: both relay the same frames, the results are
 * compared byte for byte.
 */
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "stages.h"
#include "wire.h"

#define FRAMES	    256
#define FRAME_BYTES 256
#define HOPS	    8

struct caught {
	unsigned int n;
	struct {
		uint8_t bytes[FRAME_BYTES];
		uint32_t len;
	} frames[FRAMES];
};

/* The time stamp, the only thing that may differ, is left out. */
static void
catch_frame(void *arg, struct rte_mbuf *m)
{
	const size_t stamp = 42 + offsetof(struct link_hdr, stamp);
	struct caught *c = arg;
	const void *p;

	if (c->n == FRAMES || m->pkt_len > FRAME_BYTES)
		bench_die("more was sent than was to be relayed");
	p = rte_pktmbuf_read(m, 0, m->pkt_len, c->frames[c->n].bytes);
	if (p == NULL)
		bench_die("a packet shorter than it says");
	if (p != c->frames[c->n].bytes)
		memcpy(c->frames[c->n].bytes, p, m->pkt_len);
	memset(c->frames[c->n].bytes + stamp, 0, sizeof(rte_be32_t));
	c->frames[c->n].len = m->pkt_len;
	c->n++;
}

static int
compare_frames(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(((struct caught *)NULL)->frames[0]));
}

static void
relay(struct caught *caught, struct loop *loop, enum scene_kind kind, uint32_t hash, bool sparse)
{
	struct scene_params params = {
		.kind = kind,
		.hash = hash,
		.frames = {.kind = FRAMES_RELAY,
			.payload = 64,
			.hops = HOPS,
			.ways = 1,
			.sparse = sparse,
			.sessions = 1},
	};
	struct scene scene;

	memset(caught, 0, sizeof(*caught));
	scene_init(&scene, loop, &params);
	scene_set(&scene);
	loop->look = catch_frame;
	loop->look_arg = caught;
	for (unsigned int i = 0; i < FRAMES / LOOP_BURST; i++)
		(void)scene_turn(&scene);
	loop->look = NULL;
	scene_free(&scene);
	/* Each next hop gets its packets in order; among them any order is right. */
	qsort(caught->frames, caught->n, sizeof(caught->frames[0]), compare_frames);
}

void
stages_check(void)
{
	struct caught *floor = malloc(sizeof(*floor)), *node = malloc(sizeof(*node));
	struct loop loop;

	if (floor == NULL || node == NULL)
		bench_die("out of memory");
	loop_init(&loop, "check", LOOP_BURST * 2);
	for (int sparse = 0; sparse <= 1; sparse++) {
		relay(floor, &loop, SCENE_FLOOR, sparse ? HOPS * 2 : 0, sparse);
		relay(node, &loop, SCENE_NODE, 0, sparse);
		if (node->n != FRAMES || floor->n != FRAMES)
			bench_die("of %u frames the floor relayed %u, the node %u", FRAMES,
				floor->n, node->n);
		for (unsigned int i = 0; i < FRAMES; i++)
			if (compare_frames(&floor->frames[i], &node->frames[i]) != 0)
				bench_die("floor and node do not send the same");
	}
	loop_free(&loop);
	free(floor);
	free(node);
}
