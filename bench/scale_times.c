/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long routing (frame and link judged, Pathlet, copies, delivery) and dispatch (grouped by next
 * hop, headers written, given to the port) take, from the worker's own stage marks: every turn is
 * sampled here. In bursts of one each turn's time is one packet's; in full bursts it is shared.
 */
#include <stdio.h>

#include "relay_latency.h"
#include "scale.h"

#define PACKETS	   512
#define HOPS	   256
#define SESSIONS   256
#define TURNS	   100000
#define TURNS_FEW  2000
#define WARM_TURNS 1000

enum phase {
	ROUTING,
	DISPATCH,
	PHASES
};
static const char *const phase_names[] = {"routing", "dispatch"};

static const struct {
	const char *name;
	enum scale_role role;
} roles[] = {
	{"relay", SCALE_RELAY},
	{"source", SCALE_SOURCE},
	{"destination", SCALE_DESTINATION},
};

static const uint16_t bursts[] = {1, SCALE_BURST};
static const double shares[] = {0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1};
static const char *const share_names[] = {
	"p1", "p10", "p25", "p50", "p75", "p90", "p99", "p999", "max"};

/* What two marks, one right after the other, say: the clock's own cycles. */
static uint64_t
mark_cost(void)
{
	struct worker_load load = {.sampling = true};
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < 1000; i++) {
		load.stage_cycles[STAGE_input] = 0;
		load.mark = rte_rdtsc();
		observe_stage(&load, STAGE_input, 1);
		least = RTE_MIN(least, load.stage_cycles[STAGE_input]);
	}
	return least;
}

static uint64_t
less(uint64_t cycles, uint64_t cost)
{
	return cycles > cost ? cycles - cost : 0;
}

/* In units of a sixteenth of a cycle, so that a burst's share is not cut to whole cycles. */
static void
turn(struct scale_node *s, uint64_t cost, struct relay_latency latency[PHASES])
{
	struct worker *w = s->node->workers[0];
	const uint64_t *cycles = w->load.stage_cycles;
	uint64_t input = cycles[STAGE_input], forward = cycles[STAGE_forward];
	uint64_t output = cycles[STAGE_output], sending = cycles[STAGE_send];
	uint32_t n;

	w->load.sampling = true;
	w->load.mark = rte_rdtsc();
	n = worker_poll(w, tsc_clock_now(&s->clock));
	if (n == 0)
		return;
	relay_latency_add(
		&latency[ROUTING], 16 *
					   (less(cycles[STAGE_input] - input, cost) +
						   less(cycles[STAGE_forward] - forward, cost)) /
					   n);
	relay_latency_add(
		&latency[DISPATCH], 16 *
					    (less(cycles[STAGE_output] - output, cost) +
						    less(cycles[STAGE_send] - sending, cost)) /
					    n);
}

static void
print(const char *role, uint16_t burst, const struct relay_latency latency[PHASES])
{
	double scale = 1e9 / (double)rte_get_tsc_hz() / 16;
	char key[64];

	for (int phase = 0; phase < PHASES; phase++) {
		printf("%-12s %5u  %-9s", role, burst, phase_names[phase]);
		for (size_t i = 0; i < RTE_DIM(shares); i++) {
			double ns = scale * (shares[i] < 1 ? relay_latency_quantile(
								     &latency[phase], shares[i])
							   : (double)latency[phase].max);

			printf(" %8.1f", ns);
			snprintf(key, sizeof(key), "%s_%s_burst%u_ns_%s", phase_names[phase], role,
				burst, share_names[i]);
			bench_figure(key, ns);
		}
		printf("\n");
	}
}

static void
measure(const struct bench_options *options, size_t role, uint16_t burst)
{
	static struct relay_latency latency[PHASES];
	static struct scale_node s;
	struct scale_params params = {.workers = 1,
		.role = roles[role].role,
		.hops = HOPS,
		.sessions = SESSIONS,
		.conferences = 1,
		.packets = PACKETS};
	uint64_t cost = mark_cost(), turns = options->quick ? TURNS_FEW : TURNS;

	scale_node_init(&s, &params);
	s.ports[0].burst = burst;
	scale_port_set(&s.ports[0], s.own[0]);
	for (int phase = 0; phase < PHASES; phase++)
		latency[phase] = (struct relay_latency){0};
	for (uint64_t i = 0; i < WARM_TURNS; i++)
		turn(&s, cost, latency);
	for (int phase = 0; phase < PHASES; phase++)
		latency[phase] = (struct relay_latency){0};
	for (uint64_t i = 0; i < turns * options->runs; i++)
		turn(&s, cost, latency);
	scale_settle(&s);
	print(roles[role].name, burst, latency);
	scale_node_free(&s);
}

void
scale_times(const struct bench_options *options)
{
	printf("\nRouting and dispatch, nanoseconds a packet, %u next hops, %u sessions; a burst "
	       "of "
	       "%u shares its turn's time.\nThe sink that frees packets is in dispatch. What the "
	       "clock itself takes (%lu TSC cycles a mark) is taken off.\n\n%-27s ",
		HOPS, SESSIONS, SCALE_BURST, (unsigned long)mark_cost(), "role         burst");
	for (size_t i = 0; i < RTE_DIM(shares); i++)
		printf(" %8s", share_names[i]);
	printf("\n");
	for (size_t role = 0; role < RTE_DIM(roles); role++)
		for (size_t i = 0; i < RTE_DIM(bursts); i++)
			measure(options, role, bursts[i]);
}
