/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Flow plans: what a source needs to know of its flows to send a packet without looking anything
 * up.
 */
#include <errno.h>

#include <rte_malloc.h>

#include "node.h"

/* What a plan will hold; RoutingInfo is walked once to know, once to fill. */
struct plan_size {
	uint32_t branches;
	uint32_t bytes;
};

/* Bytes of the outermost Pathlet at p, 0 if it does not lie within left bytes. */
static uint16_t
outermost(const uint8_t *p, uint32_t left)
{
	const struct pathlet_hdr *hdr = (const struct pathlet_hdr *)p;
	uint16_t len;

	if (left < sizeof(*hdr))
		return 0;
	len = rte_be_to_cpu_16(hdr->length);
	return len >= sizeof(*hdr) && len <= left ? len : 0;
}

static int
measure(const struct flow_params *flow, struct plan_size *size)
{
	uint32_t at = 0, before = size->branches;

	while (at < flow->routing_len) {
		uint16_t len = outermost(flow->routing + at, flow->routing_len - at);

		if (len == 0)
			return -EINVAL;
		at += len;
		size->branches++;
	}
	size->bytes += flow->routing_len;
	return size->branches > before && size->branches - before <= FANOUT_MAX ? 0 : -EINVAL;
}

static struct flow_plan *
plan_alloc(uint16_t nb_flows, const struct plan_size *size)
{
	struct flow_plan *plan = rte_zmalloc("plan",
		sizeof(*plan) + nb_flows * sizeof(struct flow) +
			size->branches * sizeof(struct flow_branch) + size->bytes,
		RTE_CACHE_LINE_SIZE);

	if (plan == NULL)
		return NULL;
	plan->nb_flows = nb_flows;
	plan->flows = (struct flow *)(plan + 1);
	plan->branches = (struct flow_branch *)(plan->flows + nb_flows);
	plan->bytes = (uint8_t *)(plan->branches + size->branches);
	return plan;
}

/* Largest payload that fits the branch's first datagram, with room for later headers. */
static uint32_t
branch_payload_max(const struct flow_branch *branch)
{
	const struct link *link = branch->link;
	uint32_t ip = address_is_ipv4(&link->remote) ? sizeof(struct rte_ipv4_hdr)
						     : sizeof(struct rte_ipv6_hdr);
	uint32_t headers = ip + sizeof(struct rte_udp_hdr) + sizeof(struct link_hdr) +
			   branch->pathlet_len + sizeof(struct session_hdr) + CODING_HEADER_MAX +
			   SEAL_TAG_BYTES;

	return link->port->mtu > headers ? link->port->mtu - headers : 0;
}

/* Fills a flow's branches behind those that are there; -ENOENT and *missing if one is no link. */
static int
fill_flow(struct node *node, struct flow_plan *plan, struct flow *flow,
	const struct flow_params *params, struct plan_size *used, uint32_t *missing)
{
	uint32_t at = 0;

	flow->id = params->id;
	flow->weight = params->weight;
	flow->first_branch = (uint16_t)used->branches;
	memcpy(plan->bytes + used->bytes, params->routing, params->routing_len);
	while (at < params->routing_len) {
		const struct pathlet_hdr *hdr = (const struct pathlet_hdr *)(params->routing + at);
		struct flow_branch *branch = &plan->branches[used->branches++];
		uint32_t hop = rte_be_to_cpu_32(hdr->node) & NODE_ID_MAX, room;

		branch->link = node_find_link(node, hop);
		if (branch->link == NULL) {
			*missing = hop;
			return -ENOENT;
		}
		branch->pathlet_off = (uint16_t)(used->bytes + at);
		branch->pathlet_len = rte_be_to_cpu_16(hdr->length);
		room = branch_payload_max(branch);
		if (room < plan->payload_max)
			plan->payload_max = (uint16_t)room;
		flow->nb_branches++;
		at += branch->pathlet_len;
	}
	used->bytes += params->routing_len;
	return 0;
}

static int
fill_states(struct flow_plan *plan, const struct flow_params *flows)
{
	for (uint16_t i = 0; i < plan->nb_flows; i++) {
		plan->flows[i].state = flows[i].state;
		if (flows[i].state == NULL) {
			plan->flows[i].state = rte_zmalloc(
				"flow", sizeof(struct flow_state), RTE_CACHE_LINE_SIZE);
			plan->flows[i].own_state = true;
		}
		if (plan->flows[i].state == NULL)
			return -ENOMEM;
	}
	return 0;
}

struct flow_plan *
node_build_plan(struct node *node, const struct flow_params *flows, uint16_t nb_flows,
	uint16_t payload_limit, uint32_t *missing)
{
	struct plan_size size = {0}, used = {0};
	uint32_t weights[SOURCE_FLOWS_MAX];
	struct flow_plan *plan;
	int rc = nb_flows >= 1 && nb_flows <= SOURCE_FLOWS_MAX ? 0 : -EINVAL;

	for (uint16_t i = 0; i < nb_flows && rc == 0; i++) {
		rc = measure(&flows[i], &size);
		weights[i] = flows[i].weight;
	}
	if (rc == 0 && (size.bytes > UINT16_MAX || size.branches > UINT16_MAX))
		rc = -EINVAL;
	plan = rc == 0 ? plan_alloc(nb_flows, &size) : NULL;
	if (plan == NULL) {
		errno = rc == 0 ? ENOMEM : -rc;
		return NULL;
	}
	plan->payload_max = payload_limit != 0 ? payload_limit : UINT16_MAX;
	rc = alias_build(plan->choice, weights, nb_flows);
	for (uint16_t i = 0; i < nb_flows && rc == 0; i++)
		rc = fill_flow(node, plan, &plan->flows[i], &flows[i], &used, missing);
	if (rc == 0)
		rc = fill_states(plan, flows);
	if (rc < 0) {
		node_discard_plan(plan);
		errno = -rc;
		return NULL;
	}
	return plan;
}

void
node_discard_plan(struct flow_plan *plan)
{
	for (uint16_t i = 0; plan != NULL && i < plan->nb_flows; i++)
		if (plan->flows[i].own_state)
			rte_free(plan->flows[i].state);
	rte_free(plan);
}

static bool
plan_names(const struct flow_plan *plan, const struct flow_state *state)
{
	for (uint16_t i = 0; i < plan->nb_flows; i++)
		if (plan->flows[i].state == state)
			return true;
	return false;
}

/* The first flow of the first plan: its numbers lie where the source's packets find them. */
static void
move_in(struct source *source, struct flow_plan *plan)
{
	if (!plan->flows[0].own_state)
		return;
	rte_free(plan->flows[0].state);
	plan->flows[0].state = &source->line->first;
}

void
node_set_plan(struct node *node, struct source *source, struct flow_plan *plan)
{
	struct flow_plan *old = (struct flow_plan *)(uintptr_t)source->plan;

	if (old == NULL)
		move_in(source, plan);
	for (uint16_t i = 0; i < plan->nb_flows; i++)
		plan->flows[i].own_state = false;
	__atomic_store_n(&source->plan, plan, __ATOMIC_RELEASE);
	/* Who sees this sees the new plan; who does not keeps to what it has copied. */
	__atomic_store_n(&source->line->renewed, 1, __ATOMIC_RELEASE);
	if (old == NULL)
		return;
	for (uint16_t i = 0; i < old->nb_flows; i++)
		if (old->flows[i].state != &source->line->first &&
			!plan_names(plan, old->flows[i].state))
			reclaim_defer(&node->reclaim, rte_free, old->flows[i].state);
	reclaim_defer(&node->reclaim, rte_free, old);
}
