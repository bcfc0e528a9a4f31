/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A node of the real data plane that is turned by hand: one worker, one port, every sender a peer.
 * It takes a datagram as a frame from that sender and tells what became of it. One a process, one
 * thread.
 */
#ifndef FERRY_TEST_WIRE_NODE_H
#define FERRY_TEST_WIRE_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "drop.h"

#define WIRE_NODE_DATAGRAM_MAX 1400
#define WIRE_NODE_COPIES_MAX   96

/* A datagram that the node sent. */
struct wire_copy {
	uint16_t len;
	uint8_t data[WIRE_NODE_DATAGRAM_MAX + 64];
};

struct wire_outcome {
	enum drop_reason drop; /* of the datagram as such; DROP_none if it was taken */
	bool asked_delivery;   /* it came to where sessions are looked up; the node has none */
	uint32_t unknown_hops; /* branches dropped */
	uint16_t nb_copies;
	struct wire_copy copies[WIRE_NODE_COPIES_MAX];
};

/* Starts DPDK's environment and makes the node. 0, or -1 with *error. */
int wire_node_start(const char **error);

/*
 * Lets the datagram (a UDP payload) arrive at the node, which has NodeID own for this turn, as the
 * first of its link. 0, or -1 with *error.
 */
int wire_node_take(uint32_t own, const uint8_t *data, uint16_t len, struct wire_outcome *outcome,
	const char **error);

void wire_node_stop(void);

#endif
