/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The conferences of the root program, their sessions, who is in them, and what became of them.
 * Each change is in the store before it is here, whole or not at all; after kill -9, root_book_load
 * finds what there was. Times are ms since the epoch, and an argument. One thread.
 *
 * A conference's definition is a text (config.h); to change it is to print it anew and to read it,
 * so that all that is checked in a file is checked of every change; but what only the topology
 * knows, of what is new in it.
 */
#ifndef FERRY_ROOT_BOOK_H
#define FERRY_ROOT_BOOK_H

#include "config.h"
#include "root_store.h"

#define ROOT_ERROR_MAX	   512
#define ROOT_BOOK_SLACK_MS 10000 /* by less a clock that is set right does nothing twice */

enum root_state {
	ROOT_WAITING, /* for its time */
	ROOT_RUNNING,
	ROOT_STOPPED, /* installed, but its source does not send */
	ROOT_ENDED,
};

struct root_install;

struct root_session {
	struct root_conference *conference;
	const struct config_session *config;
	enum root_state state;
	int64_t since;		      /* of the state */
	enum root_state set;	      /* what an operator made of it; ROOT_WAITING: nothing */
	struct root_install *install; /* root_install.h's: what nodes have of it */
};

/* A node that entered or left. */
struct root_attend {
	uint32_t node;
	bool present;
	int64_t since;
};

struct root_conference {
	struct config *file; /* has this conference only */
	const struct config_conference *config;
	char *origin;
	struct root_session **sessions; /* as in config */
	uint32_t session_count;
	struct root_attend *attends;
	uint32_t attend_count;
};

/* A conference of the store that cannot be: the book is without it, until one that is right comes.
 */
struct root_book_left {
	uint32_t id;
	char *origin, *why;
};

struct root_book {
	struct root_store *store;
	struct root_conference **conferences; /* by ascending id */
	uint32_t count;
	struct root_book_left *left;
	uint32_t left_count;

	/* What only the topology knows; adds to errs. May be NULL. */
	void (*check)(void *ctx, const struct config *file, struct config_errors *errs);
	/* What nodes are to do with a session has changed; its definition or its state. */
	void (*changed)(void *ctx, struct root_session *session);
	/* It is gone after the call. */
	void (*gone)(void *ctx, struct root_session *session);
	/*
	 * The store failed as the time came for the first of some sessions, and why; NULL: for none
	 * any more. Called by turns.
	 */
	void (*failed)(void *ctx, const struct root_session *session, const char *why);
	void *ctx;
	bool tick_failed; /* what failed was told of last */
};

/*
 * Functions return 0, or -1 with a sentence in error (ROOT_ERROR_MAX bytes) that says what is wrong
 * and what would be right; then nothing has changed. Those that find nothing to change are fine.
 */
int root_book_load(struct root_book *book, char *error);
/* Was it left out? NULL: it was not. */
const struct root_book_left *root_book_left(const struct root_book *book, uint32_t id);
/* One that is right took its place, or it is in the store no more. */
void root_book_left_drop(struct root_book *book, uint32_t id);
/* Without a call of gone. */
void root_book_free(struct root_book *book);

/*
 * Adds all conferences of a file, or of none of them if one is there and replace is false. A
 * session that was there keeps its state; a conference that is there as the file has it stays as it
 * is. The mistakes that check finds go to errs.
 */
int root_book_add(struct root_book *book, const struct config *file, const char *origin,
	bool replace, int64_t now, struct config_errors *errs, char *error);
/*
 * The same in two steps, unchecked and replacing, for one who commits the store between them: what
 * was saved is then put into the book, or dropped. No conference may be in two that were saved.
 */
struct root_book_saved {
	struct root_conference **made;
	uint32_t count;
};
int root_book_save(struct root_book *book, const struct config *file, const char *origin,
	int64_t now, struct config_errors *errs, struct root_book_saved *saved, char *error);
void root_book_put(struct root_book *book, struct root_book_saved *saved);
void root_book_drop(struct root_book_saved *saved);
int root_book_remove(struct root_book *book, struct root_conference *conference, char *error);
/* One that is in the store no more. */
void root_book_forget(struct root_book *book, struct root_conference *conference);
int root_book_remove_session(struct root_book *book, struct root_session *session, char *error);

/* One weight a flow, by ascending id. */
int root_book_weights(struct root_book *book, struct root_session *session, const uint32_t *weights,
	unsigned int count, char *error);
/* Adds a flow under the lowest free id, which it returns; or sets the path of one that is there. */
int root_book_route_add(struct root_book *book, struct root_session *session, uint32_t weight,
	const struct pathlet_tree *tree, uint32_t *flow, char *error);
int root_book_route_set(struct root_book *book, struct root_session *session, uint32_t flow,
	const struct pathlet_tree *tree, char *error);
int root_book_route_remove(
	struct root_book *book, struct root_session *session, uint32_t flow, char *error);

/* A node enters or leaves. *changed: it was not in (out) already. */
int root_book_attend(struct root_book *book, struct root_conference *conference, uint32_t node,
	bool present, int64_t now, bool *changed, char *error);
/* Starts or stops a session, whatever its times say; not one whose end has passed. */
int root_book_run(struct root_book *book, struct root_session *session, bool run, int64_t now,
	bool *changed, char *error);

/*
 * Starts and ends what the time has come for, and takes it back if the clock went back by more than
 * ROOT_BOOK_SLACK_MS since. Returns when the next is due, 0 = never.
 */
int64_t root_book_tick(struct root_book *book, int64_t now);

struct root_conference *root_book_conference(const struct root_book *book, uint32_t id);
struct root_session *
root_book_session(const struct root_book *book, uint32_t conference, uint32_t session);

/* Is a node in a conference now? */
bool root_book_is_in(const struct root_conference *conference, uint32_t node);
/* All that are, ascending; for free(), NULL if there are none. */
uint32_t *root_book_present(const struct root_conference *conference, uint32_t *count);

/* By its own times and its conference's; 0 = none. */
int64_t root_session_starts(const struct root_session *session);
int64_t root_session_ends(const struct root_session *session);

const char *root_state_name(enum root_state state);

#endif
