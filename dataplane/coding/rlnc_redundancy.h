/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many repairs a generation (or window) needs so that no more than a target of its source
 * packets stays lost. Shares are millionths.
 *
 * Pure functions, any thread.
 */
#ifndef FERRY_RLNC_REDUNDANCY_H
#define FERRY_RLNC_REDUNDANCY_H

#include <stdbool.h>
#include <stdint.h>

/* Of what loses more than this it is taken to lose so much. */
#define RLNC_LOSS_MOST 700000u

/*
 * The whole way of a session's packets, of the destination that is worst off.
 *
 * Relays that recode send more than they get: as many as it takes, in the mean, for one to come
 * through their onward link. What those links lose is part of loss, and it is regained: of each
 * packet that the source sends, the odds are (1 - loss) / (1 - regained) that one arrives. But the
 * mean is not enough, so it takes repair for what varies on those links, too.
 */
struct rlnc_way {
	uint32_t loss;	   /* odds that a packet is lost on any of its links */
	uint32_t regained; /* odds of that on a link before which it was recoded; at most loss */
};

/*
 * The least r so that of n packets and r repairs, each lost by itself with these odds, no more than
 * the target stays lost, or most. whole: what is not decoded is lost whole, as of combinations
 * alone; else source packets that came are not lost with others.
 */
uint32_t rlnc_redundancy(uint32_t n, uint32_t loss, bool whole, uint32_t target, uint32_t most);

/*
 * The same where relays add repair of their own: n packets and what it needs, less what relays
 * send more, as if that came from the source. Of what they send before they have got much, some
 * says nothing new; so the odds to be short of packets in the end are twice as great, as those of a
 * random walk that has a wall on one side.
 */
uint32_t
rlnc_redundancy_way(uint32_t n, struct rlnc_way way, bool whole, uint32_t target, uint32_t most);

#endif
