/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Files that sessions read and write, between the control thread and a worker that gives and takes
 * as fast as it does: the test plays the worker within the control thread's reads and writes.
 */
#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "packet.h"
#include "session_actions.h"
#include "show_harness.h"

#define RING  1024
#define PIECE 100

struct scene {
	struct harness harness;
	struct ferryd ferryd;
	char path[64];
	uint32_t seq;	/* of the next packet that comes */
	uint32_t late;	/* so many come while the session is removed */
	uint32_t calls; /* of write_more */
};

static struct scene *scene;
static char error[512];

/* As a node's sessions of run time. */
static int
open_ends(void *ctx, struct session_entry *entry, char *text, size_t size)
{
	struct ferryd *f = ctx;
	const struct source_params source = {.conference = entry->config->conference,
		.session = entry->config->id,
		.kind = SOURCE_FILE,
		.rate = entry->config->rate,
		.burst = entry->config->burst,
		.feed = RING};

	const struct destination_params destination = {.conference = entry->config->conference,
		.session = entry->config->id,
		.window = 64,
		.nb_flows = 8,
		.egress = EGRESS_FILE};
	int ret = 0;

	if (entry->config->source == 1)
		ret = session_book_add_source(&scene->harness.book, entry, &source, text, size);
	else
		entry->destination = node_add_destination(f->node, &destination, RING);
	return ret == 0 ? files_add(f, entry, text, size) : ret;
}

/* Packets for the session come, and its worker delivers what it still knows of. */
static void
deliver(uint32_t n)
{
	struct harness *h = &scene->harness;

	for (uint32_t i = 0; i < n; i++, scene->seq++)
		harness_receive(h, scene->seq, scene->seq, (uint16_t)scene->seq);
	h->now += 1000;
	(void)worker_poll(h->node->workers[0], h->now);
}

/* The worker does not know of it yet. */
static void
close_ends(void *ctx, struct session_entry *entry)
{
	files_remove(ctx, entry);
	deliver(scene->late);
}

static void
write_file(size_t bytes)
{
	int fd = open(scene->path, O_WRONLY | O_TRUNC);

	assert_return_code(fd, errno);
	assert_return_code(ftruncate(fd, (off_t)bytes), errno);
	(void)close(fd);
}

static int
setup(void **state)
{
	struct harness *h;
	int fd;

	(void)state;
	scene = calloc(1, sizeof(*scene));
	assert_non_null(scene);
	snprintf(scene->path, sizeof(scene->path), "/tmp/ferry-files-XXXXXX");
	fd = mkstemp(scene->path);
	assert_return_code(fd, errno);
	(void)close(fd);
	write_file(1);
	h = &scene->harness;
	harness_start(h);
	scene->ferryd.config = h->config;
	scene->ferryd.node = h->node;
	scene->ferryd.book.room = 4;
	assert_int_equal(boot_files(&scene->ferryd), 0);
	h->book.open = open_ends;
	h->book.close = close_ends;
	h->book.ends_ctx = &scene->ferryd;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	undo_files(&scene->ferryd);
	harness_run(&scene->harness, 10);
	harness_end(&scene->harness);
	(void)unlink(scene->path);
	free(scene);
	return 0;
}

/* A session whose file it is. */
static struct session_entry *
define(const char *before, const char *after)
{
	struct session_entry *entry = NULL;
	char text[512];

	snprintf(text, sizeof(text), "%sfile = \"%s\"; %s", before, scene->path, after);
	if (session_define(&scene->harness.book, 1, text, &entry, error, sizeof(error)) != 0)
		fail_msg("refused: %s", error);
	return entry;
}

static struct session_entry *
define_sender(bool start)
{
	return define("id = 9; source = 1; destinations = [ 2 ]; rate = \"1G\"; "
		      "burst = 1000000; flows = ( { path = \"2\"; } ); ingress = { size = 100; ",
		start ? "}; " : "}; start = false; ");
}

