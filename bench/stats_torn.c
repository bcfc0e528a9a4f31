/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A writer process and eight reader processes on one small ring. Each word of a record follows from
 * the record's number, which readers recompute; they read the newest record and the one that is
 * written over next, so that they are lapped again and again. With the sequence check, no
 * record that is taken as whole may be torn; the same readers without it must find torn ones, or
 * the test would show nothing.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ferry_stats.h"
#include "stats.h"
#include "stats_slot.h"
#include "stats_writer.h"

#define READERS	       8
#define SLOTS	       4
#define WRITES_SECOND  100000u
#define READS	       10400000u /* of all readers */
#define READS_QUICK    400000u
#define UNCHECKED_PART 4 /* of so many */
#define LEAST_NS       UINT64_C(5000000000)
#define LEAST_QUICK_NS UINT64_C(400000000)
#define TYPE	       60000

/* What processes share. */
struct shared {
	bool stop;
	uint64_t least; /* ns, CLOCK_MONOTONIC: readers go on until then */
	uint64_t written;
	struct {
		uint64_t read, torn, lapped, nothing;
	} __attribute__((aligned(64))) readers[READERS];
};

static uint64_t
clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint64_t
word_of(uint64_t number, uint32_t word)
{
	return (number + 1) * UINT64_C(0x9e3779b97f4a7c15) ^
	       (word + 1) * UINT64_C(0xc2b2ae3d27d4eb4f);
}

static void
put(struct stats_writer *w)
{
	union ferry_stats_record record;

	for (uint32_t i = 2; i < FERRY_STATS_WORDS; i++)
		record.words[i] = word_of(w->next, i);
	record.head = (struct ferry_stats_head){TYPE, sizeof(record), 0, w->next};
	stats_writer_put(w, &record);
}

static bool
is_whole(const union ferry_stats_record *record, uint64_t number)
{
	if (record->head.tick != number || record->head.type != TYPE ||
		record->head.bytes != sizeof(*record))
		return false;
	for (uint32_t i = 2; i < FERRY_STATS_WORDS; i++)
		if (record->words[i] != word_of(number, i))
			return false;
	return true;
}

/* So many a second: what was missed while others had the core is made up for. */
static void
write_all(struct stats_writer *w, struct shared *shared)
{
	uint64_t began = clock_ns();

	while (!__atomic_load_n(&shared->stop, __ATOMIC_RELAXED)) {
		uint64_t due = (clock_ns() - began) * WRITES_SECOND / 1000000000u;

		for (uint64_t n = 0; w->next < due && n < 1000; n++)
			put(w);
		stats_writer_beat(w, clock_ns());
		__atomic_store_n(&shared->written, w->next, __ATOMIC_RELAXED);
	}
}

/* The library's reader, without the look at the sequence after the copy. */
static enum ferry_stats_result
read_unchecked(const uint8_t *memory, uint64_t number, union ferry_stats_record *record)
{
	const struct ferry_stats_slot *slot = (const void *)(memory +
							     sizeof(struct ferry_stats_header) +
							     number % SLOTS * FERRY_STATS_SLOT);

	if (__atomic_load_n(&slot->sequence, __ATOMIC_ACQUIRE) != stats_written(number))
		return FERRY_STATS_LAPPED;
	stats_slot_copy(slot, record->words, FERRY_STATS_WORDS);
	return FERRY_STATS_OK;
}

