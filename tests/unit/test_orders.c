/* SPDX-License-Identifier: BSD-3-Clause */
/* What the root told last: what replaces what, and its file, whole and damaged. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "orders.h"
#include "regular_file.h"
#include "unit.h"

#define ROOT "10.0.0.1:13780, authority 0123456789abcdef"

struct fixture {
	char folder[32], path[64];
	struct orders orders;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->folder, "/tmp/ferry-orders-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/below/state", f->folder);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	char folder[64];

	orders_free(&f->orders);
	unlink(f->path);
	snprintf(folder, sizeof(folder), "%s/below", f->folder);
	rmdir(folder);
	assert_int_equal(rmdir(f->folder), 0);
	free(f);
	return 0;
}

static void
tell(struct fixture *f, const char *type, const char *body, int expected)
{
	char text[2048];
	struct message_fault fault;
	struct message *message;
	int size = snprintf(text, sizeof(text),
		"<message type=\"%s\" time=\"1\" to=\"leaf\" from=\"^\">%s</message>", type, body);

	message = message_parse(text, (size_t)size, &fault);
	if (message == NULL)
		fail_msg("%s: %s", text, fault.text);
	assert_int_equal(orders_note(&f->orders, message), expected);
	message_free(message);
}

static void
place(struct fixture *f, unsigned int id)
{
	char body[256];

	snprintf(body, sizeof(body),
		"<place><nodeid>%u</nodeid><role>leaf</role><parent name=\"^\"/>"
		"<peers/><below/></place>",
		id);
	tell(f, "place", body, 1);
}

static void
stream(struct fixture *f, const char *type, unsigned int session, int expected)
{
	char body[128];

	snprintf(body, sizeof(body), "<pipeline conference=\"1\" session=\"%u\"/>", session);
	tell(f, type, body, expected);
}

static void
expect(const struct orders *orders, const char *expected)
{
	static const char letters[MESSAGE_TYPE_COUNT] = {[MESSAGE_PLACE] = 'p',
		[MESSAGE_PIPEDEF] = 'd',
		[MESSAGE_ROUTEPIPELINE] = 'r',
		[MESSAGE_PLAYPIPELINE] = 'g',
		[MESSAGE_STOPPIPELINE] = 's'};
	const struct order *order;
	char said[128] = "";

	TAILQ_FOREACH (order, &orders->list, next)
		snprintf(said + strlen(said), sizeof(said) - strlen(said), "%c%u ",
			letters[order->type], (unsigned int)order->stream);
	assert_string_equal(said, expected);
}

static void
fill(struct fixture *f)
{
	stream(f, "pipedef", 1, 1);
	stream(f, "routepipeline", 1, 1);
	place(f, 7);
	stream(f, "pipedef", 2, 1);
	stream(f, "stoppipeline", 1, 1);
}

static void
test_what_replaces_what(void **state)
{
	struct fixture *f = *state;

	fill(f);
	expect(&f->orders, "p0 d1 r1 d2 s1 ");
	stream(f, "playpipeline", 1, 1);
	expect(&f->orders, "p0 d1 r1 d2 g1 ");
	stream(f, "routepipeline", 1, 1);
	expect(&f->orders, "p0 d1 d2 g1 r1 ");
	place(f, 8);
	stream(f, "pipedef", 1, 1);
	expect(&f->orders, "p0 d2 d1 ");
	stream(f, "removepipeline", 2, 1);
	stream(f, "removepipeline", 2, 0);
	tell(f, "ping", "", 0);
	expect(&f->orders, "p0 d1 ");
}

/* A stream is forgotten as its first order is looked at. */
static void
test_forgotten_on_the_way(void **state)
{
	struct fixture *f = *state;
	const struct order *order;
	char seen[64] = "";
	size_t count;

	fill(f);
	for (order = TAILQ_FIRST(&f->orders.list); order != NULL;
		order = orders_after(&f->orders, order, count)) {
		uint64_t stream_id = order->stream;

		count = f->orders.count;
		snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), "%u ",
			(unsigned int)stream_id);
		if (stream_id == message_stream(1, 1))
			stream(f, "removepipeline", 1, 1);
	}
	expect(&f->orders, "p0 d2 ");
	assert_string_equal(seen, "0 1 0 2 ");
}

