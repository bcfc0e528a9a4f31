/* SPDX-License-Identifier: BSD-3-Clause */
#include "source.h"
#include "fanout.h"
#include "feeder.h"
#include "node.h"
#include "packet.h"
#include "rlnc_encoder.h"
#include "worker.h"

/* No buffer, or nothing read yet: try again so much later. */
#define RETRY_NS 1000000

/* What stands before a payload at most, rounded up to cache lines. */
#define HEADERS_MAX 640
static_assert(
	HEADERS_MAX >= FRAME_TEMPLATE_BYTES + PATHLET_TREE_MAX_BYTES + sizeof(struct session_hdr),
	"headers of a packet");

static inline const struct flow_plan *
source_plan(const struct source *source)
{
	return __atomic_load_n(&source->plan, __ATOMIC_ACQUIRE);
}

static inline void
count_sent(struct source *source, struct flow_state *flow, uint32_t bytes)
{
	struct source_line *line = source->line;

	flow->packets++;
	flow->bytes += bytes;
	if (flow == &line->first)
		return;
	line->others++;
	source->others.packets++;
	source->others.bytes += bytes;
}

static inline rte_be32_t
next_seq(const struct source_line *line)
{
	return rte_cpu_to_be_32((uint32_t)line->first.packets + line->others);
}

void
source_count_sent(struct source *source, struct flow_state *flow, uint32_t bytes)
{
	count_sent(source, flow, bytes);
}

void
source_branches(
	const struct flow_plan *plan, const struct flow *flow, struct fanout_branch *branches)
{
	for (uint8_t i = 0; i < flow->nb_branches; i++) {
		const struct flow_branch *branch = &plan->branches[flow->first_branch + i];

		branches[i] = (struct fanout_branch){.link = branch->link,
			.pathlet = plan->bytes + branch->pathlet_off,
			.pathlet_len = branch->pathlet_len};
	}
}

/* A payload that may go now becomes the session's next packet. m is taken. */
static void
send_plain(struct worker *w, struct source *source, const struct flow_plan *plan,
	struct rte_mbuf *m, uint8_t flags)
{
	const struct flow *flow =
		&plan->flows[alias_pick(plan->choice, plan->nb_flows, &source->rng)];
	struct fanout_branch branches[FANOUT_MAX];
	uint32_t bytes = m->pkt_len;
	struct session_hdr session = {
		.conference = rte_cpu_to_be_32(source->conference),
		.session = rte_cpu_to_be_32(source->session),
		.seq = next_seq(source->line),
		.stamp = w->stamp,
		.epoch = rte_cpu_to_be_16(source->epoch),
		.flow_seq = rte_cpu_to_be_16((uint16_t)flow->state->packets),
		.flow = flow->id,
		.flags = source->line->flags | flags,
	};

	source_branches(plan, flow, branches);
	fanout_send(w, m, &session, branches, flow->nb_branches, false);
	count_sent(source, flow->state, bytes);
}

static inline void
send_payload(struct worker *w, struct source *source, const struct flow_plan *plan,
	struct rte_mbuf *m, uint8_t flags)
{
	if (unlikely(source->encoder != NULL))
		rlnc_encoder_take(w, source->encoder, m, flags);
	else
		send_plain(w, source, plan, m, flags);
}

/* Copies the one way of a plan, if it has but one and there is room for it. */
static void
take_way(struct source *source)
{
	struct source_line *line = source->line;
	const struct flow_plan *plan;
	const struct flow_branch *branch;

	/* A plan that comes after this has it set anew. */
	(void)__atomic_exchange_n(&line->renewed, 0, __ATOMIC_ACQ_REL);
	plan = source_plan(source);
	branch = &plan->branches[plan->flows->first_branch];
	line->payload_max = plan->payload_max;
	line->link = 0;
	if (plan->nb_flows != 1 || plan->flows->nb_branches != 1 ||
		plan->flows->state != &line->first || branch->pathlet_len > SOURCE_WAY_BYTES ||
		source->encoder != NULL)
		return;
	line->link = (uintptr_t)branch->link & ((UINT64_C(1) << 48) - 1);
	line->flow = plan->flows->id;
	line->pathlet_len = (uint8_t)branch->pathlet_len;
	memcpy(line->pathlet, plan->bytes + branch->pathlet_off, branch->pathlet_len);
}

