/* SPDX-License-Identifier: BSD-3-Clause */
#include "deliver.h"
#include "destination_settle.h"
#include "egress.h"
#include "rlnc_in_order.h"

/* A destination is looked up when so many more packets have been added: then its slot is there. */
#define AHEAD 8

static inline void
look_up(struct deliver_burst *burst)
{
	uint16_t i = burst->found++;
	struct destination_line *line = line_table_guess(burst->table, burst->keys[i]);

	burst->lines[i] = line;
	if (likely(line != NULL))
		rte_prefetch0(line);
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
 * Lines that hold as many packets as are moved to their shelves or settled together once the burst
 * is delivered: what that touches is fetched step by step while it is. One whose packets fill the
 * burst moves and settles on the way.
 */
struct due {
	struct destination_line *lines[BURST_MAX]; /* of both kinds */
	struct destination_line *move[BURST_MAX];
	struct destination_line *settle[BURST_MAX];
	struct destination *destinations[BURST_MAX]; /* of those to settle */
	uint16_t n, sorted, moves, settles;
};

static void
due_sort(struct due *due)
{
	for (; due->sorted < due->n; due->sorted++) {
		struct destination_line *line = due->lines[due->sorted];
		struct destination_shelf *shelf = destination_shelf(line);

		if (likely(!destination_line_is_due(line, line->next + 1, DESTINATION_PENDING))) {
			rte_prefetch0(&shelf->steps[collected_shelved(line->collected)]);
			due->move[due->moves++] = line;
			continue;
		}
		rte_prefetch0(line_owner_at(line));
		for (uint32_t j = 0; j < DESTINATION_PENDING; j += LINE_BYTES / sizeof(int16_t))
			rte_prefetch0(&shelf->steps[j]);
		due->settle[due->settles++] = line;
	}
}

static void
due_fetch_destinations(struct due *due)
{
	for (uint16_t i = 0; i < due->settles; i++) {
		due->destinations[i] = line_owner(due->settle[i]);
		destination_settle_prefetch(due->destinations[i]);
	}
}

static void
due_fetch_bins(const struct due *due)
{
	for (uint16_t i = 0; i < due->settles; i++)
		destination_bins_prefetch(due->destinations[i], due->settle[i]);
}

static void
due_end(const struct due *due)
{
	for (uint16_t i = 0; i < due->moves; i++)
		destination_move(due->move[i]);
	for (uint16_t i = 0; i < due->settles; i++)
		destination_settle(due->destinations[i], due->settle[i]);
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

/* Guesses that are wrong are looked up anew; what comes next is fetched. */
static void
find_some(const struct worker *w, struct deliver_burst *burst, struct due *due, uint16_t from,
	uint16_t to)
{
	const struct destination_line *last = NULL;

	for (uint16_t i = from; i < to; i++) {
		struct destination_line *line = burst->lines[i];

		if (unlikely(line == NULL))
			continue;
		if (unlikely(line->key != burst->keys[i])) {
			burst->lines[i] = line_table_find(
				burst->table, burst->keys[i], destination_key_of);
			continue;
		}
		if (line->way == DESTINATION_UDP)
			egress_prefetch(line);
		due->lines[due->n] = line;
		due->n += line->owner == w->index && line != last &&
			  destination_line_is_due(line, line->next + 1, DESTINATION_HELD);
		last = line;
	}
	due_sort(due);
}

/* So many packets from i on are of one session. */
static inline uint16_t
of_one_line(const struct deliver_burst *burst, uint16_t i, uint16_t to)
{
	uint16_t n = 1;

	while (i + n < to && burst->lines[i + n] == burst->lines[i])
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
		n = rlnc_in_order(w, line, &burst->pkts[i], of_one_line(burst, i, to), slice);
	if (n > 0)
		return n;
	destination_input(w, line_owner(line), burst->pkts[i]);
	return 1;
}

static void
deliver_some(struct worker *w, struct deliver_burst *burst, uint16_t from, uint16_t to)
{
	uint64_t slice = w->now - w->now % DELAY_SLICE_NS; /* the current one's begin */

	for (uint16_t i = from; i < to; i++) {
		struct destination_line *line = burst->lines[i];
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
	uint16_t n = burst->n, quarter = n / 4, half = n / 2;
	struct due due;

	if (n == 0)
		return;
	while (burst->found < n)
		look_up(burst);
	due.n = due.sorted = due.moves = due.settles = 0;
	/* The last lines are still on their way while the first packets are delivered. */
	find_some(w, burst, &due, 0, half);
	deliver_some(w, burst, 0, quarter);
	find_some(w, burst, &due, half, n);
	deliver_some(w, burst, quarter, half);
	due_fetch_destinations(&due);
	deliver_some(w, burst, half, half + quarter);
	due_fetch_bins(&due);
	deliver_some(w, burst, half + quarter, n);
	due_end(&due);
	deliver_begin(w, burst);
}
