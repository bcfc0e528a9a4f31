/* SPDX-License-Identifier: BSD-3-Clause */
#include "seq_behind.h"

bool
seq_behind_confirms(struct seq_behind *behind, const struct seq_window *win, uint64_t seq,
	uint64_t now, uint64_t least)
{
	if (behind->run == 0 || behind->above != win->highest ||
		!seq_window_continues(win, behind->last, seq)) {
		*behind = (struct seq_behind){
			.last = seq, .above = win->highest, .since = now, .run = 1};
		return false;
	}
	behind->run += seq != behind->last;
	behind->last = seq;
	if (behind->run < SEQ_BEHIND_RUN || now - behind->since < least)
		return false;
	behind->run = 0;
	return true;
}
