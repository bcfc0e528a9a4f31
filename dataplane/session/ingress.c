/* SPDX-License-Identifier: BSD-3-Clause */
#include "ingress.h"

/* A source is looked up when so many more packets have been added: then its slot is there. */
#define AHEAD 8

/* So many packets are sent together. */
#define GROUP 8

static inline void
look_up(struct ingress_burst *burst)
{
	uint16_t i = burst->found++;
	struct source_line *line = line_table_guess(burst->table, burst->keys[i]);

	burst->lines[i] = line;
	if (likely(line != NULL))
		rte_prefetch0(line);
}

void
ingress_add(struct ingress_burst *burst, struct rte_mbuf *m, uint64_t key)
{
	line_table_prefetch(burst->table, key);
	burst->pkts[burst->n] = m;
	burst->keys[burst->n++] = key;
	if (burst->n > AHEAD)
		look_up(burst);
}

static inline bool
is_ours(const struct worker *w, const struct source_line *line)
{
	return likely(line != NULL) && likely(line->owner == w->index);
}

/*
 * Guesses that are wrong are looked up anew. What sending will touch is fetched: the next hops,
 * then the headers that they have ready.
 */
static void
find_some(const struct worker *w, struct ingress_burst *burst, uint16_t from, uint16_t to)
{
	const struct link *hops[BURST_MAX];
	uint16_t n = 0;

	for (uint16_t i = from; i < to; i++) {
		const struct source_line *line = burst->lines[i];

		if (line != NULL && unlikely(source_key_of(line) != burst->keys[i]))
			line = burst->lines[i] = line_table_find(
				burst->table, burst->keys[i], source_key_of);
		if (!is_ours(w, line))
			continue;
		if (unlikely(line->limited))
			rte_prefetch0(line_owner(line));
		hops[n] = source_next_hop(line);
		if (unlikely(hops[n] == NULL))
			continue;
		rte_prefetch0(hops[n]);
		rte_prefetch0(&hops[n++]->tx);
	}
	for (uint16_t i = 0; i < n; i++)
		frame_template_prefetch(link_header(hops[i]));
}

static void
send_some(struct worker *w, struct ingress_burst *burst, uint16_t from, uint16_t to)
{
	for (uint16_t i = from; i < to; i++) {
		struct source_line *line = burst->lines[i];
		struct rte_mbuf *m = burst->pkts[i];

		if (likely(is_ours(w, line)))
			source_ingress(w, line, m);
		else if (line != NULL)
			worker_handover(w, line->owner, m, PACKET_INGRESS, 0, burst->keys[i]);
		else
			worker_drop(w, m, DROP_udp_port);
	}
}

void
ingress_end(struct worker *w, struct ingress_burst *burst)
{
	uint16_t found = 0, sent = 0;

	if (likely(burst->n == 0))
		return;
	while (burst->found < burst->n)
		look_up(burst);
	/* The last lines are still on their way while the first packets are sent. */
	for (; sent < burst->n; sent = found) {
		found = RTE_MIN(sent + GROUP, burst->n);
		find_some(w, burst, sent, found);
		send_some(w, burst, sent, found);
	}
	ingress_begin(w, burst);
}
