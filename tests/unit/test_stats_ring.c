/* SPDX-License-Identifier: BSD-3-Clause */
/* The statistics ring: one writer, readers in this process and in others, what goes wrong. */
#include "unit.h"

#include <errno.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ferry_stats.h"
#include "stats_slot.h"
#include "stats_writer.h"

#define SLOTS	64
#define SECOND	UINT64_C(1000000000)
#define PATTERN 60000 /* a type that nobody knows */

struct fixture {
	char directory[64], path[128], error[256];
	struct stats_writer writer;
	struct ferry_stats *stats;
};

static struct ferry_stats *
open_stats(struct fixture *f)
{
	return ferry_stats_open(f->path, f->error, sizeof(f->error));
}

static void
begin(struct fixture *f, uint32_t slots)
{
	struct stats_writer_params params = {.path = f->path,
		.node = "left",
		.node_id = 7,
		.slots = slots,
		.interval_ns = SECOND,
		.utc_ns = 1000 + slots,
		.now_ns = 100 * SECOND};

	assert_int_equal(stats_writer_open(&f->writer, &params, f->error, sizeof(f->error)), 0);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->directory, "/tmp/ferry-stats-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	snprintf(f->path, sizeof(f->path), "%s/node.stats", f->directory);
	begin(f, SLOTS);
	f->stats = open_stats(f);
	assert_non_null(f->stats);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	ferry_stats_close(f->stats);
	stats_writer_close(&f->writer);
	assert_int_equal(rmdir(f->directory), 0);
	free(f);
	return 0;
}

/* Words that follow from the number of the record. */
static uint64_t
pattern(uint64_t number, uint32_t word)
{
	return (number + 1) * UINT64_C(0x9e3779b97f4a7c15) + word * UINT64_C(0xc2b2ae3d27d4eb4f);
}

static void
put_pattern(struct stats_writer *w)
{
	union ferry_stats_record record;
	uint64_t number = w->next;

	for (uint32_t i = 0; i < FERRY_STATS_WORDS; i++)
		record.words[i] = pattern(number, i);
	record.head = (struct ferry_stats_head){PATTERN, sizeof(record), 0, number};
	stats_writer_put(w, &record);
}

static bool
is_pattern(const union ferry_stats_record *record)
{
	for (uint32_t i = 2; i < FERRY_STATS_WORDS; i++)
		if (record->words[i] != pattern(record->head.tick, i))
			return false;
	return true;
}

/* An interval: n drop reasons, and the node. */
static void
put_interval(struct stats_writer *w, uint64_t tick, uint32_t n)
{
	union ferry_stats_record record;
	uint64_t first = w->next;

	for (uint32_t i = 0; i < n; i++) {
		memset(&record, 0, sizeof(record));
		record.head = (struct ferry_stats_head){
			FERRY_STATS_DROP, sizeof(record.drop), i, tick};
		snprintf(record.drop.reason, sizeof(record.drop.reason), "reason_%u", i);
		record.drop.packets = tick * 1000 + i;
		stats_writer_put(w, &record);
	}
	memset(&record, 0, sizeof(record));
	record.head = (struct ferry_stats_head){FERRY_STATS_NODE, sizeof(record.node), 0, tick};
	record.node.first = first;
	record.node.count = n + 1;
	strcpy(record.node.name, "left");
	stats_writer_put(w, &record);
	stats_writer_beat(w, (100 + tick) * SECOND);
}

static void
test_file(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(st.st_size, sizeof(struct ferry_stats_header) + SLOTS * 512);
	assert_string_equal(ferry_stats_node_name(f->stats), "left");
	assert_int_equal(ferry_stats_node_id(f->stats), 7);
	assert_int_equal(ferry_stats_interval(f->stats), SECOND);
	assert_int_equal(ferry_stats_slots(f->stats), SLOTS);
	stats_writer_close(&f->writer);
	assert_int_equal(stat(f->path, &st), -1);
	assert_int_equal(ferry_stats_liveness(f->stats, 100 * SECOND), FERRY_STATS_OVER);
}

