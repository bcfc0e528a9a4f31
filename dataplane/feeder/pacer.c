/* SPDX-License-Identifier: BSD-3-Clause */
#include "pacer.h"

#define NS_PER_S UINT64_C(1000000000)

/* 2^-32 ns, rounded up: at most a second. */
static uint64_t
byte_time(uint64_t rate)
{
	return rate == 0 ? 0 : ((NS_PER_S << 32) + rate - 1) / rate;
}

static void
set(struct pacer *pacer, uint64_t rate)
{
	uint64_t time = byte_time(rate);

	pacer->byte_ns = (uint32_t)(time >> 32);
	pacer->byte_part = (uint32_t)time;
	pacer->rate = rate;
}

void
pacer_init(struct pacer *pacer, uint64_t rate)
{
	*pacer = (struct pacer){.part = PACER_PART_WHOLE};
	set(pacer, rate);
	pacer_set_rtt(pacer, 0);
}

void
pacer_set_rate(struct pacer *pacer, uint64_t rate, uint64_t now)
{
	uint64_t was = (uint64_t)pacer->byte_ns << 32 | pacer->byte_part, is = byte_time(rate);

	if (is == 0) {
		pacer->next = now;
		pacer->part = PACER_PART_WHOLE;
	} else if (was != 0 && pacer->next > now) {
		unsigned __int128 left = (unsigned __int128)(pacer->next - now) * is;

		pacer->next = now + (uint64_t)((left + was - 1) / was);
		pacer->part = PACER_PART_WHOLE;
	}
	set(pacer, rate);
}

void
pacer_set_rtt(struct pacer *pacer, uint64_t rtt_ns)
{
	uint64_t most = rtt_ns != 0 ? rtt_ns : UINT64_MAX;

	pacer->burst = (uint32_t)(most < PACER_GRAIN_NS ? most : PACER_GRAIN_NS);
	pacer->credit = (uint32_t)(most < PACER_TURN_NS ? most : PACER_TURN_NS);
}
