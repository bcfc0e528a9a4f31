/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "root_store_private.h"

#define APPLICATION_ID 0x46657279 /* "Fery": tells our files from other databases */

struct root_store {
	sqlite3 *db;
	unsigned int depth; /* of begin */
	bool undone;	    /* a rollback inside: the outer commits fail */
	char error[512];
};

/* Each brings a store from the version before to the next. */
static const char *const steps[ROOT_STORE_VERSION] = {
	"CREATE TABLE node (id INTEGER PRIMARY KEY CHECK (id BETWEEN 1 AND 2147483647),"
	"  name TEXT NOT NULL UNIQUE, since INTEGER NOT NULL);"
	"CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE place (name TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE conference (id INTEGER PRIMARY KEY, origin TEXT NOT NULL,"
	"  text TEXT NOT NULL);"
	"CREATE TABLE session (conference INTEGER NOT NULL"
	"  REFERENCES conference ON DELETE CASCADE, id INTEGER NOT NULL, state INTEGER NOT NULL,"
	"  since INTEGER NOT NULL, PRIMARY KEY (conference, id)) WITHOUT ROWID;"
	"CREATE TABLE attend (conference INTEGER NOT NULL"
	"  REFERENCES conference ON DELETE CASCADE, node INTEGER NOT NULL,"
	"  present INTEGER NOT NULL, since INTEGER NOT NULL, PRIMARY KEY (conference, node))"
	"  WITHOUT ROWID;",
	/* session.state has what an operator made of it beside the state. */
	"",
};

int
store_fail(struct root_store *store, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(store->error, sizeof(store->error), format, args);
	va_end(args);
	return -1;
}

static int
store_broken(struct root_store *store)
{
	return store_fail(store, "store %s: %s", sqlite3_db_filename(store->db, "main"),
		sqlite3_errmsg(store->db));
}

static int
store_exec(struct root_store *store, const char *sql)
{
	return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0
									   : store_broken(store);
}

const char *
root_store_error(const struct root_store *store)
{
	return store->error;
}

/* format: i = int64_t, s = text, of the statement's parameters in turn. */
static sqlite3_stmt *
store_prepare(struct root_store *store, const char *sql, const char *format, va_list args)
{
	sqlite3_stmt *statement;

	if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) != SQLITE_OK) {
		store_broken(store);
		return NULL;
	}
	for (int i = 0; format[i] != 0; i++) {
		int ret = format[i] == 'i'
				  ? sqlite3_bind_int64(statement, i + 1, va_arg(args, int64_t))
				  : sqlite3_bind_text(statement, i + 1, va_arg(args, const char *),
					    -1, SQLITE_TRANSIENT);

		if (ret != SQLITE_OK) {
			store_broken(store);
			sqlite3_finalize(statement);
			return NULL;
		}
	}
	return statement;
}

sqlite3_stmt *
store_query(struct root_store *store, const char *sql, const char *format, ...)
{
	sqlite3_stmt *statement;
	va_list args;

	va_start(args, format);
	statement = store_prepare(store, sql, format, args);
	va_end(args);
	return statement;
}

bool
store_row(struct root_store *store, sqlite3_stmt *statement, int *ret)
{
	switch (sqlite3_step(statement)) {
	case SQLITE_ROW:
		return true;
	case SQLITE_DONE:
		return false;
	default:
		*ret = store_broken(store);
		return false;
	}
}

int
store_change(struct root_store *store, const char *sql, const char *format, ...)
{
	sqlite3_stmt *statement;
	va_list args;
	int ret = 0;

	va_start(args, format);
	statement = store_prepare(store, sql, format, args);
	va_end(args);
	if (statement == NULL)
		return -1;
	while (store_row(store, statement, &ret))
		;
	sqlite3_finalize(statement);
	return ret;
}

