/* SPDX-License-Identifier: BSD-3-Clause */
/* Statistics of sessions that begin or end here. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rlnc_encoder.h"
#include "rlnc_receiver.h"
#include "show_private.h"
#include "stats_private.h"

static void
begin_record(const struct show_view *view, const struct session_entry *entry,
	struct ferry_stats_session *r)
{
	r->conference = entry->config->conference;
	r->session = entry->config->id;
	r->number = (uint32_t)entry->number;
	stats_name(r->conference_name, entry->conference->name);
	stats_name(r->session_name, entry->config->name);
	r->clocks_agree = view->config->node.clock_synchronized;
	r->limit_bps = (double)NAN;
	r->allowed_bps = (double)NAN;
	r->loss = (double)NAN;
	r->recent_loss = (double)NAN;
	r->jitter_us = (double)NAN;
	r->delay_p50_us = (double)NAN;
	r->delay_p99_us = (double)NAN;
	r->delay_max_us = (double)NAN;
	r->repair = (double)NAN;
	r->links_loss = (double)NAN;
	r->way_loss = (double)NAN;
}

static void
collect_code(const struct rlnc_params *params, struct ferry_stats_session *r)
{
	r->code = params->code == RLNC_WINDOW ? FERRY_STATS_CODE_WINDOW : FERRY_STATS_CODE_BLOCK;
	r->span = params->k;
}

static void
collect_adaptive(const struct rlnc_encoder *e, struct ferry_stats_session *r)
{
	struct rlnc_way way = rlnc_encoder_way(e);

	if (__atomic_load_n(&e->adaptive.for_n, __ATOMIC_RELAXED) != 0)
		r->links_loss = __atomic_load_n(&e->adaptive.loss, __ATOMIC_RELAXED) / 1e6;
	if (way.loss != 0)
		r->way_loss = way.loss / 1e6;
}

static void
collect_encoding(const struct source *source, struct ferry_stats_session *r)
{
	const struct rlnc_encoder_counters *c = &source->encoder->counters;

	collect_code(&source->encoder->params, r);
	r->repair = show_repair(source);
	if (source->encoder->params.repair == RLNC_REPAIR_ADAPTIVE)
		collect_adaptive(source->encoder, r);
	r->repairs = counter_read(&c->repairs);
	r->generations = counter_read(&c->generations);
	r->decoded = counter_read(&c->decoded);
	r->given_up = counter_read(&c->given_up);
}

static void
collect_decoding(const struct rlnc_receiver *receiver, struct ferry_stats_session *r)
{
	const struct rlnc_receiver_counters *c = &receiver->counters;

	collect_code(&receiver->params, r);
	r->repairs = counter_read(&c->combinations);
	r->generations = counter_read(&c->generations);
	r->recovered = counter_read(&c->computed);
	r->dependent = counter_read(&c->dependent);
	r->given_up = counter_read(&c->given_up);
}

void
show_source_record(const struct show_view *view, const struct session_entry *entry,
	struct ferry_stats_session *r)
{
	const struct rates_session *rates = &view->rates->sessions[entry->index];
	const struct source *source = entry->source;
	const struct source_counters *c = &source->counters;
	const struct flow_state sent = source_sent(source);
	uint64_t allowed = allowed_bps(view->allowed, entry);

	begin_record(view, entry, r);
	r->role = FERRY_STATS_SOURCE;
	r->state = show_source_state(source);
	r->packets = sent.packets;
	r->bytes = sent.bytes;
	r->pps = show_per_second(&rates->sent.packets, 1);
	r->bps = show_per_second(&rates->sent.bytes, 8);
	if (source->rate != 0)
		r->limit_bps = (double)source->rate;
	if (allowed != 0)
		r->allowed_bps = (double)allowed;
	r->refused = counter_read(&c->policed) + counter_read(&c->oversize) +
		     counter_read(&c->stopped) + counter_read(&c->starved);
	if (source->encoder != NULL)
		collect_encoding(source, r);
}

static double
share(uint64_t part, uint64_t rest)
{
	return part + rest != 0 ? (double)part / (double)(part + rest) : (double)NAN;
}

void
show_destination_record(const struct show_view *view, const struct session_entry *entry,
	struct ferry_stats_session *r)
{
	const struct rates_session *rates = &view->rates->sessions[entry->index];
	const struct destination *dst = entry->destination;
	const struct destination_counters *c = &dst->counters;
	const struct destination_sum sum = destination_delivered(dst);

	begin_record(view, entry, r);
	r->role = FERRY_STATS_DESTINATION;
	r->state = FERRY_STATS_SESSION_RUNNING;
	r->packets = sum.packets;
	r->bytes = sum.bytes;
	r->pps = show_per_second(&rates->delivered.packets, 1);
	r->bps = show_per_second(&rates->delivered.bytes, 8);
	r->lost = destination_lost(dst);
	r->reordered = counter_read(&c->reordered);
	r->duplicates = counter_read(&c->duplicates);
	r->too_old = counter_read(&c->too_old);
	r->egress_drops = counter_read(&c->egress_drops);
	r->loss = share(r->lost, r->packets);
	if (dst->coding != NULL)
		collect_decoding(dst->coding, r);
}

/* Also into the bins that only grow, if there is anything new. */
static void
collect_delay(const struct stats_export *e, const struct destination *dst,
	struct stats_session *old, uint64_t now, struct ferry_stats_session *r)
{
	bool agree = e->view->config->node.clock_synchronized;
	struct delay_histogram h;
	int32_t base = 0;

