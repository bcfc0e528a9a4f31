/* SPDX-License-Identifier: BSD-3-Clause */
#include "pathlet.h"

/*
 * Depth of a Pathlet whose own length is within len, all that is inside looked at; a length that
 * lies ends its branch. No recursion: each open Pathlet's end is kept, at most one a level.
 */
static uint32_t
pathlet_depth(const uint8_t *data, uint32_t len)
{
	uint32_t ends[PATHLET_TREE_MAX_DEPTH + 1];
	uint32_t depth = 0, deepest = 0, at = 0;

	while (at + sizeof(struct pathlet_hdr) <= len) {
		const struct pathlet_hdr *hdr = (const struct pathlet_hdr *)(data + at);
		uint32_t end = at + rte_be_to_cpu_16(hdr->length);

		while (depth > 0 && at >= ends[depth - 1])
			depth--;
		if (end < at + sizeof(*hdr) || end > (depth > 0 ? ends[depth - 1] : len)) {
			if (depth == 0)
				break;
			at = ends[depth - 1];
			continue;
		}
		ends[depth++] = end;
		if (depth > deepest)
			deepest = depth;
		if (depth > PATHLET_TREE_MAX_DEPTH)
			break;
		at += sizeof(*hdr);
	}
	return deepest;
}

/*
 * Which NodeIDs may have been seen: one bit of many for each, chosen by a hash. Where it is not set
 * the node is new, which spares a wide tree from comparing each branch with all before it.
 */
struct node_filter {
	uint64_t bits[4];
};

/* Adds a node; false: it is new. */
static inline bool
filter_add(struct node_filter *filter, uint32_t node)
{
	uint32_t hash = (node * 0x9e3779b1u) >> 24;
	uint64_t *word = &filter->bits[hash / 64], bit = UINT64_C(1) << (hash % 64);
	bool there = (*word & bit) != 0;

	*word |= bit;
	return there;
}

static bool
has_branch_to(
	const struct pathlet_branch *branches, const struct pathlet_branch *end, uint32_t node)
{
	for (; branches < end; branches++)
		if (branches->node == node)
			return true;
	return false;
}

/* The Pathlets directly inside fill the own one exactly. */
static enum drop_reason
parse_branches(const uint8_t *data, uint32_t own_id, struct pathlet_view *view)
{
	uint32_t at = sizeof(struct pathlet_hdr), length = view->length;
	struct pathlet_branch *branch = view->branches;
	struct node_filter seen = {0};

	while (at < length) {
		const struct pathlet_hdr *inner = (const struct pathlet_hdr *)(data + at);
		uint32_t node, len;

		if (unlikely(length - at < sizeof(*inner)))
			return DROP_pathlet_malformed;
		len = rte_be_to_cpu_16(inner->length);
		node = rte_be_to_cpu_32(inner->node) & NODE_ID_MAX;
		if (unlikely(len < sizeof(*inner) || len > length - at || node == 0 ||
			     node == own_id ||
			     (filter_add(&seen, node) &&
				     has_branch_to(view->branches, branch, node))))
			return DROP_pathlet_malformed;
		*branch++ = (struct pathlet_branch){
			.node = node, .off = (uint16_t)at, .len = (uint16_t)len};
		at += len;
	}
	view->nb_branches = (uint8_t)(branch - view->branches);
	return DROP_none;
}

enum drop_reason
pathlet_parse(const uint8_t *data, uint32_t len, uint32_t own_id, struct pathlet_view *view)
{
	const struct pathlet_hdr *hdr = (const struct pathlet_hdr *)data;
	enum drop_reason reason;
	uint32_t node;

	if (unlikely(len < sizeof(*hdr)))
		return DROP_pathlet_truncated;
	node = rte_be_to_cpu_32(hdr->node);
	if (unlikely((node & NODE_ID_MAX) != own_id))
		return DROP_pathlet_wrong_node;
	view->length = rte_be_to_cpu_16(hdr->length);
	view->destination = (node & PATHLET_DESTINATION) != 0;
	view->nb_branches = 0;
	if (unlikely(view->length < sizeof(*hdr) || view->length > PATHLET_TREE_MAX_BYTES))
		return DROP_pathlet_malformed;
	if (unlikely(len < view->length + sizeof(struct session_hdr)))
		return DROP_pathlet_truncated;
	reason = parse_branches(data, own_id, view);
	if (unlikely(reason != DROP_none))
		return reason;
	if (unlikely(!view->destination && view->nb_branches == 0))
		return DROP_pathlet_dead_end;
	if (unlikely(view->length > PATHLET_DEPTH_CERTAIN) &&
		pathlet_depth(data, view->length) > PATHLET_TREE_MAX_DEPTH)
		return DROP_pathlet_too_deep;
	return DROP_none;
}
