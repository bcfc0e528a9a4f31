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
#include "session_actions.h"
#include "show_harness.h"

#define RING  1024
#define PIECE 100

struct scene {
	struct harness harness;
	struct ferryd ferryd;
	char path[64];
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

	int ret = session_book_add_source(&scene->harness.book, entry, &source, text, size);

	return ret == 0 ? files_add(f, entry, text, size) : ret;
}

static void
close_ends(void *ctx, struct session_entry *entry)
{
	files_remove(ctx, entry);
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
	scene->ferryd.feeds = calloc(4, sizeof(*scene->ferryd.feeds));
	scene->ferryd.sinks = calloc(4, sizeof(*scene->ferryd.sinks));
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_feed_is_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_feed_goes_on, setup, teardown),
	};

	harness_eal(false);
	return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
