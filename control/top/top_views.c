/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "top_views.h"

void
top_number(double value, char text[TOP_TEXT])
{
	static const char units[] = " kMGTPE";
	size_t unit = 0;

	if (!isfinite(value)) {
		strcpy(text, "-");
		return;
	}
	for (; fabs(value) >= 999.5 && unit + 1 < strlen(units); unit++)
		value /= 1000;
	if (unit == 0)
		snprintf(text, TOP_TEXT, "%.0f", value);
	else
		snprintf(text, TOP_TEXT,
			fabs(value) < 9.995   ? "%.2f%c"
			: fabs(value) < 99.95 ? "%.1f%c"
					      : "%.0f%c",
			value, units[unit]);
}

static void
put_share(double share, char text[TOP_TEXT])
{
	if (isfinite(share))
		snprintf(text, TOP_TEXT, "%.2f%%", share * 100);
	else
		strcpy(text, "-");
}

static void
put_us(double us, char text[TOP_TEXT])
{
	if (!isfinite(us))
		strcpy(text, "-");
	else if (fabs(us) < 999.5)
		snprintf(text, TOP_TEXT, "%.0fus", us);
	else if (fabs(us) < 999500)
		snprintf(text, TOP_TEXT, "%.1fms", us / 1e3);
	else
		snprintf(text, TOP_TEXT, "%.2fs", us / 1e6);
}

