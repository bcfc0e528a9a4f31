/* SPDX-License-Identifier: BSD-3-Clause */
#include "tx_buffer.h"

static inline void
count(uint64_t *counter, uint64_t n)
{
	if (counter != NULL)
		*counter += n;
}

/* What the port did not take. */
static void
drop_rest(struct worker *w, struct tx_buffer *tx, uint16_t from)
{
	for (uint16_t i = from; i < tx->n; i++) {
		tx->delivered -= tx->account[i].delivered;
		count(tx->account[i].drops, 1);
		worker_drop(w, tx->pkts[i], DROP_port_full);
	}
}

void
tx_buffer_flush(struct worker *w, struct tx_buffer *tx)
{
	struct port *port = tx->port;
	uint16_t taken;

	if (tx->n == 0)
		return;
	taken = port->ops->tx_burst(port, tx->queue, tx->pkts, tx->n, w->now);
	for (uint16_t i = 0; i < taken; i++) {
		count(tx->account[i].packets, 1);
		count(tx->account[i].bytes, tx->account[i].size);
	}
	if (unlikely(taken < tx->n))
		drop_rest(w, tx, taken);
	w->counters.sent += taken - tx->delivered;
	w->counters.delivered += tx->delivered;
	tx->n = 0;
	tx->delivered = 0;
}
