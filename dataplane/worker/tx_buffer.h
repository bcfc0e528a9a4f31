/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The last step on a worker: packets collect for a port's queue and leave together. What the port
 * does not take at once is dropped by name, and so is all that is for a port that is down; nothing
 * waits.
 */
#ifndef FERRY_TX_BUFFER_H
#define FERRY_TX_BUFFER_H

#include "tx_account.h"
#include "worker.h"

/* Sends what is collected. */
void tx_buffer_flush(struct worker *w, struct tx_buffer *tx);

/* Adds a packet, which is the buffer's from now on, and which its owner has counted as sent. */
static inline void
tx_buffer_add(struct worker *w, struct tx_buffer *tx, struct rte_mbuf *m,
	const struct tx_account *account)
{
	tx->pkts[tx->n] = m;
	tx->accounts[tx->n++] = account;
	if (unlikely(tx->n == TX_BUFFER_SIZE))
		tx_buffer_flush(w, tx);
}

#endif