static void
read_all(const uint8_t *memory, struct shared *shared, unsigned int reader, uint64_t wanted,
	bool checked)
{
	char error[256];
	struct ferry_stats *stats = ferry_stats_open(stats_path(), error, sizeof(error));
	uint64_t random = reader + 1;

	if (stats == NULL)
		bench_die("%s", error);
	while (shared->readers[reader].read < wanted || clock_ns() < shared->least) {
		uint64_t head = ferry_stats_next_number(stats), number;
		union ferry_stats_record record;
		enum ferry_stats_result result;

		if (head < SLOTS)
			continue;
		random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
		/* The newest, or the one that is written over next. */
		number = (random >> 62) == 0 ? head - 1 : head - SLOTS;
		result = checked ? ferry_stats_read(stats, number, &record)
				 : read_unchecked(memory, number, &record);
		if (result == FERRY_STATS_OK) {
			shared->readers[reader].read++;
			shared->readers[reader].torn += !is_whole(&record, number);
		} else if (result == FERRY_STATS_LAPPED) {
			shared->readers[reader].lapped++;
		} else {
			shared->readers[reader].nothing++;
		}
	}
	ferry_stats_close(stats);
}

/* As fork does; a child ends with its parent, which may end before all have been waited for. */
static pid_t
start_child(void)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		bench_die("no process for a reader or the writer");
	if (pid == 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent))
		_exit(EXIT_FAILURE);
	return pid;
}

static void
wait_for(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || status != 0)
		bench_die("a reader or the writer failed");
}

struct sums {
	uint64_t read, torn, lapped;
};

static struct sums
run(uint64_t reads, uint64_t least_ns, bool checked)
{
	struct stats_writer_params params = {.path = stats_path(),
		.node = "bench",
		.slots = SLOTS,
		.interval_ns = 1000000000,
		.now_ns = clock_ns()};
	struct shared *shared = mmap(
		NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct sums sums = {0};
	struct stats_writer w;
	char error[256];
	pid_t readers[READERS], writer;
	uint64_t began;

	if (shared == MAP_FAILED)
		bench_die("out of memory");
	if (stats_writer_open(&w, &params, error, sizeof(error)) != 0)
		bench_die("%s", error);
	fflush(stdout);
	began = clock_ns();
	shared->least = began + least_ns;
	writer = start_child();
	if (writer == 0) {
		write_all(&w, shared);
		_exit(EXIT_SUCCESS);
	}
	for (unsigned int i = 0; i < READERS; i++) {
		readers[i] = start_child();
		if (readers[i] == 0) {
			read_all((const uint8_t *)w.header, shared, i, reads / READERS, checked);
			_exit(EXIT_SUCCESS);
		}
	}
	for (unsigned int i = 0; i < READERS; i++) {
		wait_for(readers[i]);
		sums.read += shared->readers[i].read;
		sums.torn += shared->readers[i].torn;
		sums.lapped += shared->readers[i].lapped;
	}
	__atomic_store_n(&shared->stop, true, __ATOMIC_RELAXED);
	wait_for(writer);
	printf("%-22s | %9lu read, %8lu lapped, %7lu torn | %8lu written, %.0f a second\n",
		checked ? "with the check" : "without it", (unsigned long)sums.read,
		(unsigned long)sums.lapped, (unsigned long)sums.torn,
		(unsigned long)shared->written,
		(double)shared->written * 1e9 / (double)(clock_ns() - began));
	stats_writer_close(&w);
	munmap(shared, sizeof(*shared));
	return sums;
}

void
stats_torn(const struct bench_options *options)
{
	uint64_t reads = options->quick ? READS_QUICK : READS;
	uint64_t least = options->quick ? LEAST_QUICK_NS : LEAST_NS;
	struct sums checked, unchecked;

	printf("A ring of %d slots, a writer at %u records a second, %d readers\n\n", SLOTS,
		WRITES_SECOND, READERS);
	checked = run(reads, least, true);
	unchecked = run(reads / UNCHECKED_PART, least, false);
	bench_figure("torn_records", (double)checked.torn);
	bench_figure("records_read", (double)checked.read);
	bench_figure("records_lapped", (double)checked.lapped);
	bench_figure("torn_records_unchecked", (double)unchecked.torn);
	if (checked.torn != 0)
		bench_die("records were torn");
	if (unchecked.torn == 0 || checked.lapped == 0)
		bench_die("no reader was lapped: this run shows nothing");
}