static void
test_snapshot(void **state)
{
	struct fixture *f = *state;
	struct ferry_stats_snapshot snapshot = {0};

	assert_int_equal(ferry_stats_snapshot(f->stats, &snapshot), FERRY_STATS_NOTHING);
	assert_null(ferry_stats_snapshot_node(&snapshot));
	/* Many rounds of the ring, intervals of all sizes that it holds. */
	for (uint64_t tick = 1; tick < 200; tick++) {
		uint32_t n = (uint32_t)(tick * 7 % SLOTS);

		put_interval(&f->writer, tick, n);
		assert_int_equal(ferry_stats_snapshot(f->stats, &snapshot), FERRY_STATS_OK);
		assert_int_equal(snapshot.count, n + 1);
		assert_int_equal(ferry_stats_snapshot_node(&snapshot)->head.tick, tick);
		for (uint32_t i = 0; i < n; i++) {
			assert_int_equal(snapshot.records[i].head.type, FERRY_STATS_DROP);
			assert_int_equal(snapshot.records[i].drop.packets, tick * 1000 + i);
		}
	}
	/* More than the ring holds. */
	put_interval(&f->writer, 200, SLOTS);
	assert_int_equal(ferry_stats_snapshot(f->stats, &snapshot), FERRY_STATS_BROKEN);
	assert_int_equal(snapshot.count, 0);
	ferry_stats_snapshot_free(&snapshot);
}

/* An interval that is half written does not hide the one before. */
static void
test_half_an_interval(void **state)
{
	struct fixture *f = *state;
	struct ferry_stats_snapshot snapshot = {0};

	put_interval(&f->writer, 1, 20);
	for (int i = 0; i < 40; i++)
		put_pattern(&f->writer);
	assert_int_equal(ferry_stats_snapshot(f->stats, &snapshot), FERRY_STATS_OK);
	assert_int_equal(snapshot.records[3].drop.packets, 1003);
	for (int i = 0; i < 8; i++)
		put_pattern(&f->writer);
	assert_int_equal(ferry_stats_snapshot(f->stats, &snapshot), FERRY_STATS_LAPPED);
	ferry_stats_snapshot_free(&snapshot);
}

static void
test_follow(void **state)
{
	struct fixture *f = *state;
	union ferry_stats_record record;
	uint64_t lost = 0, next = 0, read = 0;

	assert_int_equal(ferry_stats_follow(f->stats, &record, &lost), FERRY_STATS_NOTHING);
	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < round * 5; i++)
			put_pattern(&f->writer);
		while (ferry_stats_follow(f->stats, &record, &lost) == FERRY_STATS_OK) {
			assert_true(record.head.tick >= next);
			next = record.head.tick + 1;
			assert_true(is_pattern(&record));
			read++;
		}
		assert_int_equal(read + lost, f->writer.next);
		assert_int_equal(lost > 0, round * 5 > SLOTS);
	}
}

static void
test_read(void **state)
{
	struct fixture *f = *state;
	union ferry_stats_record record;

	for (int i = 0; i < 3 * SLOTS; i++)
		put_pattern(&f->writer);
	assert_int_equal(ferry_stats_read(f->stats, 3 * SLOTS, &record), FERRY_STATS_NOTHING);
	assert_int_equal(ferry_stats_read(f->stats, 2 * SLOTS - 1, &record), FERRY_STATS_LAPPED);
	for (uint64_t n = 2 * SLOTS; n < 3 * SLOTS; n++) {
		assert_int_equal(ferry_stats_read(f->stats, n, &record), FERRY_STATS_OK);
		assert_int_equal(record.head.tick, n);
		assert_true(is_pattern(&record));
	}
}

static void
test_liveness(void **state)
{
	struct fixture *f = *state;
	struct ferry_stats *second;

	assert_int_equal(ferry_stats_liveness(f->stats, 104 * SECOND), FERRY_STATS_LIVES);
	assert_int_equal(ferry_stats_liveness(f->stats, 104 * SECOND + 1), FERRY_STATS_SILENT);
	put_interval(&f->writer, 5, 1);
	assert_int_equal(ferry_stats_liveness(f->stats, 109 * SECOND), FERRY_STATS_LIVES);
	/* A clock that is behind the writer's. */
	assert_int_equal(ferry_stats_liveness(f->stats, 1), FERRY_STATS_LIVES);

	/* A new writer: who read the old file still may, and is told. */
	f->writer.header = NULL;
	begin(f, 2 * SLOTS);
	assert_int_equal(ferry_stats_liveness(f->stats, 109 * SECOND), FERRY_STATS_REPLACED);
	second = open_stats(f);
	assert_int_equal(ferry_stats_slots(second), 2 * SLOTS);
	assert_true(ferry_stats_started(second) != ferry_stats_started(f->stats));
	assert_int_equal(ferry_stats_liveness(second, 100 * SECOND), FERRY_STATS_LIVES);
	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(ferry_stats_liveness(second, 100 * SECOND), FERRY_STATS_GONE);
	ferry_stats_close(second);
}

