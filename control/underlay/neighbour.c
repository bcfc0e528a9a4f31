/* SPDX-License-Identifier: BSD-3-Clause */
#include "neighbour.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define MS (1000 * 1000ull)
#define S  (1000 * MS)

#define PROBES		   3
#define PROBE_WAIT	   (1 * S)
#define REACHABLE_LEAST	   (8 * S)
#define REACHABLE_RANGE_MS 4000
#define BACKOFF_FIRST	   (1 * S)
#define BACKOFF_MOST	   (5 * S)
#define TELL_EACH	   (60 * S)
#define CHANGE_LOCK	   (1 * S)
#define STOOD_STILL	   (1 * S) /* of a tick that is so late */
#define BURST		   32
#define BURST_WAIT	   (1 * MS)

/* How long to wait after each request by broadcast. */
static const uint64_t search_wait[] = {200 * MS, 300 * MS, 500 * MS, 1 * S, 1 * S};
#define SEARCHES (sizeof(search_wait) / sizeof(search_wait[0]))

static struct neighbour_chain *
bucket_of(struct neighbour_table *table, unsigned int port, const struct underlay_addr *addr)
{
	uint32_t hash = port * 31 + addr->family;
	unsigned int i;

	for (i = 0; i < sizeof(addr->bytes); i++)
		hash = (hash ^ addr->bytes[i]) * 16777619u;
	return &table->buckets[(hash ^ (hash >> 16)) % NEIGHBOUR_BUCKETS];
}

static bool
port_is_up(const struct neighbour_table *table, unsigned int port)
{
	return (table->ports_up >> port & 1) != 0;
}

static void
set_due(struct neighbour_table *table, struct neighbour *n, uint64_t due)
{
	n->due = port_is_up(table, n->port) ? due : NEIGHBOUR_NEVER;
	if (n->due < table->next_due)
		table->next_due = n->due;
}

static void
enter(struct neighbour_table *table, struct neighbour *n, enum neighbour_state state, uint64_t now,
	uint64_t due)
{
	n->state = state;
	n->since = now;
	n->asked = 0;
	set_due(table, n, due);
}

static void
enter_reachable(struct neighbour_table *table, struct neighbour *n, uint64_t now)
{
	enter(table, n, NEIGHBOUR_REACHABLE, now,
		now + REACHABLE_LEAST + rng_below(&table->rng, REACHABLE_RANGE_MS) * MS);
}

static void
tell(struct neighbour_table *table, enum neighbour_event event, const struct neighbour *n,
	const struct rte_ether_addr *old)
{
	table->ops.event(table->ops.ctx, event, n, old);
}

void
neighbour_init(struct neighbour_table *table, const struct neighbour_ops *ops, uint64_t seed)
{
	unsigned int i;

	memset(table, 0, sizeof(*table));
	table->ops = *ops;
	rng_seed(&table->rng, seed);
	table->next_due = NEIGHBOUR_NEVER;
	for (i = 0; i < NEIGHBOUR_BUCKETS; i++)
		LIST_INIT(&table->buckets[i]);
}

void
neighbour_fini(struct neighbour_table *table)
{
	unsigned int i;

	for (i = 0; i < NEIGHBOUR_BUCKETS; i++) {
		struct neighbour *n;

		while ((n = LIST_FIRST(&table->buckets[i])) != NULL) {
			LIST_REMOVE(n, chain);
			free(n);
		}
	}
}

struct neighbour *
neighbour_find(struct neighbour_table *table, unsigned int port, const struct underlay_addr *addr)
{
	struct neighbour *n;

	LIST_FOREACH (n, bucket_of(table, port, addr), chain)
		if (n->port == port && underlay_addr_equal(&n->addr, addr))
			return n;
	return NULL;
}

struct neighbour *
neighbour_next(struct neighbour_table *table, const struct neighbour *n)
{
	unsigned int i = 0;

	if (n != NULL) {
		if (LIST_NEXT(n, chain) != NULL)
			return LIST_NEXT(n, chain);
		i = (unsigned int)(bucket_of(table, n->port, &n->addr) - table->buckets) + 1;
	}
	for (; i < NEIGHBOUR_BUCKETS; i++)
		if (!LIST_EMPTY(&table->buckets[i]))
			return LIST_FIRST(&table->buckets[i]);
	return NULL;
}