	destination_delay(dst, &h);
	if (h.count == 0)
		return;
	r->jitter_us = delay_histogram_jitter(&h);
	if (agree || delay_histogram_minimum(&h, now, &base)) {
		r->delay_p50_us = (double)delay_histogram_quantile(&h, 0.5) - base;
		r->delay_p99_us = (double)delay_histogram_quantile(&h, 0.99) - base;
		r->delay_max_us = (double)h.max - base;
		if (old->delay == NULL)
			old->delay = calloc(1, sizeof(*old->delay));
		if (old->delay != NULL)
			stats_delay_add(old->delay, &h, base);
	}
	if (old->delay != NULL)
		memcpy(r->delays, old->delay->bins, sizeof(r->delays));
}

static void
collect_source(struct stats_export *e, const struct session_entry *entry)
{
	union ferry_stats_record record;

	STATS_BEGIN(record, SESSION, session, entry->index);
	show_source_record(e->view, entry, &record.session);
	stats_put(e, &record);
}

static void
collect_destination(struct stats_export *e, const struct session_entry *entry, uint64_t now)
{
	struct stats_session *old = &e->sessions[entry->index];
	union ferry_stats_record record;
	struct ferry_stats_session *r = &record.session;

	STATS_BEGIN(record, SESSION, session, entry->index);
	show_destination_record(e->view, entry, r);
	/* A late packet takes its loss back: the interval may have less than none. */
	if (old->seen && r->packets >= old->delivered)
		r->recent_loss = r->lost < old->lost
					 ? 0
					 : share(r->lost - old->lost, r->packets - old->delivered);
	old->delivered = r->packets;
	old->lost = r->lost;
	old->seen = true;
	collect_delay(e, entry->destination, old, now, r);
	stats_put(e, &record);
}

void
stats_collect_sessions(struct stats_export *e, uint64_t now)
{
	const struct session_book *book = e->view->sessions;

	for (uint32_t i = 0; i < book->nb_entries; i++) {
		const struct session_entry *entry = book->entries[i];
		struct stats_session *old = &e->sessions[entry->index];

		if (old->entry != entry->number || old->destination != entry->destination) {
			free(old->delay);
			*old = (struct stats_session){
				.entry = entry->number, .destination = entry->destination};
		}
		if (entry->source != NULL)
			collect_source(e, entry);
		if (entry->destination != NULL)
			collect_destination(e, entry, now);
	}
}
