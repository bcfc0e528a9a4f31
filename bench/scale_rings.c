/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two workers, each with a port. Packets to next hops on the port they came by go straight to it;
 * those to next hops on the other port go through the next hop's ring to the other worker.
 */
#include <stdio.h>

#include <rte_launch.h>
#include <rte_pause.h>

#include "scale.h"

#define PACKETS	       512
#define MEASURE	       200000
#define MEASURE_QUICK  8192
#define TWO_CORE_NS    UINT64_C(100000000)
#define TWO_CORE_QUICK UINT64_C(5000000)

static const uint16_t next_hops[] = {1, 8, 64, 512};

enum way {
	OWN,
	RING,
	WAYS
};
static const char *const way_names[] = {"own", "ring"};

/* One core: straight, by one port; by rings, from port 0 to port 1. Both workers turn. */
static double
by_hand(struct scale_node *s, enum way way, uint64_t packets)
{
	struct scale_port *in = &s->ports[0], *out = &s->ports[way == OWN ? 0 : 1];
	struct bench_meter meter;
	uint64_t warm = in->given + 4096, before;

	scale_port_set(in, way == OWN ? s->own[0] : s->across[0]);
	scale_port_set(&s->ports[1], NULL);
	do {
		for (uint16_t i = 0; i < 2; i++)
			(void)worker_poll(s->node->workers[i], tsc_clock_now(&s->clock));
	} while (in->given < warm);
	bench_meter_start(&meter, 0);
	while (meter.packets < packets) {
		before = out->taken;
		for (uint16_t i = 0; i < 2; i++)
			(void)worker_poll(s->node->workers[i], tsc_clock_now(&s->clock));
		bench_meter_turn(&meter, rte_rdtsc(), (uint32_t)(out->taken - before));
	}
	scale_settle(s);
	bench_meter_end(&meter);
	return (double)meter.cycles / (double)meter.packets;
}

static void
print_hand(const struct bench_options *options, uint16_t hops)
{
	struct scale_params params = {
		.workers = 2, .role = SCALE_RELAY, .hops = hops, .packets = PACKETS};
	static struct scale_node s;
	struct bench_samples cycles[WAYS] = {0};
	struct bench_stat stat[WAYS], ratio;
	char key[48];

	scale_node_init(&s, &params);
	for (unsigned int run = 0; run < options->runs; run++)
		for (int k = 0; k < WAYS; k++) {
			enum way way = run % 2 == 0 ? (enum way)k : (enum way)(WAYS - 1 - k);

			bench_add(&cycles[way],
				by_hand(&s, way, options->quick ? MEASURE_QUICK : MEASURE));
		}
	for (int way = 0; way < WAYS; way++) {
		stat[way] = bench_stat(&cycles[way]);
		snprintf(key, sizeof(key), "cycles_%s_nh%u", way_names[way], hops);
		bench_figure(key, stat[way].median);
	}
	ratio = bench_ratio(&cycles[RING], &cycles[OWN]);
	printf("%9u | %7.1f (%6.1f..%6.1f) | %7.1f (%6.1f..%6.1f) | %5.2f (%4.2f..%4.2f)\n", hops,
		stat[OWN].median, stat[OWN].min, stat[OWN].max, stat[RING].median, stat[RING].min,
		stat[RING].max, ratio.median, ratio.min, ratio.max);
	snprintf(key, sizeof(key), "ratio_ring_to_own_nh%u", hops);
	bench_figure(key, ratio.median);
	scale_node_free(&s);
}

/* A worker on a core of its own. */
struct turner {
	struct scale_node *s;
	uint16_t worker;
	const bool *stop;
	struct bench_meter meter;
	uint64_t began, ended; /* TSC */
};

static int
turn(void *arg)
{
	struct turner *t = arg;
	struct worker *w = t->s->node->workers[t->worker];

	t->began = rte_rdtsc();
	bench_meter_start(&t->meter, 0);
	while (!__atomic_load_n(t->stop, __ATOMIC_RELAXED)) {
		uint32_t n = worker_poll(w, tsc_clock_now(&t->s->clock));

		bench_meter_turn(&t->meter, rte_rdtsc(), n);
	}
	t->ended = rte_rdtsc();
	return 0;
}

