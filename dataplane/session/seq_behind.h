/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When a window (seq_window.h) is wrong, for sequences that were damaged or forged were taken, or
 * because the sender counts anew and its epoch does not say so: all that comes is too old for it,
 * and would be for as long as the sender counted before. As RFC 3550, A.1, has it for RTP, the
 * window then begins anew: once many in a row were too old, each of which continues from the one
 * before, while nothing was taken that is higher than all before.
 *
 * What is really late comes between what is new, or alone, or with a burst that was held up. So it
 * must last, too: a burst of an old way does not, after the underlay took another. Where packets
 * come on several ways it must last longer: when the sender pauses, what a slow way still brings is
 * too old and looks the same.
 *
 * One owner, the window's.
 */
#ifndef FERRY_SEQ_BEHIND_H
#define FERRY_SEQ_BEHIND_H

#include "seq_window.h"

/*
 * Too old in a row; the last is taken. RFC 3550 asks for two, but what is late may come in a burst.
 * Not many more: to a sender under TFRC nothing is reported meanwhile, and it sends ever less.
 */
#define SEQ_BEHIND_RUN 8

struct seq_behind {
	uint64_t last;	/* the last one that was too old */
	uint64_t above; /* the window's highest then */
	uint64_t since; /* of the run, ns */
	uint32_t run;	/* so many; 0 = none */
};

/*
 * One that is SEQ_TOO_OLD. True: that ends a run that took at least so long, ns, and the window is
 * to begin anew with it. The same once more says nothing.
 */
bool seq_behind_confirms(struct seq_behind *behind, const struct seq_window *win, uint64_t seq,
	uint64_t now, uint64_t least);

#endif
