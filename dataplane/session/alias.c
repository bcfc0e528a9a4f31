/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "alias.h"

int
alias_build(struct alias_entry *table, const uint32_t *weights, uint32_t n)
{
	uint64_t left[ALIAS_MAX]; /* weight times n; a column's fair share is the sum */
	uint32_t small[ALIAS_MAX], large[ALIAS_MAX];
	uint32_t nb_small = 0, nb_large = 0;
	uint64_t sum = 0;

	if (n < 1 || n > ALIAS_MAX)
		return -EINVAL;
	for (uint32_t i = 0; i < n; i++)
		sum += weights[i];
	if (sum == 0 || sum >> 40 != 0)
		return -EINVAL;
	for (uint32_t i = 0; i < n; i++) {
		left[i] = (uint64_t)weights[i] * n;
		if (left[i] < sum)
			small[nb_small++] = i;
		else
			large[nb_large++] = i;
	}
	while (nb_small > 0 && nb_large > 0) {
		uint32_t s = small[--nb_small], l = large[nb_large - 1];

		table[s].keep = (uint32_t)(((unsigned __int128)left[s] << 32) / sum);
		/* A weight of 0 keeps nothing: alias_pick takes the column only above keep. */
		table[s].other = l;
		left[l] -= sum - left[s];
		if (left[l] < sum) {
			nb_large--;
			small[nb_small++] = l;
		}
	}
	while (nb_large > 0)
		table[large[--nb_large]] = (struct alias_entry){.keep = UINT32_MAX};
	while (nb_small > 0)
		table[small[--nb_small]] = (struct alias_entry){.keep = UINT32_MAX};
	return 0;
}
