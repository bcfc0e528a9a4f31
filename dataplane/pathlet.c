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

static bool
has_branch_to(const struct pathlet_view *view, uint32_t node)
{
	for (uint8_t i = 0; i < view->nb_branches; i++)
		if (view->branches[i].node == node)
			return true;
	return false;
}

/* The Pathlets directly inside fill the own one exactly. */
static enum drop_reason
parse_branches(const uint8_t *data, uint32_t own_id, struct pathlet_view *view)
{
	uint32_t at = sizeof(struct pathlet_hdr);

	while (at < view->length) {
		const struct pathlet_hdr *inner = (const struct pathlet_hdr *)(data + at);
		uint32_t node, len;

		if (view->length - at < sizeof(*inner))
			return DROP_pathlet_malformed;
		len = rte_be_to_cpu_16(inner->length);
		node = rte_be_to_cpu_32(inner->node) & NODE_ID_MAX;
		if (len < sizeof(*inner) || len > view->length - at || node == 0 ||
			node == own_id || has_branch_to(view, node))
			return DROP_pathlet_malformed;
		view->branches[view->nb_branches++] = (struct pathlet_branch){
			.node = node, .off = (uint16_t)at, .len = (uint16_t)len};
		at += len;
	}
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
