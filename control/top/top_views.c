/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <stdio.h>

#include "top_views.h"

/*
 * A column's functions, of a member of the record: VALUE of a number and how it is put, TEXT of a
 * word. NUMBER and WORD name them in a table.
 */
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

#define NUMBER(name) name##_text, name##_value
#define WORD(name)   name##_text, NULL

VALUE(worker_number, worker, r->head.index, top_id)
VALUE(worker_busy, worker, r->busy_share, top_share)
VALUE(worker_received, worker, r->received, top_number)
VALUE(worker_sent, worker, r->sent, top_number)
VALUE(worker_delivered, worker, r->delivered, top_number)
VALUE(worker_turns, worker, r->polls, top_number)
VALUE(worker_sleeps, worker, r->sleeps, top_number)
VALUE(worker_full, worker, r->bursts[3], top_number)

/*
 * Every number, and every word but a name, fits its column; ids and names take what is left of the
 * line (top_widths).
 */
static const struct top_column worker_columns[] = {
	{"WORKER", 6, NUMBER(worker_number)},
	{"BUSY", 9, NUMBER(worker_busy)},
	{"RECEIVED", 10, NUMBER(worker_received)},
	{"SENT", 10, NUMBER(worker_sent)},
	{"DELIVERED", 10, NUMBER(worker_delivered)},
	{"TURNS", 8, NUMBER(worker_turns)},
	{"SLEEPS", 8, NUMBER(worker_sleeps)},
	{"FULL", 8, NUMBER(worker_full)},
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
	{"PORT", -14, WORD(port_name)},
	{"STATE", -5, WORD(port_state)},
	{"RX pps", 8, NUMBER(port_rx_pps)},
	{"RX bps", 9, NUMBER(port_rx_bps)},
	{"TX pps", 8, NUMBER(port_tx_pps)},
	{"TX bps", 9, NUMBER(port_tx_bps)},
	{"LOST", 8, NUMBER(port_lost)},
	{"LINE LOST", 9, NUMBER(port_line)},
};

VALUE(link_peer, link, r->id, top_id)
TEXT(link_name, link, r->name)
TEXT(link_state, link, ferry_stats_link_state_name(r->state))
TEXT(link_pacing, link, ferry_stats_pacing_name(r->pacing))
VALUE(link_tx, link, r->tx_bps, top_number)
VALUE(link_rx, link, r->rx_bps, top_number)
VALUE(link_rtt, link, r->rtt_us, top_us)
VALUE(link_loss, link, fmax(r->data_loss, r->probe_loss), top_share)
VALUE(link_drops, link, r->tx_drops, top_number)
VALUE(link_allowed, link, r->rate_bps, top_number)

static const struct top_column link_columns[] = {
	{"PEER", 5, NUMBER(link_peer)},
	{"NAME", -7, WORD(link_name)},
	{"STATE", -10, WORD(link_state)},
	{"TX bps", 6, NUMBER(link_tx)},
	{"RX bps", 6, NUMBER(link_rx)},
	{"RTT", 6, NUMBER(link_rtt)},
	{"LOSS", 6, NUMBER(link_loss)},
	{"PACING", -7, WORD(link_pacing)},
	{"ALLOWED", 7, NUMBER(link_allowed)},
	{"DROPS", 5, NUMBER(link_drops)},
};

VALUE(feeder_peer, feeder, r->id, top_id)
TEXT(feeder_name, feeder, r->name)
VALUE(feeder_queues, feeder, r->queues, top_number)
VALUE(feeder_packets, feeder, r->packets, top_number)
VALUE(feeder_bytes, feeder, r->bytes, top_number)
VALUE(feeder_taken, feeder, r->taken, top_number)
VALUE(feeder_drops, feeder, r->drops, top_number)
VALUE(feeder_expired, feeder, r->expired, top_number)
VALUE(feeder_allowed, feeder, r->rate_bps, top_number)

static const struct top_column feeder_columns[] = {
	{"PEER", 5, NUMBER(feeder_peer)},
	{"NAME", -9, WORD(feeder_name)},
	{"QUEUES", 6, NUMBER(feeder_queues)},
	{"DEPTH", 6, NUMBER(feeder_packets)},
	{"BYTES", 6, NUMBER(feeder_bytes)},
	{"TAKEN", 6, NUMBER(feeder_taken)},
	{"DROPS", 6, NUMBER(feeder_drops)},
	{"EXPIRED", 7, NUMBER(feeder_expired)},
	{"ALLOWED", 8, NUMBER(feeder_allowed)},
};

