/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The sessions of a node as the control thread knows them: what is configured, what of it runs
 * here, and each source's flows with their paths, which the workers hold only as bytes.
 *
 * Changed by the control thread with control_lock held; read by whoever holds it.
 */
#ifndef FERRY_SESSION_BOOK_H
#define FERRY_SESSION_BOOK_H

#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "node.h"
#include "session_ends.h"

struct session_flow {
	uint8_t id;
	uint32_t weight;
	struct pathlet_tree tree;
	struct flow_state *state; /* the node's, of the published plan; NULL before there is one */
	uint64_t base;		  /* state->packets when the weights were last set */
};

struct session_entry {
	const struct config_conference *conference; /* the book's */
	const struct config_session *config;
	uint32_t index;	 /* below the book's room; nobody else's while it exists */
	uint64_t number; /* anew each time that it comes into the book, and never another's */
	struct config_memory *memory;	 /* of config, if it came at run time; else NULL */
	struct config_memory *later;	 /* of config too, once its ends were changed */
	struct source *source;		 /* NULL: it does not start here */
	struct destination *destination; /* NULL: it does not end here */
	bool begun;			 /* it was to start with the node, and did */
	bool file_failed;		 /* its egress file cannot be written */
	uint32_t holds;			 /* packets, if it came at run time: capacity.h */
	uint64_t mark;			 /* manage_text_mark() of what the root said of it */
	struct session_end ingress_end, file_end;

	/* Of a session that starts here, by ascending id. */
	struct session_flow *flows;
	uint16_t nb_flows;
	uint64_t used_ids[SOURCE_FLOWS_MAX / 64]; /* by any flow so far: bits */
};

/* A session that relays' work is done for here. */
struct session_recode {
	uint64_t key; /* session_key */
	uint32_t how; /* enum config_recode */
	bool later;   /* it came at run time */
};

struct session_book {
	struct node *node;
	const struct config *config;
	struct session_entry **entries; /* by ascending conference, then session */
	uint32_t nb_entries;
	uint32_t room; /* entries that there may be, with those that come at run time */
	bool *taken;   /* of room: indexes */
	uint64_t numbers;
	struct session_ends ends;
	/* Of those that came at run time: how many, and all that they hold. */
	uint32_t nb_later, later_packets;

	/* All that are known, by ascending id: copies without their lists of sessions. */
	struct config_conference **conferences;
	uint32_t nb_conferences;
	uint16_t epoch; /* of the next source that is made at run time */

	/*
	 * Sessions that are to be forwarded whatever else is known of them: session_key, ascending.
	 */
	uint64_t *forwards;
	uint32_t nb_forwards;

	/* Sessions that are recoded here; recode_actions.h. By ascending key. */
	struct session_recode *recodes;
	uint32_t nb_recodes;

	/* Memory of sessions that were removed, for as long as workers may look at it. */
	struct session_remains *remains;

	/*
	 * Makes the ends of a session that came at run time, if it starts or ends here: 0, or a
	 * negative errno with error, and nothing is left of them. `close` ends what the node itself
	 * does not know of, before the node's source or destination goes.
	 */
	int (*open)(void *ctx, struct session_entry *entry, char *error, size_t size);
	void (*close)(void *ctx, struct session_entry *entry);
	void *ends_ctx;
};

/*
 * All configured sessions; where this node is the source, with its flows as configured. Nothing
 * runs yet. more: entries that may be added later. 0 or -ENOMEM. node and config outlive the book.
 */
int session_book_init(
	struct session_book *book, struct node *node, const struct config *config, uint32_t more);

/* Before the node and the configuration are freed; sources and destinations are the node's. */
void session_book_free(struct session_book *book);

/* NULL if there is no such session. */
struct session_entry *
session_book_find(const struct session_book *book, uint32_t conference, uint32_t session);

/*
 * A session that came at run time: config and memory, which holds it, become the book's; its
 * conference must be in the book. NULL with errno, and memory is still the caller's: EEXIST, ENOSPC
 * (no room), ENOENT (no such conference), ENOMEM.
 */
struct session_entry *session_book_add(struct session_book *book,
	const struct config_session *config, struct config_memory *memory);
/* Its source and destination must be on their way out. */
void session_book_remove(struct session_book *book, struct session_entry *entry);
/* Out of the book, but there still: the room that it had is enough to put it back. Or to discard.
 */
void session_book_take(struct session_book *book, struct session_entry *entry);
void session_book_put_back(struct session_book *book, struct session_entry *entry);
void session_book_discard(struct session_book *book, struct session_entry *entry);
/* Another config is the entry's, which came at run time: what it holds is counted anew. */
void session_book_recount(struct session_book *book, struct session_entry *entry);
/* Frees what was kept of sessions that were removed, once nothing waits for workers any more. */
void session_book_tick(struct session_book *book);

/* Is there one of this conference. */
bool session_book_has_sessions(const struct session_book *book, uint32_t conference);

/* NULL if there is none of this id. */
struct config_conference *
session_book_conference(const struct session_book *book, uint32_t conference);
/* Adds a copy, or replaces what is there of the same id. NULL: out of memory. */
struct config_conference *
session_book_put_conference(struct session_book *book, const struct config_conference *conference);
/* No session of it is left. */
void session_book_drop_conference(struct session_book *book, uint32_t conference);

/*
 * Makes the source of a session that starts here, with a plan of its flows, not running yet. 0, or
 * a negative errno with the reason as text in error.
 */
int session_book_add_source(struct session_book *book, struct session_entry *entry,
	const struct source_params *params, char *error, size_t size);

#endif
