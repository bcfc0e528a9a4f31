/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Networks of which theory knows how much coding can bring through them, and how much it does. A
 * link carries one packet of the largest kind in a unit of time (1 ms); what is said to be a rate
 * is in source packets delivered, of the receiver that has least, in a unit.
 */
#ifndef FERRY_SIM_CODING_SCENE_H
#define FERRY_SIM_CODING_SCENE_H

#include <stdbool.h>
#include <stdint.h>

struct coding_figure {
	double rate;	/* delivered */
	double theory;	/* at most */
	double sent;	/* source packets offered */
	double repair;	/* repair packets of the source for each source packet */
	uint64_t wrong; /* payloads that came damaged, twice, or out of nowhere */
};

/*
 * The butterfly: two receivers, each behind a link of its own and both behind one that they share.
 * Coded both have rate 2; without, by the three trees that are the best routing, 1.5.
 */
struct coding_figure coding_butterfly(uint64_t seed, double seconds, bool coded);

/*
 * A line of hops that each lose the share loss of the packets, recoded at each node: the rate of
 * the worst link, 1 - loss. Without, each node sends on what comes: (1 - loss)^hops.
 */
struct coding_figure coding_line(uint64_t seed, double seconds, uint32_t hops, double loss);

/* Two paths of two hops, the first of each losing: the sum of what they let through. */
struct coding_figure coding_two_paths(uint64_t seed, double seconds, double loss1, double loss2);

#endif
