/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the benchmark programs share: their options, DPDK's environment, medians with spread, the
 * machine they ran on, and figures as JSON. One thread, the main lcore, except where a function
 * says otherwise.
 */
#ifndef FERRY_BENCH_H
#define FERRY_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_cycles.h>

#define BENCH_RUNS_MAX 64

/*
 * A turn that took so many nanoseconds longer than four short ones was interrupted: another process
 * had the core.
 */
#define BENCH_GAP_NS 20000

struct bench_options {
	const char *json;   /* file for the figures; NULL = none */
	const char *commit; /* what was built, as git describes it; "unknown" if nobody said */
	const char *only;   /* a part of the benchmark; NULL = all */
	unsigned int runs;  /* of each measurement, 1 to BENCH_RUNS_MAX */
	bool quick;	    /* proves that the program works, measures nothing of value */
};

/*
 * Options are read by getopt_long; a wrong one ends the program with exit status 2, --help with 0.
 * parts is what --only may say, one line each, NULL for none.
 */
void bench_read_options(
	struct bench_options *options, int argc, char **argv, const char *about, const char *parts);

/*
 * DPDK's environment: no device of the machine, memory in MiB in hugepages if so many are free,
 * else without (said so on stdout). lcores as EAL's --lcores wants them, NULL = the first allowed
 * core only. Ends the program with exit status 1 when it cannot be had.
 */
void bench_eal(const char *program, unsigned int memory, const char *lcores);

/*
 * removal is called as this program ends, however it does but by SIGKILL: ^C and SIGTERM too, then
 * in another thread. Not in children. Ends the program if it cannot.
 */
void bench_at_end(void (*removal)(void));

/*
 * Removes what DPDK leaves behind of a program that has ended, by its --file-prefix. bench_eal's
 * own goes when this program ends.
 */
void bench_forget(const char *prefix);

/* For lcores: 0 and 1 on the first two CPUs that this process may use, or 0 alone. Into list. */
const char *bench_two_lcores(char *list, size_t size);

/* Free hugepages of 2 MiB, in MiB. */
unsigned int bench_free_hugepages(void);

/*
 * Processor, TSC rate, core clock (cycles a TSC cycle), commit, flags of the build: one line each.
 */
void bench_print_machine(const struct bench_options *options);

/* Measured values of one thing, one a run. */
struct bench_samples {
	unsigned int n;
	double value[BENCH_RUNS_MAX];
};

struct bench_stat {
	double median, min, max;
};

void bench_add(struct bench_samples *samples, double value);

/* Of at least one value. */
struct bench_stat bench_stat(const struct bench_samples *samples);

/* Mean of at least two values, and its interval of 95 % (Student's t). */
struct bench_interval {
	double mean, low, high;
};

struct bench_interval bench_interval(const struct bench_samples *samples);

/* Of a[i] / b[i], which were measured one right after the other; as many of each. */
struct bench_stat bench_ratio(const struct bench_samples *a, const struct bench_samples *b);

/*
 * TSC cycles of turns, without those in which the core was somewhere else. Turn by turn:
 * bench_meter_turn with the TSC after it and how many packets it dealt with.
 */
struct bench_meter {
	uint64_t gap;	    /* cycles from which a turn counts as interrupted */
	uint64_t last;	    /* TSC at the end of the last turn */
	uint64_t cycles;    /* of turns that count */
	uint64_t packets;   /* of turns that count */
	uint64_t preempted; /* cycles of turns that do not */
	uint64_t gaps;	    /* how many of those */
};

/* least: TSC cycles of the shortest turn there was, while warming up. */
void bench_meter_start(struct bench_meter *meter, uint64_t least);

static inline void
bench_meter_turn(struct bench_meter *meter, uint64_t tsc, uint32_t packets)
{
	uint64_t took = tsc - meter->last;

	meter->last = tsc;
	if (__builtin_expect(took > meter->gap, 0)) {
		meter->preempted += took;
		meter->gaps++;
		return;
	}
	meter->cycles += took;
	meter->packets += packets;
}

/* It has ended: bench_finish tells what share of all meters' time was left out. Main lcore only. */
void bench_meter_end(const struct bench_meter *meter);

/*
 * TSC cycles that a cache line takes from this core to another and back, median of some thousand:
 * how near two cores are. lcore is a worker lcore of the EAL, not busy.
 */
struct bench_stat bench_round_trip(unsigned int lcore);

/* Figures for --json, in the order in which they are given; a key once. */
void bench_figure(const char *key, double value);

/* Exit status where nothing could be measured; meson takes it for a test that was skipped. */
#define BENCH_SKIPPED 77

/*
 * Writes the file if the options name one. Exit status of the program: 0, 1 if it failed,
 * BENCH_SKIPPED without a figure.
 */
int bench_finish(const struct bench_options *options, const char *benchmark);

/* What --only names. */
struct bench_part {
	const char *name;
	const char *text; /* for --help, a line */
	/* Prints its tables and gives its figures. NULL: the script that runs the program does. */
	void (*measure)(const struct bench_options *options);
	bool bare; /* measured before DPDK's environment is there; such come first */
};

#define BENCH_PARTS_MAX 7

struct bench_program {
	const char *name;  /* of the benchmark, for --json */
	const char *about; /* for --help */
	/* Measured in this order. One without a name ends them. */
	struct bench_part parts[BENCH_PARTS_MAX + 1];
	unsigned int memory, memory_quick; /* MiB; the latter with --quick */
	bool two_lcores;		   /* bench_two_lcores, else the first CPU alone */
	void (*begin)(void);		   /* before the first that is not bare; NULL = nothing */
};

/* All that main() does: reads the options, measures what is wanted. Exit status of the program. */
int bench_main(const struct bench_program *program, int argc, char **argv);

/* Ends the program with exit status 1; the text is told after the program's name. */
void bench_die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
