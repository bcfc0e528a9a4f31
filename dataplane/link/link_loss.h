/* SPDX-License-Identifier: BSD-3-Clause */
/* How much of its DATA a link loses on its way to the neighbour, as far as that is known. */
#ifndef FERRY_LINK_LOSS_H
#define FERRY_LINK_LOSS_H

#include "link.h"

#define LINK_LOSS_MOST 500000u /* millionths; what loses more is taken to lose so much */

/*
 * Millionths, 0 while nothing is known; any thread. From probes: of so many that none was missed
 * half a one may be, so that a link never counts as perfect. From the neighbour's reports, where
 * the link is under TFRC: the loss event rate (RFC 5348, 5), which is no more than the loss.
 */
static inline uint32_t
link_loss(const struct link *link)
{
	uint32_t verdicts = __atomic_load_n(&link->live.verdicts, __ATOMIC_RELAXED), loss = 0;
	uint32_t missed = (uint32_t)__builtin_popcountll(
		__atomic_load_n(&link->live.missed, __ATOMIC_RELAXED) &
		((UINT64_C(1) << LIVENESS_WINDOW) - 1));

	if (verdicts > 0)
		loss = (2 * missed + 1) * 500000u / (verdicts + 1);
	if (link->pacing == LINK_PACING_TFRC || link->pacing == LINK_PACING_TFRC_SP)
		loss = RTE_MAX(loss, (uint32_t)((uint64_t)link->tfrc.sender.p * 1000000 >> 32));
	return RTE_MIN(loss, LINK_LOSS_MOST);
}

#endif
