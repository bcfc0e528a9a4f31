/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker forwards on one core while the control thread, on the other, writes the node's
 * statistics to shared memory, ten times as often as it does by default. Runs with and without take
 * turns; without, the control thread wakes as often.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_launch.h>

#include "frames.h"
#include "scale.h"
#include "stats.h"
#include "stats_export.h"

#define PACKETS		  512
#define HOPS		  64
#define SESSIONS	  64
#define INTERVAL_NS	  100000000
#define PAIRS_A_RUN	  5
#define RUN_NS		  UINT64_C(200000000)
#define RUN_QUICK_NS	  UINT64_C(20000000)
#define INTERVAL_QUICK_NS 10000000

/* A node's control side, as far as statistics need it. */
struct exporter {
	struct scale_node *s;
	struct config config;
	struct config_conference conference;
	struct config_session sessions[SESSIONS];
	struct session_entry entries[SESSIONS], *order[SESSIONS];
	struct session_book book;
	struct rates rates;
	struct show_view view;
	struct stats_export stats;
	uint64_t interval_ns;
	bool stop, on; /* written by the main lcore */
	uint64_t written, failed;
};

static bool
show_device(void *ctx, const struct port *port, struct show_device *out)
{
	const struct scale_node *s = ctx;

	(void)port;
	*out = (struct show_device){.rx_packets = __atomic_load_n(&s->ports[0].given, 0),
		.tx_packets = __atomic_load_n(&s->ports[0].taken, 0)};
	return true;
}

static void
fill_book(struct exporter *e)
{
	for (uint32_t i = 0; i < SESSIONS; i++) {
		struct source_params params = scale_source_params(e->s, i);

		e->sessions[i] = (struct config_session){
			.conference = params.conference, .id = params.session};
		snprintf(e->sessions[i].name, sizeof(e->sessions[i].name), "session-%u", i);
		e->entries[i] = (struct session_entry){.conference = &e->conference,
			.config = &e->sessions[i],
			.index = i,
			.source = node_find_source(e->s->node, params.conference, params.session)};
		if (e->entries[i].source == NULL)
			bench_die("source %u is not there", i);
		e->order[i] = &e->entries[i];
	}
	e->book = (struct session_book){.node = e->s->node,
		.config = &e->config,
		.entries = e->order,
		.nb_entries = SESSIONS,
		.room = SESSIONS};
}

static void
begin(struct exporter *e)
{
	struct stats_export_params params = {.view = &e->view,
		.path = stats_path(),
		.interval_ns = e->interval_ns,
		.intervals = 8};
	char error[512];

	snprintf(e->config.node.name, sizeof(e->config.node.name), "bench");
	fill_book(e);
	if (rates_init(&e->rates, e->s->node->max_links, SESSIONS) != 0)
		bench_die("out of memory");
	e->view = (struct show_view){.node = e->s->node,
		.config = &e->config,
		.sessions = &e->book,
		.rates = &e->rates,
		.started = tsc_clock_now(&e->s->clock),
		.hooks = {.ctx = e->s, .device = show_device}};
	if (stats_export_begin(
		    &e->stats, &params, tsc_clock_now(&e->s->clock), error, sizeof(error)) != 0)
		bench_die("%s", error);
}

