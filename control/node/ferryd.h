/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All that a running ferryd is. One structure, filled step by step by the boot table (boot.c) and
 * undone in reverse; the control thread's, but for what it publishes to workers through its node.
 */
#ifndef FERRY_FERRYD_H
#define FERRY_FERRYD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <event2/event.h>

#include "boot_table.h"
#include "config.h"
#include "ctl_commands.h"
#include "ctl_server.h"
#include "eal_args.h"
#include "ethdev.h"
#include "history.h"
#include "impair_port.h"
#include "link_watch.h"
#include "node.h"
#include "orders.h"
#include "peer_actions.h"
#include "rates.h"
#include "session_book.h"
#include "show.h"
#include "stats_export.h"
#include "underlay.h"
#include "utc_clock.h"

#define FERRYD_SIGNALS 3 /* SIGINT, SIGTERM, SIGHUP */

struct event;
struct event_base;

/* What the node uses (port), and what lies below it. */
struct ferryd_port {
	struct port port;   /* the device, or the impaired line before it */
	struct port device; /* the DPDK device as a port */
	struct ethdev dev;
	struct impair_port impair;
	bool impaired;
	bool opened;
	bool told;  /* the log has said whether it is up */
	bool small; /* and that its interface's MTU is too small */
};

/* Who sends to a neighbour: a link, or a destination's egress. */
struct ferryd_adjacency {
	struct neighbour *neighbour;
	struct link *link;		 /* or */
	struct destination *destination; /* or neither, with */
	struct frame_endpoints ends;	 /* all but the neighbour's MAC */
};

/* What was last told of something that is counted. */
struct ferryd_oversize {
	uint64_t links; /* too large for a link's port */
	uint64_t sources;
	uint64_t destinations;
};

struct file_feed;
struct message;
struct manage_losses;
struct manage_stats;
struct metrics_server;
struct mgmt;
struct rate_report;
TAILQ_HEAD(file_sinks, file_sink);

struct ferryd {
	struct config *config;
	struct eal_args eal;
	bool eal_started;
	int eal_files; /* descriptor of eal_files_hold */
	int eal_turn;  /* held until the pools have their hugepages; < 0: not */

	struct node_budget budget;
	struct node *node;
	struct ferryd_port ports[CONFIG_PORTS_MAX];
	struct underlay underlay;
	struct link_watch *watch;
	struct utc_clock utc;

	struct ferryd_adjacency *adjacencies;
	uint32_t nb_adjacencies;

	struct session_book book;
	struct peer_actions peers;
	struct file_feed *feeds; /* files that are sent */
	uint32_t nb_feeds;
	struct file_sinks sinks;   /* files that are written */
	struct file_sinks leaving; /* of sessions that were removed, until all is written */

	struct rates rates;
	struct allowed allowed;
	struct rate_report *reports; /* who is told of a session's rate */
	uint32_t nb_reports;
	int report_sockets[2]; /* IPv4, IPv6: the kernel's; -1 = none needed */
	struct history history;
	struct show_view view;
	struct ctl_context ctl;
	struct ctl_server *ctl_server;
	struct stats_export statistics;
	struct metrics_server *metrics;	   /* NULL: nobody may ask */
	struct manage_stats *manage_stats; /* NULL: there is no root */
	struct manage_losses *losses;	   /* NULL: the same */
	struct mgmt *mgmt;		   /* NULL: there is no root */
	struct message *place;		   /* the last that was taken; NULL: none yet */
	bool peers_left;		   /* one that is none of its peers was still sent to */
	bool peers_late;		   /* one of them could not be had yet */
	struct orders orders;		   /* the last of all kinds */
	char orders_root[ORDERS_ROOT_MAX]; /* whose orders those are */
	bool orders_new;		   /* since they were saved */
	uint64_t orders_took;		   /* us, to save them last */
	bool orders_failed;		   /* to be saved, which was told */
	struct event *orders_event;
	bool numbered;	  /* the NodeID is the root's word, not the configuration's */
	bool ended_early; /* a signal came before it was up */
	bool up;	  /* the boot is done: what the root says is carried out */

