/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What should have come of every packet, computed beside the dataplane and with none of its code:
 * paths are read from their text, datagrams from the bytes that the wires carried.
 *
 * A packet's flow is a tree; where the tree goes from one node to another with the same tree below
 * is one edge. What counts is, for each packet and edge, how many datagrams were sent and how many
 * different ones the wire brought. Then
 *   - a source sends each packet once along each outermost edge of its flow;
 *   - a node sends along an edge what came to it along all edges that lead there, once for each;
 *   - a destination delivers what came to it at least once, exactly once, the bytes unchanged.
 */
#ifndef FERRY_SIM_ORACLE_H
#define FERRY_SIM_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oracle;

/* Told once, with a sentence; does not return. */
typedef void (*oracle_fail_fn)(void *arg, const char *what);

struct oracle *oracle_new(oracle_fail_fn fail, void *arg);
void oracle_free(struct oracle *oracle);

/* Nodes count from 0 in the order in which they are added; so do sessions. */
void oracle_add_node(struct oracle *oracle, uint32_t id);
/* generated: payloads follow generator.h; else payload.h. ordered: delivery must keep order. */
uint32_t oracle_add_session(struct oracle *oracle, uint32_t conference, uint32_t session,
	uint32_t source, bool generated, bool ordered);
void oracle_add_flow(struct oracle *oracle, uint32_t session, uint8_t id, const char *text);

/* A frame that a node gave to a wire at a time, and one that a wire brought. Nodes are indexes. */
void oracle_sent(struct oracle *oracle, uint32_t from, uint32_t to, const uint8_t *frame,
	uint32_t len, uint64_t utc_us);
void oracle_arrived(
	struct oracle *oracle, uint32_t from, uint32_t to, const uint8_t *frame, uint32_t len);
/* A payload at a destination's egress. */
void oracle_delivered(struct oracle *oracle, uint32_t node, uint32_t session,
	const uint8_t *payload, uint32_t len);

/* What a destination should have counted, all epochs added up. */
struct oracle_destination {
	uint64_t arrived;    /* different packets */
	uint64_t duplicates; /* copies beyond the first */
	uint64_t delivered;
	uint64_t missing; /* between the first and last number that came, an epoch at a time */
	uint64_t epochs;
};

struct oracle_destination oracle_at(const struct oracle *oracle, uint32_t session, uint32_t node);

/*
 * At the end, when nothing is under way: checks every packet of every session at every node.
 * undelivered(arg, session, node) says how many packets came to a destination and were then rightly
 * not delivered, by the destination's own counters; NULL = none.
 */
void oracle_check(struct oracle *oracle,
	uint64_t (*undelivered)(void *arg, uint32_t session, uint32_t node), void *arg);

/* For a line of output: packets sent, datagrams sent, brought, deliveries. */
void oracle_totals(const struct oracle *oracle, uint64_t totals[4]);

#endif
