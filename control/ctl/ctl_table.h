/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The commands of a node, in one list: ferryd finds a request's function in it, ferryctl makes its
 * help of it.
 *
 *   X(function, words, arguments, least, most, help)
 *
 * words: what the command begins with, one or two words; least and most: how many may follow.
 */
#ifndef FERRY_CTL_TABLE_H
#define FERRY_CTL_TABLE_H

/* clang-format off */
#define CTL_COMMANDS(X)                                                                            \
	X(show, "show", "[WHAT [CONF [SESSION]] [--all]]", 0, 4,                                   \
		"list what can be shown, or show node, ports, links, sessions, flows, forwarding, feeders, drops, underlay, load, management or all")             \
	X(peer_add, "peer add", "KEYS", 1, 1,                                                      \
		"add a peer; KEYS as in its group: 'id = 7; address = \"10.0.0.7\"; port = \"wan\"'")     \
	X(peer_change, "peer change", "PEER KEYS", 2, 2,                                           \
		"change these keys of a peer; what waits for it is dropped")                       \
	X(peer_remove, "peer remove", "PEER", 1, 1,                                                \
		"remove a peer to which no flow from here goes first")                             \
	X(weights, "weights", "CONF SESSION W:W...", 3, 3,                                         \
		"set the weights of a session's flows, by ascending flow id")                      \
	X(flow_add, "flow add", "CONF SESSION WEIGHT PATH", 4, 4,                                  \
		"add a flow along a path, as '1 > (2, 3)'; tells its id")                          \
	X(flow_remove, "flow remove", "CONF SESSION FLOW", 3, 3,                                   \
		"remove a flow")                                                                   \
	X(session_add, "session add", "CONF KEYS", 2, 2,                                           \
		"define a session; KEYS as in its group in the configuration")                     \
	X(session_remove, "session remove", "CONF SESSION", 2, 2,                                  \
		"remove a session, a configured one too, from this node")                          \
	X(session_route, "session route", "CONF SESSION ROUTES", 3, 3,                             \
		"replace a session's flows; ROUTES as '25 5 > 2; 75 6 > 2', weight and path")      \
	X(session_start, "session start", "CONF SESSION", 2, 2,                                    \
		"start a session's source")                                                        \
	X(session_stop, "session stop", "CONF SESSION", 2, 2,                                      \
		"stop a session's source")                                                         \
	X(conference_add, "conference add", "KEYS", 1, 1,                                          \
		"define a conference; KEYS as in its group, without sessions")                     \
	X(conference_change, "conference change", "CONF KEYS", 2, 2,                               \
		"change these keys of a conference")                                               \
	X(conference_remove, "conference remove", "CONF", 1, 1,                                    \
		"remove a conference that has no sessions here")                                   \
	X(conference_end, "conference end", "CONF", 1, 1,                                          \
		"stop a conference's sources here, and drop what of it waits")                     \
	X(forward_add, "forward add", "CONF SESSION", 2, 2,                                        \
		"forward this session, where forwarding is installed; ids only")                   \
	X(forward_remove, "forward remove", "CONF SESSION", 2, 2,                                  \
		"no longer forward it")                                                            \
	X(recode, "recode", "CONF SESSION always|lossy|never|off", 3, 3,                           \
		"recode this coded session on its way, or no longer; ids only")                    \
	X(events, "events", "[--last N] [--follow]", 0, 3,                                         \
		"what happened: links' states, congestion; --follow: goes on as it happens")       \
	X(metrics, "metrics", "", 0, 0,                                                            \
		"the statistics as OpenMetrics text")                                              \
	X(help, "help", "", 0, 0,                                                                  \
		"list these commands")
/* clang-format on */

#endif
