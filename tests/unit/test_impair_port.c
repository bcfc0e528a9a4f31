/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A port behind an impaired line, in virtual time. Rate, queue and delay are compared with a queue
 * of bytes that is emptied step by step; what is random is counted.
 */
#include "unit.h"

#include <math.h>

#include "../harness/test_eal.h"
#include "impair_port.h"

#define POOL   8191
#define FRAMES 6000
#define MS     UINT64_C(1000000)

static struct rte_mempool *pool;

/* What comes to the port below, one frame after the other. */
static struct {
	struct rte_mbuf *pkts[32];
	uint16_t n;
} below;

static uint16_t
below_rx(struct port *port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t now)
{
	uint16_t got = RTE_MIN(n, below.n);

	(void)port, (void)queue, (void)now;
	memcpy(pkts, below.pkts, got * sizeof(*pkts));
	below.n = 0;
	return got;
}

static uint16_t
below_tx(struct port *port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t now)
{
	(void)port, (void)queue, (void)now;
	rte_pktmbuf_free_bulk(pkts, n);
	return n;
}

static const struct port_ops below_ops = {.rx_burst = below_rx, .tx_burst = below_tx};
static struct port inner = {.ops = &below_ops, .rx_queues = 1, .tx_queues = 1};

struct bench {
	struct impair_port wrap;
	struct port port;
	uint32_t next;		     /* number of the next frame */
	uint32_t nb_out;	     /* all that came out: */
	uint32_t out[2 * FRAMES];    /* numbers */
	uint64_t out_at[2 * FRAMES]; /* when */
};

static struct impair_settings
settings(void)
{
	struct impair_settings s;

	impair_settings_init(&s);
	s.seed = unit_seed();
	return s;
}

static struct bench *
start(const struct impair_settings *s)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	assert_int_equal(impair_port_init(&b->wrap, &b->port, &inner, s), 0);
	return b;
}

static void
end(struct bench *b)
{
	impair_port_fini(&b->wrap);
	free(b);
	assert_int_equal(rte_mempool_avail_count(pool), POOL);
}

static void
sums_hold(const struct bench *b)
{
	const struct impair_counters *c = &b->wrap.lane.counters;
	uint64_t gone = c->events[IMPAIR_EVENT_delivered] + c->held;

	for (int i = IMPAIR_FIRST_LOSS; i < IMPAIR_EVENT_COUNT; i++)
		gone += c->events[i];
	assert_int_equal(
		c->events[IMPAIR_EVENT_received] + c->events[IMPAIR_EVENT_duplicated], gone);
}

static void
turn(struct bench *b, uint64_t now)
{
	struct rte_mbuf *pkts[32];
	uint16_t n = b->port.ops->rx_burst(&b->port, 0, pkts, 32, now);

	for (uint16_t i = 0; i < n; i++) {
		memcpy(&b->out[b->nb_out], rte_pktmbuf_mtod(pkts[i], void *), 4);
		b->out_at[b->nb_out++] = now;
		/* As a node does, in place: a duplicate must not see it. */
		memset(rte_pktmbuf_mtod(pkts[i], void *), 0xff, 4);
		rte_pktmbuf_free(pkts[i]);
	}
	sums_hold(b);
}

/* Turns at each time at which something comes out, as a worker that sleeps does. */
static void
run_until(struct bench *b, uint64_t until)
{
	uint64_t next;

	while ((next = b->port.ops->rx_next(&b->port, 0)) <= until) {
		uint32_t before = b->nb_out;

		turn(b, next - 1);
		assert_int_equal(b->nb_out, before);
		turn(b, next);
		assert_true(b->nb_out > before);
	}
}

static struct rte_mbuf *
frame(uint32_t number, uint16_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	char *p = m != NULL ? rte_pktmbuf_append(m, len) : NULL;

	if (p == NULL)
		abort();
	memset(p, 0, len);
	memcpy(p, &number, 4);
	return m;
}

