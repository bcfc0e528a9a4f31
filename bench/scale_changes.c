/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker forwards on one core while the control thread, on the other, changes routes: flow plans
 * of sessions that packets are flowing through, links and sessions that come and go. Runs with and
 * without changes take turns; without them the control thread wakes as often.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <rte_launch.h>

#include "scale.h"

#define PACKETS	       512
#define HOPS	       64
#define SESSIONS       64
#define EXTRA	       64 /* links, and sessions, that come and go */
#define EXTRA_CONF     4000
#define CHANGES_SECOND 1000
#define PAIRS_A_RUN    8
#define RUN_NS	       UINT64_C(50000000)
#define RUN_QUICK_NS   UINT64_C(10000000)

/* The control thread's. */
struct changer {
	struct scale_node *s;
	bool stop;	/* written by the main lcore */
	bool on;	/* changes are made; the same */
	uint64_t turns; /* of the control thread, whether or not it changes something */
	uint64_t plans, links_added, links_removed, sessions_added, sessions_removed;
	uint64_t failed;
	uint16_t next_session, next_link, next_extra;
	bool link_there[EXTRA], session_there[EXTRA];
	uint16_t hop_of[SESSIONS];
};

/* The next session's packets go to another next hop from now on. */
static void
change_plan(struct changer *c)
{
	struct scale_node *s = c->s;
	uint16_t i = c->next_session++ % SESSIONS;
	struct source_params params = scale_source_params(s, i);
	struct source *source = node_find_source(s->node, params.conference, params.session);
	struct flow_plan *plan;

	c->hop_of[i] = (uint16_t)((c->hop_of[i] + 1) % HOPS);
	plan = source != NULL ? scale_plan(s, 0, c->hop_of[i]) : NULL;
	if (plan == NULL) {
		c->failed++;
		return;
	}
	node_set_plan(s->node, source, plan);
	c->plans++;
}

static void
change_link(struct changer *c)
{
	struct scale_node *s = c->s;
	uint16_t i = c->next_link++ % EXTRA;
	struct link *link;

	if (c->link_there[i]) {
		link = node_find_link(s->node, scale_hop_id(0, (uint16_t)(HOPS + i)));
		if (link != NULL)
			node_remove_link(s->node, link);
		c->links_removed += link != NULL;
		c->failed += link == NULL;
		c->link_there[i] = false;
		return;
	}
	link = scale_add_hop(s, 0, (uint16_t)(HOPS + i));
	c->links_added += link != NULL;
	c->failed += link == NULL;
	c->link_there[i] = link != NULL;
}

/* A session that begins here, and one that ends here. */
static void
add_session(struct changer *c, uint16_t i)
{
	struct scale_node *s = c->s;
	struct source_params source = scale_source_params(s, 0);
	struct destination_params destination = scale_destination_params(s, 0);
	struct flow_plan *plan = scale_plan(s, 0, i % HOPS);

	source.conference = EXTRA_CONF;
	source.session = 1u + i;
	source.ingress_udp_port = (uint16_t)(LOOP_INGRESS + SESSIONS + i);
	destination.conference = EXTRA_CONF + 1;
	destination.session = 1u + i;
	if (plan == NULL || node_add_source(s->node, &source, plan) == NULL ||
		node_add_destination(s->node, &destination, 0) == NULL) {
		c->failed++;
		return;
	}
	c->session_there[i] = true;
	c->sessions_added++;
}

static void
change_session(struct changer *c)
{
	struct node *node = c->s->node;
	uint16_t i = c->next_extra++ % EXTRA;

	if (!c->session_there[i]) {
		add_session(c, i);
		return;
	}
	node_remove_source(node, node_find_source(node, EXTRA_CONF, 1u + i));
	node_remove_destination(node, node_find_destination(node, EXTRA_CONF + 1, 1u + i));
	c->session_there[i] = false;
	c->sessions_removed++;
}

static uint64_t
changes(const struct changer *c)
{
	return c->plans + c->links_added + c->links_removed + c->sessions_added +
	       c->sessions_removed;
}

