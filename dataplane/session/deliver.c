/* SPDX-License-Identifier: BSD-3-Clause */
#include "deliver.h"
#include "destination_settle.h"
#include "egress.h"
#include "rlnc_in_order.h"

/* A destination is looked up when so many more packets have been added: then its slot is there. */
#define AHEAD 8

/* Of a coded packet the header does not say which source packet it is. */
static inline void
look_up(struct deliver_burst *burst)
{
	uint16_t i = burst->found++;
	struct destination_line *line = line_table_guess(burst->table, burst->keys[i]);
	const struct session_hdr *hdr = packet_session(burst->pkts[i]);
	uint32_t next = rte_be_to_cpu_32(hdr->seq) + 1;

	burst->lines[i] = line;
	if (unlikely(line == NULL))
		return;
	rte_prefetch0(line);
	burst->due[burst->dues].line = line;
	burst->due[burst->dues].next = next;
	burst->dues += destination_line_is_due(line, next, DESTINATION_HELD) &
		       !(hdr->flags & SESSION_CODED);
}

void
deliver_add(struct deliver_burst *burst, struct rte_mbuf *m)
{
	uint64_t key = session_wire_key(packet_session(m));

	line_table_prefetch(burst->table, key);
	burst->pkts[burst->n] = m;
	burst->keys[burst->n++] = key;
	if (burst->n > AHEAD)
		look_up(burst);
}

/* Of a session that is not ours to deliver: it may be known all the same. */
static void
drop_unknown(struct worker *w, struct rte_mbuf *m, uint64_t key)
{
	bool known = key_set_has(&w->node->known, key);

	worker_drop(w, m, known ? DROP_session_not_destination : DROP_session_unknown);
}

/*
 * Lines that will hold as many packets as are moved to their shelves or settled together, if what
 * came is what they expect. That is done once the burst is delivered; what settling touches is
 * fetched step by step while it is. A line with many packets in the burst moves and settles on the
 * way.
 */
struct settles {
	struct destination *destinations[BURST_MAX];
	uint16_t of[BURST_MAX]; /* places in the burst's due */
	uint16_t n;
};

static void
fetch_shelves(const struct deliver_burst *burst, struct settles *settles)
{
	settles->n = 0;
	for (uint16_t i = 0; i < burst->dues; i++) {
		struct destination_line *line = burst->due[i].line;
		struct destination_shelf *shelf = destination_shelf(line);
		uint32_t full = destination_line_place(line, burst->due[i].next);

		if (likely(full != 0)) {
			rte_prefetch0(&shelf->steps[full - DESTINATION_HELD]);
			continue;
		}
		rte_prefetch0(line_owner_at(line));
		for (uint32_t j = 0; j < DESTINATION_PENDING; j += LINE_BYTES / sizeof(int16_t))
			rte_prefetch0(&shelf->steps[j]);
		settles->of[settles->n++] = i;
	}
}

static void
fetch_destinations(const struct deliver_burst *burst, struct settles *settles)
{
	for (uint16_t i = 0; i < settles->n; i++) {
		settles->destinations[i] = line_owner(burst->due[settles->of[i]].line);
		destination_settle_prefetch(settles->destinations[i]);
	}
}

static void
fetch_bins(const struct worker *w, const struct deliver_burst *burst, const struct settles *settles)
{
	for (uint16_t i = 0; i < settles->n; i++) {
		const struct destination_line *line = burst->due[settles->of[i]].line;

		/* Its packet is there or comes next; else it is one of many, or not expected. */
		if (line->owner == w->index && burst->due[settles->of[i]].next - line->next <= 1)
			destination_bins_prefetch(settles->destinations[i], line);
	}
}

static void
fetch_headers(const struct deliver_burst *burst, uint16_t from, uint16_t to)
{
	for (uint16_t i = from; i < to; i++) {
		const struct destination_line *line = burst->lines[i];

		if (likely(line != NULL) && line->way == DESTINATION_UDP)
			egress_prefetch(line);
	}
}

static void
move_and_settle(const struct worker *w, const struct deliver_burst *burst)
{
	for (uint16_t i = 0; i < burst->dues; i++) {
		struct destination_line *line = burst->due[i].line;

		if (line->owner != w->index || line->next != burst->due[i].next)
			continue;
		if (likely(destination_line_place(line, line->next) != 0))
			destination_move(line);
		else
			destination_settle(line_owner(line), line);
	}
}