static void
arrive(struct bench *b, uint64_t now, uint16_t len)
{
	run_until(b, now);
	below.pkts[below.n++] = frame(b->next++, len);
	turn(b, now);
}

static uint64_t
event(const struct bench *b, enum impair_event what)
{
	return b->wrap.lane.counters.events[what];
}

/* The oracle: bytes in a queue, taken out of it at the rate as time goes by. */
struct oracle {
	double bytes, at, rate; /* rate in bytes a ns */
};

/* Bytes in the queue as a frame comes. */
static double
oracle_bytes(struct oracle *o, uint64_t now)
{
	o->bytes = fmax(0, o->bytes - ((double)now - o->at) * o->rate);
	o->at = (double)now;
	return o->bytes;
}

static void
test_rate_queue_delay(void **state)
{
	static const uint64_t rates[] = {1000000, 10000000, 50000000, 1234567890};
	uint64_t random = unit_seed();

	(void)state;
	for (size_t r = 0; r < RTE_DIM(rates); r++) {
		struct impair_settings s = settings();
		struct oracle o = {.rate = (double)rates[r] / 8e9};
		struct bench *b;
		uint64_t now = 0;
		uint32_t seen = 0;

		s.rate = rates[r];
		s.queue = 20000;
		s.delay = 25 * MS;
		s.frames = FRAMES;
		b = start(&s);
		for (uint32_t i = 0; i < FRAMES; i++) {
			uint16_t len;
			double bytes;
			bool taken;

			random = random * 6364136223846793005u + 1442695040888963407u;
			len = (uint16_t)(60 + (random >> 33) % 1455);
			/* Half the time above the rate, half below. */
			now += (uint64_t)((double)((random >> 45) % 2000) * 1e-3 *
					  (i / 100 % 2 == 0 ? 0.5 : 1.5) * 787 / o.rate);
			arrive(b, now, len);
			taken = event(b, IMPAIR_EVENT_received) -
					event(b, IMPAIR_EVENT_queue_full) >
				seen;
			bytes = oracle_bytes(&o, now) + len;
			/* The oracle has parts of bytes, and of nanoseconds. */
			if (fabs(bytes - 20000) > 1.5)
				assert_int_equal(taken, bytes < 20000);
			if (!taken)
				continue;
			o.bytes = bytes;
			b->out_at[FRAMES + seen++] = (uint64_t)((double)now + bytes / o.rate +
								25e6);
		}
		run_until(b, UINT64_MAX - 1);
		assert_int_equal(b->nb_out, seen);
		assert_true(seen > FRAMES / 3 && seen < FRAMES);
		for (uint32_t i = 0; i < seen; i++)
			assert_true(
				fabs((double)b->out_at[i] - (double)b->out_at[FRAMES + i]) < 1e4);
		end(b);
	}
}

static void
send_many(struct bench *b, uint64_t gap)
{
	for (uint32_t i = 0; i < FRAMES; i++)
		arrive(b, i * gap, 100);
	run_until(b, UINT64_MAX - 1);
}

/* Within four standard deviations of so many of FRAMES. */
static void
near_share(uint64_t count, double share, double spread)
{
	double sigma = sqrt(FRAMES * share * (1 - share)) * spread;

	assert_true(fabs((double)count - FRAMES * share) <= 4 * sigma + 1);
}

static void
test_loss(void **state)
{
	struct impair_settings s = settings();
	struct bench *b;

	(void)state;
	s.loss = 50000;
	b = start(&s);
	send_many(b, MS);
	near_share(event(b, IMPAIR_EVENT_lost), 0.05, 1);
	assert_int_equal(b->nb_out, FRAMES - event(b, IMPAIR_EVENT_lost));
	end(b);
	s.loss = 1000000;
	b = start(&s);
	send_many(b, MS);
	assert_int_equal(event(b, IMPAIR_EVENT_lost), FRAMES);
	end(b);
}

