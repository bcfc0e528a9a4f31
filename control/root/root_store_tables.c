/* SPDX-License-Identifier: BSD-3-Clause */
/* What the store holds, a table after the other. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "root_store_private.h"

#define NODE_MAX 0x7fffffff

/* The id that name has; 0 = none. */
static int
node_find(struct root_store *store, const char *name, int64_t *id)
{
	sqlite3_stmt *statement = store_query(
		store, "SELECT id FROM node WHERE name = ?", "s", name);
	int ret = 0;

	*id = 0;
	if (statement == NULL)
		return -1;
	if (store_row(store, statement, &ret))
		*id = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return ret;
}

static int
node_is_free(struct root_store *store, const char *name, uint32_t id)
{
	sqlite3_stmt *statement = store_query(
		store, "SELECT name FROM node WHERE id = ?", "i", (int64_t)id);
	int ret = 0;

	if (statement == NULL)
		return -1;
	if (store_row(store, statement, &ret)) {
		(void)store_fail(store,
			"node \"%s\": NodeID %u is that of \"%s\" for ever, it must be another",
			name, id, store_text(statement, 0));
		ret = 1;
	}
	sqlite3_finalize(statement);
	return ret;
}

int
root_store_node(struct root_store *store, const char *name, uint32_t wanted, uint32_t *id)
{
	int64_t known = 0;
	int ret = 0;

	if (node_find(store, name, &known) != 0)
		return -1;
	if (known != 0 && wanted != 0 && known != wanted) {
		(void)store_fail(store,
			"node \"%s\" has NodeID %lld for ever, it cannot get %u; leave its id out, "
			"or take %lld",
			name, (long long)known, wanted, (long long)known);
		return 1;
	}
	if (known == 0) {
		if (wanted != 0)
			ret = node_is_free(store, name, wanted);
		if (ret != 0)
			return ret;
		known = wanted;
		if (wanted == 0 &&
			store_number(store, "SELECT ifnull(max(id), 0) + 1 FROM node", &known) != 0)
			return -1;
		if (known > NODE_MAX)
			return store_fail(store, "node \"%s\": there is no free NodeID", name);
		if (store_change(store, "INSERT INTO node VALUES (?, ?, ?)", "isi", known, name,
			    (int64_t)time(NULL)) != 0)
			return -1;
	}
	*id = (uint32_t)known;
	return 0;
}

int
root_store_nodes(struct root_store *store, root_store_node_each *each, void *ctx)
{
	sqlite3_stmt *statement = store_query(store, "SELECT id, name FROM node ORDER BY id", "");
	int ret = 0;

	if (statement == NULL)
		return -1;
	while (ret == 0 && store_row(store, statement, &ret))
		ret = each(ctx, (uint32_t)sqlite3_column_int64(statement, 0),
			store_text(statement, 1));
	sqlite3_finalize(statement);
	return ret;
}

int
root_store_set(struct root_store *store, const char *name, const char *value)
{
	return store_change(
		store, "INSERT OR REPLACE INTO setting VALUES (?, ?)", "ss", name, value);
}

int
root_store_get(struct root_store *store, const char *name, char **value)
{
	sqlite3_stmt *statement = store_query(
		store, "SELECT value FROM setting WHERE name = ?", "s", name);
	int ret = 0;

	*value = NULL;
	if (statement == NULL)
		return -1;
	if (store_row(store, statement, &ret)) {
		*value = strdup(store_text(statement, 0));
		if (*value == NULL)
			ret = store_fail(store, "store: out of memory");
	}
	sqlite3_finalize(statement);
	return ret;
}

int
root_store_place_put(struct root_store *store, const char *name, const char *text)
{
	return store_change(store, "INSERT OR REPLACE INTO place VALUES (?, ?)", "ss", name, text);
}

int
root_store_places_clear(struct root_store *store)
{
	return store_change(store, "DELETE FROM place", "");
}

int
root_store_places(struct root_store *store, root_store_text_each *each, void *ctx)
{
	sqlite3_stmt *statement = store_query(
		store, "SELECT name, text FROM place ORDER BY name", "");
	int ret = 0;

	if (statement == NULL)
		return -1;
	while (ret == 0 && store_row(store, statement, &ret))
		ret = each(ctx, store_text(statement, 0), store_text(statement, 1));
	sqlite3_finalize(statement);
	return ret;
}

int
root_store_conference_put(
	struct root_store *store, uint32_t id, const char *origin, const char *text)
{
	/* Not OR REPLACE: that would take its sessions and attendance with it. */
	return store_change(store,
		"INSERT INTO conference VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
		"origin = excluded.origin, text = excluded.text",
		"iss", (int64_t)id, origin, text);
}

int
root_store_conference_remove(struct root_store *store, uint32_t id)
{
	return store_change(store, "DELETE FROM conference WHERE id = ?", "i", (int64_t)id);
}

int
root_store_conferences(struct root_store *store, root_store_conference_each *each, void *ctx)
{
	sqlite3_stmt *statement = store_query(
		store, "SELECT id, origin, text FROM conference ORDER BY id", "");
	int ret = 0;

	if (statement == NULL)
		return -1;
	while (ret == 0 && store_row(store, statement, &ret))
		ret = each(ctx, (uint32_t)sqlite3_column_int64(statement, 0),
			store_text(statement, 1), store_text(statement, 2));
	sqlite3_finalize(statement);
	return ret;
}

int
root_store_session_put(struct root_store *store, uint32_t conference, uint32_t session,
	uint32_t state, int64_t since)
{
	return store_change(store, "INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?)", "iiii",
		(int64_t)conference, (int64_t)session, (int64_t)state, since);
}

int
root_store_session_remove(struct root_store *store, uint32_t conference, uint32_t session)
{
	return store_change(store, "DELETE FROM session WHERE conference = ? AND id = ?", "ii",
		(int64_t)conference, (int64_t)session);
}

int
root_store_sessions(struct root_store *store, root_store_session_each *each, void *ctx)
{
	sqlite3_stmt *statement = store_query(
		store, "SELECT conference, id, state, since FROM session ORDER BY 1, 2", "");
	int ret = 0;

	if (statement == NULL)
		return -1;
	while (ret == 0 && store_row(store, statement, &ret))
		ret = each(ctx, (uint32_t)sqlite3_column_int64(statement, 0),
			(uint32_t)sqlite3_column_int64(statement, 1),
			(uint32_t)sqlite3_column_int64(statement, 2),
			sqlite3_column_int64(statement, 3));
	sqlite3_finalize(statement);
	return ret;
}

int
root_store_attend_put(
	struct root_store *store, uint32_t conference, uint32_t node, bool present, int64_t since)
{
	return store_change(store, "INSERT OR REPLACE INTO attend VALUES (?, ?, ?, ?)", "iiii",
		(int64_t)conference, (int64_t)node, (int64_t)present, since);
}

int
root_store_attends(struct root_store *store, root_store_attend_each *each, void *ctx)
{
	sqlite3_stmt *statement = store_query(
		store, "SELECT conference, node, present, since FROM attend ORDER BY 1, 2", "");
	int ret = 0;

	if (statement == NULL)
		return -1;
	while (ret == 0 && store_row(store, statement, &ret))
		ret = each(ctx, (uint32_t)sqlite3_column_int64(statement, 0),
			(uint32_t)sqlite3_column_int64(statement, 1),
			sqlite3_column_int64(statement, 2) != 0,
			sqlite3_column_int64(statement, 3));
	sqlite3_finalize(statement);
	return ret;
}
