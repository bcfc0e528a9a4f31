/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One worker in its own loop (worker_loop) on the other core, fed at a rate: how much of the core
 * it takes, how long packets stay, how much memory, by idle policy.
 */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <rte_launch.h>

#include "scale.h"

#define PACKETS	     4096
#define HOPS	     8
#define RUN_NS	     UINT64_C(200000000)
#define RUN_QUICK_NS UINT64_C(10000000)
#define SAMPLE_US    500
#define PATIENCE_NS  UINT64_C(5000000000) /* for a first packet, on a machine that is busy */

/* Packets a second; the first is none, the last as many as go. */
static const uint64_t rates[] = {
	0, 1000, 10000, 100000, 300000, 1000000, 2000000, 4000000, 8000000, UINT64_MAX};

#define RATES RTE_DIM(rates)

struct point {
	struct bench_samples mpps, cpu, busy, p50, p99, most, skipped, buffers, memory;
};

struct run {
	struct worker *w;
	double cpu; /* seconds of the thread */
};

static int
loop(void *arg)
{
	struct run *run = arg;
	struct timespec before, after;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
	(void)worker_loop(run->w);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
	run->cpu = (double)(after.tv_sec - before.tv_sec) +
		   (double)(after.tv_nsec - before.tv_nsec) * 1e-9;
	return 0;
}

/* Sleeps, and looks now and then how many packets are out. Longer, if none came that must. */
static unsigned int
watch(struct scale_node *s, uint64_t ns, bool flows)
{
	uint64_t began = tsc_clock_now(&s->clock), before = s->ports[0].taken, passed;
	unsigned int most = 0, now;

	while ((passed = tsc_clock_now(&s->clock) - began) < ns ||
		(flows && passed < PATIENCE_NS &&
			__atomic_load_n(&s->ports[0].taken, __ATOMIC_RELAXED) == before)) {
		(void)usleep(SAMPLE_US);
		now = rte_mempool_in_use_count(s->ports[0].pool);
		most = RTE_MAX(most, now);
	}
	return most;
}

static double
microseconds(const struct relay_latency *latency, double share)
{
	return relay_latency_quantile(latency, share) / 1000; /* counted in ns here */
}

/* Only a rate has times at which packets are due. */
static void
add_delays(struct point *point, const struct scale_port *port, uint64_t given,
	const struct relay_latency *latency)
{
	if (latency->count == 0)
		return;
	bench_add(&point->p50, microseconds(latency, 0.5));
	bench_add(&point->p99, microseconds(latency, 0.99));
	bench_add(&point->most, (double)latency->max / 1000);
	bench_add(&point->skipped, 100 * (double)port->late / (double)(port->late + given));
}

static void
measure(struct scale_node *s, uint64_t rate, uint64_t ns, struct point *point)
{
	static struct relay_latency latency;
	struct scale_port *port = &s->ports[0];
	struct run run = {.w = s->node->workers[0]};
	struct worker_load before = run.w->load;
	uint64_t taken = port->taken, given = port->given, began, busy, idle;
	unsigned int buffers;
	double seconds;

	latency = (struct relay_latency){0};
	port->clock = &s->clock;
	port->latency = rate != 0 && rate != UINT64_MAX ? &latency : NULL;
	scale_port_pace(port, rate == UINT64_MAX ? 0 : rate);
	scale_port_set(port, rate != 0 ? s->own[0] : NULL);
	began = tsc_clock_now(&s->clock);
	__atomic_store_n(&run.w->stop, false, __ATOMIC_RELAXED);
	if (rte_eal_remote_launch(loop, &run, SCALE_OTHER_LCORE) != 0)
		bench_die("lcore %u is busy", SCALE_OTHER_LCORE);
	buffers = watch(s, ns, rate != 0);
	__atomic_store_n(&run.w->stop, true, __ATOMIC_RELAXED);
	(void)rte_eal_wait_lcore(SCALE_OTHER_LCORE);
	seconds = (double)(tsc_clock_now(&s->clock) - began) * 1e-9;
	port->latency = NULL;
	if (rate != 0 && port->taken == taken)
		bench_die("no packet came through in %.0f s", seconds);
	busy = run.w->load.busy_ns - before.busy_ns;
	idle = run.w->load.idle_ns - before.idle_ns;
	bench_add(&point->mpps, (double)(port->taken - taken) / seconds / 1e6);
	bench_add(&point->cpu, 100 * run.cpu / seconds);
	bench_add(&point->busy, 100 * (double)busy / (double)RTE_MAX(busy + idle, UINT64_C(1)));
	add_delays(point, port, port->given - given, &latency);
	bench_add(&point->buffers, buffers);
	bench_add(&point->memory, (double)scale_allocated() / 1048576);
	scale_settle(s);
}