static int
control(void *arg)
{
	struct exporter *e = arg;
	struct timespec at;
	char error[512];

	clock_gettime(CLOCK_MONOTONIC, &at);
	while (!__atomic_load_n(&e->stop, __ATOMIC_RELAXED)) {
		at.tv_nsec += (long)e->interval_ns;
		if (at.tv_nsec >= 1000000000) {
			at.tv_nsec -= 1000000000;
			at.tv_sec++;
		}
		(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
		if (__atomic_load_n(&e->on, __ATOMIC_RELAXED)) {
			uint64_t now = tsc_clock_now(&e->s->clock);

			rates_tick(&e->view, now);
			e->failed += stats_export_tick(&e->stats, now, error, sizeof(error)) != 0;
			e->written += e->stats.latest.count;
		}
		node_tick(e->s->node);
	}
	return 0;
}

/* Fall of the rate, per cent, and the ratio of the rates. */
static void
run_pair(struct exporter *e, uint64_t ns, bool on_first, struct bench_samples *falls,
	struct bench_samples *ratios)
{
	double cycles[2];

	for (int k = 0; k < 2; k++) {
		bool on = (k == 0) == on_first;
		struct bench_meter meter;

		__atomic_store_n(&e->on, on, __ATOMIC_RELAXED);
		meter = scale_node_forward(e->s, ns);
		cycles[on] = (double)meter.cycles / (double)RTE_MAX(meter.packets, UINT64_C(1));
	}
	bench_add(falls, 100 * (1 - cycles[0] / cycles[1]));
	bench_add(ratios, cycles[0] / cycles[1]);
}

static void
print(const struct exporter *e, const struct bench_samples *falls,
	const struct bench_samples *ratios)
{
	struct bench_interval fall = bench_interval(falls), ratio = bench_interval(ratios);

	printf("\nForwarding to %d next hops while the control thread on the other core writes "
	       "statistics each %lu ms\n(%u records each time, of %d links and %d sessions): rate "
	       "%.4f of that without; it falls by %.2f %%\n(95 %%: %.2f to %.2f), median %.2f, %u "
	       "pairs\n",
		HOPS, (unsigned long)(e->interval_ns / 1000000), e->stats.latest.count, HOPS + 1,
		SESSIONS, ratio.mean, fall.mean, fall.low, fall.high, bench_stat(falls).median,
		falls->n);
	bench_figure("export_rate_ratio", ratio.mean);
	bench_figure("export_fall_percent", fall.mean);
	bench_figure("export_fall_upper_percent", fall.high);
}

void
stats_rate_fall(const struct bench_options *options)
{
	const struct scale_params params = {.workers = 1,
		.role = SCALE_SOURCE,
		.hops = HOPS,
		.sessions = SESSIONS,
		.conferences = 1,
		.packets = PACKETS};
	struct bench_samples falls = {0}, ratios = {0};
	unsigned int n = RTE_MIN(PAIRS_A_RUN * options->runs, (unsigned int)BENCH_RUNS_MAX);
	uint64_t ns = options->quick ? RUN_QUICK_NS : RUN_NS;
	static struct scale_node s;
	static struct exporter e;

	if (!rte_lcore_is_enabled(SCALE_OTHER_LCORE)) {
		printf("rate: left out, this process may use only one CPU\n");
		return;
	}
	scale_node_init(&s, &params);
	scale_node_traffic(&s, SCALE_RELAY);
	scale_port_set(&s.ports[0], s.own[0]);
	e.s = &s;
	e.interval_ns = options->quick ? INTERVAL_QUICK_NS : INTERVAL_NS;
	begin(&e);
	if (rte_eal_remote_launch(control, &e, SCALE_OTHER_LCORE) != 0)
		bench_die("lcore %u is busy", SCALE_OTHER_LCORE);
	(void)scale_node_forward(&s, ns);
	for (unsigned int i = 0; i < n; i++)
		run_pair(&e, ns, i % 2 == 0, &falls, &ratios);
	__atomic_store_n(&e.stop, true, __ATOMIC_RELAXED);
	/* The control thread may wait for this worker's quiescence. */
	while (rte_eal_get_lcore_state(SCALE_OTHER_LCORE) == RUNNING)
		(void)scale_node_forward(&s, 1000000);
	(void)rte_eal_wait_lcore(SCALE_OTHER_LCORE);
	scale_settle(&s);
	print(&e, &falls, &ratios);
	if (e.failed > 0 || e.written == 0)
		bench_die("statistics were not written");
	stats_export_end(&e.stats);
	rates_free(&e.rates);
	scale_node_free(&s);
}
