/* SPDX-License-Identifier: BSD-3-Clause */
#include "ingress.h"

/* A source is looked up when so many more packets have been added: then its line is there. */
#define AHEAD 4

static inline void
look_up(struct ingress_burst *burst)
{
	uint16_t i = burst->found++;
	struct source *source = object_table_guess(burst->table, burst->keys[i]);

	burst->sources[i] = source;
	if (likely(source != NULL))
		source_prefetch(source);
}

void
ingress_add(struct ingress_burst *burst, struct rte_mbuf *m, uint64_t key)
{
	object_table_prefetch(burst->table, key);
	burst->pkts[burst->n] = m;
	burst->keys[burst->n++] = key;
	if (burst->n > AHEAD)
		look_up(burst);
}

static inline bool
is_ours(const struct worker *w, const struct source *source)
{
	return likely(source != NULL) && likely(source->owner == w->index);
}

/* What sending will touch: the next hops, then the headers that they have ready. */
static void
fetch_hops(const struct worker *w, const struct ingress_burst *burst)
{
	const struct link *hops[BURST_MAX];
	uint16_t n = 0;

	for (uint16_t i = 0; i < burst->n; i++) {
		if (!is_ours(w, burst->sources[i]))
			continue;
		hops[n] = source_next_hop(burst->sources[i]);
		if (unlikely(hops[n] == NULL))
			continue;
		rte_prefetch0(hops[n]);
		rte_prefetch0(&hops[n++]->tx);
	}
	for (uint16_t i = 0; i < n; i++)
		frame_template_prefetch(link_header(hops[i]));
}

void
ingress_end(struct worker *w, struct ingress_burst *burst)
{
	if (likely(burst->n == 0))
		return;
	while (burst->found < burst->n)
		look_up(burst);
	for (uint16_t i = 0; i < burst->n; i++) {
		struct source *source = burst->sources[i];

		if (source != NULL && unlikely(source_key_of(source) != burst->keys[i]))
			burst->sources[i] = object_table_find(
				burst->table, burst->keys[i], source_key_of);
	}
	fetch_hops(w, burst);
	for (uint16_t i = 0; i < burst->n; i++) {
		struct source *source = burst->sources[i];
		struct rte_mbuf *m = burst->pkts[i];

		if (likely(is_ours(w, source)))
			source_ingress(w, source, m);
		else if (source != NULL)
			worker_handover(w, source->owner, m, PACKET_INGRESS, 0, burst->keys[i]);
		else
			worker_drop(w, m, DROP_udp_port);
	}
	ingress_begin(w, burst);
}
