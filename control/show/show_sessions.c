/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>

#include "rlnc_encoder.h"
#include "rlnc_receiver.h"
#include "show_private.h"

uint32_t
show_source_state(const struct source *source)
{
	if (__atomic_load_n(&source->finished, __ATOMIC_RELAXED))
		return FERRY_STATS_SESSION_FINISHED;
	return source_is_running(source) ? FERRY_STATS_SESSION_RUNNING
					 : FERRY_STATS_SESSION_STOPPED;
}

static json_t *
show_ingress(const struct config_ingress *ingress)
{
	static const char *const kinds[] = {
		[CONFIG_GENERATOR_CONSTANT] = "constant rate",
		[CONFIG_GENERATOR_POISSON] = "Poisson",
		[CONFIG_GENERATOR_ONOFF] = "on-off",
		[CONFIG_GENERATOR_TRACE] = "frame trace",
	};
	char text[CONFIG_ADDRESS_TEXT];

	switch (ingress->kind) {
	case CONFIG_INGRESS_UDP:
		return json_sprintf("udp %s", config_endpoint_text(&ingress->udp, text));
	case CONFIG_INGRESS_GENERATOR:
		return json_sprintf("generator, %s", kinds[ingress->generator.kind]);
	default:
		return json_sprintf("file %s", ingress->file);
	}
}

static json_t *
show_egress(const struct show_view *view, const struct session_entry *entry)
{
	const struct config_egress *egress = config_egress_at(entry->config, view->node->id);
	char text[CONFIG_ADDRESS_TEXT];

	if (egress == NULL)
		return json_null();
	switch (egress->kind) {
	case CONFIG_EGRESS_UDP:
		return json_sprintf("udp %s", config_endpoint_text(&egress->udp, text));
	case CONFIG_EGRESS_FILE:
		return json_sprintf("file %s", egress->file);
	default:
		return json_string("sink");
	}
}

double
show_repair(const struct source *source)
{
	const struct rlnc_encoder *e = source->encoder;
	uint64_t sent = source_sent(source).packets;
	uint16_t n = __atomic_load_n(&e->adaptive.for_n, __ATOMIC_RELAXED);

	switch (e->params.repair) {
	case RLNC_REPAIR_RATIO:
		return (double)e->params.ratio / RLNC_SHARE_ONE;
	case RLNC_REPAIR_ADAPTIVE:
		return n != 0 ? (double)__atomic_load_n(&e->adaptive.repairs, __ATOMIC_RELAXED) / n
			      : (double)NAN;
	default:
		return sent != 0 ? (double)counter_read(&e->counters.repairs) / (double)sent
				 : (double)NAN;
	}
}

/* What adaptive repair goes by: null while it is not known. */
static void
show_adaptive(json_t *object, const struct rlnc_encoder *e, const struct ferry_stats_session *r)
{
	const struct rlnc_adaptive *a = &e->adaptive;
	struct rlnc_way way = rlnc_encoder_way(e);
	bool begun = __atomic_load_n(&a->for_n, __ATOMIC_RELAXED) != 0;

	json_object_set_new(object, "repairs_now",
		begun ? show_number(__atomic_load_n(&a->repairs, __ATOMIC_RELAXED)) : json_null());
	json_object_set_new(object, "links_loss", show_real(r->links_loss));
	json_object_set_new(object, "way_loss", show_real(r->way_loss));
	json_object_set_new(object, "way_regained",
		way.loss != 0 ? show_share(way.regained, RLNC_SHARE_ONE) : json_null());
}

/* null where the session is not coded. */
static json_t *
show_encoding(const struct source *source, const struct ferry_stats_session *r)
{
	static const char *const repairs[] = {[RLNC_REPAIR_RATIO] = "ratio",
		[RLNC_REPAIR_ADAPTIVE] = "adaptive",
		[RLNC_REPAIR_RATELESS] = "rateless"};
	const struct rlnc_encoder *e = source->encoder;
	const struct rlnc_encoder_counters *c;
	bool rateless;
	json_t *object;

	if (e == NULL)
		return json_null();
	c = &e->counters;
	rateless = e->params.repair == RLNC_REPAIR_RATELESS;
	object = json_object();
	json_object_set_new(object, "code", json_string(ferry_stats_code_name(r->code)));
	json_object_set_new(object, "span", show_number(r->span));
	json_object_set_new(object, "repair_mode", json_string(repairs[e->params.repair]));
	json_object_set_new(object, "repair", show_real(r->repair));
	if (e->params.repair == RLNC_REPAIR_ADAPTIVE)
		show_adaptive(object, e, r);
	json_object_set_new(object, "repairs", show_number(r->repairs));
	json_object_set_new(object, "generations",
		e->params.code == RLNC_WINDOW ? json_null() : show_number(r->generations));
	json_object_set_new(object, "decoded", rateless ? show_number(r->decoded) : json_null());
	json_object_set_new(object, "given_up", rateless ? show_number(r->given_up) : json_null());
	json_object_set_new(object, "no_buffer", show_count(&c->starved));
	return object;
}

