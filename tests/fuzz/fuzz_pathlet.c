/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A received Pathlet: the first four bytes are the receiver's NodeID, the rest what follows the
 * link header. What is accepted keeps its promises: the Pathlets inside fill the own one exactly,
 * each can be sent on as it is, and a session header follows.
 */
#include <stdlib.h>
#include <string.h>

#include "pathlet.h"

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t
read32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

/* Its bytes are read as the copy for that next hop is made of them. */
static void
check_branch(const uint8_t *pathlet, const struct pathlet_branch *branch, uint32_t own_id)
{
	uint8_t copy[512];
	uint32_t node;

	REQUIRE(branch->len >= 6 && branch->len <= sizeof(copy));
	memcpy(copy, pathlet + branch->off, branch->len);
	node = read32(copy + 2) & 0x7fffffff;
	REQUIRE((copy[0] << 8 | copy[1]) == branch->len);
	REQUIRE(branch->node == node && node != 0 && node != own_id);
}

static void
check_view(const uint8_t *pathlet, size_t size, const struct pathlet_view *view, uint32_t own_id)
{
	uint32_t at = 6;

	REQUIRE((pathlet[0] << 8 | pathlet[1]) == view->length);
	REQUIRE((read32(pathlet + 2) & 0x7fffffff) == own_id);
	REQUIRE(view->destination == (pathlet[2] & 0x80) >> 7);
	REQUIRE(view->destination || view->nb_branches > 0);
	for (unsigned int i = 0; i < view->nb_branches; i++) {
		REQUIRE(view->branches[i].off == at);
		check_branch(pathlet, &view->branches[i], own_id);
		at += view->branches[i].len;
		for (unsigned int j = 0; j < i; j++)
			REQUIRE(view->branches[i].node != view->branches[j].node);
	}
	REQUIRE(at == view->length && at + 24 <= size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pathlet_view view;
	uint8_t *pathlet;
	uint32_t own_id;

	if (size < 4)
		return 0;
	own_id = read32(data) & 0x7fffffff;
	size -= 4;
	/* Of its own exact size, so that one byte too many is seen. */
	pathlet = malloc(size > 0 ? size : 1);
	REQUIRE(pathlet != NULL);
	memcpy(pathlet, data + 4, size);
	if (pathlet_parse(pathlet, (uint32_t)size, own_id, &view) == DROP_none)
		check_view(pathlet, size, &view, own_id);
	free(pathlet);
	return 0;
}