VALUE(session_conference, session, r->conference, top_id)
VALUE(session_session, session, r->session, top_id)
TEXT(session_name, session, r->session_name)
TEXT(session_role, session, r->role == FERRY_STATS_SOURCE ? "from" : "to")
TEXT(session_state, session, ferry_stats_session_state_name(r->state))
VALUE(session_bps, session, r->bps, top_number)
VALUE(session_pps, session, r->pps, top_number)
VALUE(session_loss, session, r->recent_loss, top_share)
VALUE(session_jitter, session, r->jitter_us, top_us)
VALUE(session_p50, session, r->delay_p50_us, top_us)
VALUE(session_p99, session, r->delay_p99_us, top_us)
TEXT(session_code, session, ferry_stats_code_name(r->code))

static const struct top_column session_columns[] = {
	{"CONF", 4, NUMBER(session_conference)},
	{"SESS", 4, NUMBER(session_session)},
	{"NAME", -4, WORD(session_name)},
	{"ROLE", -4, WORD(session_role)},
	{"STATE", -8, WORD(session_state)},
	{"bps", 6, NUMBER(session_bps)},
	{"pps", 6, NUMBER(session_pps)},
	{"LOSS", 6, NUMBER(session_loss)},
	{"JITTER", 6, NUMBER(session_jitter)},
	{"DELAY", 6, NUMBER(session_p50)},
	{"p99", 6, NUMBER(session_p99)},
	{"CODING", -6, WORD(session_code)},
};

VALUE(coding_span, session, r->span, top_number)
VALUE(coding_repair, session, r->repair, top_share)
VALUE(coding_loss, session, fmax(r->links_loss, r->way_loss), top_share)
VALUE(coding_repairs, session, r->repairs, top_number)
VALUE(coding_generations, session, r->generations, top_number)
VALUE(coding_recovered, session, r->recovered, top_number)
VALUE(coding_dependent, session, r->dependent, top_number)
VALUE(coding_given_up, session, r->given_up, top_number)

static const struct top_column coding_columns[] = {
	{"CONF", 4, NUMBER(session_conference)},
	{"SESS", 4, NUMBER(session_session)},
	{"NAME", -4, WORD(session_name)},
	{"ROLE", -4, WORD(session_role)},
	{"CODE", -6, WORD(session_code)},
	{"K", 5, NUMBER(coding_span)},
	{"RATIO", 6, NUMBER(coding_repair)},
	{"LOSS", 6, NUMBER(coding_loss)},
	{"REPAIR", 6, NUMBER(coding_repairs)},
	{"GENER", 5, NUMBER(coding_generations)},
	{"RECOV", 5, NUMBER(coding_recovered)},
	{"DEPND", 5, NUMBER(coding_dependent)},
	{"GIVEN", 5, NUMBER(coding_given_up)},
};

TEXT(drop_reason, drop, r->reason)
VALUE(drop_packets, drop, r->packets, top_number)
VALUE(drop_pps, drop, r->pps, top_number)

static const struct top_column drop_columns[] = {
	{"REASON", -30, WORD(drop_reason)},
	{"PACKETS", 10, NUMBER(drop_packets)},
	{"pps", 10, NUMBER(drop_pps)},
};

/* Coding says nothing of what is not coded, and drops that never happened are many. */
static bool
is_coded(const union ferry_stats_record *record)
{
	return record->session.code != FERRY_STATS_CODE_OFF;
}

static bool
has_happened(const union ferry_stats_record *record)
{
	return record->drop.packets != 0;
}

#define COLUMNS(list) .columns = list, .nb_columns = sizeof(list) / sizeof((list)[0])

const struct top_view top_views[] = {
	{"ports", FERRY_STATS_PORT, 0, COLUMNS(port_columns), port_rate},
	{"links", FERRY_STATS_LINK, 3, COLUMNS(link_columns), link_tx_value},
	{"feeders", FERRY_STATS_FEEDER, 3, COLUMNS(feeder_columns), NULL},
	{"sessions", FERRY_STATS_SESSION, 5, COLUMNS(session_columns), session_bps_value},
	{"coding", FERRY_STATS_SESSION, 9, COLUMNS(coding_columns), session_bps_value, is_coded},
	{"workers", FERRY_STATS_WORKER, 1, COLUMNS(worker_columns), NULL},
	{"drops", FERRY_STATS_DROP, 1, COLUMNS(drop_columns), NULL, has_happened},
};

const size_t top_nb_views = sizeof(top_views) / sizeof(top_views[0]);
