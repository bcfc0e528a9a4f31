/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One trial: frames are sent at a rate for some time, every one that comes back is judged, and the
 * sum must come out: what was sent and did not come back is lost. One thread does both.
 */
#ifndef FERRY_BENCH_RELAY_TRIAL_H
#define FERRY_BENCH_RELAY_TRIAL_H

#include "relay_frame.h"
#include "relay_latency.h"
#include "relay_port.h"
#include "relay_sequence.h"

#define RELAY_BURST_MAX 64

/* After the last frame was sent, so long without any is the end. */
#define RELAY_QUIET_NS 20000000
#define RELAY_DRAIN_NS 300000000

/* Between two looks at the clock: longer is time that the generator did not have. */
#define RELAY_STALL_NS 20000

struct relay_params {
	enum relay_seat seat;
	uint16_t payload;
	uint16_t burst;
	uint64_t rate;	/* frames a second; 0 = as many as go */
	uint64_t count; /* frames at most; 0 = no limit */
	uint64_t ns;	/* for so long */
	uint16_t epoch;
	uint32_t trial; /* a number of its own */
};

struct relay_result {
	double seconds; /* of sending */
	uint64_t sent;
	/* At a rate: found the ring full, and are lost for the receiver. Without: tried again. */
	uint64_t refused;
	/* The generator was too slow for the rate; without those due while it did not run. */
	uint64_t skipped;
	uint64_t full_bursts, bursts; /* of sending: where the ring had no room, and all */
	uint64_t received;	      /* right ones, each once */
	uint64_t received_sending;    /* of these, before sending ended */
	uint64_t lost;
	uint64_t duplicates, reordered, too_old;
	uint64_t wrong, stray, not_ours;
	uint64_t link_gaps; /* a node's own sequence: sent by it, and did not arrive */
	uint64_t stall_ns;  /* of the generator, while sending */
};

/* The histogram is reset and filled. */
void relay_trial_run(struct relay_port *port, const struct relay_params *params,
	struct relay_result *result, struct relay_latency *latency);

#endif
