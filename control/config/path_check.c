/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "path_text.h"

static bool
path_has(const uint32_t *ids, unsigned int count, uint32_t id)
{
	for (unsigned int i = 0; i < count; i++) {
		if (ids[i] == id)
			return true;
	}
	return false;
}

int
path_check(const struct pathlet_tree *tree, uint32_t source, const uint32_t *destinations,
	unsigned int destination_count, char *reason, size_t size)
{
	uint32_t reached[PATHLET_TREE_MAX_NODES];
	enum pathlet_tree_fault fault;
	unsigned int at, count;

	fault = pathlet_tree_check(tree, source, &at);
	if (fault != PATHLET_TREE_OK) {
		snprintf(reason, size, "node %u %s", tree->node[at].id,
			pathlet_tree_fault_text(fault));
		return -1;
	}
	count = pathlet_tree_destinations(tree, reached);
	for (unsigned int i = 0; i < destination_count; i++) {
		if (path_has(reached, count, destinations[i]))
			continue;
		snprintf(reason, size,
			"it does not reach destination %u, each flow reaches each destination",
			destinations[i]);
		return -1;
	}
	for (unsigned int i = 0; i < count; i++) {
		if (path_has(destinations, destination_count, reached[i]))
			continue;
		snprintf(reason, size,
			"node %u is a destination in it (marked with a star or a last node) but "
			"not of "
			"the session",
			reached[i]);
		return -1;
	}
	return 0;
}

static int
path_weights_fail(char *reason, size_t size, const char *text, const char *what)
{
	snprintf(reason, size, "weights \"%.40s\": %s; right is, for two flows, 10:90", text, what);
	return -1;
}

int
path_weights_parse(const char *text, uint32_t *weights, unsigned int max, char *reason, size_t size)
{
	unsigned int count = 0;
	uint64_t sum = 0;

	for (const char *at = text;; at++) {
		uint64_t value = 0;

		if (*at < '0' || *at > '9')
			return path_weights_fail(reason, size, text, "a weight is missing");
		for (; *at >= '0' && *at <= '9'; at++) {
			value = value * 10 + (uint64_t)(*at - '0');
			if (value > PATH_WEIGHT_MAX)
				return path_weights_fail(
					reason, size, text, "a weight is at most 1000000");
		}
		if (count == max)
			return path_weights_fail(
				reason, size, text, "there are more weights than flows");
		weights[count++] = (uint32_t)value;
		sum += value;
		if (*at == 0)
			break;
		if (*at != ':')
			return path_weights_fail(
				reason, size, text, "weights are integers with ':' between them");
	}
	if (sum == 0)
		return path_weights_fail(reason, size, text, "not all weights may be 0");
	return (int)count;
}