/* Somebody empties the file under writer and reader: both see it, and neither dies of it. */
static void
test_cut_short(void **state)
{
	struct fixture *f = *state;
	struct ferry_stats_snapshot snapshot = {0};

	put_interval(&f->writer, 1, 1);
	assert_true(stats_writer_whole(&f->writer));
	assert_int_equal(truncate(f->path, 0), 0);
	assert_false(stats_writer_whole(&f->writer));
	assert_int_equal(ferry_stats_liveness(f->stats, 100 * SECOND), FERRY_STATS_OVER);
	assert_int_equal(ferry_stats_snapshot(f->stats, &snapshot), FERRY_STATS_BROKEN);
	stats_writer_close(&f->writer);
	assert_int_equal(access(f->path, F_OK), -1);
}

/* Who ends leaves the file of the one that took its place. */
static void
test_two_writers(void **state)
{
	struct fixture *f = *state;
	struct stats_writer old = f->writer;

	begin(f, SLOTS);
	stats_writer_close(&old);
	assert_int_equal(access(f->path, R_OK), 0);
	assert_int_equal(ferry_stats_liveness(f->stats, 100 * SECOND), FERRY_STATS_OVER);
}

static void
expect_refused(struct fixture *f, const char *what)
{
	struct ferry_stats *stats = open_stats(f);

	assert_null(stats);
	if (strstr(f->error, what) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", f->error, what);
}

static void
test_wrong_files(void **state)
{
	struct fixture *f = *state;
	struct ferry_stats_header *h = f->writer.header, good = *h;

	h->version = FERRY_STATS_VERSION + 1;
	expect_refused(f, "another version");
	*h = good;
	h->magic++;
	expect_refused(f, "no statistics file");
	*h = good;
	h->slot_count = SLOTS * 2;
	expect_refused(f, "make no sense");
	h->slot_count = SLOTS - 1;
	expect_refused(f, "make no sense");
	*h = good;
	h->slots_offset = good.file_bytes - 8;
	expect_refused(f, "make no sense");
	h->slots_offset = UINT64_MAX - 7;
	expect_refused(f, "cut short");
	*h = good;
	h->interval_ns = 0;
	expect_refused(f, "interval");
	h->interval_ns = 86401 * SECOND;
	expect_refused(f, "interval");
	*h = good;
	h->header_bytes = sizeof(*h) - 1;
	expect_refused(f, "cut short");
	*h = good;
	h->slots_offset -= 8;
	expect_refused(f, "cut short");
	*h = good;
	/* No multiple of 8; no room for a record's head. */
	for (int i = 0; i < 2; i++) {
		h->slot_count = 1;
		h->slot_bytes = (const uint32_t[]){508, 16}[i];
		expect_refused(f, "make no sense");
	}
	*h = good;
	assert_int_equal(truncate(f->path, (off_t)good.file_bytes - 4096), 0);
	expect_refused(f, "cut short");
	assert_int_equal(truncate(f->path, 100), 0);
	expect_refused(f, "too short");
	assert_int_equal(truncate(f->path, 0), 0);
	expect_refused(f, "is no statistics file");
	/* What is mapped must be there. */
	assert_int_equal(truncate(f->path, (off_t)good.file_bytes), 0);
	stats_writer_close(&f->writer);
	expect_refused(f, "cannot be opened");
}

static void
test_cannot_write(void **state)
{
	struct fixture *f = *state;
	struct stats_writer w;
	struct stats_writer_params params = {.path = "/nowhere/at/all.stats",
		.node = "left",
		.slots = SLOTS,
		.interval_ns = SECOND};

	assert_int_equal(stats_writer_open(&w, &params, f->error, sizeof(f->error)), -ENOENT);
	assert_non_null(strstr(f->error, "/nowhere/at/all.stats"));
	stats_writer_close(&w);
	params.path = f->path;
	params.slots = 63;
	assert_int_equal(stats_writer_open(&w, &params, f->error, sizeof(f->error)), -EINVAL);
	assert_int_equal(access(f->path, R_OK), 0);
}

/* Names without an end, and a record that lies about its length. */
static void
test_lying_records(void **state)
{
	struct fixture *f = *state;
	union ferry_stats_record record;
	struct ferry_stats_slot *slot = (void *)f->writer.slots;

	memset(&record, 'x', sizeof(record));
	record.head = (struct ferry_stats_head){FERRY_STATS_SESSION, sizeof(record.session), 0, 1};
	stats_writer_put(&f->writer, &record);
	assert_int_equal(ferry_stats_read(f->stats, 0, &record), FERRY_STATS_OK);
	assert_int_equal(strlen(record.session.conference_name), FERRY_STATS_NAME_MAX - 1);
	assert_int_equal(strlen(record.session.session_name), FERRY_STATS_NAME_MAX - 1);
	/* Beyond its own length there is nothing. */
	assert_int_equal(record.words[FERRY_STATS_WORDS - 1], 0);
	for (uint32_t bytes = 0; bytes < 65536; bytes++) {
		bool fine = bytes >= 16 && bytes % 8 == 0 && bytes <= 504;

		((struct ferry_stats_head *)slot->words)->bytes = (uint16_t)bytes;
		assert_int_equal(ferry_stats_read(f->stats, 0, &record),
			fine ? FERRY_STATS_OK : FERRY_STATS_BROKEN);
	}
}

static void
expect_clean(const char *name)
{
	assert_string_equal(name, "?]0;mine?"
				  "?[2J~ ?????");
}

/* Names that would command a terminal. */
static void
test_hostile_names(void **state)
{
	static const char name[] = "\x1b]0;mine\x07\x1b[2J~ \x7f\x80\xff\n\x9b";
	struct fixture *f = *state;
	struct ferry_stats *again;
	union ferry_stats_record record;

	for (uint16_t type = FERRY_STATS_NODE; type < FERRY_STATS_TYPES; type++) {
		memset(&record, 0, sizeof(record));
		record.head = (struct ferry_stats_head){type, sizeof(record), 0, 1};
		/* As each type has them; the others have none, and theirs is not looked at. */
		strcpy(record.node.name, name);
		if (type == FERRY_STATS_SESSION) {
			strcpy(record.session.conference_name, name);
			strcpy(record.session.session_name, name);
		} else if (type == FERRY_STATS_LINK) {
			strcpy(record.link.port, name);
		} else if (type == FERRY_STATS_NODE) {
			strcpy(record.node.version, "1\n2");
		}
		stats_writer_put(&f->writer, &record);
		assert_int_equal(
			ferry_stats_read(f->stats, f->writer.next - 1, &record), FERRY_STATS_OK);
		if (type == FERRY_STATS_SESSION) {
			expect_clean(record.session.conference_name);
			expect_clean(record.session.session_name);
		} else if (type != FERRY_STATS_WORKER) {
			expect_clean(record.node.name);
		}
		if (type == FERRY_STATS_LINK)
			expect_clean(record.link.port);
		if (type == FERRY_STATS_NODE)
			assert_string_equal(record.node.version, "1?2");
	}
	strcpy(f->writer.header->node, name);
	again = open_stats(f);
	assert_non_null(again);
	expect_clean(ferry_stats_node_name(again));
	ferry_stats_close(again);
}

/* A writer that was killed in the middle of a record: what was whole is read, no more comes. */
static void
test_writer_killed(void **state)
{
	struct fixture *f = *state;
	union ferry_stats_record record;
	struct ferry_stats_slot *slots = (void *)f->writer.slots;

	for (int i = 0; i < SLOTS + 10; i++)
		put_pattern(&f->writer);
	/* Half of record SLOTS + 10. */
	slots[10].sequence = stats_writing(SLOTS + 10);
	slots[10].words[5] = 0;
	assert_int_equal(ferry_stats_read(f->stats, SLOTS + 10, &record), FERRY_STATS_NOTHING);
	assert_int_equal(ferry_stats_read(f->stats, 10, &record), FERRY_STATS_LAPPED);
	for (uint64_t n = 11; n < SLOTS + 10; n++) {
		assert_int_equal(ferry_stats_read(f->stats, n, &record), FERRY_STATS_OK);
		assert_true(is_pattern(&record));
	}
	assert_int_equal(ferry_stats_liveness(f->stats, 200 * SECOND), FERRY_STATS_SILENT);
}

static void
test_delay_quantile(void **state)
{
	uint64_t delays[FERRY_STATS_DELAYS] = {0};

	(void)state;
	assert_true(isnan(ferry_stats_delay_quantile(delays, 0.5)));
	delays[3] = 100; /* 500 to 1000 us */
	assert_float_equal(ferry_stats_delay_quantile(delays, 0.5), 750, 1e-9);
	assert_float_equal(ferry_stats_delay_quantile(delays, 1), 1000, 1e-9);
	delays[16] = 100;
	assert_float_equal(ferry_stats_delay_quantile(delays, 0.5), 1000, 1e-9);
	assert_float_equal(ferry_stats_delay_quantile(delays, 0.99), 1e7, 1e-9);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_snapshot, setup, teardown),
		cmocka_unit_test_setup_teardown(test_half_an_interval, setup, teardown),
		cmocka_unit_test_setup_teardown(test_follow, setup, teardown),
		cmocka_unit_test_setup_teardown(test_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_liveness, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut_short, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_writers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrong_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cannot_write, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lying_records, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_writer_killed, setup, teardown),
		cmocka_unit_test(test_delay_quantile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
