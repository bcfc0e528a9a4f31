/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The last step on a worker: packets collect for a port's queue and leave together. What the port
 * does not take at once is dropped by name; nothing waits.
 */
#ifndef FERRY_TX_BUFFER_H
#define FERRY_TX_BUFFER_H

#include "worker.h"

/* Sends what is collected. */
void tx_buffer_flush(struct worker *w, struct tx_buffer *tx);

/*
 * Adds a packet, which is the buffer's from now on. Once the port took it, *packets grows by one
 * and *bytes by size; if the port does not, *drops by one. Each may be NULL.
 */
static inline void
tx_buffer_add(struct worker *w, struct tx_buffer *tx, struct rte_mbuf *m, uint64_t *packets,
	uint64_t *bytes, uint64_t *drops, uint16_t size, bool delivered)
{
	uint16_t i = tx->n++;

	tx->pkts[i] = m;
	tx->account[i].packets = packets;
	tx->account[i].bytes = bytes;
	tx->account[i].drops = drops;
	tx->account[i].size = size;
	tx->account[i].delivered = delivered;
	tx->delivered += delivered;
	if (unlikely(tx->n == TX_BUFFER_SIZE))
		tx_buffer_flush(w, tx);
}

#endif