/* The source takes all that was read, whenever more is read; the file ends some time. */
static ssize_t
read_endless(void *cookie, char *buffer, size_t size)
{
	struct source *source = cookie;
	struct rte_mbuf *m;

	while (rte_ring_sc_dequeue(source->feed, (void **)&m) == 0)
		rte_pktmbuf_free(m);
	memset(buffer, 0, size);
	return scene->ferryd.feeds[0].bytes < (64 << 20) ? (ssize_t)size : 0;
}

static void
test_feed_is_bounded(void **state)
{
	const cookie_io_functions_t functions = {.read = read_endless};
	struct session_entry *entry = define_sender(false);
	struct file_feed *feed = &scene->ferryd.feeds[0];
	bool more = false;

	(void)state;
	fclose(feed->file);
	feed->file = fopencookie(entry->source, "r", functions);
	assert_non_null(feed->file);
	assert_true(files_serve(&scene->ferryd, &more));
	assert_true(more);
	assert_int_equal(feed->bytes, FILE_PIECES_A_TURN * PIECE);
	assert_true(files_serve(&scene->ferryd, &more));
	assert_int_equal(feed->bytes, 2 * FILE_PIECES_A_TURN * PIECE);
	session_remove(&scene->harness.book, entry);
}

/* All of a file that takes several goes; more is said for as long as it does. */
static void
test_feed_goes_on(void **state)
{
	const uint32_t pieces = 3 * FILE_PIECES_A_TURN + 7;
	uint32_t rounds = 0, fast = 0;
	struct session_entry *entry;
	bool more;

	(void)state;
	write_file((size_t)pieces * PIECE);
	entry = define_sender(true);
	while (!entry->source->finished && rounds++ < 100) {
		(void)files_serve(&scene->ferryd, &more);
		fast += more;
		harness_run(&scene->harness, 1);
	}
	assert_true(entry->source->finished);
	assert_int_equal(entry->source->line->first.packets, pieces);
	assert_int_equal(fast, 3);
	session_remove(&scene->harness.book, entry);
}

/* The harness's session 2, whose egress is the file now. */
static struct session_entry *
define_receiver(void)
{
	struct session_entry *old = session_book_find(&scene->harness.book, 1, 2);

	if (old != NULL)
		session_remove(&scene->harness.book, old);
	return define("id = 2; source = 2; destinations = [ 1 ]; rate = \"8M\"; "
		      "ingress = { generator = { kind = \"constant\"; size = 50; }; }; "
		      "flows = ( { path = \"1\"; } ); egress = ( { node = 1; ",
		"} ); ");
}

static void
run(uint32_t ms)
{
	bool more;

	for (uint32_t i = 0; i < ms; i++) {
		harness_run(&scene->harness, 1);
		(void)files_serve(&scene->ferryd, &more);
	}
}

/* Its pieces are those of harness_receive. */
static uint32_t
pieces_written(void)
{
	struct stat status;

	assert_return_code(stat(scene->path, &status), errno);
	assert_int_equal(status.st_size % 50, 0);
	return (uint32_t)status.st_size / 50;
}

/* While each piece is written another one comes, for a long time. */
static ssize_t
write_more(void *cookie, const char *buffer, size_t size)
{
	(void)cookie;
	(void)buffer;
	if (scene->calls++ < 10000)
		deliver(1);
	return (ssize_t)size;
}

static void
test_removal_is_bounded(void **state)
{
	const cookie_io_functions_t functions = {.write = write_more};
	struct session_entry *entry = define_receiver();
	struct file_sink *sink = TAILQ_FIRST(&scene->ferryd.sinks);

	(void)state;
	deliver(1);
	run(1);
	assert_int_equal(pieces_written(), 1);
	fclose(sink->file);
	sink->file = fopencookie(NULL, "w", functions);
	assert_non_null(sink->file);
	setbuf(sink->file, NULL);
	deliver(1);
	session_remove(&scene->harness.book, entry);
	assert_in_range(scene->calls, 0, FILE_PIECES_A_TURN);
	run(10);
	assert_true(TAILQ_EMPTY(&scene->ferryd.leaving));
}

