/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How late packets of many paced links leave one worker, in real time: the TSC as the port gets a
 * packet, less the packet's nominal time, which is reckoned here anew for each link. Packets that
 * were due while the worker was interrupted are left out, and their share is told.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feeder_scene.h"
#include "pacer.h"
#include "relay_latency.h"

#define LINKS	    2000
#define DEPTH	    3		     /* packets of each link that go round */
#define RATE	    UINT64_C(100000) /* bytes/s of each link: one packet in 10 ms */
#define SECONDS	    3
#define QUICK_MS    200
#define TURN_MAX    4096 /* packets of one turn that are looked at */
#define SECOND_NS   UINT64_C(1000000000)
#define INTERVAL_NS (FEEDER_PACKET * SECOND_NS / RATE)

static_assert(FEEDER_PACKET * SECOND_NS % RATE == 0, "nominal times are whole nanoseconds");

struct late {
	uint64_t due, late;
};

struct pacing {
	uint64_t *due; /* by link: nominal time of its next packet */
	bool *fresh;   /* by link: its first packet is under way, which leaves when it is pushed */
	struct rte_mbuf **first; /* what links begin with, DEPTH times one of each */
	uint32_t begun;		 /* so many links */
	struct late turn[TURN_MAX];
	uint32_t nb_turn;
	uint64_t early;	  /* packets before their time */
	uint64_t nominal; /* packets that are due until the end, if none is late */
	struct relay_latency good, all;
	uint64_t gap_end, gap_ns, gaps;
};

static void
look(struct feeder_scene *s, uint32_t link, uint64_t now)
{
	struct pacing *p = s->look_arg;
	uint64_t due = p->due[link], clock = tsc_clock_now(&s->clock);

	if (p->fresh[link]) {
		p->fresh[link] = false;
		return;
	}
	p->early += now < due;
	if (p->nb_turn < TURN_MAX)
		p->turn[p->nb_turn++] = (struct late){
			.due = due, .late = clock > due ? clock - due : 0};
	/* What is later than the grain of the pacer's clock begins anew. */
	p->due[link] = RTE_MAX(due, now - PACER_GRAIN_NS) + INTERVAL_NS;
}

/* The turn has ended, and it is known whether it was interrupted. */
static void
sort_turn(struct pacing *p)
{
	for (uint32_t i = 0; i < p->nb_turn; i++) {
		relay_latency_add(&p->all, p->turn[i].late);
		if (p->turn[i].due > p->gap_end)
			relay_latency_add(&p->good, p->turn[i].late);
	}
	p->nb_turn = 0;
}

/* One link after the other begins, over one interval, as links would. */
static void
begin_links(struct feeder_scene *s, struct pacing *p, uint64_t start, uint64_t now, uint64_t end)
{
	uint64_t due;

	while (p->begun < LINKS && start + p->begun * INTERVAL_NS / LINKS <= now) {
		for (uint32_t i = 0; i < DEPTH; i++)
			s->back[s->nb_back++] = p->first[i * LINKS + p->begun];
		p->fresh[p->begun] = true;
		/* A link that was idle has a turn of the worker to its credit. */
		due = s->worker->now - PACER_TURN_NS + INTERVAL_NS;
		p->nominal += due < end ? (end - 1 - due) / INTERVAL_NS + 1 : 0;
		p->due[p->begun++] = due;
	}
}

/*
 * Turns for so long. A turn of more than BENCH_GAP_NS and what its packets may need was
 * interrupted, as bench.h has it.
 */
static void
run(struct feeder_scene *s, struct pacing *p, uint64_t ns)
{
	uint64_t now = tsc_clock_now(&s->clock), start = now, end = now + ns, cost = 0;

	while (now < end) {
		uint64_t began = now;
		uint32_t n;

		(void)worker_poll(s->worker, now);
		n = s->nb_back;
		begin_links(s, p, start, now, end);
		feeder_scene_push(s);
		now = tsc_clock_now(&s->clock);
		if (n > 0 && (cost == 0 || (now - began) / n < cost))
			cost = (now - began) / n + 1;
		if (now - began > BENCH_GAP_NS + 4 * cost * n) {
			p->gap_end = now;
			p->gap_ns += now - began;
			p->gaps++;
		}
		sort_turn(p);
	}
}

