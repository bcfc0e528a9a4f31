/* SPDX-License-Identifier: BSD-3-Clause */
#include "pacer.h"

#define NS_PER_S UINT64_C(1000000000)

static uint64_t
byte_time(uint64_t rate)
{
	return rate == 0 ? 0 : ((NS_PER_S << 32) + rate - 1) / rate;
}

void
pacer_init(struct pacer *pacer, uint64_t rate)
{
	*pacer = (struct pacer){.ns_per_byte = byte_time(rate), .rate = rate};
	pacer_set_rtt(pacer, 0);
}

void
pacer_set_rate(struct pacer *pacer, uint64_t rate, uint64_t now)
{
	uint64_t was = pacer->ns_per_byte, is = byte_time(rate);

	if (is == 0) {
		pacer->next = now;
		pacer->next_rem = 0;
	} else if (was != 0 && pacer->next > now) {
		unsigned __int128 left = (unsigned __int128)(pacer->next - now) * is / was;

		pacer->next = now + (uint64_t)left;
	}
	pacer->ns_per_byte = is;
	pacer->rate = rate;
}

void
pacer_set_rtt(struct pacer *pacer, uint64_t rtt_ns)
{
	uint64_t most = rtt_ns != 0 ? rtt_ns : UINT64_MAX;

	pacer->burst = most < PACER_GRAIN_NS ? most : PACER_GRAIN_NS;
	pacer->credit = most < PACER_TURN_NS ? most : PACER_TURN_NS;
}
