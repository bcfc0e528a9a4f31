/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Epochs of links and sources: 16 bits, of which another is newer by RFC 1982. Whoever heard one
 * takes none that is not newer for two seconds, so that who begins anew must know the one before.
 */
#ifndef FERRY_EPOCH_H
#define FERRY_EPOCH_H

#include <stdbool.h>
#include <stdint.h>

static inline bool
epoch_is_newer(uint16_t epoch, uint16_t before)
{
	return (int16_t)(epoch - before) > 0;
}

/* This one if it is newer than the one before, else the next after that. */
static inline uint16_t
epoch_after(uint16_t epoch, uint16_t before)
{
	return epoch_is_newer(epoch, before) ? epoch : (uint16_t)(before + 1);
}

#endif
