/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The root program: what its files share. One thread, one event loop; nothing waits. The store is
 * written before anything else knows of a change, so that whoever was told can rely on it; only
 * where children connect, which hellos say again, is written up to a second later.
 */
#ifndef FERRY_ROOT_H
#define FERRY_ROOT_H

#include <event2/event.h>

#include "boot_table.h"
#include "ctl_server.h"
#include "root_book.h"
#include "root_config.h"
#include "root_events.h"
#include "root_install.h"
#include "root_losses.h"
#include "root_nodes.h"
#include "root_stats.h"
#include "root_store.h"

#define ROOT_SIGNALS 3 /* SIGINT, SIGTERM, SIGHUP */

struct root {
	const char *config_path;
	struct root_config *config;
	struct root_store *store;
	struct root_nodes nodes;
	struct root_book book;
	struct root_events events;
	struct root_install *installs;	    /* all sessions', in the order of their turns */
	struct root_install **installs_end; /* where the next one goes, if there are any */
	uint32_t installs_gone;		    /* of these, those of sessions that are none any more */
	struct root_hash streams;	    /* the same, by message_stream() */
	struct root_hash asked;		    /* copies of which an answer is awaited */
	struct root_hash bearers;	    /* nodes that have copies */
	struct root_install_round installs_round;
	int64_t installs_since; /* by root_clock: the first step; 0 = none yet */
	struct root_stats stats;
	struct root_losses losses;
	int64_t ways_at;    /* when sources were told of their ways */
	int64_t servers_at; /* when nodes' servers were kept, by root_clock */
	int64_t listed_at;  /* when it was looked who is in the tree, by root_clock */
	int64_t started;    /* ms since the epoch */

	struct mgmt *mgmt;
	struct event_base *base;
	struct ctl_server *server;
	struct event *signals[ROOT_SIGNALS];
	struct event *tick;
	int64_t ways_due; /* by root_clock: they are those of the new topology then; 0 = now */
	bool failed;	  /* it cannot go on */
	bool woken;	  /* since sessions were looked at: a round of theirs begins anew */
	bool listed_due;  /* lists of who is in the tree have changed */
	bool unsent;	  /* something could not be sent: it is tried again soon */
	bool places_due;  /* the topology has changed, and not all nodes were told */
	bool keep_failed; /* nodes' servers could not be kept */
};

/* The time of day, which may be set: ms since the epoch. */
int64_t root_now(void);
/* What waits goes by this one, which only goes on: ms. */
int64_t root_clock(void);

/* next: the earliest time at which something is due; 0 = none yet. */
static inline void
root_look_again(int64_t *next, int64_t when)
{
	if (*next == 0 || when < *next)
		*next = when;
}

/*
 * root_setup.c: steps of the start, with a struct root; root_loop.c has their order. The store; and
 * from it nodes and conferences, as they were and as the file says now.
 */
boot_step root_store_boot, root_load;
undo_step root_store_undo, root_unload, root_forget_events;
/* All mistakes of the files that root_load would tell, as far as they show without the store. */
void root_check(struct root *root, struct config_errors *errs);
/* Reads the file again. As root_load, with the first mistake in error. */
int root_reload(struct root *root, char *error);
/* Conferences of a file, read as a configuration says: JSON if it is *.json. For config_free(). */
struct config *root_read_conferences(
	const struct root_config *config, const char *path, struct config_errors *errs);

/* root_commands.c: answers a line of ferryctl's. */
json_t *root_execute_line(struct root *root, const char *line, size_t len, bool *follow);

/* root_actions.c: what both ferryctl and nodes may ask for. 0, or -1 with error. */
int root_attend(struct root *root, struct root_conference *conference, const struct root_node *node,
	bool present, bool *changed, char *error);

int root_redirect(struct root *root, struct root_node *node, const char *parent, char *error);

/* The topology has changed: nodes are told their new places, but one (or NULL) that was already. */
void root_places_changed(struct root *root, const struct root_node *told);
/* The same of what a place says beside the topology. */
void root_places_again(struct root *root, const struct root_node *told);

/* root_show.c: what ferryctl shows; new references. */
json_t *root_show_nodes(const struct root *root);
json_t *root_show_tree(const struct root *root);
json_t *root_show_conferences(const struct root *root);
/* conference NULL: all; session NULL: all of it. */
json_t *root_show_sessions(const struct root *root, const struct root_conference *conference,
	const struct root_session *session);

/* root_mgmt.c: the tree's end here, a step of the start. */
boot_step root_mgmt_open;
undo_step root_mgmt_close;
/* As mgmt_send; but for -EINVAL and -EMSGSIZE it may be done later, which `unsent` says. */
int root_send(struct root *root, struct message *message);
/*
 * As mgmt_has_room: asked before what may be much. False: `unsent`, and root_wake when it has room.
 */
bool root_has_room(struct root *root, const struct root_node *node);

/*
 * root_listed.c: lists of who is in the tree have changed; a first node's connection ended. When to
 * look again (ms), 0 = when something happens.
 */
void root_listed_soon(struct root *root);
void root_listed_cut(struct root *root, const char *name, const char *why);
int64_t root_listed_step(struct root *root, int64_t now);

/* root_places.c: nodes' places. When to look again (ms), 0 = when something happens. */
int64_t root_places_step(struct root *root, int64_t now);
/* A node is in the tree, below parent ("" = it is not known); or no longer. */
void root_node_up(struct root *root, struct root_node *node, const char *parent);
void root_node_away(struct root *root, struct root_node *node, const char *why);
/* Its hello came. One that says too many is answered a little later, once for all of them. */
void
root_node_greeted(struct root *root, struct root_node *node, const uint64_t *streams, size_t count);
/* Asks a node for all that it has; again, if that could not be sent. */
void root_node_ask(struct root *root, struct root_node *node);
/* Keeps nodes' servers: all at once, however many hellos say new ones. When to look again (ms). */
int64_t root_servers_step(struct root *root, int64_t now);
/* Tells a node its place. */
void root_place_send(struct root *root, struct root_node *node);
/* Who is below whom, to mgmt. */
void root_places_below(struct root *root);

/*
 * root_ways.c: `linkloss` of a node; false with error. What sources are told of their ways, if it
 * is time: when to look again (ms).
 */
bool root_ways_take(struct root *root, const struct message *message, char *error);
int64_t root_ways_step(struct root *root, int64_t now);

/* root_loop.c: signals that end it or have the file read again wait; until root_run does it. */
void root_hold_signals(bool hold);
/* Starts, runs until told to end, undoes all. 0, or as a boot_step. */
int root_run(struct root *root);
/* Looks again at what the time has come for. */
void root_wake(struct root *root);
/* Ends the program as failed: to be started again, which is from what the store has. */
void root_fail(struct root *root);

#endif
