/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One trial of bench/destination: for some time a session's generations are sent to the node in the
 * seat, its destination, as fast as they go, without those frames that are lost on the way; and
 * what it delivers to us is judged. Generations are sent to their end, so that all their sources
 * must come. One thread does both.
 */
#ifndef FERRY_BENCH_DESTINATION_TRIAL_H
#define FERRY_BENCH_DESTINATION_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "relay_port.h"

/* Source packets on their way at once, at most: neither ring runs over, whoever is the slower. */
#define DESTINATION_WINDOW 768

/* Where the node delivers a session: UDP port DESTINATION_UDP + its number, or a counting sink. */
#define DESTINATION_UDP 5000

enum destination_kind {
	DESTINATION_PLAIN, /* without coding, nothing lost */
	DESTINATION_LOSS0, /* with coding, nothing lost */
	DESTINATION_LOSS5, /* with coding, one frame in PATTERN_LOSS lost */
	DESTINATION_KINDS,
};

struct destination_params {
	enum destination_kind kind;
	bool sink;   /* the node counts what it delivers, nothing comes back */
	uint64_t ns; /* for so long */
	uint16_t epoch;
};

struct destination_result {
	uint64_t cycles;	   /* TSC, of sending; of these ... */
	uint64_t idle_cycles;	   /* ... nothing came and nothing could go: the seat is slower */
	uint64_t stall_cycles;	   /* ... the generator did not run */
	uint64_t sources;	   /* source packets of all generations sent, lost ones too */
	uint64_t frames;	   /* that were sent for them */
	uint64_t received;	   /* right ones, each once */
	uint64_t received_sending; /* of these, before sending ended */
	uint64_t lost;
	uint64_t duplicates, too_old;
	uint64_t wrong;
	uint64_t stray; /* of an earlier trial */
};

/*
 * 0, or -1 if the seat takes no more frames: those that a generation must still have cannot go.
 * Sessions are 1 + (with coding) + 2 * (to the sink), from our node to that in the seat; their
 * sequences go on from trial to trial. Until the seat has answered ARP, nothing is sent.
 */
int destination_trial_run(struct relay_port *port, const struct destination_params *params,
	struct destination_result *result);

#endif
