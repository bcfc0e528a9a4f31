/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A node for frames of frame_mix.h: neighbours over IPv4 and IPv6 on an untagged and a tagged port,
 * sessions that begin and end there. One worker, turned by hand. What cannot be had fails the test.
 */
#ifndef FERRY_TEST_MIX_NODE_H
#define FERRY_TEST_MIX_NODE_H

#include "frame_mix.h"
#include "node.h"

#define MIX_HEADROOM  192		      /* of frames that come */
#define MIX_INGRESSES 4			      /* sessions that begin here */
#define MIX_UTC_AT_0  UINT64_C(4000000000000) /* ns, when the node's time is 0 */

/* What differs between cases. */
struct mix_scene {
	bool paced;	   /* some links are */
	uint32_t offloads; /* of the first port */
	uint32_t odd;	   /* frame_mix.h */
	bool flips;	   /* the same */
	bool installed;	   /* only known sessions are forwarded */
};

struct node *mix_node_new(const char *name, struct port ports[MIX_PORTS],
	const struct mix_scene *scene, const struct port_ops *ops, void *driver, uint64_t now);

/* The session of MIX_HERE. */
struct destination *mix_destination(const struct node *node, uint32_t session);

/* EGRESS_UDP: where it goes is known from now on. 0 or -ENOMEM. */
int mix_set_egress(struct node *node, struct destination *dst);

/* All goes; nothing of it stays anywhere, or the test fails. */
void mix_node_end(struct node *node, uint64_t now);

#endif