static json_t *
show_source(const struct show_view *view, const struct session_entry *entry)
{
	const struct source *source = entry->source;
	const struct source_counters *c = &source->counters;
	const struct flow_plan *plan = __atomic_load_n(&source->plan, __ATOMIC_ACQUIRE);
	uint64_t oversize = counter_read(&c->oversize);
	struct ferry_stats_session r = {0};
	json_t *object = json_object();

	show_source_record(view, entry, &r);
	json_object_set_new(object, "state", json_string(ferry_stats_session_state_name(r.state)));
	json_object_set_new(object, "ingress", show_ingress(&entry->config->ingress));
	json_object_set_new(object, "worker", show_number(source->owner));
	json_object_set_new(object, "epoch", show_number(source->epoch));
	json_object_set_new(object, "limit_bps", show_whole(r.limit_bps));
	json_object_set_new(object, "burst_bytes",
		source->rate != 0 ? show_number(source->burst) : json_null());
	json_object_set_new(object, "allowed_bps", show_whole(r.allowed_bps));
	json_object_set_new(object, "payload_limit_bytes", show_number(plan->payload_max));
	json_object_set_new(object, "flows", show_number(plan->nb_flows));
	json_object_set_new(object, "packets", show_number(r.packets));
	json_object_set_new(object, "bytes", show_number(r.bytes));
	json_object_set_new(object, "pps", show_real(r.pps));
	json_object_set_new(object, "bps", show_real(r.bps));
	json_object_set_new(object, "refused", show_number(r.refused));
	json_object_set_new(object, "policed", show_count(&c->policed));
	json_object_set_new(object, "oversize", show_number(oversize));
	json_object_set_new(object, "oversize_last_bytes",
		oversize != 0 ? show_count(&c->oversize_last) : json_null());
	json_object_set_new(object, "while_stopped", show_count(&c->stopped));
	json_object_set_new(object, "no_buffer", show_count(&c->starved));
	json_object_set_new(object, "coding", show_encoding(source, &r));
	return object;
}

static json_t *
show_quantiles(const struct delay_histogram *h, json_int_t base)
{
	json_t *object = json_object();

	json_object_set_new(object, "p50", json_integer(delay_histogram_quantile(h, 0.5) - base));
	json_object_set_new(object, "p99", json_integer(delay_histogram_quantile(h, 0.99) - base));
	json_object_set_new(
		object, "p999", json_integer(delay_histogram_quantile(h, 0.999) - base));
	json_object_set_new(object, "max", json_integer(h->max - base));
	return object;
}

/*
 * The same by our clock alone, where the source is a neighbour, whose clock's offset its link
 * knows. The offset is today's: of clocks that drift apart, old delays are off by what they drifted
 * since.
 */
static void
show_corrected(json_t *object, const struct show_view *view, uint32_t source,
	const struct delay_histogram *h)
{
	const struct link *link = id_map_find(&view->node->peers, source);
	int64_t offset = 0;
	uint64_t error = 0;
	bool known = link != NULL && liveness_clock_offset(&link->live, &offset, &error);

	json_object_set_new(object, "corrected_us",
		known ? show_quantiles(h, -(json_int_t)offset) : json_null());
	json_object_set_new(object, "clock_offset_us", known ? json_integer(offset) : json_null());
	json_object_set_new(
		object, "clock_error_us", known ? show_real((double)error / 2e3) : json_null());
}

/* Signed differences of two clocks, microseconds; null before the first packet. */
static json_t *
show_delay(const struct show_view *view, const struct destination *dst, uint32_t source)
{
	struct delay_histogram h;
	uint64_t now = show_now(view);
	bool agree = view->config->node.clock_synchronized;
	int32_t minimum = 0;
	bool recent;
	json_t *object;

	destination_delay(dst, &h);
	if (h.count == 0)
		return json_null();
	recent = delay_histogram_minimum(&h, now, &minimum);
	object = json_object();
	json_object_set_new(object, "clocks", json_string(agree ? "synchronized" : "relative"));
	json_object_set_new(object, "packets", show_number(h.count));
	json_object_set_new(object, "jitter_us", show_real(delay_histogram_jitter(&h)));
	json_object_set_new(object, "raw_us", show_quantiles(&h, 0));
	json_object_set_new(object, "minimum_us", recent ? json_integer(minimum) : json_null());
	json_object_set_new(
		object, "above_minimum_us", recent ? show_quantiles(&h, minimum) : json_null());
	show_corrected(object, view, source, &h);
	return object;
}