static void
print(const struct pacing *p, uint64_t ns, struct bench_samples samples[4])
{
	double share = (double)p->all.count / (double)p->nominal;
	double excluded = p->all.count > 0 ? 1 - (double)p->good.count / (double)p->all.count : 0;
	double p99 = relay_latency_quantile(&p->good, 0.99) / 1000;

	if (p->good.count == 0)
		bench_die("the worker was interrupted all the time");
	printf("%9lu %8.4f %% | %7.2f %7.2f %7.2f %9.2f | %9.2f | %8.4f %% | %5lu, %7.4f %% | "
	       "%5lu\n",
		(unsigned long)p->all.count, share * 100,
		relay_latency_quantile(&p->good, 0.5) / 1000, p99,
		relay_latency_quantile(&p->good, 0.999) / 1000, (double)p->good.max / 1000,
		(double)p->all.max / 1000, excluded * 100, (unsigned long)p->gaps,
		(double)p->gap_ns * 100 / (double)ns, (unsigned long)p->early);
	if (p->early > 0)
		bench_die("%lu packets left before their time", (unsigned long)p->early);
	bench_add(&samples[0], p99);
	bench_add(&samples[1], (double)p->good.max / 1000);
	bench_add(&samples[2], excluded);
	bench_add(&samples[3], share);
}

static void
pacing_init(struct pacing *p, struct feeder_scene *s, const struct feeder_scene_params *params)
{
	memset(p, 0, sizeof(*p));
	p->due = calloc(LINKS, sizeof(*p->due));
	p->fresh = calloc(LINKS, sizeof(*p->fresh));
	p->first = calloc(params->packets, sizeof(struct rte_mbuf *));
	if (p->due == NULL || p->fresh == NULL || p->first == NULL)
		bench_die("out of memory");
	tsc_clock_init(&s->clock);
	feeder_scene_init(s, params, tsc_clock_now(&s->clock));
	memcpy(p->first, s->back, params->packets * sizeof(struct rte_mbuf *));
	s->nb_back = 0;
	s->look = look;
	s->look_arg = p;
}

void
feeder_pacing(const struct bench_options *options)
{
	static const char *const keys[] = {"pacing_error_p99_us", "pacing_error_max_us",
		"pacing_excluded_share", "pacing_packets_share"};
	uint64_t ns = options->quick ? QUICK_MS * UINT64_C(1000000) : SECONDS * SECOND_NS;
	const struct feeder_scene_params params = {
		.links = LINKS, .conferences = 1, .packets = LINKS * DEPTH, .rate = RATE};
	struct bench_samples samples[4] = {0};
	static struct feeder_scene s;

	printf("\nHow late packets leave, microseconds after their time: %u links of one worker, "
	       "each a packet in %lu ms, %lu a second\nin all. Those due while the worker was "
	       "interrupted are left out\n\n"
	       "  packets of nominal |     p50     p99   p99.9       max | with all: max | "
	       "left out | interruptions    | early\n",
		LINKS, (unsigned long)(INTERVAL_NS / 1000000),
		(unsigned long)(LINKS * SECOND_NS / INTERVAL_NS));
	for (unsigned int i = 0; i < options->runs; i++) {
		static struct pacing pacing;
		struct pacing *p = &pacing;

		pacing_init(p, &s, &params);
		run(&s, p, ns);
		print(p, ns, samples);
		feeder_scene_free(&s);
		free(p->due);
		free(p->fresh);
		free(p->first);
	}
	for (size_t i = 0; i < RTE_DIM(keys); i++)
		bench_figure(keys[i], bench_stat(&samples[i]).median);
}
