/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What can be changed of a session while it runs, without a lost packet: a new plan of its flows is
 * built beside the running one, then published whole. One function an action; ferryctl's commands
 * (ctl_run_time.c) and the root's orders (manage_define.c) are its callers.
 *
 * All return 0, or a negative errno and in error a sentence that says what is wrong and what would
 * be right; then nothing has changed. Control thread, control_lock held.
 */
#ifndef FERRY_SESSION_ACTIONS_H
#define FERRY_SESSION_ACTIONS_H

#include "session_book.h"

/* One weight a flow, in the order of their ids; not all 0. */
int session_set_weights(struct session_book *book, struct session_entry *entry,
	const uint32_t *weights, unsigned int nb_weights, char *error, size_t size);

/*
 * Adds a flow under the lowest id that no flow of the session had yet, which it returns in *id. A
 * flow's sequence begins at 0, which a destination would take for old packets of the flow that had
 * the id before; only when all ids were used is one given again, the lowest that is free.
 */
int session_flow_add(struct session_book *book, struct session_entry *entry, uint32_t weight,
	const struct pathlet_tree *tree, uint8_t *id, char *error, size_t size);

/* Neither the last flow nor the last with a weight above 0 can go. */
int session_flow_remove(struct session_book *book, struct session_entry *entry, uint8_t id,
	char *error, size_t size);

/*
 * *changed tells whether it was not running (stopped) already. A source that has sent all that it
 * had to send cannot be started again.
 */
int session_start(struct session_book *book, struct session_entry *entry, bool *changed,
	char *error, size_t size);
int session_stop(struct session_book *book, struct session_entry *entry, bool *changed, char *error,
	size_t size);

/* A flow that is wanted: a path and its weight. */
struct session_route {
	uint32_t weight;
	struct pathlet_tree tree;
};

/* "25 5 > 2; 75 6 > 2". Returns how many, or -1 with error. */
int session_routes_parse(
	const char *text, struct session_route *routes, unsigned int max, char *error, size_t size);

/*
 * All flows anew, 1 to SOURCE_FLOWS_MAX, in one step: a path that the session has keeps its flow
 * and goes on counting, all others get new ids.
 */
int session_set_routes(struct session_book *book, struct session_entry *entry,
	const struct session_route *routes, unsigned int nb_routes, char *error, size_t size);

/*
 * Other destinations of a session that starts here and came at run time, which text (as of
 * session_define) has with all flows; what else it says does not count. It goes on sending, in the
 * same epoch: a flow whose path is another now, with the destinations, goes on counting.
 */
int session_set_ends(struct session_book *book, struct session_entry *entry, const char *text,
	char *error, size_t size);

/* The same flows once more: a next hop of theirs is another link now. */
int
session_refresh(struct session_book *book, struct session_entry *entry, char *error, size_t size);

/*
 * A session that was not known, in the words of the configuration (config_text.h), checked whole.
 * Its conference need not be defined: it then has default terms and lasts as long as its sessions.
 * What starts here begins at once, unless the text says otherwise. *added is the new entry.
 */
int session_define(struct session_book *book, uint32_t conference, const char *text,
	struct session_entry **added, char *error, size_t size);
/*
 * Another definition of a session that is there, which begins anew; *entry is the new one then.
 * What can be known to be wrong with it is told before the old one ends. If the new one's ends
 * cannot be made even so (a file that went, memory), the old one begins anew, as it was; if that
 * cannot be either, the session is gone and *entry is NULL.
 */
int session_redefine(struct session_book *book, struct session_entry **entry, const char *text,
	char *error, size_t size);
/* Any session, a configured one too; the entry is gone. */
void session_remove(struct session_book *book, struct session_entry *entry);
/* The same of a session that only passes here from now on: it is recoded as it is. */
void session_hand_over(struct session_book *book, struct session_entry *entry);
/* Only its ends: the entry stays, without any. */
void session_close(struct session_book *book, struct session_entry *entry);

/*
 * A conference, its terms as text: id 0 = a new one, else those keys of that conference change.
 * *defined is its id.
 */
int conference_define(struct session_book *book, uint32_t id, const char *text, uint32_t *defined,
	char *error, size_t size);
/* It has no sessions here any more. */
int conference_remove(struct session_book *book, uint32_t id, char *error, size_t size);
/* After a conference_define for what was not to be: its terms are those of before, NULL: it goes.
 */
void
conference_restore(struct session_book *book, uint32_t id, const struct config_conference *before);
struct feeder_terms session_terms(const struct config_conference *conference);

/*
 * For session_book.c: a plan of flows, that go on counting where they have a state. NULL with errno
 * and error. session_adopt then takes over the states of a plan that was published.
 */
struct flow_plan *session_plan(struct session_book *book, const struct session_entry *entry,
	const struct session_flow *flows, uint16_t nb_flows, char *error, size_t size);
void session_adopt(struct session_flow *flows, uint16_t nb_flows, const struct flow_plan *plan);

#endif