/* Of very many sessions each order looks for what it replaces among those of its own. */
static void
test_many(void **state)
{
	enum {
		SESSIONS = 20000
	};
	struct fixture *f = *state;
	struct message define = {.type = MESSAGE_PIPEDEF}, play = {.type = MESSAGE_PLAYPIPELINE};

	place(f, 7);
	for (unsigned int again = 0; again < 2; again++) {
		for (uint32_t i = 0; i < SESSIONS; i++) {
			define.time = play.time = 1;
			define.pipeline.conference = play.pipeline.conference = 1 + i / 100;
			define.pipeline.session = play.pipeline.session = 1 + i % 100;
			assert_int_equal(orders_note(&f->orders, &define), 1);
			assert_int_equal(orders_note(&f->orders, &play), 1);
		}
	}
	assert_int_equal(f->orders.count, 1 + 2 * SESSIONS);
	assert_in_range(f->orders.steps, 2 * SESSIONS, 40 * SESSIONS);
}

static void
test_file(void **state)
{
	struct fixture *f = *state;
	const struct order *own, *theirs;
	char error[ORDERS_ERROR_MAX];
	struct orders read;
	struct message *message;

	assert_int_equal(orders_load(f->path, ROOT, &read, error), 1);
	fill(f);
	assert_int_equal(orders_save(f->path, ROOT, &f->orders, error), 0);
	place(f, 9);
	assert_int_equal(orders_save(f->path, ROOT, &f->orders, error), 0);
	assert_int_equal(orders_load(f->path, ROOT, &read, error), 0);
	expect(&read, "p0 d1 r1 d2 s1 ");
	theirs = TAILQ_FIRST(&read.list);
	TAILQ_FOREACH (own, &f->orders.list, next) {
		assert_string_equal(theirs->text, own->text);
		theirs = TAILQ_NEXT(theirs, next);
	}
	message = orders_place(&read);
	assert_int_equal(message->place.node_id, 9);
	assert_string_equal(message->to, "leaf");
	message_free(message);
	orders_free(&read);
	assert_int_equal(orders_load(f->folder, ROOT, &read, error), -1);
	assert_int_equal(orders_save(f->folder, ROOT, &f->orders, error), -1);
}

/* A FIFO, beside it or in its place, holds nobody up; a link does not lose what it leads to. */
static void
test_no_file(void **state)
{
	struct fixture *f = *state;
	char error[ORDERS_ERROR_MAX], other[sizeof(f->path) + 4], root[ORDERS_ROOT_MAX];
	struct orders read;
	struct stat status;

	fill(f);
	snprintf(other, sizeof(other), "%s.new", f->path);
	assert_int_equal(orders_save(f->path, ROOT, &f->orders, error), 0);
	alarm(10);
	assert_int_equal(mkfifo(other, 0600), 0);
	assert_int_equal(orders_save(f->path, ROOT, &f->orders, error), -1);
	assert_non_null(strstr(error, REGULAR_FILE_FAULT));
	assert_int_equal(orders_load(other, ROOT, &read, error), -1);
	assert_non_null(strstr(error, REGULAR_FILE_FAULT));
	assert_int_equal(orders_root("10.0.0.1:13780", other, root, error), -1);
	assert_non_null(strstr(error, other));
	assert_int_equal(unlink(other), 0);
	assert_int_equal(symlink(f->path, other), 0);
	assert_int_equal(orders_save(f->path, ROOT, &f->orders, error), -1);
	assert_int_equal(stat(f->path, &status), 0);
	assert_true(status.st_size > 0);
	assert_int_equal(unlink(other), 0);
	assert_int_equal(orders_save(f->path, ROOT, &f->orders, error), 0);
	alarm(0);
}

static void
write_file(const char *path, const char *bytes, size_t size)
{
	FILE *file = fopen(path, "we");

	assert_int_equal(fwrite(bytes, 1, size, file), size);
	fclose(file);
}