/* What is delivered before the worker knows of the removal is written. */
static void
test_nothing_is_lost(void **state)
{
	struct session_entry *entry = define_receiver();

	(void)state;
	deliver(3);
	run(1);
	deliver(2);
	scene->late = 7;
	session_remove(&scene->harness.book, entry);
	run(10);
	assert_int_equal(pieces_written(), 12);
	assert_true(TAILQ_EMPTY(&scene->ferryd.leaving));
}

/* At the end of the node, too, which does not wait for the release. */
static void
test_end_writes_all(void **state)
{
	struct session_entry *entry = define_receiver();

	(void)state;
	deliver(3);
	scene->late = 4;
	session_remove(&scene->harness.book, entry);
	undo_files(&scene->ferryd);
	assert_int_equal(pieces_written(), 7);
}

/* Its file is the new session's only when the old one's last piece is written. */
static void
test_same_file_again(void **state)
{
	struct session_entry *entry = define_receiver();
	struct destination *old = entry->destination;
	struct rte_mbuf *m;
	bool more;

	(void)state;
	deliver(5);
	run(1);
	/* Another, and yet another. */
	(void)define_receiver();
	deliver(3);
	entry = define_receiver();
	deliver(2);
	(void)files_serve(&scene->ferryd, &more);
	assert_int_equal(pieces_written(), 5);
	m = rte_pktmbuf_alloc(scene->harness.node->pool);
	assert_non_null(m);
	assert_non_null(rte_pktmbuf_append(m, 50));
	packet_meta(m)->type = 0;
	assert_int_equal(rte_ring_sp_enqueue(old->file, m), 0);
	(void)files_serve(&scene->ferryd, &more);
	assert_int_equal(pieces_written(), 6);
	run(10);
	assert_true(TAILQ_EMPTY(&scene->ferryd.leaving));
	assert_int_equal(pieces_written(), 2);
	deliver(1);
	run(1);
	assert_int_equal(pieces_written(), 3);
	session_remove(&scene->harness.book, entry);
}

/* A FIFO that came after the check, without and with one who reads it: nobody waits for it. */
static void
test_fifo(void **state)
{
	struct session_entry *entry = define_receiver();
	int reader = -1;

	(void)state;
	assert_return_code(unlink(scene->path), errno);
	assert_return_code(mkfifo(scene->path, 0600), errno);
	(void)alarm(10);
	for (int i = 0; i < 2; i++) {
		deliver(3);
		run(1);
		assert_null(TAILQ_FIRST(&scene->ferryd.sinks)->file);
		assert_true(entry->file_failed);
		if (i == 0)
			reader = open(scene->path, O_RDONLY | O_NONBLOCK);
	}
	(void)close(reader);
	assert_return_code(unlink(scene->path), errno);
	deliver(2);
	run(1);
	(void)alarm(0);
	assert_false(entry->file_failed);
	assert_int_equal(pieces_written(), 2);
	session_remove(&scene->harness.book, entry);
}

/* The same of a file that is sent. */
static void
test_fifo_is_not_sent(void **state)
{
	struct file_feed feed = {.path = scene->path};

	(void)state;
	assert_return_code(unlink(scene->path), errno);
	assert_return_code(mkfifo(scene->path, 0600), errno);
	(void)alarm(10);
	assert_int_equal(file_feed_open(&feed, error, sizeof(error)), -1);
	(void)alarm(0);
	assert_non_null(strstr(error, "regular file"));
	assert_null(feed.file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_feed_is_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_feed_goes_on, setup, teardown),
		cmocka_unit_test_setup_teardown(test_removal_is_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_is_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(test_end_writes_all, setup, teardown),
		cmocka_unit_test_setup_teardown(test_same_file_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fifo, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fifo_is_not_sent, setup, teardown),
	};

	harness_eal(false);
	return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