/* Bursts of 8 frames in the mean, one begun at 1 % of good frames: 7.4 % in the bad state. */
static void
test_bursts(void **state)
{
	struct impair_settings s = settings();
	uint32_t bursts = 0, last = UINT32_MAX;
	struct bench *b;
	double mean;

	(void)state;
	s.burst = 10000;
	s.burst_length = 8;
	b = start(&s);
	send_many(b, MS);
	near_share(event(b, IMPAIR_EVENT_lost_burst), 0.01 / (0.01 + 0.125), 4);
	for (uint32_t i = 0; i < b->nb_out; i++) {
		bursts += b->out[i] != last + 1;
		last = b->out[i];
	}
	mean = (double)event(b, IMPAIR_EVENT_lost_burst) / bursts;
	assert_true(mean > 5 && mean < 11);
	end(b);
}

static void
test_jitter_keeps_order(void **state)
{
	struct impair_settings s = settings();
	double sum = 0;
	struct bench *b;

	(void)state;
	s.delay = 10 * MS;
	s.jitter = 4 * MS;
	b = start(&s);
	send_many(b, 10 * MS);
	for (uint32_t i = 0; i < FRAMES; i++) {
		uint64_t took = b->out_at[i] - i * 10 * MS;

		assert_int_equal(b->out[i], i);
		assert_true(took >= 10 * MS && took <= 14 * MS);
		sum += (double)took;
	}
	assert_true(fabs(sum / FRAMES - 12e6) < 0.1e6);
	end(b);
	b = start(&s);
	send_many(b, MS); /* nearer to each other than the jitter */
	for (uint32_t i = 0; i < FRAMES; i++)
		assert_int_equal(b->out[i], i);
	end(b);
}

static void
test_reordering(void **state)
{
	struct impair_settings s = settings();
	uint32_t behind = 0, highest = 0;
	struct bench *b;

	(void)state;
	s.reorder = 100000;
	s.reorder_by = 5 * MS;
	b = start(&s);
	send_many(b, MS);
	near_share(event(b, IMPAIR_EVENT_held_back), 0.1, 1);
	for (uint32_t i = 0; i < FRAMES; i++) {
		behind += b->out[i] < highest;
		highest = RTE_MAX(highest, b->out[i]);
	}
	/* Held back less than the gap, nobody passes; else only who is held back is passed. */
	assert_true(behind > event(b, IMPAIR_EVENT_held_back) / 2);
	assert_true(behind <= event(b, IMPAIR_EVENT_held_back));
	end(b);
}

static void
test_duplicates(void **state)
{
	static uint8_t times[FRAMES];
	struct impair_settings s = settings();
	uint64_t twice = 0;
	struct bench *b;

	(void)state;
	memset(times, 0, sizeof(times));
	s.duplicate = 50000;
	b = start(&s);
	send_many(b, MS);
	near_share(event(b, IMPAIR_EVENT_duplicated), 0.05, 1);
	for (uint32_t i = 0; i < b->nb_out; i++) {
		assert_true(b->out[i] < FRAMES);
		twice += ++times[b->out[i]] == 2;
	}
	assert_int_equal(twice, event(b, IMPAIR_EVENT_duplicated));
	assert_int_equal(b->nb_out, FRAMES + twice);
	end(b);
}

static void
test_a_seed_repeats(void **state)
{
	struct impair_settings s = settings();
	struct bench *runs[3];

	(void)state;
	s.loss = s.reorder = s.duplicate = s.burst = 20000;
	s.jitter = MS;
	for (int i = 0; i < 3; i++) {
		s.seed += i == 2;
		runs[i] = start(&s);
		send_many(runs[i], MS);
	}
	assert_int_equal(runs[0]->nb_out, runs[1]->nb_out);
	assert_memory_equal(runs[0]->out, runs[1]->out, sizeof(runs[0]->out));
	assert_memory_equal(runs[0]->out_at, runs[1]->out_at, sizeof(runs[0]->out_at));
	assert_memory_not_equal(runs[0]->out, runs[2]->out, sizeof(runs[0]->out));
	for (int i = 0; i < 3; i++)
		end(runs[i]);
}

