/* SPDX-License-Identifier: BSD-3-Clause */
#include "tfrc_equation.h"

uint64_t
tfrc_equation_f(uint32_t p)
{
	uint64_t q = (uint64_t)p << 32; /* p in units of 2^-64, whose root is in units of 2^-32 */
	uint64_t square = ((uint64_t)p * p) >> 32;
	uint64_t steep = (UINT64_C(1) << 32) + 32 * square;
	unsigned __int128 second = (unsigned __int128)tfrc_isqrt(q / 8 * 3) * p * 12;

	return tfrc_isqrt(q / 3 * 2) + (uint64_t)(((second >> 32) * steep) >> 32);
}

uint64_t
tfrc_equation_rate(uint64_t size, uint64_t rtt, uint32_t p)
{
	unsigned __int128 over, rate;

	if (p == 0)
		return TFRC_INFINITE;
	over = (unsigned __int128)size * TFRC_SECOND_NS << 32;
	rate = over / ((unsigned __int128)rtt * tfrc_equation_f(p));
	return rate >= TFRC_INFINITE ? TFRC_INFINITE : (uint64_t)rate;
}

uint32_t
tfrc_equation_p(uint64_t f)
{
	uint32_t low = 1, high = TFRC_P_ONE;

	while (low < high) {
		uint32_t middle = high - (high - low) / 2;

		if (tfrc_equation_f(middle) <= f)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}