/* send_payload for the one way, into the packet's own headroom. */
static inline void
send_one_way(struct worker *w, struct source_line *line, struct link *link, struct rte_mbuf *m)
{
	uint16_t len = (uint16_t)(line->pathlet_len + sizeof(struct session_hdr));
	uint32_t bytes = m->pkt_len;
	uint8_t *p = packet_prepend(m, len);
	struct session_hdr *hdr = (struct session_hdr *)(p + line->pathlet_len);

	/* A constant size; what it writes too much the session header overwrites. */
	memcpy(p, line->pathlet, sizeof(line->pathlet));
	*hdr = (struct session_hdr){
		.conference = rte_cpu_to_be_32(line->conference),
		.session = rte_cpu_to_be_32(line->session),
		.seq = next_seq(line),
		.stamp = w->stamp,
		.epoch = rte_cpu_to_be_16(line->epoch),
		.flow_seq = rte_cpu_to_be_16((uint16_t)line->first.packets),
		.flow = line->flow,
		.flags = line->flags,
	};
	line->first.packets++;
	line->first.bytes += bytes;
	packet_sum_grow(m, p, len);
	feeder_push(w, link, m);
}

static inline bool
can_go_one_way(const struct rte_mbuf *m)
{
	return packet_can_prepend(
		m, SOURCE_WAY_BYTES + sizeof(struct session_hdr) + FRAME_TEMPLATE_BYTES);
}

static enum drop_reason
admit(struct source *source, uint16_t payload_max, uint32_t bytes, uint64_t now)
{
	if (unlikely(!source_is_running(source))) {
		source->counters.stopped++;
		return DROP_session_stopped;
	}
	if (unlikely(bytes > payload_max)) {
		source->counters.oversize++;
		source->counters.oversize_last = bytes;
		return DROP_session_oversize;
	}
	if (unlikely(!token_bucket_take(&source->bucket, bytes, now))) {
		source->counters.policed++;
		return DROP_session_policed;
	}
	return DROP_none;
}

/* A payload that is not of the common kind, or the first after a change. */
static __rte_noinline void
ingress_slow(struct worker *w, struct source *source, struct rte_mbuf *m)
{
	struct source_line *line = source->line;
	enum drop_reason reason;

	if (__atomic_load_n(&line->renewed, __ATOMIC_RELAXED))
		take_way(source);
	reason = admit(source, line->payload_max, m->pkt_len, w->now);
	if (unlikely(reason != DROP_none))
		worker_drop(w, m, reason);
	else if (line->link != 0 && can_go_one_way(m))
		send_one_way(w, line, (struct link *)(uintptr_t)line->link, m);
	else
		send_payload(w, source, source_plan(source), m, 0);
}

void
source_ingress(struct worker *w, struct source_line *line, struct rte_mbuf *m)
{
	struct link *link = source_next_hop(line);

	if (likely(link != NULL && !line->limited && m->pkt_len <= line->payload_max &&
		    __atomic_load_n(&line->running, __ATOMIC_RELAXED) && can_go_one_way(m)))
		send_one_way(w, line, link, m);
	else
		ingress_slow(w, line_owner(line), m);
}

static void
finish(struct source *source)
{
	__atomic_store_n(&source->finished, true, __ATOMIC_RELEASE);
}

/*
 * Makes the generator's next packet if its time has come and the bucket lets it pass. Returns false
 * when the source has to wait, until *again, or for ever if that is 0.
 */
