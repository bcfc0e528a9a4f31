/* SPDX-License-Identifier: BSD-3-Clause */
#include "reorder.h"
#include "egress.h"
#include "worker.h"

static inline struct rte_mbuf **
slot_of(struct destination *dst, uint64_t seq)
{
	return &dst->slots[seq & dst->slots_mask];
}

static struct rte_mbuf *
take(struct worker *w, struct destination *dst, uint64_t seq)
{
	struct rte_mbuf **slot = slot_of(dst, seq), *m = *slot;

	if (m != NULL) {
		*slot = NULL;
		dst->held--;
		w->counters.queued--;
	}
	return m;
}

/* Delivers what is next without a gap. */
static void
deliver_run(struct worker *w, struct destination *dst)
{
	struct rte_mbuf *m;

	while (dst->held > 0 && (m = take(w, dst, dst->next)) != NULL) {
		dst->next++;
		egress_output(w, dst, m);
	}
}

/* Gives up what is missing before seq: what is held before it goes out. Bounded by the slots. */
static void
skip_to(struct worker *w, struct destination *dst, uint64_t seq)
{
	while (dst->held > 0 && dst->next < seq) {
		struct rte_mbuf *m = take(w, dst, dst->next++);

		if (m != NULL)
			egress_output(w, dst, m);
		else
			dst->counters.skipped++;
	}
	if (dst->next < seq) {
		dst->counters.skipped += seq - dst->next;
		dst->next = seq;
	}
	deliver_run(w, dst);
}

/* The first held packet: at most a window away from next. */
static uint64_t
first_held(struct destination *dst)
{
	uint64_t seq = dst->next;

	while (*slot_of(dst, seq) == NULL)
		seq++;
	return seq;
}

static void
watch_first(struct worker *w, struct destination *dst)
{
	uint64_t seq;

	if (dst->held == 0) {
		timer_stop(&w->wheel, &dst->timer);
		return;
	}
	seq = first_held(dst);
	timer_start(&w->wheel, &dst->timer,
		dst->arrivals[seq & dst->slots_mask] + dst->params.reorder_ns);
}

/*
 * The first packet of an epoch may have been overtaken: sources count from 0, so one whose number
 * lies within the window waits for those before it.
 */
static uint64_t
first_expected(const struct destination *dst, uint64_t seq)
{
	uint32_t number = (uint32_t)seq;

	return number < dst->params.reorder_packets ? seq - number : seq;
}

void
reorder_input(struct worker *w, struct destination *dst, struct rte_mbuf *m, uint64_t seq)
{
	bool was_empty = dst->held == 0;

	if (unlikely(seq_window_received(&dst->window) == 1))
		dst->next = first_expected(dst, seq);
	if (unlikely(seq < dst->next)) {
		dst->counters.too_old++;
		worker_drop(w, m, DROP_session_too_old);
		return;
	}
	if (likely(seq == dst->next)) {
		dst->next++;
		egress_output(w, dst, m);
		if (unlikely(!was_empty)) {
			deliver_run(w, dst);
			watch_first(w, dst);
		}
		return;
	}
	if (seq - dst->next >= dst->params.reorder_packets)
		skip_to(w, dst, seq - dst->params.reorder_packets + 1);
	if (seq == dst->next) {
		dst->next++;
		egress_output(w, dst, m);
	} else {
		*slot_of(dst, seq) = m;
		dst->arrivals[seq & dst->slots_mask] = w->now;
		dst->held++;
		w->counters.queued++;
	}
	watch_first(w, dst);
}

void
reorder_fire(void *owner, struct timer *timer, uint64_t now)
{
	struct destination *dst = timer->arg;
	struct worker *w = owner;

	while (dst->held > 0) {
		uint64_t seq = first_held(dst);

		if (dst->arrivals[seq & dst->slots_mask] + dst->params.reorder_ns > now)
			break;
		skip_to(w, dst, seq);
	}
	w->progress++;
	watch_first(w, dst);
}

void
reorder_release(struct worker *w, struct destination *dst)
{
	while (dst->held > 0)
		skip_to(w, dst, first_held(dst));
	timer_stop(&w->wheel, &dst->timer);
}

void
reorder_drop(struct worker *w, struct destination *dst)
{
	while (dst->held > 0)
		worker_drop(w, take(w, dst, first_held(dst)), DROP_session_ended);
	timer_stop(&w->wheel, &dst->timer);
}