static void
rate_name(char *text, size_t size, uint64_t rate)
{
	if (rate == UINT64_MAX)
		snprintf(text, size, "most");
	else
		snprintf(text, size, "%lu", (unsigned long)rate);
}

static void
print(const char *policy, uint64_t rate, const struct point *point)
{
	char name[32], key[64];
	const struct {
		const char *key;
		const struct bench_samples *samples;
	} figures[] = {
		{"mpps", &point->mpps},
		{"cpu_percent", &point->cpu},
		{"busy_percent", &point->busy},
		{"delay_p50_us", &point->p50},
		{"delay_p99_us", &point->p99},
		{"delay_max_us", &point->most},
		{"skipped_percent", &point->skipped},
		{"buffers", &point->buffers},
		{"mib", &point->memory},
	};

	rate_name(name, sizeof(name), rate);
	printf("%-9s %9s", policy, name);
	for (size_t i = 0; i < RTE_DIM(figures); i++) {
		struct bench_stat stat;

		if (figures[i].samples->n == 0) {
			printf(" | %9s", "-");
			continue;
		}
		stat = bench_stat(figures[i].samples);
		printf(" | %9.*f", i == 0 ? 4 : 1, stat.median);
		snprintf(key, sizeof(key), "rate_%s_%s_%s", policy, name, figures[i].key);
		bench_figure(key, stat.median);
	}
	printf("\n");
}

void
scale_rates(const struct bench_options *options)
{
	static const char *const policies[] = {"poll", "adaptive"};
	static struct scale_node s[2];
	static struct point points[2][RATES];
	struct bench_stat idle;

	if (!scale_has_two("rates"))
		return;
	printf("\nOne worker in its loop, relaying to %u next hops, by idle policy and packets a "
	       "second: million packets\na second that came through, share of a core that the "
	       "thread used, share of its time with packets, delay\nfrom when a packet was due to "
	       "the port that took it, share of those due that were never handed out, packets out\n"
	       "at once, MiB of DPDK's heap; medians\n\n"
	       "policy       wanted |      Mpps |     CPU %% |    busy %% |    p50 us |    p99 us |"
	       "    max us | skipped %% |   packets |       MiB\n",
		HOPS);
	for (int policy = 0; policy < 2; policy++) {
		struct scale_params params = {.workers = 1,
			.role = SCALE_RELAY,
			.hops = HOPS,
			.packets = PACKETS,
			.may_sleep = policy == 1};

		scale_node_init(&s[policy], &params);
	}
	for (unsigned int run = 0; run < options->runs; run++)
		for (size_t i = 0; i < RATES; i++)
			for (int policy = 0; policy < 2; policy++)
				measure(&s[policy], rates[i],
					options->quick ? RUN_QUICK_NS : RUN_NS, &points[policy][i]);
	for (int policy = 0; policy < 2; policy++) {
		for (size_t i = 0; i < RATES; i++)
			print(policies[policy], rates[i], &points[policy][i]);
		scale_node_free(&s[policy]);
	}
	idle = bench_stat(&points[1][0].cpu);
	printf("six idle workers that may sleep would take %.1f %% of a core\n", 6 * idle.median);
}