static bool
generate_one(struct worker *w, struct source *source, const struct flow_plan *plan, uint64_t *again)
{
	struct generator *gen = &source->generator;
	struct rte_mbuf *m;
	uint64_t number = gen->made;
	uint32_t limit = RTE_MIN(gen->params.size, plan->payload_max);
	uint64_t at = RTE_MAX(gen->due, token_bucket_ready_at(&source->bucket, limit));
	uint16_t size;

	*again = 0;
	if (generator_done(gen)) {
		finish(source);
		return false;
	}
	if (at > w->now) {
		*again = at;
		return false;
	}
	m = rte_pktmbuf_alloc(w->pool);
	if (unlikely(m == NULL)) {
		source->counters.starved++;
		*again = w->now + RETRY_NS;
		return false;
	}
	w->counters.originated++;
	w->progress++;
	size = generator_next(gen);
	if (unlikely(size > plan->payload_max || size > m->buf_len)) {
		source->counters.oversize++;
		source->counters.oversize_last = size;
		worker_drop(w, m, DROP_session_oversize);
		return true;
	}
	/* As much room for headers as there is, so that none needs a buffer of its own. */
	m->data_off = RTE_MIN((uint16_t)HEADERS_MAX, (uint16_t)(m->buf_len - size)) & ~1u;
	generator_fill(rte_pktmbuf_mtod(m, uint8_t *), size, number);
	m->data_len = size;
	m->pkt_len = size;
	token_bucket_spend(&source->bucket, size, w->now);
	send_payload(w, source, plan, m, 0);
	return true;
}

/* Sends the next payload of the file; waiting as generate_one does. */
static bool
send_from_file(
	struct worker *w, struct source *source, const struct flow_plan *plan, uint64_t *again)
{
	struct rte_mbuf *m = source->pending;
	uint8_t flags;

	*again = w->now + RETRY_NS;
	if (m == NULL) {
		if (rte_ring_sc_dequeue(source->feed, (void **)&m) != 0)
			return false;
		w->counters.originated++;
		w->counters.queued++;
		w->progress++;
		source->pending = m;
	}
	if (token_bucket_ready_at(&source->bucket, m->pkt_len) > w->now) {
		*again = token_bucket_ready_at(&source->bucket, m->pkt_len);
		return false;
	}
	source->pending = NULL;
	w->counters.queued--;
	token_bucket_spend(&source->bucket, m->pkt_len, w->now);
	flags = packet_meta(m)->type;
	if (unlikely(m->pkt_len > plan->payload_max)) {
		source->counters.oversize++;
		source->counters.oversize_last = m->pkt_len;
		worker_drop(w, m, DROP_session_oversize);
	} else {
		send_payload(w, source, plan, m, flags);
	}
	if (flags & SESSION_MESSAGE_LAST) {
		finish(source);
		*again = 0;
		return false;
	}
	return true;
}

/* The source's time has come: a burst at most, then others have their turn. */
void
source_fire(void *owner, struct timer *timer, uint64_t now)
{
	struct source *source = timer->arg;
	const struct flow_plan *plan = source_plan(source);
	struct worker *w = owner;
	uint64_t again = now;

	if (!source_is_running(source))
		return;
	for (uint16_t i = 0; i < BURST_MAX; i++) {
		bool more = source->kind == SOURCE_FILE ? send_from_file(w, source, plan, &again)
							: generate_one(w, source, plan, &again);

		if (!more)
			break;
		again = now;
	}
	if (again != 0)
		timer_start(&w->wheel, timer, again);
}

void
source_start(struct worker *w, struct source *source)
{
	if (source->kind == SOURCE_UDP || source->timer.armed)
		return;
	if (source->kind == SOURCE_GENERATOR && source->generator.made == 0)
		generator_start(&source->generator, w->now);
	else if (source->kind == SOURCE_GENERATOR && source->generator.due < w->now)
		source->generator.due = w->now; /* time that it stood still is not made up for */
	timer_start(&w->wheel, &source->timer, w->now);
}

void
source_stop(struct worker *w, struct source *source)
{
	struct rte_mbuf *m;

	timer_stop(&w->wheel, &source->timer);
	if (source->encoder != NULL)
		rlnc_encoder_stop(w, source->encoder);
	if (source->kind != SOURCE_FILE)
		return;
	if (source->pending != NULL) {
		w->counters.queued--;
		worker_drop(w, source->pending, DROP_session_stopped);
		source->pending = NULL;
	}
	while (rte_ring_sc_dequeue(source->feed, (void **)&m) == 0) {
		w->counters.originated++;
		worker_drop(w, m, DROP_session_stopped);
	}
}