/* Millions of packets a second that both ports together took; preempted time of both adds up. */
static double
on_two_cores(struct scale_node *s, enum way way, uint64_t ns, double *preempted, double *time)
{
	bool stop = false;
	struct turner turners[2] = {
		{.s = s, .worker = 0, .stop = &stop}, {.s = s, .worker = 1, .stop = &stop}};
	struct worker *w = s->node->workers[0];
	uint64_t before, hz = rte_get_tsc_hz(), now, end;
	double seconds;

	for (uint16_t i = 0; i < 2; i++)
		scale_port_set(&s->ports[i], way == OWN ? s->own[i] : s->across[i]);
	before = s->ports[0].taken + s->ports[1].taken;
	if (rte_eal_remote_launch(turn, &turners[1], SCALE_OTHER_LCORE) != 0)
		bench_die("lcore %u is busy", SCALE_OTHER_LCORE);
	turners[0].began = rte_rdtsc();
	end = turners[0].began + (uint64_t)((double)ns * 1e-9 * (double)hz);
	bench_meter_start(&turners[0].meter, 0);
	do {
		uint32_t n = worker_poll(w, tsc_clock_now(&s->clock));

		now = rte_rdtsc();
		bench_meter_turn(&turners[0].meter, now, n);
	} while (now < end);
	seconds = (double)(now - turners[0].began) / (double)hz;
	before = __atomic_load_n(&s->ports[0].taken, __ATOMIC_RELAXED) +
		 __atomic_load_n(&s->ports[1].taken, __ATOMIC_RELAXED) - before;
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	(void)rte_eal_wait_lcore(SCALE_OTHER_LCORE);
	for (uint16_t i = 0; i < 2; i++) {
		*preempted += (double)turners[i].meter.preempted / (double)hz;
		bench_meter_end(&turners[i].meter);
	}
	*time += seconds + (double)(turners[1].ended - turners[1].began) / (double)hz;
	scale_settle(s);
	return (double)before / seconds / 1e6;
}

static void
print_two(const struct bench_options *options, uint16_t hops)
{
	struct scale_params params = {
		.workers = 2, .role = SCALE_RELAY, .hops = hops, .packets = PACKETS};
	static struct scale_node s;
	struct bench_samples mpps[WAYS] = {0}, trips = {0};
	struct bench_stat stat[WAYS], ratio, trip;
	double preempted = 0, time = 0;
	char key[48];

	scale_node_init(&s, &params);
	for (unsigned int run = 0; run < options->runs; run++) {
		bench_add(&trips, bench_round_trip(SCALE_OTHER_LCORE).median);
		for (int k = 0; k < WAYS; k++) {
			enum way way = run % 2 == 0 ? (enum way)k : (enum way)(WAYS - 1 - k);

			bench_add(&mpps[way],
				on_two_cores(&s, way, options->quick ? TWO_CORE_QUICK : TWO_CORE_NS,
					&preempted, &time));
		}
	}
	for (int way = 0; way < WAYS; way++) {
		stat[way] = bench_stat(&mpps[way]);
		snprintf(key, sizeof(key), "mpps_two_cores_%s_nh%u", way_names[way], hops);
		bench_figure(key, stat[way].median);
	}
	ratio = bench_ratio(&mpps[RING], &mpps[OWN]);
	trip = bench_stat(&trips);
	printf("%9u | %7.2f (%6.2f..%6.2f) | %7.2f (%6.2f..%6.2f) | %5.2f (%4.2f..%4.2f) | "
	       "%5.0f (%5.0f..%5.0f) | %4.1f %%\n",
		hops, stat[OWN].median, stat[OWN].min, stat[OWN].max, stat[RING].median,
		stat[RING].min, stat[RING].max, ratio.median, ratio.min, ratio.max, trip.median,
		trip.min, trip.max, 100 * preempted / time);
	snprintf(key, sizeof(key), "ratio_ring_to_own_two_cores_nh%u", hops);
	bench_figure(key, ratio.median);
	scale_node_free(&s);
}

void
scale_rings(const struct bench_options *options)
{
	unsigned int rows = options->quick ? 2 : RTE_DIM(next_hops);

	printf("\nNext hops of another worker (ring) beside one's own, one core turns both workers "
	       "by hand:\nTSC cycles a packet, the ports' own included, median (least..most)\n\n"
	       "next hops | own                      | ring                     | ring / own\n");
	for (unsigned int i = 0; i < rows; i++)
		print_hand(options, next_hops[i]);
	if (!scale_has_two("two cores"))
		return;
	printf("\nThe same, each worker on a core of its own, both receive and send: million "
	       "packets a second of both\ntogether; round trip of a cache line between the cores "
	       "in TSC cycles; time without a core\n\n"
	       "next hops | own                      | ring                     | ring / own"
	       "         | round trip            | preempted\n");
	for (unsigned int i = 0; i < rows; i++)
		print_two(options, next_hops[i]);
}
