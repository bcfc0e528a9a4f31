/* SPDX-License-Identifier: BSD-3-Clause */
#include "tx_buffer.h"

/* The owner counted it as sent; it was not. */
static void
take_back(const struct tx_account *account, const struct rte_mbuf *m)
{
	if (account->packets != NULL)
		--*account->packets;
	if (account->bytes != NULL)
		*account->bytes -= m->pkt_len - account->headers;
	if (account->drops != NULL)
		++*account->drops;
}

static void
drop_rest(struct worker *w, struct tx_buffer *tx, uint16_t from, enum drop_reason reason)
{
	for (uint16_t i = from; i < tx->n; i++) {
		const struct tx_account *account = tx_account_now(tx->accounts[i]);

		take_back(account, tx->pkts[i]);
		tx->delivered -= account->delivered;
		worker_drop(w, tx->pkts[i], reason);
	}
}

void
tx_buffer_flush(struct worker *w, struct tx_buffer *tx)
{
	struct port *port = tx->port;
	bool up = port_is_up(port);
	uint16_t taken = 0;

	if (tx->n == 0)
		return;
	if (likely(up))
		taken = port->ops->tx_burst(port, tx->queue, tx->pkts, tx->n, w->now);
	if (unlikely(taken < tx->n))
		drop_rest(w, tx, taken, up ? DROP_port_full : DROP_port_down);
	w->counters.sent += taken - tx->delivered;
	w->counters.delivered += tx->delivered;
	tx->n = 0;
	tx->delivered = 0;
}
