/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The commands of the root program, as ctl_table.h has those of a node:
 *
 *   X(function, words, arguments, least, most, help)
 */
#ifndef FERRY_ROOT_CTL_TABLE_H
#define FERRY_ROOT_CTL_TABLE_H

/* clang-format off */
#define ROOT_CTL_COMMANDS(X)                                                                       \
	X(nodes, "nodes", "", 0, 0,                                                                \
		"all nodes: NodeID, role, parent, whether they are in the tree")                   \
	X(tree, "tree", "", 0, 0,                                                                  \
		"the tree as it is now, and who is missing")                                       \
	X(conferences, "conferences", "", 0, 0,                                                    \
		"conferences, their times, who is in them")                                        \
	X(sessions, "sessions", "[CONF [SESSION]]", 0, 2,                                          \
		"sessions: state, routes, what their nodes have of them")                          \
	X(alerts, "alerts", "", 0, 0,                                                              \
		"thresholds that are passed now")                                                  \
	X(stats, "stats", "", 0, 0,                                                                \
		"statistics of all streams over the nodes that carry them")                        \
	X(events, "events", "[--last N] [--follow]", 0, 3,                                         \
		"what happened; --follow: goes on as it happens")                                  \
	X(add, "add", "FILE", 1, 1,                                                                \
		"add the conferences of a file, JSON if its name ends in .json")                   \
	X(remove, "remove", "CONF [SESSION]", 1, 2,                                                \
		"remove a conference, or one of its sessions")                                     \
	X(route_add, "route add", "CONF SESSION WEIGHT PATH", 4, 4,                                \
		"add a flow along a path, as '1 > (2, 3)'; tells its id")                          \
	X(route_set, "route set", "CONF SESSION FLOW PATH", 4, 4,                                  \
		"lead a flow along another path")                                                  \
	X(route_remove, "route remove", "CONF SESSION FLOW", 3, 3,                                 \
		"remove a flow")                                                                   \
	X(weights, "weights", "CONF SESSION W:W...", 3, 3,                                         \
		"set the weights of a session's flows, by ascending flow id")                      \
	X(session_start, "session start", "CONF SESSION", 2, 2,                                    \
		"start a session, whatever its times say")                                         \
	X(session_stop, "session stop", "CONF SESSION", 2, 2,                                      \
		"stop a session")                                                                  \
	X(join, "join", "CONF NODE", 2, 2,                                                         \
		"a node enters a conference")                                                      \
	X(leave, "leave", "CONF NODE", 2, 2,                                                       \
		"a node leaves a conference")                                                      \
	X(redirect, "redirect", "NODE PARENT", 2, 2,                                               \
		"give a node another parent; ^: the root program")                                 \
	X(kill, "kill", "NODE [WHY]", 1, 2,                                                        \
		"tell a node to end")                                                              \
	X(ask, "ask", "NODE [CONF SESSION]", 1, 3,                                                 \
		"ask a node for its statistics; the answer is an event")                           \
	X(reload, "reload", "", 0, 0,                                                              \
		"read the configuration again")                                                    \
	X(help, "help", "", 0, 0,                                                                  \
		"list these commands")
/* clang-format on */

#endif
