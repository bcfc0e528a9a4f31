/* SPDX-License-Identifier: BSD-3-Clause */
#include "impair_wire.h"

#define BURST 32

int
impair_wire_init(struct impair_wire *wire, struct port *a, struct port *b,
	const struct impair_settings settings[2])
{
	int rc = 0;

	*wire = (struct impair_wire){.directions = {{.from = a, .to = b}, {.from = b, .to = a}}};
	for (unsigned int i = 0; i < 2 && rc == 0; i++) {
		struct line_params line = impair_settings_line(&settings[i]);

		/* Both directions draw numbers of their own, also from one seed. */
		rc = impair_lane_init(&wire->directions[i].lane, &line,
			(uint32_t)settings[i].frames, settings[i].seed * 2 + i);
	}
	if (rc < 0)
		impair_wire_fini(wire);
	return rc;
}

void
impair_wire_fini(struct impair_wire *wire)
{
	impair_lane_fini(&wire->directions[0].lane);
	impair_lane_fini(&wire->directions[1].lane);
}

static uint16_t
receive(struct impair_direction *d, uint64_t now)
{
	struct rte_mbuf *pkts[BURST];
	uint16_t n = d->from->ops->rx_burst(d->from, 0, pkts, BURST, now);

	impair_lane_put(&d->lane, pkts, n, now);
	return n;
}

static uint16_t
send(struct impair_direction *d, uint64_t now)
{
	struct rte_mbuf *pkts[BURST];
	uint16_t n = 0, sent = 0;
	uint64_t due;

	while (n < BURST && (due = impair_lane_next(&d->lane)) <= now) {
		uint64_t late = now - due;

		impair_lane_take(&d->lane, &pkts[n++], 1, now);
		delay_histogram_add(&d->late, late < INT32_MAX ? (int32_t)late : INT32_MAX, now);
	}
	if (n == 0)
		return 0;
	/* A kernel interface that is down would keep them, and in the end us. */
	if (port_is_up(d->to))
		sent = d->to->ops->tx_burst(d->to, 0, pkts, n, now);
	if (sent < n) {
		d->refused += n - sent;
		rte_pktmbuf_free_bulk(pkts + sent, n - sent);
	}
	return n;
}

uint32_t
impair_wire_turn(struct impair_wire *wire, uint64_t now)
{
	uint32_t moved = 0;

	for (unsigned int i = 0; i < 2; i++)
		moved += receive(&wire->directions[i], now);
	for (unsigned int i = 0; i < 2; i++)
		moved += send(&wire->directions[i], now);
	return moved;
}

uint64_t
impair_wire_next(const struct impair_wire *wire)
{
	return RTE_MIN(impair_lane_next(&wire->directions[0].lane),
		impair_lane_next(&wire->directions[1].lane));
}
