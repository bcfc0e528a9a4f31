/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A session as the message that defines it at a node. One-way: the root knows sessions as
 * configurations, the protocol as pipelines.
 */
#ifndef FERRY_ROOT_PIPELINE_H
#define FERRY_ROOT_PIPELINE_H

#include "message.h"
#include "root_plan.h"

/* The pipeline and what it points to. */
struct root_pipeline {
	struct message_pipeline pipeline;
	struct message_flow *flows;
	struct message_egress *egresses;
	char (*texts)[64]; /* addresses */
	char **paths;
	char *coding;
	char ingress[64], rate_to[64];
};

/*
 * What to tell a node of a session, by a plan of root_plan_make: all, or if it only forwards, that
 * it does. play: its source is to send. For root_pipeline_free; lack of memory ends the program.
 */
void root_pipeline_make(struct root_pipeline *made, const struct root_session *session,
	const struct root_plan *plan, uint32_t node, bool play);
void root_pipeline_free(struct root_pipeline *made);

/*
 * A number that differs, as good as surely, when a node must be told anew: of one that is not the
 * source, flows and what others do do not count. flows: at the source, they are counted in.
 */
uint64_t root_pipeline_hash(const struct root_pipeline *made, uint32_t node, bool flows);

#endif
