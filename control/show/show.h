/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a running node shows: the state and the counters of a node as JSON. The same values go to
 * ferryctl and to DPDK's telemetry.
 *
 * Keys are lower case letters, digits and '_'; a unit ends the key (_s, _us, _bps = bit/s, _pps =
 * packets/s, _bytes, _share = 0 to 1). null is "not known", or "there is none". Statistics are read
 * while workers write them: each number is right by itself, two of them may be a few packets apart.
 *
 * The caller holds control_lock. What is returned is the caller's (json_decref); NULL = out of
 * memory.
 */
#ifndef FERRY_SHOW_H
#define FERRY_SHOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "allowed.h"
#include "config.h"
#include "history.h"
#include "impair_lane.h"
#include "node.h"
#include "rates.h"
#include "session_book.h"

struct mgmt;
struct underlay;

/* What is known of the neighbour to which a link's frames go. */
struct show_neighbour {
	const char *state; /* one word, static: "reachable" */
	bool has_mac;
	struct rte_ether_addr mac;
	struct address next_hop; /* the peer's own address, or a gateway's */
	uint64_t since;		 /* of the state, ns */
};

#define SHOW_LOSSES_MAX 8

/* What a port's device counts itself, since its start. */
struct show_device {
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes;
	uint32_t nb_losses;
	struct {
		const char *name; /* a key, static: "rx_missed" */
		const char *text; /* static */
		uint64_t packets;
	} losses[SHOW_LOSSES_MAX];
};

/* What others know. A function may be NULL; false = not known. */
struct show_hooks {
	void *ctx;
	bool (*neighbour)(void *ctx, const struct link *link, struct show_neighbour *out);
	bool (*device)(void *ctx, const struct port *port, struct show_device *out);
	/* A port's impaired line; false if it has none. */
	bool (*impair)(void *ctx, const struct port *port, struct impair_counters *out);
	uint64_t (*clock)(void *ctx); /* ns, as worker_poll's now; NULL: the node's TSC clock */
};

struct show_view {
	struct node *node;
	const struct config *config;
	struct session_book *sessions;
	struct rates *rates;
	const struct allowed *allowed; /* NULL: not known */
	const struct history *history;
	struct mgmt *const *mgmt;	 /* where the tree is known; NULL, or NULL there: none */
	const struct underlay *underlay; /* NULL: not known */
	const uint64_t *utc_steps;	 /* of the host's UTC; NULL: not known */
	uint64_t started;		 /* when the node began to run, ns */
	struct show_hooks hooks;
};

/* What of a list is wanted. All zero: everything that says something. */
struct show_filter {
	bool all; /* also counters of what never happened, sessions of others */
	bool by_conference, by_session;
	uint32_t conference, session;
};

/* One entry of the table of what can be shown. */
struct show_item {
	const char *name;
	const char *text;
	bool by_session; /* CONF and SESSION may follow */
	json_t *(*show)(const struct show_view *view, const struct show_filter *filter);
};

/* Ends with an entry whose name is NULL. */
extern const struct show_item show_items[];

/* NULL if there is no such item. */
const struct show_item *show_find(const char *name);

json_t *show_node(const struct show_view *view, const struct show_filter *filter);
json_t *show_ports(const struct show_view *view, const struct show_filter *filter);
json_t *show_links(const struct show_view *view, const struct show_filter *filter);
json_t *show_sessions(const struct show_view *view, const struct show_filter *filter);
json_t *show_flows(const struct show_view *view, const struct show_filter *filter);
json_t *show_forwarding(const struct show_view *view, const struct show_filter *filter);
json_t *show_feeders(const struct show_view *view, const struct show_filter *filter);
json_t *show_drops(const struct show_view *view, const struct show_filter *filter);
json_t *show_underlay(const struct show_view *view, const struct show_filter *filter);
json_t *show_management(const struct show_view *view, const struct show_filter *filter);
json_t *show_load(const struct show_view *view, const struct show_filter *filter);
json_t *show_all(const struct show_view *view, const struct show_filter *filter);

/* One of a list. */
json_t *show_port(const struct show_view *view, const struct port *port);
json_t *show_link(const struct show_view *view, const struct link *link);
json_t *show_session(const struct show_view *view, const struct session_entry *entry);
/* An event; the newest so many, the oldest of them first. */
json_t *show_event(const struct show_view *view, const struct history_entry *entry);
json_t *show_events(const struct show_view *view, uint32_t last);
json_t *show_session_flows(const struct show_view *view, const struct session_entry *entry);

#endif
