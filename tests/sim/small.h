/* SPDX-License-Identifier: BSD-3-Clause */
/* Small networks for tests of one thing: what they all need, and cmocka. */
#ifndef FERRY_SIM_SMALL_H
#define FERRY_SIM_SMALL_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim_oracle.h"

/* Nodes 1 to n, one worker each unless the test says otherwise before sim_build. */
struct sim *small_new(uint32_t nodes);

/* A wire between two nodes, by their ids: 1 ms, no limit, chains. */
struct sim_wire *small_wire(struct sim *sim, uint32_t a, uint32_t b);

/* The same with a line of the test's own. */
struct sim_line small_line(void);
struct sim_wire *
small_connect(struct sim *sim, uint32_t a, uint32_t b, const struct sim_line *line);

/* A session from a node's host to nodes (ids, 0 ends the list), without flows. */
struct sim_session small_session(struct sim *sim, uint32_t source, const uint32_t *destinations);

/* Adds and starts it; tells the oracle if there is one. */
uint32_t small_start(struct sim *sim, struct oracle *oracle, const struct sim_session *session);

/* The session's host sends n payloads of len bytes, one every gap ns. */
void small_send(struct sim *sim, uint32_t session, uint32_t n, uint16_t len, uint64_t gap);

/* The wire's lane that leads to a node. */
void small_set_lane(
	struct sim *sim, struct sim_wire *sw, uint32_t to, const struct wire_lane_params *params);

uint64_t small_drops(const struct sim *sim, uint32_t id, enum drop_reason reason);
struct destination *small_destination(const struct sim *sim, uint32_t session, uint32_t id);

/* Drains; the oracle's check, if any; nothing dropped but for allowed reasons; frees all. */
void small_finish(struct sim *sim, struct oracle *oracle, const enum drop_reason *allowed);

extern const enum drop_reason small_none[]; /* no drop is allowed */

#endif
