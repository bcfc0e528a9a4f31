/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A family's name is made of the record's and the field's in stats_ring.h, which are also those of
 * ferryctl's JSON; only units are spelled and scaled as OpenMetrics has them.
 */
#include "metrics_families.h"
#include "ferry_stats.h"

/* clang-format off */
#define FIELD(TYPE, member, field)                                                                 \
	.record = FERRY_STATS_##TYPE, .offset = offsetof(struct ferry_stats_##member, field)
#define NAME(member, field) .name = "ferry_" #member "_" #field

/* A count as it is; one of packets whose field does not say so; a gauge. */
#define COUNTER(TYPE, member, field, u, h)                                                         \
	{NAME(member, field), .unit = u, .help = h, .type = METRICS_COUNTER,                       \
	 .kind = METRICS_U64, .scale = 1, FIELD(TYPE, member, field)}
#define PACKETS(TYPE, member, field, t, h)                                                         \
	{NAME(member, field) "_packets", .unit = "packets", .help = h, .type = METRICS_##t,        \
	 .kind = METRICS_U64, .scale = 1, FIELD(TYPE, member, field)}
#define GAUGE(TYPE, member, field, u, k, h)                                                        \
	{NAME(member, field), .unit = u, .help = h, .type = METRICS_GAUGE, .kind = METRICS_##k,    \
	 .scale = 1, FIELD(TYPE, member, field)}
