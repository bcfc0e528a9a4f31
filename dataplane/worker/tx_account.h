/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whose packets lie in a send buffer. The owner counts a packet as sent when it puts it there; what
 * the port then refuses is taken back in the same turn, so that only a live reader may see it.
 */
#ifndef FERRY_TX_ACCOUNT_H
#define FERRY_TX_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "line_pool.h"

struct tx_account {
	/* The owner's counters; each may be NULL. */
	uint64_t *packets;
	uint64_t *bytes;
	uint64_t *drops;
	uint16_t headers; /* bytes of a frame that *bytes does not count */
	bool delivered;	  /* a destination's egress, not a link */
};

/*
 * The account of a line's owner (line_pool.h), which is the first that the owner has, without
 * reading where the owner is: that is asked only if a packet is refused.
 */
static inline const struct tx_account *
tx_account_later(const void *line)
{
	return (const struct tx_account *)((uintptr_t)line | 1);
}

static inline const struct tx_account *
tx_account_now(const struct tx_account *account)
{
	if (((uintptr_t)account & 1) == 0)
		return account;
	return (const struct tx_account *)line_owner((const uint8_t *)account - 1);
}

#endif