	struct event_base *base; /* the control thread's; its timers are exact to the microsecond */
	struct event *tick, *woken, *second, *interval, *watch_event, *signals[FERRYD_SIGNALS];
	uint64_t tick_us;	      /* until the next tick; see boot_loop.c */
	uint64_t source_starts_until; /* ns: patience for the next hops of sessions */
	bool source_starts_left;
	uint64_t drain_until;			/* ns; 0 = not draining */
	uint64_t clock_due;			/* ns: when UTC is sampled next */
	uint64_t frames_lost, frames_lost_told; /* own frames without a buffer */
	uint16_t workers_running;
	struct ferryd_oversize *oversize_links,
		*oversize_entries; /* by link index; by index of the entry */
};

/* Monotonic ns, as the workers' now. */
static inline uint64_t
ferryd_now(const struct ferryd *f)
{
	return tsc_clock_now(&f->node->tsc);
}

/* Boots all, runs until told to end, undoes all. Exit status. */
int ferryd_run(struct ferryd *f);

/*
 * Signals that end the node, to the event loop from now on. Before and afterwards the first is
 * noted, which ferryd_ends_early() says, and one more, or one of a node that ends already, kills
 * the process, but for SIGHUP. 0, or -1: memory is short; free them also then.
 */
int ferryd_add_signals(struct ferryd *f, event_callback_fn callback);
void ferryd_free_signals(struct ferryd *f);
bool ferryd_ends_early(struct ferryd *f);

/* The steps of the boot table, with a struct ferryd: boot.c has their order. */
boot_step boot_base, boot_management, boot_eal, boot_node, boot_ports, boot_underlay, boot_links,
	boot_sessions, boot_files, boot_show, boot_reports, boot_ticks, boot_socket,
	boot_statistics, boot_metrics, boot_manage_stats, boot_manage_losses, boot_workers,
	boot_orders;
undo_step undo_base, undo_management, undo_eal, undo_node, undo_ports, undo_underlay, undo_sessions,
	undo_files, undo_show, undo_reports, undo_ticks, undo_socket, undo_statistics, undo_metrics,
	undo_manage_stats, undo_manage_losses, undo_workers, undo_orders;

/*
 * Remembers who needs the way to an address and asks for it. An index for adjacency_remove, which
 * ends that, or -1 with error.
 */
int adjacency_add(struct ferryd *f, const struct ferryd_adjacency *adjacency, uint32_t port,
	const struct underlay_addr *address, char *error, size_t size);
void adjacency_remove(struct ferryd *f, uint32_t index);
/* All of a link or of a destination; the other is NULL. */
void adjacency_remove_of(
	struct ferryd *f, const struct link *link, const struct destination *destination);
/* For struct underlay_ops. */
void adjacency_changed(void *ctx, const struct neighbour *n);
/* A link over it has its probes answered. */
bool adjacency_alive(void *ctx, const struct neighbour *n);

/* Frames for the control thread that workers put aside; true if there were any. */
bool punts_serve(struct ferryd *f, uint64_t now);
/* For struct underlay_if. */
void punts_send(void *ctx, unsigned int port, const uint8_t *frame, size_t len);

/* Follows the state of ports. */
void port_states_poll(struct ferryd *f);

/*
 * What a session needs beside its source or destination, configured or of run time: 0, or a
 * negative errno with error.
 */
int files_add(struct ferryd *f, struct session_entry *entry, char *error, size_t size);
void files_remove(struct ferryd *f, const struct session_entry *entry);
int reports_add(struct ferryd *f, struct session_entry *entry, char *error, size_t size);
void reports_remove(struct ferryd *f, const struct session_entry *entry);

/* Reads and writes session files; true if there was something to do; more: and there still is. */
bool files_serve(struct ferryd *f, bool *more);

/* Starts the sessions that start with the node, each once its next hops are resolved. */
void source_starts_begin(struct ferryd *f);
void source_starts_serve(struct ferryd *f, uint64_t now);

/* Tells who wants to know at which rate sessions may send. */
void reports_serve(struct ferryd *f, uint64_t now);

/* Says in the log what was too large, at most once a second each. */
void oversize_log_tick(struct ferryd *f);

/* Says in the log, and to who follows, what workers told. */
void events_begin(struct ferryd *f);

/* Starts to end: sources stop, what is on its way goes out, then the loop ends. */
void ferryd_drain(struct ferryd *f);

#endif
