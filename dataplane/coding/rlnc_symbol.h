/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is coded of a source packet (WIRE.md, section 7): these 8 bytes, then its payload, then as
 * many zeros as it takes. A systematic packet does not carry its symbol: the head follows from its
 * session header and its length.
 */
#ifndef FERRY_RLNC_SYMBOL_H
#define FERRY_RLNC_SYMBOL_H

#include <assert.h>
#include <stdint.h>

#include "wire.h"

struct rlnc_symbol_head {
	rte_be16_t length; /* of the payload */
	uint8_t flags;	   /* of the session header, RLNC_SYMBOL_FLAGS of them */
	uint8_t reserved;  /* 0 */
	rte_be32_t stamp;  /* of the session header */
} __attribute__((packed));

static_assert(sizeof(struct rlnc_symbol_head) == 8, "head of a symbol");

#define RLNC_SYMBOL_FLAGS (SESSION_DELAY_SENSITIVE | SESSION_MESSAGE_FIRST | SESSION_MESSAGE_LAST)

/* The head of a source packet's symbol: session header as in the (systematic) packet. */
static inline struct rlnc_symbol_head
rlnc_symbol_head(const struct session_hdr *session, uint16_t payload)
{
	return (struct rlnc_symbol_head){.length = rte_cpu_to_be_16(payload),
		.flags = session->flags & RLNC_SYMBOL_FLAGS,
		.stamp = session->stamp};
}

#endif