/* Functions of columns: NAME(record's member, expression, how it is put). */
#define VALUE(name, member, expression, put)                                                       \
	static double name##_value(const union ferry_stats_record *record)                         \
	{                                                                                          \
		const struct ferry_stats_##member *r = &record->member;                            \
                                                                                                   \
		return (double)(expression);                                                       \
	}                                                                                          \
	static void name##_text(const union ferry_stats_record *record, char text[TOP_TEXT])       \
	{                                                                                          \
		put(name##_value(record), text);                                                   \
	}
#define TEXT(name, member, expression)                                                             \
	static void name##_text(const union ferry_stats_record *record, char text[TOP_TEXT])       \
	{                                                                                          \
		const struct ferry_stats_##member *r = &record->member;                            \
                                                                                                   \
		snprintf(text, TOP_TEXT, "%s", expression);                                        \
	}

VALUE(worker_number, worker, r->head.index, top_number)
VALUE(worker_busy, worker, r->busy_share, put_share)
VALUE(worker_received, worker, r->received, top_number)
VALUE(worker_sent, worker, r->sent, top_number)
VALUE(worker_delivered, worker, r->delivered, top_number)
VALUE(worker_turns, worker, r->polls, top_number)
VALUE(worker_sleeps, worker, r->sleeps, top_number)
VALUE(worker_full, worker, r->bursts[3], top_number)

static const struct top_column worker_columns[] = {
	{"WORKER", 6, worker_number_text, worker_number_value},
	{"BUSY", 9, worker_busy_text, worker_busy_value},
	{"RECEIVED", 10, worker_received_text, worker_received_value},
	{"SENT", 10, worker_sent_text, worker_sent_value},
	{"DELIVERED", 10, worker_delivered_text, worker_delivered_value},
	{"TURNS", 8, worker_turns_text, worker_turns_value},
	{"SLEEPS", 8, worker_sleeps_text, worker_sleeps_value},
	{"FULL", 8, worker_full_text, worker_full_value},
};

TEXT(port_name, port, r->name)
TEXT(port_state, port, r->up != 0 ? "up" : "down")
VALUE(port_rx_pps, port, r->rx_pps, top_number)
VALUE(port_rx_bps, port, r->rx_bps, top_number)
VALUE(port_tx_pps, port, r->tx_pps, top_number)
VALUE(port_tx_bps, port, r->tx_bps, top_number)
VALUE(port_lost, port, r->rx_missed + r->rx_errors + r->rx_no_buffer + r->tx_errors, top_number)
VALUE(port_line, port, r->impair_lost, top_number)

static double
port_rate(const union ferry_stats_record *record)
{
	return record->port.rx_bps + record->port.tx_bps;
}

static const struct top_column port_columns[] = {
	{"PORT", -14, port_name_text, NULL},
	{"STATE", -5, port_state_text, NULL},
	{"RX pps", 8, port_rx_pps_text, port_rx_pps_value},
	{"RX bps", 9, port_rx_bps_text, port_rx_bps_value},
	{"TX pps", 8, port_tx_pps_text, port_tx_pps_value},
	{"TX bps", 9, port_tx_bps_text, port_tx_bps_value},
	{"LOST", 8, port_lost_text, port_lost_value},
	{"LINE LOST", 9, port_line_text, port_line_value},
};

VALUE(link_peer, link, r->id, top_number)
TEXT(link_name, link, r->name)
TEXT(link_state, link, ferry_stats_link_state_name(r->state))
TEXT(link_pacing, link, ferry_stats_pacing_name(r->pacing))
VALUE(link_tx, link, r->tx_bps, top_number)
VALUE(link_rx, link, r->rx_bps, top_number)
VALUE(link_rtt, link, r->rtt_us, put_us)
VALUE(link_loss, link, fmax(r->data_loss, r->probe_loss), put_share)
VALUE(link_drops, link, r->tx_drops, top_number)
VALUE(link_allowed, link, r->rate_bps, top_number)

static double
link_rate(const union ferry_stats_record *record)
{
	return record->link.tx_bps;
}

static const struct top_column link_columns[] = {
	{"PEER", 5, link_peer_text, link_peer_value},
	{"NAME", -9, link_name_text, NULL},
	{"STATE", -9, link_state_text, NULL},
	{"TX bps", 7, link_tx_text, link_tx_value},
	{"RX bps", 7, link_rx_text, link_rx_value},
	{"RTT", 7, link_rtt_text, link_rtt_value},
	{"LOSS", 6, link_loss_text, link_loss_value},
	{"PACING", -7, link_pacing_text, NULL},
	{"ALLOWED", 7, link_allowed_text, link_allowed_value},
	{"DROPS", 6, link_drops_text, link_drops_value},
};

VALUE(feeder_peer, feeder, r->id, top_number)
TEXT(feeder_name, feeder, r->name)
VALUE(feeder_queues, feeder, r->queues, top_number)
VALUE(feeder_packets, feeder, r->packets, top_number)
VALUE(feeder_bytes, feeder, r->bytes, top_number)
VALUE(feeder_waited, feeder, r->taken, top_number)
VALUE(feeder_drops, feeder, r->drops, top_number)
VALUE(feeder_expired, feeder, r->expired, top_number)
VALUE(feeder_allowed, feeder, r->rate_bps, top_number)

static const struct top_column feeder_columns[] = {
	{"PEER", 6, feeder_peer_text, feeder_peer_value},
	{"NAME", -12, feeder_name_text, NULL},
	{"QUEUES", 7, feeder_queues_text, feeder_queues_value},
	{"DEPTH", 8, feeder_packets_text, feeder_packets_value},
	{"BYTES", 8, feeder_bytes_text, feeder_bytes_value},
	{"WAITED", 8, feeder_waited_text, feeder_waited_value},
	{"DROPS", 7, feeder_drops_text, feeder_drops_value},
	{"EXPIRED", 7, feeder_expired_text, feeder_expired_value},
	{"ALLOWED", 8, feeder_allowed_text, feeder_allowed_value},
};

VALUE(session_conference, session, r->conference, top_number)
VALUE(session_session, session, r->session, top_number)
TEXT(session_name, session, r->session_name)
TEXT(session_role, session, r->role == FERRY_STATS_SOURCE ? "from" : "to")
TEXT(session_state, session, ferry_stats_session_state_name(r->state))
VALUE(session_bps, session, r->bps, top_number)
VALUE(session_pps, session, r->pps, top_number)
VALUE(session_loss, session, r->recent_loss, put_share)
VALUE(session_jitter, session, r->jitter_us, put_us)
VALUE(session_p50, session, r->delay_p50_us, put_us)
VALUE(session_p99, session, r->delay_p99_us, put_us)
TEXT(session_code, session, ferry_stats_code_name(r->code))

static double
session_rate(const union ferry_stats_record *record)
{
	return record->session.bps;
}

static const struct top_column session_columns[] = {
	{"CONF", 4, session_conference_text, session_conference_value},
	{"SESS", 4, session_session_text, session_session_value},
	{"NAME", -7, session_name_text, NULL},
	{"ROLE", -4, session_role_text, NULL},
	{"STATE", -8, session_state_text, NULL},
	{"bps", 6, session_bps_text, session_bps_value},
	{"pps", 5, session_pps_text, session_pps_value},
	{"LOSS", 6, session_loss_text, session_loss_value},
	{"JITTER", 6, session_jitter_text, session_jitter_value},
	{"DELAY", 6, session_p50_text, session_p50_value},
	{"p99", 6, session_p99_text, session_p99_value},
	{"CODING", -6, session_code_text, NULL},
};

VALUE(coding_span, session, r->span, top_number)
VALUE(coding_repair, session, r->repair, put_share)
VALUE(coding_loss, session, fmax(r->links_loss, r->way_loss), put_share)
VALUE(coding_repairs, session, r->repairs, top_number)
VALUE(coding_generations, session, r->generations, top_number)
VALUE(coding_recovered, session, r->recovered, top_number)
VALUE(coding_dependent, session, r->dependent, top_number)
VALUE(coding_given_up, session, r->given_up, top_number)

static const struct top_column coding_columns[] = {
	{"CONF", 4, session_conference_text, session_conference_value},
	{"SESS", 4, session_session_text, session_session_value},
	{"NAME", -7, session_name_text, NULL},
	{"ROLE", -4, session_role_text, NULL},
	{"CODE", -6, session_code_text, NULL},
	{"K", 3, coding_span_text, coding_span_value},
	{"RATIO", 7, coding_repair_text, coding_repair_value},
	{"LOSS", 6, coding_loss_text, coding_loss_value},
	{"REPAIR", 6, coding_repairs_text, coding_repairs_value},
	{"GENER", 5, coding_generations_text, coding_generations_value},
	{"RECOV", 5, coding_recovered_text, coding_recovered_value},
	{"DEPND", 5, coding_dependent_text, coding_dependent_value},
	{"GIVEN", 5, coding_given_up_text, coding_given_up_value},
};

TEXT(drop_reason, drop, r->name)
VALUE(drop_packets, drop, r->packets, top_number)
VALUE(drop_pps, drop, r->pps, top_number)

static const struct top_column drop_columns[] = {
	{"REASON", -30, drop_reason_text, NULL},
	{"PACKETS", 10, drop_packets_text, drop_packets_value},
	{"pps", 10, drop_pps_text, drop_pps_value},
};

#define COLUMNS(list) .columns = list, .nb_columns = sizeof(list) / sizeof((list)[0])

const struct top_view top_views[] = {
	{"ports", FERRY_STATS_PORT, 0, COLUMNS(port_columns), port_rate},
	{"links", FERRY_STATS_LINK, 3, COLUMNS(link_columns), link_rate},
	{"feeders", FERRY_STATS_FEEDER, 3, COLUMNS(feeder_columns), NULL},
	{"sessions", FERRY_STATS_SESSION, 5, COLUMNS(session_columns), session_rate},
	{"coding", FERRY_STATS_SESSION, 9, COLUMNS(coding_columns), session_rate},
	{"workers", FERRY_STATS_WORKER, 1, COLUMNS(worker_columns), NULL},
	{"drops", FERRY_STATS_DROP, 1, COLUMNS(drop_columns), NULL},
};

const size_t top_nb_views = sizeof(top_views) / sizeof(top_views[0]);

struct order {
	const struct top_column *column;
	int sign;
};

/* Equal ones stay in the order of the snapshot. */
static int
compare(const void *a, const void *b, void *arg)
{
	const union ferry_stats_record *x = *(const union ferry_stats_record *const *)a;
	const union ferry_stats_record *y = *(const union ferry_stats_record *const *)b;
	const struct order *order = arg;
	char text[2][TOP_TEXT];
	int result = 0;

	if (order->column->value != NULL) {
		double p = order->column->value(x), q = order->column->value(y);

		/* What is not known comes last. */
		if (isnan(p) || isnan(q))
			result = isnan(p) - isnan(q);
		else
			result = (p < q) - (p > q);
	} else {
		order->column->text(x, text[0]);
		order->column->text(y, text[1]);
		result = strcmp(text[0], text[1]);
	}
	return result != 0 ? result * order->sign : (x > y) - (x < y);
}

/* Drops that never happened are many, and say nothing; nor does the coding of what is not coded. */
static bool
is_shown(const struct top_view *view, const union ferry_stats_record *record)
{
	if (record->head.type != view->type)
		return false;
	if (view->columns == coding_columns)
		return record->session.code != FERRY_STATS_CODE_OFF;
	return view->type != FERRY_STATS_DROP || record->drop.packets != 0;
}

size_t
top_rows(const struct top_view *view, const struct ferry_stats_snapshot *snapshot, size_t sort,
	bool reverse, const union ferry_stats_record ***rows)
{
	struct order order = {&view->columns[sort < view->nb_columns ? sort : 0], reverse ? -1 : 1};
	size_t n = 0;

	*rows = malloc((snapshot->count + 1u) * sizeof(**rows));
	if (*rows == NULL)
		return SIZE_MAX;
	for (uint32_t i = 0; i < snapshot->count; i++)
		if (is_shown(view, &snapshot->records[i]))
			(*rows)[n++] = &snapshot->records[i];
	qsort_r(*rows, n, sizeof(**rows), compare, &order);
	return n;
}

double
top_rate(const struct ferry_stats_snapshot *snapshot)
{
	double sum = 0;

	for (uint32_t i = 0; i < snapshot->count; i++)
		if (snapshot->records[i].head.type == FERRY_STATS_LINK &&
			isfinite(snapshot->records[i].link.tx_bps))
			sum += snapshot->records[i].link.tx_bps;
	return sum;
}

void
top_headline(
	const struct ferry_stats_snapshot *snapshot, const char *state, char *text, size_t size)
{
	const struct ferry_stats_node *node = ferry_stats_snapshot_node(snapshot);
	char load[TOP_TEXT], received[TOP_TEXT], sent[TOP_TEXT], dropped[TOP_TEXT];
	uint64_t up;

	if (node == NULL) {
		snprintf(text, size, "no statistics: %s", state);
		return;
	}
	up = node->uptime_ns / 1000000000u;
	put_share(node->cpuload, load);
	top_number((double)node->received, received);
	top_number((double)node->sent, sent);
	top_number((double)node->dropped, dropped);
	snprintf(text, size,
		"%s (%" PRIu32 ") %s, up %" PRIu64 ":%02" PRIu64 ":%02" PRIu64
		", load %s, received %s, sent %s, dropped %s",
		node->name, node->id, state, up / 3600, up / 60 % 60, up % 60, load, received, sent,
		dropped);
}