static int
control(void *arg)
{
	struct changer *c = arg;
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	while (!__atomic_load_n(&c->stop, __ATOMIC_RELAXED)) {
		at.tv_nsec += 1000000000 / CHANGES_SECOND;
		if (at.tv_nsec >= 1000000000) {
			at.tv_nsec -= 1000000000;
			at.tv_sec++;
		}
		(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
		if (__atomic_load_n(&c->on, __ATOMIC_RELAXED)) {
			if (c->turns % 2 == 0)
				change_plan(c);
			else if (c->turns % 4 == 1)
				change_link(c);
			else
				change_session(c);
		}
		c->turns++;
		node_tick(c->s->node);
	}
	return 0;
}

struct pairs {
	struct bench_samples fall; /* per cent */
	uint64_t gaps[2];
	double preempted[2], time[2]; /* cycles; 1 = with changes */
};

static void
run_pair(struct changer *c, uint64_t ns, bool changed_first, struct pairs *pairs)
{
	double cycles[2], fall;

	for (int k = 0; k < 2; k++) {
		bool on = (k == 0) == changed_first;
		struct bench_meter meter;

		__atomic_store_n(&c->on, on, __ATOMIC_RELAXED);
		meter = scale_node_forward(c->s, ns);
		cycles[on] = (double)meter.cycles / (double)RTE_MAX(meter.packets, UINT64_C(1));
		pairs->gaps[on] += meter.gaps;
		pairs->preempted[on] += (double)meter.preempted;
		pairs->time[on] += (double)(meter.cycles + meter.preempted);
	}
	fall = 100 * (1 - cycles[0] / cycles[1]);
	bench_add(&pairs->fall, fall);
}

static void
print(const struct changer *c, const char *role, const struct pairs *pairs, double seconds,
	uint64_t lost)
{
	struct bench_interval mean = bench_interval(&pairs->fall);
	struct bench_stat fall = bench_stat(&pairs->fall);
	char key[64];

	printf("%-7s | %6.2f %% (95 %%: %6.2f to %6.2f), median %6.2f, %u pairs | %5.0f a second: "
	       "%lu plans, %lu + %lu links, %lu + %lu sessions | lost %lu\n",
		role, mean.mean, mean.low, mean.high, fall.median, pairs->fall.n,
		(double)changes(c) / seconds, (unsigned long)c->plans,
		(unsigned long)c->links_added, (unsigned long)c->links_removed,
		(unsigned long)c->sessions_added, (unsigned long)c->sessions_removed,
		(unsigned long)lost);
	printf("        | turns that were interrupted: %lu with changes (%.1f %% of the time), %lu "
	       "without (%.1f %%)\n",
		(unsigned long)pairs->gaps[1], 100 * pairs->preempted[1] / pairs->time[1],
		(unsigned long)pairs->gaps[0], 100 * pairs->preempted[0] / pairs->time[0]);
	snprintf(key, sizeof(key), "changes_%s_fall_percent", role);
	bench_figure(key, mean.mean);
	snprintf(key, sizeof(key), "changes_%s_fall_upper_percent", role);
	bench_figure(key, mean.high);
	snprintf(key, sizeof(key), "changes_%s_a_second", role);
	bench_figure(key, (double)changes(c) / seconds);
	snprintf(key, sizeof(key), "changes_%s_lost", role);
	bench_figure(key, (double)lost);
}

static void
measure(const struct bench_options *options, enum scale_role role, const char *name)
{
	struct scale_params params = {.workers = 1,
		.role = SCALE_SOURCE,
		.hops = HOPS,
		.sessions = SESSIONS,
		.conferences = 1,
		.packets = PACKETS};
	static struct scale_node s;
	static struct changer c;
	struct pairs pairs = {0};
	uint64_t ns = options->quick ? RUN_QUICK_NS : RUN_NS, lost;
	unsigned int n = RTE_MIN(PAIRS_A_RUN * options->runs, (unsigned int)BENCH_RUNS_MAX);
	const char *reason;

	scale_node_init(&s, &params);
	if (role == SCALE_RELAY)
		scale_node_traffic(&s, role);
	scale_port_set(&s.ports[0], s.own[0]);
	c = (struct changer){.s = &s};
	for (uint16_t i = 0; i < SESSIONS; i++)
		c.hop_of[i] = i % HOPS;
	if (rte_eal_remote_launch(control, &c, SCALE_OTHER_LCORE) != 0)
		bench_die("lcore %u is busy", SCALE_OTHER_LCORE);
	(void)scale_node_forward(&s, ns);
	for (unsigned int i = 0; i < n; i++)
		run_pair(&c, ns, i % 2 == 0, &pairs);
	__atomic_store_n(&c.stop, true, __ATOMIC_RELAXED);
	/* The control thread may wait for this worker's quiescence. */
	while (rte_eal_get_lcore_state(SCALE_OTHER_LCORE) == RUNNING)
		(void)scale_node_forward(&s, 1000000);
	(void)rte_eal_wait_lcore(SCALE_OTHER_LCORE);
	scale_drain(&s);
	lost = s.ports[0].given - s.ports[0].taken;
	print(&c, name, &pairs, pairs.time[1] / (double)rte_get_tsc_hz(), lost);
	if (lost > 0)
		bench_die("%lu packets were lost: %s", (unsigned long)scale_drops(&s, &reason),
			reason);
	if (c.failed > 0)
		bench_die("%lu changes failed", (unsigned long)c.failed);
	scale_node_free(&s);
}

void
scale_changes(const struct bench_options *options)
{
	if (!scale_has_two("changes"))
		return;
	printf("\nChanges while packets flow: %u a second (half of them flow plans, a quarter "
	       "links, "
	       "a quarter sessions) by the\ncontrol thread on the other core; by how much the "
	       "worker's rate falls, pairs of runs with and without\n\n",
		CHANGES_SECOND);
	measure(options, SCALE_RELAY, "relay");
	measure(options, SCALE_SOURCE, "source");
}
