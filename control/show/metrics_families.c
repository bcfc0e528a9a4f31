/* SPDX-License-Identifier: BSD-3-Clause */
#include "metrics_families.h"
#include "ferry_stats.h"

/* clang-format off */
#define FIELD(TYPE, member, field)                                                                 \
	.record = FERRY_STATS_##TYPE, .offset = offsetof(struct ferry_stats_##member, field)

#define COUNTER(n, u, TYPE, member, field, h)                                                      \
	{.name = "ferry_" n, .unit = u, .help = h, .type = METRICS_COUNTER, .kind = METRICS_U64,   \
	 .scale = 1, FIELD(TYPE, member, field)}
#define SECONDS(n, t, TYPE, member, field, h)                                                      \
	{.name = "ferry_" n "_seconds", .unit = "seconds", .help = h, .type = METRICS_##t,         \
	 .kind = METRICS_U64, .scale = 1e-9, FIELD(TYPE, member, field)}
#define MICROS(n, TYPE, member, field, h)                                                          \
	{.name = "ferry_" n "_seconds", .unit = "seconds", .help = h, .type = METRICS_GAUGE,       \
	 .kind = METRICS_REAL, .scale = 1e-6, FIELD(TYPE, member, field)}
#define COUNT(n, u, TYPE, member, field, k, h)                                                     \
	{.name = "ferry_" n, .unit = u, .help = h, .type = METRICS_GAUGE, .kind = METRICS_##k,     \
	 .scale = 1, FIELD(TYPE, member, field)}
#define RATIO(n, TYPE, member, field, h)                                                           \
	{.name = "ferry_" n "_ratio", .unit = "ratio", .help = h, .type = METRICS_GAUGE,           \
	 .kind = METRICS_REAL, .scale = 1, FIELD(TYPE, member, field)}
#define BITRATE(n, TYPE, member, field, h)                                                         \
	{.name = "ferry_" n "_bits_per_second", .unit = "bits_per_second", .help = h,              \
	 .type = METRICS_GAUGE, .kind = METRICS_REAL, .scale = 1, FIELD(TYPE, member, field)}
#define STATES(n, TYPE, member, field, count, names, h)                                            \
	{.name = "ferry_" n, .help = h, .type = METRICS_STATESET, .kind = METRICS_U32,             \
	 .nb_states = count, .state_name = names, FIELD(TYPE, member, field)}

/* Of a port's device; of a session at its source or at a destination; of a coded one. */
#define DEVICE(n, u, field, h)                                                                     \
	{.name = "ferry_port_" n, .unit = u, .help = h, .type = METRICS_COUNTER,                   \
	 .kind = METRICS_U64, .scale = 1, .counted = true, FIELD(PORT, port, field)}
