/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whose packets lie in a send buffer. The owner counts a packet as sent when it puts it there; what
 * the port then refuses is taken back in the same turn, so that only a live reader may see it.
 */
#ifndef FERRY_TX_ACCOUNT_H
#define FERRY_TX_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

struct tx_account {
	/* The owner's counters; each may be NULL. */
	uint64_t *packets;
	uint64_t *bytes;
	uint64_t *drops;
	uint16_t headers; /* bytes of a frame that *bytes does not count */
	bool delivered;	  /* a destination's egress, not a link */
};

#endif
