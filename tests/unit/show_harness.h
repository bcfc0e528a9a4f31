/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A small real node with one port that lies in memory, turned by hand in virtual time:
 *
 *   node 1 (this one), peers 2 and 3
 *   conference 1 "demo": session 1 "out" from here to 2, two flows "2" and "3 > 2", 1 : 3
 *                        session 2 "in" from 2 to here
 *                        session 3 "else" from 2 to 3
 */
#ifndef FERRY_TEST_SHOW_HARNESS_H
#define FERRY_TEST_SHOW_HARNESS_H

#include "ctl_commands.h"
#include "node.h"
#include "peer_actions.h"
#include "rates.h"
#include "session_book.h"
#include "show.h"

#define HARNESS_QUEUE 256

struct harness {
	struct config *config;
	struct node *node;
	struct port port;
	struct session_book book;
	struct peer_actions peers;
	struct rates rates;
	struct history history;
	struct show_view view;
	struct ctl_context ctl;
	uint64_t now;
	bool follow; /* the last command made a follower */

	struct rte_mbuf *rx[HARNESS_QUEUE]; /* frames to come */
	unsigned int nb_rx;

	/* What the port took, of DATA by flow id, and by next hop. */
	uint64_t sent, by_flow[256], by_hop[4];
	uint8_t seen[1 << 17]; /* how often each sequence of the session was */
	uint32_t nb_seqs;      /* the highest one and 1 */
	bool neighbour_known;
	bool device_known;
	bool ends_refused;	   /* of sessions that come */
	unsigned int ends_failing; /* so many of the next ones, when they are made but for a file */
	bool impaired;
};

/* Once a process. */
void harness_eal(bool telemetry);

void harness_start(struct harness *h);
/* Ends all; checks that no packet was kept. */
void harness_end(struct harness *h);

/* The same on the heap, as a test's setup and teardown. */
int harness_setup(void **state);
int harness_teardown(void **state);

/* Turns the worker for so long, a millisecond at a time, with the control thread's ticks. */
void harness_run(struct harness *h, uint64_t ms);

/* A DATA datagram of session 2 from peer 2, as it would come over the link. */
void harness_receive(struct harness *h, uint64_t link_seq, uint32_t seq, uint16_t flow_seq);

/* Sequences of the session that were never sent, up to the highest one. */
uint32_t harness_missing(const struct harness *h);

/* The reply to a command, a line; the caller's to free with json_decref. */
json_t *harness_ask(struct harness *h, const char *line);

#endif
