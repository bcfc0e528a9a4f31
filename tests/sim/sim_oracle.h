/* SPDX-License-Identifier: BSD-3-Clause */
/* Ties the oracle to a simulation: it hears every wire and every egress. */
#ifndef FERRY_SIM_SIM_ORACLE_H
#define FERRY_SIM_SIM_ORACLE_H

#include "oracle.h"
#include "sim.h"

/* After sim_build, before sessions. */
struct oracle *sim_oracle_new(struct sim *sim);

/* Tells it of a session that sim_add_session just made, and of a flow that was added later. */
void sim_oracle_session(struct oracle *oracle, const struct sim *sim, uint32_t index);

/* At the end: the oracle's account, and each destination's counters beside it. */
void sim_oracle_check(struct oracle *oracle, const struct sim *sim);

/* A line of what happened. */
void sim_oracle_print(const struct oracle *oracle, const struct sim *sim, const char *title);

#endif
