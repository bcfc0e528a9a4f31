/* SPDX-License-Identifier: BSD-3-Clause */
#include "neighbour_world.h"

#include <stdio.h>
#include <string.h>

const struct rte_ether_addr world_mac_a = {.addr_bytes = {2, 0, 0, 0, 0, 0xa}};
const struct rte_ether_addr world_mac_b = {.addr_bytes = {2, 0, 0, 0, 0, 0xb}};
const struct rte_ether_addr world_mac_c = {.addr_bytes = {2, 0, 0, 0, 0, 0xc}};

static void
note(struct world *w, const char *what)
{
	const size_t len = strlen(w->log);

	snprintf(w->log + len, WORLD_LOG_MAX - len, "%lu %s;", (unsigned long)(w->now / MS), what);
}

static void
on_solicit(void *ctx, const struct neighbour *n, const struct rte_ether_addr *at)
{
	struct world *w = ctx;
	char what[32];

	w->asked++;
	w->met[n->addr.bytes[2] % 16][n->addr.bytes[3]] = true;
	snprintf(what, sizeof(what), at != NULL ? "ask %x" : "ask all",
		at != NULL ? at->addr_bytes[5] : 0);
	note(w, what);
}

static void
on_changed(void *ctx, const struct neighbour *n)
{
	struct world *w = ctx;
	char what[32];

	w->changed++;
	snprintf(what, sizeof(what), n->has_mac ? "use %x" : "use none", n->mac.addr_bytes[5]);
	note(w, what);
}

static void
on_event(void *ctx, enum neighbour_event event, const struct neighbour *n,
	const struct rte_ether_addr *old)
{
	static const char *const names[] = {"resolved", "resolved again", "changed", "silent",
		"answers again", "unresolved", "still unresolved"};

	(void)n;
	assert_int_equal(event == NEIGHBOUR_CHANGED, old != NULL);
	note(ctx, names[event]);
}

static bool
on_alive(void *ctx, const struct neighbour *n)
{
	const struct world *w = ctx;

	(void)n;
	return w->alive;
}

void
world_init(struct world *w, uint64_t seed)
{
	const struct neighbour_ops ops = {
		.ctx = w,
		.solicit = on_solicit,
		.changed = on_changed,
		.alive = on_alive,
		.event = on_event,
	};

	memset(w, 0, sizeof(*w));
	neighbour_init(&w->table, &ops, seed);
	neighbour_port(&w->table, 0, 0, true);
}

void
world_turn(struct world *w, uint64_t until)
{
	uint64_t next = neighbour_tick(&w->table, w->now);

	while (next < until) {
		assert_true(next > w->now);
		w->now = next;
		next = neighbour_tick(&w->table, w->now);
	}
	w->now = until;
}

void
world_expect_log(struct world *w, const char *expected)
{
	assert_string_equal(w->log, expected);
	w->log[0] = '\0';
}

enum neighbour_verdict
world_answer(struct world *w, const struct rte_ether_addr *from)
{
	const struct underlay_addr a = address("192.0.2.2");

	return neighbour_learn(&w->table, w->now, 0, &a, from, true, true);
}

enum neighbour_verdict
world_hint(struct world *w, const struct rte_ether_addr *from)
{
	const struct underlay_addr a = address("192.0.2.2");

	return neighbour_learn(&w->table, w->now, 0, &a, from, false, true);
}

struct neighbour *
world_need(struct world *w)
{
	const struct underlay_addr a = address("192.0.2.2");

	return neighbour_need(&w->table, w->now, 0, &a);
}

struct neighbour *
world_begin(struct world *w, uint64_t seed)
{
	struct neighbour *n;

	world_init(w, seed);
	n = world_need(w);
	neighbour_tick(&w->table, 0);
	world_answer(w, &world_mac_a);
	return n;
}