/* Fields that end in _ns, _us, _bps; shares. */
#define SECONDS(TYPE, member, field, t, h)                                                         \
	{NAME(member, field) "_seconds", .unit = "seconds", .help = h, .type = METRICS_##t,        \
	 .kind = METRICS_U64, .scale = 1e-9, FIELD(TYPE, member, field##_ns)}
#define MICROS(TYPE, member, field, h)                                                             \
	{NAME(member, field) "_seconds", .unit = "seconds", .help = h, .type = METRICS_GAUGE,      \
	 .kind = METRICS_REAL, .scale = 1e-6, FIELD(TYPE, member, field##_us)}
#define BITRATE(TYPE, member, field, h)                                                            \
	{NAME(member, field) "_bits_per_second", .unit = "bits_per_second", .help = h,             \
	 .type = METRICS_GAUGE, .kind = METRICS_REAL, .scale = 1,                                  \
	 FIELD(TYPE, member, field##_bps)}
#define RATIO(TYPE, member, field, h)                                                              \
	{NAME(member, field) "_ratio", .unit = "ratio", .help = h, .type = METRICS_GAUGE,          \
	 .kind = METRICS_REAL, .scale = 1, FIELD(TYPE, member, field)}
#define STATES(TYPE, member, field, count, names, h)                                               \
	{NAME(member, field), .help = h, .type = METRICS_STATESET, .kind = METRICS_U32,            \
	 .nb_states = count, .state_name = names, FIELD(TYPE, member, field)}

/*
 * Of a port's device, if it counts; of a session at one of its ends (BOTH: at each, by the label
 * role); of a coded one there.
 */
#define DEVICE(field, u, h)                                                                        \
	{NAME(port, field), .unit = u, .help = h, .type = METRICS_COUNTER, .kind = METRICS_U64,    \
	 .scale = 1, .counted = true, FIELD(PORT, port, field)}
#define FERRY_STATS_BOTH 0
#define SESSION(field, r, t, h)                                                                    \
	{NAME(session, field) "_packets", .unit = "packets", .help = h, .type = METRICS_##t,       \
	 .kind = METRICS_U64, .scale = 1, .role = FERRY_STATS_##r, FIELD(SESSION, session, field)}
#define CODED(field, r, h)                                                                         \
	{NAME(session, field), .help = h, .type = METRICS_COUNTER, .kind = METRICS_U64,            \
	 .scale = 1, .role = FERRY_STATS_##r, .coded = true, FIELD(SESSION, session, field)}

const struct metrics_family metrics_families[] = {
	{.name = "ferry_node", .help = "The node.", .type = METRICS_INFO,
		.record = FERRY_STATS_NODE},
	SECONDS(NODE, node, uptime, GAUGE, "Since the node's start."),
	RATIO(NODE, node, cpuload, "Busy time of all workers."),
	PACKETS(NODE, node, received, COUNTER, "Taken from ports."),
	PACKETS(NODE, node, originated, COUNTER, "Begun here."),
	PACKETS(NODE, node, copies, COUNTER, "Made beyond the one that came."),
	PACKETS(NODE, node, sent, COUNTER, "Taken by ports."),
	PACKETS(NODE, node, delivered, COUNTER, "Given to destinations' egress."),
	PACKETS(NODE, node, consumed, COUNTER, "Used up here."),
	PACKETS(NODE, node, queued, GAUGE, "Held for order or their time."),
	PACKETS(NODE, node, pool_size, GAUGE, "Packet buffers."),
	PACKETS(NODE, node, pool_in_use, GAUGE, "Of these, in use."),
	COUNTER(DROP, drop, packets, "packets", "That went no further, by reason."),

	SECONDS(WORKER, worker, busy, COUNTER, "Time with something to do."),
	SECONDS(WORKER, worker, idle, COUNTER, "Time without, sleep included."),
	COUNTER(WORKER, worker, polls, NULL, "Turns of the loop."),
	COUNTER(WORKER, worker, sleeps, NULL, "Times that it slept."),

	GAUGE(PORT, port, up, NULL, U32, "1 if the port is up."),
	DEVICE(rx_packets, "packets", "Received by the device."),
	DEVICE(rx_bytes, "bytes", "Received by the device."),
	DEVICE(tx_packets, "packets", "Sent by the device."),
	DEVICE(tx_bytes, "bytes", "Sent by the device."),
	DEVICE(rx_missed, NULL, "Packets for which its receive queue was full."),
	DEVICE(rx_errors, NULL, "Broken frames."),
	DEVICE(rx_no_buffer, NULL, "No buffer for a frame."),
	DEVICE(tx_errors, NULL, "Lost after the port took them."),
	PACKETS(PORT, port, impair_lost, COUNTER, "Lost by the artificial line."),

	STATES(LINK, link, state, FERRY_STATS_LINK_STATES, ferry_stats_link_state_name,
		"Of the link."),
	STATES(LINK, link, pacing, FERRY_STATS_PACINGS, ferry_stats_pacing_name,
		"How the link is paced."),
	COUNTER(LINK, link, tx_packets, "packets", "DATA sent."),
	COUNTER(LINK, link, tx_bytes, "bytes", "UDP payload of DATA sent."),
	PACKETS(LINK, link, tx_drops, COUNTER, "Dropped on the way to this link."),
	COUNTER(LINK, link, rx_packets, "packets", "DATA received."),
	COUNTER(LINK, link, rx_bytes, "bytes", "UDP payload of DATA received."),
	PACKETS(LINK, link, rx_reordered, COUNTER, "Came after a later one."),
	PACKETS(LINK, link, rx_duplicates, COUNTER, "Came twice."),
	PACKETS(LINK, link, rx_lost, GAUGE,
		"DATA that did not come; a late one takes its loss back."),
	MICROS(LINK, link, rtt, "Round-trip time, smoothed."),
	MICROS(LINK, link, rtt_least, "Least of the last half minute."),
	MICROS(LINK, link, rtt_deviation, "Of the round-trip time."),
	MICROS(LINK, link, clock_offset, "The neighbour's clock less ours."),
	RATIO(LINK, link, probe_loss, "Of the last probes."),
	RATIO(LINK, link, data_loss, "Of DATA, smoothed."),
	RATIO(LINK, link, loss_event_rate, "Loss event rate, RFC 5348."),
	BITRATE(LINK, link, rate, "That the link may send."),

	GAUGE(FEEDER, feeder, queues, NULL, U32, "Conferences with a queue."),
	GAUGE(FEEDER, feeder, packets, "packets", U64, "That wait."),
	GAUGE(FEEDER, feeder, bytes, "bytes", U64, "That wait."),
	PACKETS(FEEDER, feeder, taken, COUNTER, "That had to wait."),
	PACKETS(FEEDER, feeder, drops, COUNTER, "That found their queue full."),
	PACKETS(FEEDER, feeder, expired, COUNTER, "That waited too long."),

	STATES(SESSION, session, state, FERRY_STATS_SESSION_STATES,
		ferry_stats_session_state_name, "Of the session here."),
	COUNTER(SESSION, session, packets, "packets", "Sent by the source; delivered."),
	COUNTER(SESSION, session, bytes, "bytes", "Payload sent by the source; delivered."),
	SESSION(refused, SOURCE, COUNTER, "Not taken at the ingress."),
	BITRATE(SESSION, session, allowed, "That the source may send."),
	SESSION(reordered, DESTINATION, COUNTER, "Came after a later one."),
	SESSION(duplicates, DESTINATION, COUNTER, "Came twice."),
	SESSION(too_old, DESTINATION, COUNTER, "Below the window."),
	SESSION(egress_drops, DESTINATION, COUNTER, "Not taken by the egress."),
	SESSION(lost, DESTINATION, GAUGE, "That never came; a late one takes its loss back."),
	RATIO(SESSION, session, recent_loss, "Of the last interval."),
	MICROS(SESSION, session, jitter, "RFC 3550, 6.4.1."),
	{NAME(session, delays) "_seconds", .unit = "seconds",
		.help = "One-way delay; above the least of a minute where clocks may differ.",
		.type = METRICS_HISTOGRAM, .role = FERRY_STATS_DESTINATION,
		FIELD(SESSION, session, delays)},
	STATES(SESSION, session, code, FERRY_STATS_CODES, ferry_stats_code_name,
		"Network coding of the session's packets."),
	{NAME(session, span) "_packets", .unit = "packets",
		.help = "Source packets of a generation, of the window.", .type = METRICS_GAUGE,
		.kind = METRICS_U32, .scale = 1, .coded = true, FIELD(SESSION, session, span)},
	RATIO(SESSION, session, repair,
		"Repair packets to a source packet that the source now sends."),
	RATIO(SESSION, session, links_loss,
		"Adaptive repair: of the links that the session's flows begin with."),
	RATIO(SESSION, session, way_loss,
		"Adaptive repair: of the session's whole way, as the root told it."),
	CODED(repairs, BOTH, "Repair packets sent; come."),
	CODED(generations, BOTH, "Generations that were closed; known whole."),
	CODED(decoded, SOURCE, "Generations that all destinations said they have."),
	CODED(recovered, DESTINATION, "Source packets computed."),
	CODED(dependent, DESTINATION, "Repair packets that said nothing new."),
	CODED(given_up, BOTH,
		"Source: generations that were not decoded within the bound. Destination: repair "
		"packets held and given up."),
};
/* clang-format on */

const uint32_t metrics_nb_families = sizeof(metrics_families) / sizeof(metrics_families[0]);