static void
test_most_frames(void **state)
{
	struct impair_settings s = settings();
	struct bench *b;

	(void)state;
	s.delay = 1000 * MS;
	s.frames = 10;
	b = start(&s);
	for (uint32_t i = 0; i < 15; i++)
		arrive(b, i, 100);
	assert_int_equal(event(b, IMPAIR_EVENT_frames_full), 5);
	assert_int_equal(b->wrap.lane.counters.held_max, 10);
	run_until(b, 1000 * MS + 4);
	assert_int_equal(b->nb_out, 5);
	assert_int_equal(b->port.ops->rx_next(&b->port, 0), 1000 * MS + 5);
	end(b); /* what it still holds goes back to the pool */
	/* A frame of the last place has no room for its own echo. */
	s.frames = 9;
	s.duplicate = 1000000;
	b = start(&s);
	for (uint32_t i = 0; i < 6; i++)
		arrive(b, i, 100);
	assert_int_equal(event(b, IMPAIR_EVENT_duplicated), 4);
	assert_int_equal(event(b, IMPAIR_EVENT_frames_full), 1);
	assert_int_equal(b->wrap.lane.counters.held_max, 9);
	end(b);
}

/* A frame that says that its sender understands congestion marks is marked in a long queue. */
static void
test_marks(void **state)
{
	static const uint8_t header[] = {
		0x45, 0x02, 0, 86, 0, 0, 0, 0, 64, 17, 0x3a, 0x49, 10, 0, 0, 1, 10, 0, 0, 2};
	struct impair_settings s = settings();
	uint32_t marked = 0;
	struct bench *b;

	(void)state;
	s.rate = 8000000; /* a byte a us */
	s.queue = 10000;
	s.mark = 500;
	b = start(&s);
	for (uint32_t i = 0; i < 10; i++) {
		uint8_t *p;

		below.pkts[0] = frame(i, 100);
		p = rte_pktmbuf_mtod(below.pkts[0], uint8_t *);
		p[12] = 0x08;
		memcpy(p + 14, header, sizeof(header));
		p[15] = i == 9 ? 0 : 2; /* the last one does not understand */
		below.n = 1;
		turn(b, 0);
	}
	for (uint32_t i = 0; i < 10; i++) {
		struct rte_mbuf *m;
		uint8_t *p;

		assert_int_equal(
			b->port.ops->rx_burst(&b->port, 0, &m, 1, (i + 1) * UINT64_C(100000)), 1);
		p = rte_pktmbuf_mtod(m, uint8_t *);
		assert_int_equal(p[15], i == 9 ? 0 : i < 5 ? 2 : 3);
		marked += p[15] == 3;
		rte_pktmbuf_free(m);
	}
	assert_int_equal(event(b, IMPAIR_EVENT_marked), marked);
	end(b);
}

/* What the port sends is not impaired. */
static void
test_sending(void **state)
{
	struct impair_settings s = settings();
	struct rte_mbuf *m = frame(0, 100);
	struct bench *b;

	(void)state;
	s.loss = 1000000;
	b = start(&s);
	assert_int_equal(b->port.ops->tx_burst(&b->port, 0, &m, 1, 0), 1);
	assert_int_equal(event(b, IMPAIR_EVENT_received), 0);
	end(b);
}

static int
set_up(void **state)
{
	(void)state;
	if (test_eal(64, false) < 0)
		return -1;
	pool = rte_pktmbuf_pool_create(
		"pool", POOL, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	return pool != NULL ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rate_queue_delay),
		cmocka_unit_test(test_loss),
		cmocka_unit_test(test_bursts),
		cmocka_unit_test(test_jitter_keeps_order),
		cmocka_unit_test(test_reordering),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_a_seed_repeats),
		cmocka_unit_test(test_most_frames),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_sending),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