int
store_number(struct root_store *store, const char *sql, int64_t *number)
{
	sqlite3_stmt *statement = store_query(store, sql, "");
	int ret = 0;

	if (statement == NULL)
		return -1;
	if (store_row(store, statement, &ret))
		*number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return ret;
}

const char *
store_text(sqlite3_stmt *statement, int column)
{
	const unsigned char *text = sqlite3_column_text(statement, column);

	return text != NULL ? (const char *)text : "";
}

int
root_store_begin(struct root_store *store)
{
	if (store->depth == 0) {
		store->undone = false;
		if (store_exec(store, "BEGIN IMMEDIATE") != 0)
			return -1;
	} else if (store->undone) {
		/* What it writes would be kept without the rest. */
		return store_fail(store, "store: a part of the change was undone");
	}
	store->depth++;
	return 0;
}

int
root_store_commit(struct root_store *store)
{
	if (store->undone) {
		store->depth--;
		return store_fail(store, "store: a part of the change was undone");
	}
	if (store->depth == 1 && store_exec(store, "COMMIT") != 0) {
		root_store_rollback(store);
		return -1;
	}
	store->depth -= store->depth > 0;
	return 0;
}

void
root_store_rollback(struct root_store *store)
{
	if (!store->undone)
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	store->undone = true;
	store->depth -= store->depth > 0;
}

static int
store_upgrade(struct root_store *store, const char *path)
{
	int64_t version = 0, application = 0, tables = 0;
	char sql[96];

	if (store_number(store, "PRAGMA user_version", &version) != 0 ||
		store_number(store, "PRAGMA application_id", &application) != 0 ||
		store_number(store, "SELECT count(*) FROM sqlite_schema", &tables) != 0)
		return -1;
	if (application != APPLICATION_ID && tables > 0)
		return store_fail(store, "%s is a database of another program", path);
	if (version < 0 || version > ROOT_STORE_VERSION)
		return store_fail(store,
			"%s has version %lld, this program knows up to %d: it was written by a "
			"newer one",
			path, (long long)version, ROOT_STORE_VERSION);
	if (version == ROOT_STORE_VERSION)
		return 0;
	if (root_store_begin(store) != 0)
		return -1;
	snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %d",
		APPLICATION_ID, ROOT_STORE_VERSION);
	for (; version < ROOT_STORE_VERSION; version++) {
		if (store_exec(store, steps[version]) != 0) {
			root_store_rollback(store);
			return -1;
		}
	}
	if (store_exec(store, sql) != 0) {
		root_store_rollback(store);
		return -1;
	}
	return root_store_commit(store);
}

static int
store_open(struct root_store *store, const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int64_t locked = 0;

	if (fd < 0)
		return store_fail(store, "%s: %m", path);
	close(fd);
	if (sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		return store_fail(store, "%s: %s", path, sqlite3_errmsg(store->db));
	/* FULL: each commit is on the disk before it is told. */
	if (store_exec(store, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
			      "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON") != 0 ||
		store_exec(store, "BEGIN IMMEDIATE; COMMIT") != 0 ||
		store_number(store, "SELECT count(*) FROM sqlite_schema", &locked) != 0) {
		if (sqlite3_errcode(store->db) == SQLITE_BUSY)
			return store_fail(store,
				"store %s: another ferry-root has it: end that, or give this one "
				"another",
				path);
		return store_fail(store, "%s: %s", path, sqlite3_errmsg(store->db));
	}
	return store_upgrade(store, path);
}

struct root_store *
root_store_open(const char *path, char *error, size_t size)
{
	struct root_store *store = calloc(1, sizeof(*store));

	if (store == NULL) {
		snprintf(error, size, "%s: out of memory", path);
		return NULL;
	}
	if (store_open(store, path) != 0) {
		snprintf(error, size, "%s", store->error);
		root_store_close(store);
		return NULL;
	}
	return store;
}

void
root_store_close(struct root_store *store)
{
	if (store == NULL)
		return;
	sqlite3_close(store->db);
	free(store);
}