struct neighbour *
neighbour_need(struct neighbour_table *table, uint64_t now, unsigned int port,
	const struct underlay_addr *addr)
{
	struct neighbour *n = neighbour_find(table, port, addr);

	assert(port < NEIGHBOUR_PORTS_MAX);
	if (n != NULL) {
		n->refs++;
		return n;
	}
	n = calloc(1, sizeof(*n));
	if (n == NULL)
		return NULL;
	n->addr = *addr;
	n->port = port;
	n->refs = 1;
	LIST_INSERT_HEAD(bucket_of(table, port, addr), n, chain);
	enter(table, n, NEIGHBOUR_INCOMPLETE, now, now);
	return n;
}

void
neighbour_release(struct neighbour_table *table, struct neighbour *n)
{
	(void)table;
	assert(n->refs > 0);
	if (--n->refs > 0)
		return;
	LIST_REMOVE(n, chain);
	free(n);
}

void
neighbour_port(struct neighbour_table *table, uint64_t now, unsigned int port, bool up)
{
	struct neighbour *n;

	assert(port < NEIGHBOUR_PORTS_MAX);
	if (port_is_up(table, port) == up)
		return;
	table->ports_up ^= UINT64_C(1) << port;
	for (n = neighbour_next(table, NULL); n != NULL; n = neighbour_next(table, n)) {
		if (n->port != port)
			continue;
		if (!up)
			set_due(table, n, NEIGHBOUR_NEVER);
		else if (n->has_mac)
			enter(table, n, NEIGHBOUR_PROBE, now, now);
		else if (n->state == NEIGHBOUR_FAILED)
			enter(table, n, NEIGHBOUR_FAILED, now, now);
		else
			enter(table, n, NEIGHBOUR_INCOMPLETE, now, now);
	}
}

/* The first MAC, or the first after it had failed. */
static void
resolve(struct neighbour_table *table, struct neighbour *n, uint64_t now,
	const struct rte_ether_addr *mac, bool answer)
{
	const bool again = n->state == NEIGHBOUR_FAILED;

	n->mac = *mac;
	n->has_mac = true;
	if (answer)
		enter_reachable(table, n, now);
	else
		enter(table, n, NEIGHBOUR_PROBE, now, now);
	table->ops.changed(table->ops.ctx, n);
	tell(table, again ? NEIGHBOUR_RESOLVED_AGAIN : NEIGHBOUR_RESOLVED, n, NULL);
}

static enum neighbour_verdict
replace(struct neighbour_table *table, struct neighbour *n, uint64_t now,
	const struct rte_ether_addr *mac, bool answer)
{
	const struct rte_ether_addr old = n->mac;

	if (n->changes > 0 && now - n->changed_at < CHANGE_LOCK) {
		enter(table, n, NEIGHBOUR_SEARCH, now, n->changed_at + CHANGE_LOCK);
		return NEIGHBOUR_KEPT;
	}
	n->mac = *mac;
	n->changes++;
	n->changed_at = now;
	if (answer)
		enter_reachable(table, n, now);
	else
		enter(table, n, NEIGHBOUR_PROBE, now, now);
	table->ops.changed(table->ops.ctx, n);
	tell(table, NEIGHBOUR_CHANGED, n, &old);
	return NEIGHBOUR_TAKEN;
}

enum neighbour_verdict
neighbour_learn(struct neighbour_table *table, uint64_t now, unsigned int port,
	const struct underlay_addr *addr, const struct rte_ether_addr *mac, bool answer,
	bool override)
{
	struct neighbour *n = neighbour_find(table, port, addr);

	if (n == NULL)
		return NEIGHBOUR_STRANGER;
	if (n->state == NEIGHBOUR_REACHABLE)
		answer = false; /* to nothing that we asked */
	if (!n->has_mac) {
		if (mac == NULL)
			return NEIGHBOUR_KEPT;
		resolve(table, n, now, mac, answer);
		return NEIGHBOUR_TAKEN;
	}
	if (mac != NULL && !rte_is_same_ether_addr(mac, &n->mac)) {
		if (override)
			return replace(table, n, now, mac, answer);
		if (n->state == NEIGHBOUR_REACHABLE) /* RFC 4861, 7.2.5: is ours still right? */
			enter(table, n, NEIGHBOUR_PROBE, now, now);
		return NEIGHBOUR_KEPT;
	}
	if (answer) {
		const bool silent = n->state == NEIGHBOUR_SEARCH && n->asked > 0;

		enter_reachable(table, n, now);
		if (silent)
			tell(table, NEIGHBOUR_ANSWERS_AGAIN, n, NULL);
	}
	return NEIGHBOUR_TAKEN;
}

