/* SPDX-License-Identifier: BSD-3-Clause */
#include "tables_private.h"

/* clang-format off */
const struct table_spec table_root_specs[] = {
	{.item = "nodes", .title = "Nodes", .empty = "No nodes.", .columns = {
		{"NODE", TEXT_PLAIN, "id"},
		{"NAME", TEXT_PLAIN, "name"},
		{"ROLE", TEXT_PLAIN, "role"},
		{"STATE", TEXT_PLAIN, "state"},
		{"SINCE", TEXT_PLAIN, "since"},
		{"PARENT", TEXT_PLAIN, "parent"},
		{"CONNECTED TO", TEXT_PLAIN, "connected_to"},
		{"PEERS", TEXT_COUNT, "peers"},
		{"HELLOS", TEXT_COUNT, "hellos"},
		{"SERVER", TEXT_PLAIN, "server"},
		{"CLIENT", TEXT_PLAIN, "client"},
	}},
	{.item = "conferences", .title = "Conferences", .empty = "No conferences.", .columns = {
		{"CONF", TEXT_PLAIN, "conference"},
		{"NAME", TEXT_PLAIN, "name"},
		{"SESSIONS", TEXT_COUNT, "sessions"},
		{"RUNNING", TEXT_COUNT, "running"},
		{"STARTS", TEXT_PLAIN, "starts"},
		{"ENDS", TEXT_PLAIN, "ends"},
		{"IN IT", TEXT_PLAIN, "present"},
	}},
	{.item = "sessions", .title = "Sessions", .empty = "No sessions.", .columns = {
		{"CONF", TEXT_PLAIN, "conference"},
		{"SESSION", TEXT_PLAIN, "session"},
		{"NAME", TEXT_PLAIN, "name"},
		{"STATE", TEXT_PLAIN, "state"},
		{"SINCE", TEXT_PLAIN, "since"},
		{"STARTS", TEXT_PLAIN, "starts"},
		{"ENDS", TEXT_PLAIN, "ends"},
		{"FROM", TEXT_PLAIN, "source"},
		{"TO", TEXT_PLAIN, "destinations"},
		{"RATE", TEXT_BITRATE, "rate_bps"},
	}},
	{.item = "sessions", .title = "Flows", .inner = "flows", .columns = {
		{"CONF", TEXT_PLAIN, "/conference"},
		{"SESSION", TEXT_PLAIN, "/session"},
		{"FLOW", TEXT_COUNT, "flow"},
		{"WEIGHT", TEXT_COUNT, "weight"},
		{"PATH", TEXT_PLAIN, "path"},
	}},
	{.item = "sessions", .title = "What nodes have of them", .inner = "nodes", .columns = {
		{"CONF", TEXT_PLAIN, "/conference"},
		{"SESSION", TEXT_PLAIN, "/session"},
		{"NODE", TEXT_PLAIN, "node"},
		{"DOES", TEXT_PLAIN, "does"},
		{"STATE", TEXT_PLAIN, "state"},
		{"REASON", TEXT_PLAIN, "reason"},
	}},
	{.item = NULL},
};
