/* SPDX-License-Identifier: BSD-3-Clause */
#include "deliver.h"

/* A destination is looked up when so many more packets have been added: then its line is there. */
#define AHEAD 4

static inline void
look_up(struct deliver_burst *burst)
{
	uint16_t i = burst->found++;
	struct destination *dst = object_table_guess(burst->table, burst->keys[i]);

	burst->destinations[i] = dst;
	if (likely(dst != NULL))
		destination_prefetch(dst);
}

void
deliver_add(struct deliver_burst *burst, struct rte_mbuf *m)
{
	const struct session_hdr *session = packet_session(m);
	uint64_t key = session_key(
		rte_be_to_cpu_32(session->conference), rte_be_to_cpu_32(session->session));

	object_table_prefetch(burst->table, key);
	burst->pkts[burst->n] = m;
	burst->keys[burst->n++] = key;
	if (burst->n > AHEAD)
		look_up(burst);
}

/* Of a session that is not ours to deliver: it may be known all the same. */
static void
drop_unknown(struct worker *w, struct rte_mbuf *m, uint64_t key)
{
	bool known = id_map_find(&w->node->known, key) != NULL;

	worker_drop(w, m, known ? DROP_session_not_destination : DROP_session_unknown);
}

/* Delays that fill up go to their histograms together, each fetched while others are dealt with. */
static void
keep_delays(struct destination *const *full, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++)
		delay_histogram_prefetch(&full[i]->delay, full[i]->delays[0]);
	for (uint16_t i = 0; i < n; i++)
		destination_keep_delays(full[i]);
}

void
deliver_end(struct worker *w, struct deliver_burst *burst)
{
	struct destination *full[BURST_MAX];
	uint16_t nb_full = 0;

	if (burst->n == 0)
		return;
	while (burst->found < burst->n)
		look_up(burst);
	for (uint16_t i = 0; i < burst->n; i++) {
		struct destination *dst = burst->destinations[i];

		if (unlikely(dst == NULL))
			continue;
		if (likely(destination_key_of(dst) == burst->keys[i]))
			egress_prefetch(dst);
		else
			burst->destinations[i] = object_table_find(
				burst->table, burst->keys[i], destination_key_of);
	}
	for (uint16_t i = 0; i < burst->n; i++) {
		struct destination *dst = burst->destinations[i];
		struct rte_mbuf *m = burst->pkts[i];

		if (unlikely(dst == NULL)) {
			drop_unknown(w, m, burst->keys[i]);
		} else if (unlikely(dst->owner != w->index)) {
			worker_handover(w, dst->owner, m, PACKET_DELIVER, 0, burst->keys[i]);
		} else if (unlikely(destination_input(w, dst, m))) {
			rte_prefetch0(&dst->delay);
			full[nb_full++] = dst;
		}
	}
	keep_delays(full, nb_full);
	deliver_begin(w, burst);
}
