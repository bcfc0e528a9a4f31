/* SPDX-License-Identifier: BSD-3-Clause */
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "root_store.h"
#include "unit.h"

#include <sqlite3.h>

static char directory[64], path[96];

static int
setup(void **state)
{
	(void)state;
	strcpy(directory, "/tmp/ferry_store_XXXXXX");
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/root.db", directory);
	return 0;
}

static int
teardown(void **state)
{
	char name[128];

	(void)state;
	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "%s%s", path, i == 0 ? "" : i == 1 ? "-wal" : "-shm");
		unlink(name);
	}
	return rmdir(directory);
}

static struct root_store *
reopen(struct root_store *store)
{
	char error[512] = "";

	root_store_close(store);
	store = root_store_open(path, error, sizeof(error));
	if (store == NULL)
		fail_msg("%s", error);
	return store;
}

static void
test_node_ids(void **state)
{
	struct root_store *store = reopen(NULL);
	struct stat status;
	uint32_t id;

	(void)state;
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(root_store_node(store, "a", 0, &id), 0);
	assert_int_equal(id, 1);
	assert_int_equal(root_store_node(store, "b", 7, &id), 0);
	assert_int_equal(id, 7);
	assert_int_equal(root_store_node(store, "c", 0, &id), 0);
	assert_int_equal(id, 8);
	store = reopen(store);
	assert_int_equal(root_store_node(store, "b", 0, &id), 0);
	assert_int_equal(id, 7);
	assert_int_equal(root_store_node(store, "a", 1, &id), 0);
	assert_int_equal(root_store_node(store, "a", 2, &id), 1);
	assert_non_null(strstr(root_store_error(store), "NodeID 1 for ever"));
	assert_int_equal(root_store_node(store, "d", 7, &id), 1);
	assert_non_null(strstr(root_store_error(store), "that of \"b\""));
	assert_int_equal(root_store_node(store, "top", 0x7fffffff, &id), 0);
	assert_int_equal(root_store_node(store, "d", 0, &id), -1);
	assert_non_null(strstr(root_store_error(store), "no free NodeID"));
	root_store_close(store);
}

static int
collect_conference(void *ctx, uint32_t id, const char *origin, const char *text)
{
	snprintf((char *)ctx + strlen(ctx), 256 - strlen(ctx), "%u<%s>%s;", id, origin, text);
	return 0;
}

static int
collect_session(void *ctx, uint32_t conference, uint32_t session, uint32_t what, int64_t since)
{
	snprintf((char *)ctx + strlen(ctx), 256 - strlen(ctx), "%u.%u=%u@%lld;", conference,
		session, what, (long long)since);
	return 0;
}

static int
collect_attend(void *ctx, uint32_t conference, uint32_t node, bool present, int64_t since)
{
	snprintf((char *)ctx + strlen(ctx), 256 - strlen(ctx), "%u:%u%c%lld;", conference, node,
		present ? '+' : '-', (long long)since);
	return 0;
}

static int
collect_place(void *ctx, const char *name, const char *text)
{
	snprintf((char *)ctx + strlen(ctx), 256 - strlen(ctx), "%s=%s;", name, text);
	return 0;
}

static void
test_contents(void **state)
{
	struct root_store *store = reopen(NULL);
	char text[256] = "", *value;

	(void)state;
	assert_int_equal(root_store_conference_put(store, 4294967295u, "f.cfg", "one"), 0);
	assert_int_equal(root_store_conference_put(store, 2, "", "two"), 0);
	assert_int_equal(root_store_session_put(store, 2, 9, 3, 1234567890123), 0);
	assert_int_equal(root_store_session_put(store, 2, 8, 3, 5), 0);
	assert_int_equal(root_store_session_remove(store, 2, 8), 0);
	assert_int_equal(root_store_attend_put(store, 2, 5, false, 7), 0);
	assert_int_equal(root_store_attend_put(store, 2, 5, true, 8), 0);
	/* A session of no conference. */
	assert_int_equal(root_store_session_put(store, 3, 1, 1, 1), -1);
	/* What it is of is kept when a conference is written again. */
	assert_int_equal(root_store_conference_put(store, 2, "", "zwei"), 0);
	assert_int_equal(root_store_place_put(store, "x", "old"), 0);
	assert_int_equal(root_store_place_put(store, "x", "new"), 0);
	assert_int_equal(root_store_set(store, "hash", "abc"), 0);
	store = reopen(store);
	assert_int_equal(root_store_conferences(store, collect_conference, text), 0);
	assert_int_equal(root_store_sessions(store, collect_session, text), 0);
	assert_int_equal(root_store_attends(store, collect_attend, text), 0);
	assert_int_equal(root_store_places(store, collect_place, text), 0);
	assert_string_equal(text, "2<>zwei;4294967295<f.cfg>one;2.9=3@1234567890123;2:5+8;x=new;");
	assert_int_equal(root_store_get(store, "hash", &value), 0);
	assert_string_equal(value, "abc");
	free(value);
	assert_int_equal(root_store_get(store, "none", &value), 0);
	assert_null(value);
	text[0] = 0;
	assert_int_equal(root_store_conference_remove(store, 2), 0);
	assert_int_equal(root_store_sessions(store, collect_session, text), 0);
	assert_int_equal(root_store_attends(store, collect_attend, text), 0);
	assert_string_equal(text, "");
	root_store_close(store);
}

