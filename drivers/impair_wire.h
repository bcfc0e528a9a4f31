/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An impaired line between two ports, both directions, each a lane of its own: what one port
 * receives is sent by the other when it is due. Nothing is sent on a port that is not up. One
 * thread.
 */
#ifndef FERRY_IMPAIR_WIRE_H
#define FERRY_IMPAIR_WIRE_H

#include "delay_histogram.h"
#include "impair_lane.h"
#include "impair_settings.h"
#include "port.h"

struct impair_direction {
	struct port *from, *to;
	struct impair_lane lane;
	uint64_t refused; /* came out, but the device did not take it, or is down */
	/* How long after it was due a frame was handed to the device: in nanoseconds. */
	struct delay_histogram late;
};

struct impair_wire {
	struct impair_direction directions[2]; /* [0] from a to b */
};

/* 0 or -ENOMEM. frames and seed by direction. */
int impair_wire_init(struct impair_wire *wire, struct port *a, struct port *b,
	const struct impair_settings settings[2]);
void impair_wire_fini(struct impair_wire *wire);

/* One turn: takes what came, sends what is due. How many frames that were; 0 = idle. */
uint32_t impair_wire_turn(struct impair_wire *wire, uint64_t now);

/* When the next frame is due; UINT64_MAX if none is held. */
uint64_t impair_wire_next(const struct impair_wire *wire);

#endif