/* null where the session is not coded. */
static json_t *
show_decoding(const struct rlnc_receiver *receiver, const struct ferry_stats_session *r)
{
	json_t *object;

	if (receiver == NULL)
		return json_null();
	object = json_object();
	json_object_set_new(object, "code", json_string(ferry_stats_code_name(r->code)));
	json_object_set_new(object, "span", show_number(r->span));
	json_object_set_new(object, "repairs", show_number(r->repairs));
	json_object_set_new(object, "recovered", show_number(r->recovered));
	json_object_set_new(object, "generations",
		receiver->params.code == RLNC_WINDOW ? json_null() : show_number(r->generations));
	json_object_set_new(object, "dependent", show_number(r->dependent));
	json_object_set_new(object, "given_up", show_number(r->given_up));
	json_object_set_new(object, "no_buffer", show_count(&receiver->counters.starved));
	json_object_set_new(object, "held", show_number(rlnc_receiver_held(receiver)));
	return object;
}

static const char *
egress_state(const struct session_entry *entry)
{
	const struct destination *dst = entry->destination;

	if (entry->file_failed)
		return "failing";
	return dst->params.egress != EGRESS_UDP || destination_is_resolved(dst) ? "ready"
										: "unresolved";
}

static json_t *
show_destination(const struct show_view *view, const struct session_entry *entry)
{
	const struct destination *dst = entry->destination;
	const struct destination_counters *c = &dst->counters;
	uint64_t oversize = counter_read(&c->oversize);
	struct ferry_stats_session r = {0};
	json_t *object = json_object();

	show_destination_record(view, entry, &r);
	json_object_set_new(object, "egress", show_egress(view, entry));
	json_object_set_new(object, "egress_state", json_string(egress_state(entry)));
	json_object_set_new(object, "worker", show_number(dst->params.owner));
	json_object_set_new(object, "packets", show_number(r.packets));
	json_object_set_new(object, "bytes", show_number(r.bytes));
	json_object_set_new(object, "pps", show_real(r.pps));
	json_object_set_new(object, "bps", show_real(r.bps));
	json_object_set_new(object, "lost", show_number(r.lost));
	json_object_set_new(object, "loss", show_real(r.loss));
	json_object_set_new(object, "reordered", show_number(r.reordered));
	json_object_set_new(object, "duplicates", show_number(r.duplicates));
	json_object_set_new(object, "too_old", show_number(r.too_old));
	json_object_set_new(object, "skipped", show_count(&c->skipped));
	json_object_set_new(object, "egress_drops", show_number(r.egress_drops));
	json_object_set_new(object, "oversize", show_number(oversize));
	json_object_set_new(object, "oversize_last_bytes",
		oversize != 0 ? show_count(&c->oversize_last) : json_null());
	json_object_set_new(object, "flattened", show_count(&c->flattened));
	json_object_set_new(
		object, "held", show_number(__atomic_load_n(&dst->held, __ATOMIC_RELAXED)));
	json_object_set_new(object, "epochs", show_count(&c->epochs));
	json_object_set_new(object, "silent_s", show_since(view, destination_heard_at(dst)));
	json_object_set_new(object, "delay", show_delay(view, dst, entry->config->source));
	json_object_set_new(object, "coding", show_decoding(dst->coding, &r));
	return object;
}

static json_t *
show_destination_ids(const struct config_session *session)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < session->destination_count; i++)
		json_array_append_new(array, show_number(session->destinations[i]));
	return array;
}

json_t *
show_session(const struct show_view *view, const struct session_entry *entry)
{
	json_t *object = json_object();

	show_session_keys(object, entry);
	json_object_set_new(object, "source_node", show_number(entry->config->source));
	json_object_set_new(object, "destination_nodes", show_destination_ids(entry->config));
	json_object_set_new(
		object, "source", entry->source != NULL ? show_source(view, entry) : json_null());
	json_object_set_new(object, "destination",
		entry->destination != NULL ? show_destination(view, entry) : json_null());
	return object;
}

json_t *
show_sessions(const struct show_view *view, const struct show_filter *filter)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < view->sessions->nb_entries; i++) {
		const struct session_entry *entry = view->sessions->entries[i];

		if (show_wanted(filter, entry))
			json_array_append_new(array, show_session(view, entry));
	}
	return array;
}
