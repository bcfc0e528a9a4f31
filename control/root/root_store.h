/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the root program knows for longer than it runs: an SQLite database. A change is there for
 * good when the function that makes it (or root_store_commit) has returned 0: neither kill -9 nor a
 * power failure takes it back or leaves half of it. One process has the store at a time.
 *
 * Functions return 0, or -1 with the reason in root_store_error. One thread.
 */
#ifndef FERRY_ROOT_STORE_H
#define FERRY_ROOT_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROOT_STORE_VERSION 2 /* of the tables; a store of a newer version is refused */

struct root_store;

/*
 * The file is made if it is not there (0600), its directory is not. NULL with a sentence in error.
 */
struct root_store *root_store_open(const char *path, char *error, size_t size);
/* NULL is allowed. */
void root_store_close(struct root_store *store);
const char *root_store_error(const struct root_store *store);

/*
 * Changes between begin and commit happen together or not at all. They nest: the outermost commit
 * is what counts; a rollback at any depth undoes all since the outermost begin, and the commits
 * further out then fail, as does what would begin inside them.
 */
int root_store_begin(struct root_store *store);
int root_store_commit(struct root_store *store);
void root_store_rollback(struct root_store *store);

/*
 * The NodeID of a name: the one it has, or if it has none: wanted if that is not 0, else the lowest
 * above all that were ever given. It is kept for ever. 1, with the reason in root_store_error, if
 * name has another than wanted, or another name has wanted.
 */
int root_store_node(struct root_store *store, const char *name, uint32_t wanted, uint32_t *id);

/*
 * Of what follows: texts live until the callback returns; a callback's other result than 0 ends it.
 */
typedef int root_store_node_each(void *ctx, uint32_t id, const char *name);
int root_store_nodes(struct root_store *store, root_store_node_each *each, void *ctx);

/* Small things by name; get: *value is NULL if there is none, else for free(). */
int root_store_set(struct root_store *store, const char *name, const char *value);
int root_store_get(struct root_store *store, const char *name, char **value);

/* A node's place in the topology, as root_place_print writes it. */
typedef int root_store_text_each(void *ctx, const char *name, const char *text);
int root_store_place_put(struct root_store *store, const char *name, const char *text);
int root_store_places_clear(struct root_store *store);
int root_store_places(struct root_store *store, root_store_text_each *each, void *ctx);

/* A conference; origin: the file it came from, or "" if it was added at run time. */
typedef int
root_store_conference_each(void *ctx, uint32_t id, const char *origin, const char *text);
int root_store_conference_put(
	struct root_store *store, uint32_t id, const char *origin, const char *text);
/* With its sessions and attendance. */
int root_store_conference_remove(struct root_store *store, uint32_t id);
int root_store_conferences(struct root_store *store, root_store_conference_each *each, void *ctx);

/* What became of a session; since: ms since the epoch. */
typedef int root_store_session_each(
	void *ctx, uint32_t conference, uint32_t session, uint32_t state, int64_t since);
int root_store_session_put(struct root_store *store, uint32_t conference, uint32_t session,
	uint32_t state, int64_t since);
int root_store_session_remove(struct root_store *store, uint32_t conference, uint32_t session);
int root_store_sessions(struct root_store *store, root_store_session_each *each, void *ctx);

/* Who entered or left a conference; nodes of which nothing was said are not in the list. */
typedef int
root_store_attend_each(void *ctx, uint32_t conference, uint32_t node, bool present, int64_t since);
int root_store_attend_put(
	struct root_store *store, uint32_t conference, uint32_t node, bool present, int64_t since);
int root_store_attends(struct root_store *store, root_store_attend_each *each, void *ctx);

#endif
