/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A wrapper that puts an impaired line between any port and its node: what the port receives comes
 * out of the line. Only that direction: a port's one receive queue has one worker, so the line
 * needs no lock; the sender is not held back by the line's rate, as it is not by a router's on the
 * way; and what the line loses was never received by the node, so that the node's sums hold without
 * it. The other direction of a link is impaired where it is received.
 *
 * Frames are held as they came, in the receiving port's buffers, up to a number that the node's
 * packet budget must have room for.
 */
#ifndef FERRY_IMPAIR_PORT_H
#define FERRY_IMPAIR_PORT_H

#include "impair_lane.h"
#include "impair_settings.h"
#include "port.h"

struct impair_port {
	struct port *inner;
	struct impair_lane lane;
};

/*
 * Makes port what inner is, with the line before it. inner is open and has one receive queue, and
 * lives on; name, addresses and the like are copied as they are now. wrap is the caller's memory.
 * 0 or -ENOMEM.
 */
int impair_port_init(struct impair_port *wrap, struct port *port, struct port *inner,
	const struct impair_settings *settings);

/* Frees what the line holds. No worker runs any more. */
void impair_port_fini(struct impair_port *wrap);

#endif
