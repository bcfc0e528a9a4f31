/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long a node takes for a packet: judged, routed, dispatched, from when its port handed it out
 * until its port is called to send it (or, where it ends here, until the turn ends). In bursts of
 * one a turn's time is one packet's; in full bursts it is shared. The part of it that judges frame
 * and link is taken from the worker's own stage marks, in turns of their own.
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
	WHOLE,
	INPUT,
	PHASES
};
static const char *const phase_names[] = {"whole", "input"};

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

/* What two readings of the clock, one right after the other, say: its own cycles. */
static uint64_t
clock_cost(void)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < 1000; i++) {
		uint64_t begin = rte_rdtsc(), end = rte_rdtsc();

		least = RTE_MIN(least, end - begin);
	}
	return least;
}

/* In units of a sixteenth of a cycle, so that a burst's share is not cut to whole cycles. */
static void
add(struct relay_latency *latency, uint64_t cycles, uint64_t cost, uint32_t packets)
{
	relay_latency_add(latency, 16 * (cycles > cost ? cycles - cost : 0) / packets);
}

static void
turn(struct scale_node *s, enum phase phase, uint64_t cost, struct relay_latency *latency)
{
	struct worker *w = s->node->workers[0];
	struct scale_port *port = &s->ports[0];
	uint64_t end;
	uint32_t n;

	port->marks = phase == WHOLE;
	w->load.sampling = false;
	if (phase == INPUT)
		observe_sample(&w->load);
	n = worker_poll(w, tsc_clock_now(&s->clock));
	end = rte_rdtsc();
	if (n == 0)
		return;
	if (phase == INPUT)
		add(latency, w->load.turn_cycles[STAGE_input], cost, n);
	else
		add(latency, (port->back_at != 0 ? port->back_at : end) - port->left_at, cost, n);
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
	uint64_t cost = clock_cost(), turns = options->quick ? TURNS_FEW : TURNS;

	scale_node_init(&s, &params);
	s.ports[0].burst = burst;
	scale_port_set(&s.ports[0], s.own[0]);
	for (uint64_t i = 0; i < WARM_TURNS; i++)
		turn(&s, WHOLE, cost, &latency[WHOLE]);
	for (int phase = 0; phase < PHASES; phase++) {
		latency[phase] = (struct relay_latency){0};
		for (uint64_t i = 0; i < turns * options->runs; i++)
			turn(&s, (enum phase)phase, cost, &latency[phase]);
	}
	scale_settle(&s);
	print(roles[role].name, burst, latency);
	scale_node_free(&s);
}

void
scale_times(const struct bench_options *options)
{
	printf("\nTime in the node, nanoseconds a packet, %u next hops, %u sessions: from the "
	       "port's "
	       "receive to its send, and the\npart of it that judges frame and link; a burst of %u "
	       "shares its time. The clock's own %lu TSC cycles are taken off.\n\n%-27s ",
		HOPS, SESSIONS, SCALE_BURST, (unsigned long)clock_cost(), "role         burst");
	for (size_t i = 0; i < RTE_DIM(shares); i++)
		printf(" %8s", share_names[i]);
	printf("\n");
	for (size_t role = 0; role < RTE_DIM(roles); role++)
		for (size_t i = 0; i < RTE_DIM(bursts); i++)
			measure(options, role, bursts[i]);
}