static inline bool
is_next(const struct destination_line *line, const struct session_hdr *hdr)
{
	return hdr->epoch == line->epoch && rte_be_to_cpu_32(hdr->seq) == line->next &&
	       rte_be_to_cpu_16(hdr->flow_seq) == line->next_of_flow && hdr->flow == line->flow &&
	       !(hdr->flags & SESSION_CODED);
}

/* Delivers a packet of the common kind (destination_line.h), or returns false. */
static inline bool
deliver_common(struct worker *w, struct destination_line *line, struct rte_mbuf *m, uint64_t slice)
{
	const struct session_hdr *hdr = packet_session(m);
	int32_t delay = (int32_t)(w->utc_us - rte_be_to_cpu_32(hdr->stamp));
	const struct frame_template *t;

	if (unlikely(m->pkt_len > COLLECTED_BYTES_MAX))
		return false;
	if (unlikely(line->way <= DESTINATION_CODED || !is_next(line, hdr)))
		return false;
	if (line->way == DESTINATION_SINK) {
		destination_collect(line, w->now, slice, delay, m->pkt_len);
		w->counters.delivered++;
		rte_pktmbuf_free(m);
		return true;
	}
	t = egress_header(line);
	if (unlikely(!egress_is_easy(t, m)))
		return false;
	destination_collect(line, w->now, slice, delay, m->pkt_len);
	egress_send(w, line, t, m);
	return true;
}

/* So many packets from i on are of one session. */
static inline uint16_t
of_one_session(const struct deliver_burst *burst, uint16_t i, uint16_t to)
{
	uint16_t n = 1;

	while (i + n < to && burst->keys[i + n] == burst->keys[i])
		n++;
	return n;
}

/*
 * Delivers packet i, which is not of the common kind, or is coded: then those of its session behind
 * it too, as far as they go together. Returns how many it were.
 */
static uint16_t
deliver_other(
	struct worker *w, struct deliver_burst *burst, uint16_t i, uint16_t to, uint64_t slice)
{
	struct destination_line *line = burst->lines[i];
	uint16_t n = 0;

	if (line->way == DESTINATION_CODED)
		n = rlnc_in_order(w, line, &burst->pkts[i], of_one_session(burst, i, to), slice);
	if (n > 0)
		return n;
	destination_input(w, line_owner(line), burst->pkts[i]);
	return 1;
}

/* Where a guess was wrong, it is looked up anew. */
static inline struct destination_line *
line_of(struct deliver_burst *burst, uint16_t i)
{
	struct destination_line *line = burst->lines[i];

	if (unlikely(line != NULL && line->key != burst->keys[i])) {
		line = line_table_find(burst->table, burst->keys[i], destination_key_of);
		burst->lines[i] = line;
	}
	return line;
}

static void
deliver_some(struct worker *w, struct deliver_burst *burst, uint16_t from, uint16_t to)
{
	uint64_t slice = w->now - w->now % DELAY_SLICE_NS; /* the current one's begin */

	for (uint16_t i = from; i < to; i++) {
		struct destination_line *line = line_of(burst, i);
		struct rte_mbuf *m = burst->pkts[i];

		if (unlikely(line == NULL))
			drop_unknown(w, m, burst->keys[i]);
		else if (unlikely(line->owner != w->index))
			worker_handover(w, line->owner, m, PACKET_DELIVER, packet_meta(m)->index,
				burst->keys[i]);
		else if (unlikely(!deliver_common(w, line, m, slice)))
			i = (uint16_t)(i + deliver_other(w, burst, i, to, slice) - 1);
	}
}

void
deliver_end(struct worker *w, struct deliver_burst *burst)
{
	uint16_t n = burst->n, quarter = n / 4, half = n / 2, most = (uint16_t)(n - quarter);
	struct settles settles;

	if (n == 0)
		return;
	while (burst->found < n)
		look_up(burst);
	fetch_shelves(burst, &settles);
	fetch_headers(burst, 0, half);
	deliver_some(w, burst, 0, quarter);
	fetch_destinations(burst, &settles);
	fetch_headers(burst, half, n);
	deliver_some(w, burst, quarter, most);
	fetch_bins(w, burst, &settles);
	deliver_some(w, burst, most, n);
	move_and_settle(w, burst);
	deliver_begin(w, burst);
}