static void
test_together(void **state)
{
	struct root_store *store = reopen(NULL);
	char text[256] = "";

	(void)state;
	assert_int_equal(root_store_begin(store), 0);
	assert_int_equal(root_store_conference_put(store, 1, "", "a"), 0);
	assert_int_equal(root_store_begin(store), 0);
	assert_int_equal(root_store_conference_put(store, 2, "", "b"), 0);
	root_store_rollback(store);
	/* Neither a next part, nor the whole. */
	assert_int_equal(root_store_begin(store), -1);
	assert_non_null(strstr(root_store_error(store), "was undone"));
	assert_int_equal(root_store_commit(store), -1);
	assert_non_null(strstr(root_store_error(store), "was undone"));
	assert_int_equal(root_store_conferences(store, collect_conference, text), 0);
	assert_string_equal(text, "");
	/* Nor the part around the one that was undone. */
	for (int i = 0; i < 3; i++)
		assert_int_equal(root_store_begin(store), 0);
	root_store_rollback(store);
	assert_int_equal(root_store_commit(store), -1);
	root_store_rollback(store);
	assert_int_equal(root_store_begin(store), 0);
	assert_int_equal(root_store_conference_put(store, 3, "", "c"), 0);
	assert_int_equal(root_store_commit(store), 0);
	store = reopen(store);
	assert_int_equal(root_store_conferences(store, collect_conference, text), 0);
	assert_string_equal(text, "3<>c;");
	root_store_close(store);
}

static void
test_refused(void **state)
{
	struct root_store *store = reopen(NULL);
	char error[512] = "";
	sqlite3 *db;

	(void)state;
	assert_null(root_store_open(path, error, sizeof(error)));
	assert_non_null(strstr(error, "another ferry-root has it"));
	root_store_close(store);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_null(root_store_open(path, error, sizeof(error)));
	assert_non_null(strstr(error, "newer"));
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db, "PRAGMA application_id = 1", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_null(root_store_open(path, error, sizeof(error)));
	assert_non_null(strstr(error, "another program"));
	assert_null(root_store_open("/nowhere/at/all.db", error, sizeof(error)));
	assert_non_null(strstr(error, "/nowhere/at/all.db"));
}

/* A store of the version before has all that it had. */
static void
test_upgrade(void **state)
{
	struct root_store *store = reopen(NULL);
	char text[256] = "";
	sqlite3_stmt *found;
	sqlite3 *db;

	(void)state;
	assert_int_equal(root_store_conference_put(store, 2, "", "two"), 0);
	root_store_close(store);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 1", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	store = reopen(NULL);
	assert_int_equal(root_store_conferences(store, collect_conference, text), 0);
	assert_string_equal(text, "2<>two;");
	root_store_close(store);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &found, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(found), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(found, 0), 2);
	sqlite3_finalize(found);
	sqlite3_close(db);
}

/* Writes changes of two rows each, and tells each number once it is committed. */
static void
write_for_ever(int fd, uint32_t first)
{
	char error[512];
	struct root_store *store = root_store_open(path, error, sizeof(error));

	for (uint32_t n = first; store != NULL; n++) {
		char text[16];

		snprintf(text, sizeof(text), "%u", n);
		if (root_store_begin(store) != 0 ||
			root_store_conference_put(store, n, "", text) != 0 ||
			root_store_session_put(store, n, 1, 1, n) != 0 ||
			root_store_commit(store) != 0 || write(fd, &n, sizeof(n)) != sizeof(n))
			break;
	}
	_exit(1);
}

struct counts {
	uint32_t conferences, sessions, last;
};

static int
count_conference(void *ctx, uint32_t id, const char *origin, const char *text)
{
	struct counts *counts = ctx;
	char wanted[16];

	(void)origin;
	snprintf(wanted, sizeof(wanted), "%u", id);
	assert_string_equal(text, wanted);
	counts->conferences++;
	counts->last = id;
	return 0;
}

static int
count_session(void *ctx, uint32_t conference, uint32_t session, uint32_t what, int64_t since)
{
	struct counts *counts = ctx;

	(void)session;
	(void)what;
	assert_int_equal(conference, since);
	counts->sessions++;
	return 0;
}

/* kill -9 at any moment: all that was told is there, and of each change both rows or none. */
static void
test_kill(void **state)
{
	uint64_t seed = unit_seed();
	uint32_t told = 0;

	(void)state;
	root_store_close(reopen(NULL));
	for (int round = 0; round < 25; round++) {
		struct counts counts = {0};
		struct root_store *store;
		int fds[2], status;
		uint32_t n;
		pid_t pid;

		assert_int_equal(pipe(fds), 0);
		pid = fork();
		if (pid == 0) {
			close(fds[0]);
			write_for_ever(fds[1], told + 1);
		}
		close(fds[1]);
		/* It works already when it is killed: at least one change is through. */
		assert_int_equal(read(fds[0], &n, sizeof(n)), sizeof(n));
		told = n;
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		usleep((useconds_t)(seed >> 33) % 20000);
		kill(pid, SIGKILL);
		while (read(fds[0], &n, sizeof(n)) == sizeof(n))
			told = n;
		close(fds[0]);
		waitpid(pid, &status, 0);
		assert_true(WIFSIGNALED(status));
		store = reopen(NULL);
		assert_int_equal(root_store_conferences(store, count_conference, &counts), 0);
		assert_int_equal(root_store_sessions(store, count_session, &counts), 0);
		assert_int_equal(counts.conferences, counts.sessions);
		assert_int_equal(counts.last, counts.conferences);
		/* What was committed but not told any more is there too. */
		assert_in_range(counts.last, told, told + 1);
		told = counts.last;
		root_store_close(store);
	}
	assert_true(told >= 25);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_node_ids, setup, teardown),
		cmocka_unit_test_setup_teardown(test_contents, setup, teardown),
		cmocka_unit_test_setup_teardown(test_together, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_upgrade, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kill, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