#define SESSION(n, u, r, field, h)                                                                 \
	{.name = "ferry_session_" n, .unit = u, .help = h, .type = METRICS_COUNTER,                \
	 .kind = METRICS_U64, .scale = 1, .role = FERRY_STATS_##r, FIELD(SESSION, session, field)}
#define CODED(n, u, r, field, h)                                                                   \
	{.name = "ferry_session_" n, .unit = u, .help = h, .type = METRICS_COUNTER,                \
	 .kind = METRICS_U64, .scale = 1, .role = FERRY_STATS_##r, .coded = true,                  \
	 FIELD(SESSION, session, field)}

const struct metrics_family metrics_families[] = {
	{.name = "ferry_node", .help = "The node.", .type = METRICS_INFO,
		.record = FERRY_STATS_NODE},
	SECONDS("uptime", GAUGE, NODE, node, uptime_ns, "Since the node's start."),
	RATIO("cpuload", NODE, node, cpuload, "Busy time of all workers."),
	COUNTER("received_packets", "packets", NODE, node, received, "Taken from ports."),
	COUNTER("originated_packets", "packets", NODE, node, originated, "Begun here."),
	COUNTER("copied_packets", "packets", NODE, node, copies, "Made beyond the one that came."),
	COUNTER("sent_packets", "packets", NODE, node, sent, "Taken by ports."),
	COUNTER("delivered_packets", "packets", NODE, node, delivered,
		"Given to destinations' egress."),
	COUNTER("consumed_packets", "packets", NODE, node, consumed, "Used up here."),
	COUNT("queued_packets", "packets", NODE, node, queued, U64, "Held for order or their time."),
	COUNT("pool_packets", "packets", NODE, node, pool_size, U64, "Packet buffers."),
	COUNT("pool_used_packets", "packets", NODE, node, pool_in_use, U64, "Of these, in use."),
	COUNTER("dropped_packets", "packets", DROP, drop, packets,
		"That went no further, by reason."),

	SECONDS("worker_busy", COUNTER, WORKER, worker, busy_ns, "Time with something to do."),
	SECONDS("worker_idle", COUNTER, WORKER, worker, idle_ns, "Time without, sleep included."),
	COUNTER("worker_turns", NULL, WORKER, worker, polls, "Turns of the loop."),
	COUNTER("worker_sleeps", NULL, WORKER, worker, sleeps, "Times that it slept."),

	COUNT("port_up", NULL, PORT, port, up, U32, "1 if the port is up."),
	DEVICE("receive_packets", "packets", rx_packets, "Received by the device."),
	DEVICE("receive_bytes", "bytes", rx_bytes, "Received by the device."),
	DEVICE("transmit_packets", "packets", tx_packets, "Sent by the device."),
	DEVICE("transmit_bytes", "bytes", tx_bytes, "Sent by the device."),
	DEVICE("receive_missed_packets", "packets", rx_missed, "Receive queue full."),
	DEVICE("receive_errors", NULL, rx_errors, "Broken frames."),
	DEVICE("receive_no_buffer", NULL, rx_no_buffer, "No buffer for a frame."),
	DEVICE("transmit_errors", NULL, tx_errors, "Lost after the port took them."),
	COUNTER("port_impair_lost_packets", "packets", PORT, port, impair_lost,
		"Lost by the artificial line."),

	STATES("link_state", LINK, link, state, FERRY_STATS_LINK_STATES,
		ferry_stats_link_state_name, "Of the link."),
	STATES("link_pacing", LINK, link, pacing, FERRY_STATS_PACINGS, ferry_stats_pacing_name,
		"How the link is paced."),
	COUNTER("link_transmit_packets", "packets", LINK, link, tx_packets, "DATA sent."),
	COUNTER("link_transmit_bytes", "bytes", LINK, link, tx_bytes, "UDP payload of DATA sent."),
	COUNTER("link_transmit_dropped_packets", "packets", LINK, link, tx_drops,
		"Dropped on the way to this link."),
	COUNTER("link_receive_packets", "packets", LINK, link, rx_packets, "DATA received."),
	COUNTER("link_receive_bytes", "bytes", LINK, link, rx_bytes,
		"UDP payload of DATA received."),
	COUNTER("link_receive_reordered_packets", "packets", LINK, link, rx_reordered,
		"Came after a later one."),
	COUNTER("link_receive_duplicate_packets", "packets", LINK, link, rx_duplicates,
		"Came twice."),
	COUNT("link_receive_lost_packets", "packets", LINK, link, rx_lost, U64,
		"DATA that did not come; a late one takes its loss back."),
	MICROS("link_rtt", LINK, link, rtt_us, "Round-trip time, smoothed."),
	MICROS("link_rtt_least", LINK, link, rtt_least_us, "Least of the last half minute."),
	MICROS("link_rtt_deviation", LINK, link, rtt_deviation_us, "Of the round-trip time."),
	MICROS("link_clock_offset", LINK, link, clock_offset_us,
		"The neighbour's clock less ours."),
	RATIO("link_probe_loss", LINK, link, probe_loss, "Of the last probes."),
	RATIO("link_data_loss", LINK, link, data_loss, "Of DATA, smoothed."),
	RATIO("link_loss_event", LINK, link, loss_event_rate, "Loss event rate, RFC 5348."),
	BITRATE("link_rate", LINK, link, rate_bps, "That the link may send."),

	COUNT("feeder_queues", NULL, FEEDER, feeder, queues, U32, "Conferences with a queue."),
	COUNT("feeder_queued_packets", "packets", FEEDER, feeder, packets, U64, "That wait."),
	COUNT("feeder_queued_bytes", "bytes", FEEDER, feeder, bytes, U64, "That wait."),
	COUNTER("feeder_waited_packets", "packets", FEEDER, feeder, taken, "That had to wait."),
	COUNTER("feeder_dropped_packets", "packets", FEEDER, feeder, drops,
		"That found their queue full."),
	COUNTER("feeder_expired_packets", "packets", FEEDER, feeder, expired,
		"That waited too long."),

	STATES("session_state", SESSION, session, state, FERRY_STATS_SESSION_STATES,
		ferry_stats_session_state_name, "Of the session here."),
	SESSION("sent_packets", "packets", SOURCE, packets, "Sent by the source."),
	SESSION("sent_bytes", "bytes", SOURCE, bytes, "Payload sent by the source."),
	SESSION("refused_packets", "packets", SOURCE, refused, "Not taken at the ingress."),
	BITRATE("session_allowed", SESSION, session, allowed_bps, "That the source may send."),
	SESSION("delivered_packets", "packets", DESTINATION, packets, "Delivered."),
	SESSION("delivered_bytes", "bytes", DESTINATION, bytes, "Payload delivered."),
	SESSION("reordered_packets", "packets", DESTINATION, reordered, "Came after a later one."),
	SESSION("duplicate_packets", "packets", DESTINATION, duplicates, "Came twice."),
	SESSION("late_packets", "packets", DESTINATION, too_old, "Below the window."),
	SESSION("egress_dropped_packets", "packets", DESTINATION, egress_drops,
		"Not taken by the egress."),
	{.name = "ferry_session_lost_packets", .unit = "packets",
		.help = "That never came; a late one takes its loss back.", .type = METRICS_GAUGE,
		.kind = METRICS_U64, .scale = 1, .role = FERRY_STATS_DESTINATION,
		FIELD(SESSION, session, lost)},
	RATIO("session_loss", SESSION, session, recent_loss, "Of the last interval."),
	MICROS("session_jitter", SESSION, session, jitter_us, "RFC 3550, 6.4.1."),
	{.name = "ferry_session_delay_seconds", .unit = "seconds",
		.help = "One-way delay; above the least of a minute where clocks may differ.",
		.type = METRICS_HISTOGRAM, .role = FERRY_STATS_DESTINATION,
		FIELD(SESSION, session, delays)},
	STATES("session_coding", SESSION, session, code, FERRY_STATS_CODES, ferry_stats_code_name,
		"Of the session's packets."),
	{.name = "ferry_session_coding_span_packets", .unit = "packets",
		.help = "Source packets of a generation, of the window.", .type = METRICS_GAUGE,
		.kind = METRICS_U32, .scale = 1, .coded = true, FIELD(SESSION, session, span)},
	RATIO("session_repair", SESSION, session, repair,
		"Repair packets to a source packet that the source now sends."),
	RATIO("session_links_loss", SESSION, session, links_loss,
		"Adaptive repair: of the links that the session's flows begin with."),
	RATIO("session_way_loss", SESSION, session, way_loss,
		"Adaptive repair: of the session's whole way, as the root told it."),
	CODED("repair_sent_packets", "packets", SOURCE, repairs, "Repair packets sent."),
	CODED("generations", NULL, SOURCE, generations, "Generations that were closed."),
	CODED("acknowledged_generations", NULL, SOURCE, decoded,
		"Generations that all destinations said they have."),
	CODED("abandoned_generations", NULL, SOURCE, given_up,
		"Generations that they did not, within the bound."),
	CODED("repair_received_packets", "packets", DESTINATION, repairs, "Repair packets come."),
	CODED("decoded_generations", NULL, DESTINATION, generations, "Generations known whole."),
	CODED("recovered_packets", "packets", DESTINATION, recovered, "Source packets computed."),
	CODED("dependent_packets", "packets", DESTINATION, dependent,
		"Repair packets that said nothing new."),
	CODED("repair_unused_packets", "packets", DESTINATION, given_up,
		"Repair packets held and given up."),
};
/* clang-format on */

const uint32_t metrics_nb_families = sizeof(metrics_families) / sizeof(metrics_families[0]);