/* Nobody else reads what a root told; and a path that leaves no room for ".new" is refused. */
static void
test_path(void **state)
{
	struct fixture *f = *state;
	char error[ORDERS_ERROR_MAX], path[PATH_MAX + 1];
	struct stat status;

	fill(f);
	assert_int_equal(orders_save(f->path, ROOT, &f->orders, error), 0);
	assert_int_equal(stat(f->path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	for (size_t len = PATH_MAX - 5; len < PATH_MAX; len++) {
		memset(path, 'x', len);
		path[0] = '/';
		path[len] = 0;
		assert_int_equal(orders_save(path, ROOT, &f->orders, error), -1);
		assert_string_equal(error, "its path is too long");
	}
}

/* Each byte another one, and each end too early: named, and nothing is taken. */
static void
test_damaged(void **state)
{
	struct fixture *f = *state;
	char error[ORDERS_ERROR_MAX], bytes[4096];
	struct orders read;
	size_t size;
	FILE *file;

	fill(f);
	assert_int_equal(orders_save(f->path, ROOT, &f->orders, error), 0);
	file = fopen(f->path, "re");
	size = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	assert_true(size > 400 && size < sizeof(bytes));
	for (size_t i = 0; i < size; i++) {
		bytes[i] ^= 0x10;
		write_file(f->path, bytes, size);
		assert_int_equal(orders_load(f->path, ROOT, &read, error), -1);
		assert_int_equal(read.count, 0);
		bytes[i] ^= 0x10;
		write_file(f->path, bytes, i);
		assert_int_equal(orders_load(f->path, ROOT, &read, error), -1);
	}
	write_file(f->path, bytes, size);
	assert_int_equal(orders_load(f->path, ROOT, &read, error), 0);
	orders_free(&read);
}

/* Orders are those of the root that the configuration names. */
static void
test_another_root(void **state)
{
	char error[ORDERS_ERROR_MAX], first[ORDERS_ROOT_MAX], second[ORDERS_ROOT_MAX];
	char authority[64];
	struct fixture *f = *state;
	struct orders read;

	assert_int_equal(orders_root("10.0.0.1:1", f->path, first, error), -1);
	assert_non_null(strstr(error, f->path));
	assert_int_equal(orders_root("10.0.0.1:1", NULL, first, error), 0);
	assert_string_equal(first, "10.0.0.1:1, without TLS");
	fill(f);
	assert_int_equal(orders_save(f->path, first, &f->orders, error), 0);
	assert_int_equal(orders_load(f->path, first, &read, error), 0);
	orders_free(&read);
	snprintf(authority, sizeof(authority), "%s.pem", f->folder);
	write_file(authority, "some", 4);
	assert_int_equal(orders_root("10.0.0.1:1", authority, first, error), 0);
	assert_int_equal(orders_load(f->path, first, &read, error), -1);
	assert_non_null(strstr(error, "another root (10.0.0.1:1, without TLS)"));
	assert_int_equal(read.count, 0);
	assert_int_equal(orders_save(f->path, first, &f->orders, error), 0);
	write_file(authority, "other", 5);
	assert_int_equal(orders_root("10.0.0.1:1", authority, second, error), 0);
	assert_int_equal(unlink(authority), 0);
	assert_int_equal(orders_load(f->path, second, &read, error), -1);
	assert_int_equal(orders_load(f->path, "10.0.0.1:", &read, error), -1);
	assert_non_null(strstr(error, first));
	assert_int_equal(orders_load(f->path, first, &read, error), 0);
	orders_free(&read);
}

/* A right sum is not enough: what is not kept there, and a place that is not the first. */
static void
test_wrong_messages(void **state)
{
	static const char ping[] = "\0\0\0\x28<message type=\"ping\" time=\"1\" to=\"\"/>";
	char error[ORDERS_ERROR_MAX];
	struct fixture *f = *state;
	struct orders read;
	struct order *first;

	assert_int_equal(orders_parse((const uint8_t *)ping, 3, &read, error), -1);
	assert_int_equal(orders_parse((const uint8_t *)ping, sizeof(ping) - 1, &read, error), -1);
	fill(f);
	/* The place is not the first. */
	first = TAILQ_FIRST(&f->orders.list);
	TAILQ_REMOVE(&f->orders.list, first, next);
	TAILQ_INSERT_TAIL(&f->orders.list, first, next);
	assert_int_equal(orders_save(f->path, ROOT, &f->orders, error), 0);
	assert_int_equal(orders_load(f->path, ROOT, &read, error), -1);
	assert_non_null(strstr(error, "not one that is kept"));
}

/* A file that takes long is written the less often. */
static void
test_pause(void **state)
{
	(void)state;
	assert_int_equal(orders_pause(0), 100000);
	assert_int_equal(orders_pause(10000), 100000);
	assert_int_equal(orders_pause(300000), 3000000);
	assert_int_equal(orders_pause(1000000), 10000000);
	assert_int_equal(orders_pause(30000000), 10000000);
	assert_int_equal(orders_pause(UINT64_MAX / 2), 10000000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_replaces_what, setup, teardown),
		cmocka_unit_test_setup_teardown(test_forgotten_on_the_way, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_path, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_another_root, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrong_messages, setup, teardown),
		cmocka_unit_test(test_pause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