static void
fail(struct neighbour_table *table, struct neighbour *n, uint64_t now)
{
	const bool had_mac = n->has_mac;

	n->has_mac = false;
	n->told_at = now;
	enter(table, n, NEIGHBOUR_FAILED, now, now + BACKOFF_FIRST);
	if (had_mac)
		table->ops.changed(table->ops.ctx, n);
	tell(table, NEIGHBOUR_UNRESOLVED, n, NULL);
}

static void
ask(struct neighbour_table *table, struct neighbour *n, uint64_t due, bool by_broadcast)
{
	n->asked++;
	set_due(table, n, due);
	table->ops.solicit(table->ops.ctx, n, by_broadcast ? NULL : &n->mac);
}

static bool
is_alive(const struct neighbour_table *table, const struct neighbour *n)
{
	return n->has_mac && table->ops.alive != NULL && table->ops.alive(table->ops.ctx, n);
}

static void
step_search(struct neighbour_table *table, struct neighbour *n, uint64_t now)
{
	if (n->asked < SEARCHES)
		ask(table, n, now + search_wait[n->asked], true);
	else if (now - n->due >= STOOD_STILL)
		/* The answer to the last request may have come while nobody here could take it. */
		ask(table, n, now + search_wait[SEARCHES - 1], true);
	else if (is_alive(table, n))
		enter_reachable(table, n, now);
	else
		fail(table, n, now);
}

static void
step_probe(struct neighbour_table *table, struct neighbour *n, uint64_t now)
{
	if (n->asked < PROBES) {
		ask(table, n, now + PROBE_WAIT, false);
		return;
	}
	if (is_alive(table, n)) {
		enter_reachable(table, n, now);
		return;
	}
	enter(table, n, NEIGHBOUR_SEARCH, now, now);
	tell(table, NEIGHBOUR_SILENT, n, NULL);
	step_search(table, n, now);
}

static void
step_failed(struct neighbour_table *table, struct neighbour *n, uint64_t now)
{
	const unsigned int doubled = n->asked < 3 ? n->asked + 1 : 3;
	uint64_t wait = BACKOFF_FIRST << doubled;

	if (wait > BACKOFF_MOST)
		wait = BACKOFF_MOST;
	ask(table, n, now + wait, true);
	if (now - n->told_at >= TELL_EACH) {
		n->told_at = now;
		tell(table, NEIGHBOUR_STILL_UNRESOLVED, n, NULL);
	}
}

static void
step(struct neighbour_table *table, struct neighbour *n, uint64_t now)
{
	switch (n->state) {
	case NEIGHBOUR_INCOMPLETE:
	case NEIGHBOUR_SEARCH:
		step_search(table, n, now);
		break;
	case NEIGHBOUR_REACHABLE:
		enter(table, n, NEIGHBOUR_PROBE, now, now);
		step_probe(table, n, now);
		break;
	case NEIGHBOUR_PROBE:
		step_probe(table, n, now);
		break;
	default:
		step_failed(table, n, now);
		break;
	}
}

uint64_t
neighbour_tick(struct neighbour_table *table, uint64_t now)
{
	uint64_t next = NEIGHBOUR_NEVER;
	unsigned int first = table->turn, steps = 0;
	struct neighbour *n;

	if (now < table->next_due)
		return table->next_due;
	table->next_due = NEIGHBOUR_NEVER; /* a callback may add an entry behind this loop */
	for (unsigned int i = 0; i < NEIGHBOUR_BUCKETS; i++) {
		unsigned int bucket = (first + i) % NEIGHBOUR_BUCKETS;

		LIST_FOREACH (n, &table->buckets[bucket], chain) {
			/* The next call goes on here, that none waits for ever behind others. */
			if (n->due <= now && steps < BURST) {
				step(table, n, now);
				steps++;
				table->turn = bucket;
			}
			if (n->due < next)
				next = n->due <= now ? now + BURST_WAIT : n->due;
		}
	}
	if (next < table->next_due)
		table->next_due = next;
	if (table->next_due <= now)
		table->next_due = now + BURST_WAIT;
	return table->next_due;
}
