/* SPDX-License-Identifier: BSD-3-Clause */
/* The simulated wire does what its parameters say. */
#include "unit.h"

#include <math.h>

#include <rte_mbuf.h>

#include "../harness/test_eal.h"
#include "rng.h"
#include "wire_device.h"
#include "wire_port.h"

#define POOL 4095

static struct rte_mempool *pools[2];
static uint64_t last_due;

static void
note_due(void *arg, const struct wire_log *log)
{
	(void)arg;
	if (log->event == WIRE_DELIVERED)
		last_due = log->now;
}

static struct wire_params
plain(void)
{
	return (struct wire_params){
		.ends = {{1, 1, 1500, PORT_TX_CHAINS}, {1, 1, 1500, PORT_TX_CHAINS}},
		.frames = 4096,
		.frame_bytes = 1600,
		.seed = unit_seed(),
		.log = note_due,
	};
}

static struct wire *
make(const struct wire_params *params)
{
	struct wire *wire = wire_new(params);

	assert_non_null(wire);
	wire_plug(wire, 0, pools[0], 0);
	wire_plug(wire, 1, pools[1], 0);
	return wire;
}

/* A frame of no protocol, its number in its first bytes. */
static bool
send_number(struct wire *wire, uint32_t number, uint16_t len, uint64_t now)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pools[0]);
	struct port *port = wire_port(wire, 0);
	uint8_t *p;

	assert_non_null(m);
	p = (uint8_t *)rte_pktmbuf_append(m, len);
	if (p == NULL)
		abort();
	memset(p, 0, len);
	memcpy(p, &number, sizeof(number));
	if (port->ops->tx_burst(port, 0, &m, 1, now) == 1)
		return true;
	rte_pktmbuf_free(m);
	return false;
}

/* The number of the next frame that is there by now, or UINT32_MAX. */
static uint32_t
receive_number(struct wire *wire, uint16_t queue, uint64_t now)
{
	struct port *port = wire_port(wire, 1);
	uint32_t number = UINT32_MAX;
	struct rte_mbuf *m;

	if (port->ops->rx_burst(port, queue, &m, 1, now) == 1) {
		assert_ptr_equal(m->pool, pools[1]);
		memcpy(&number, rte_pktmbuf_mtod(m, void *), sizeof(number));
		rte_pktmbuf_free(m);
	}
	return number;
}

static void
finish(struct wire *wire)
{
	wire_free(wire);
	assert_int_equal(rte_mempool_in_use_count(pools[0]), 0);
	assert_int_equal(rte_mempool_in_use_count(pools[1]), 0);
}

/* 1000 bytes at 8 Mbit/s take 1 ms, then 5 ms of way; the third waits for two others. */
static void
test_rate_and_delay(void **state)
{
	struct wire_params params = plain();
	struct wire *wire;

	(void)state;
	params.lanes[1].rate = 8000000;
	params.lanes[1].delay = 5000000;
	wire = make(&params);
	for (uint32_t i = 0; i < 3; i++)
		assert_true(send_number(wire, i, 1000, 1000));
	for (uint32_t i = 0; i < 3; i++) {
		uint64_t due = 1000 + (i + 1) * 1000000 + 5000000;

		assert_int_equal(wire_next(wire, 1), due);
		assert_int_equal(receive_number(wire, 0, due - 1), UINT32_MAX);
		assert_int_equal(receive_number(wire, 0, due), i);
		assert_int_equal(last_due, due);
	}
	assert_true(wire_next(wire, 1) == UINT64_MAX);
	assert_true(wire_next(wire, 0) == UINT64_MAX);
	finish(wire);
}

static void
test_queue(void **state)
{
	struct wire_params params = plain();
	struct wire *wire;

	(void)state;
	params.lanes[1].rate = 8000000;
	params.lanes[1].queue = 3000;
	wire = make(&params);
	for (uint32_t i = 0; i < 10; i++)
		assert_true(send_number(wire, i, 1000, 0));
	assert_int_equal(wire_count(wire, 1, WIRE_QUEUE_FULL), 7);
	/* After 1 ms there is room for one more. */
	assert_true(send_number(wire, 10, 1000, 1000000));
	assert_true(send_number(wire, 11, 1000, 1000000));
	assert_int_equal(wire_count(wire, 1, WIRE_QUEUE_FULL), 8);
	for (int i = 0; i < 3; i++)
		assert_int_equal(receive_number(wire, 0, UINT64_MAX), i);
	assert_int_equal(receive_number(wire, 0, UINT64_MAX), 10);
	finish(wire);

	params.lanes[1].push_back = true;
	wire = make(&params);
	for (uint32_t i = 0; i < 10; i++)
		assert_int_equal(send_number(wire, i, 1000, 0), i < 3);
	assert_int_equal(wire_count(wire, 1, WIRE_SENT), 3);
	finish(wire);
}

/* Shares lie within five standard deviations of what was asked for. */
static void
check_share(uint64_t count, uint64_t n, double share)
{
	assert_true(fabs((double)count - n * share) < 5 * sqrt(n * share * (1 - share)) + 1);
}

static void
test_impairments(void **state)
{
	struct wire_params params = plain();
	uint32_t n = 100000, late = 0, highest = 0, got, number;
	uint64_t now = 0, received = 0;
	struct wire *wire;

	(void)state;
	params.lanes[1].delay = 100000;
	params.lanes[1].impair = (struct impair_params){.loss = 0.05,
		.reorder = 0.02,
		.reorder_ns = 100000,
		.duplicate = 0.01,
		.duplicate_ns = 1000,
		.jitter_ns = 3000};
	wire = make(&params);
	for (uint32_t i = 0; i <= n; i++, now += 1000) {
		if (i < n)
			assert_true(send_number(wire, i, 64, now));
		else
			now += 1000000;
		while ((number = receive_number(wire, 0, now)) != UINT32_MAX) {
			received++;
			late += number < highest;
			highest = number > highest ? number : highest;
		}
	}
	got = (uint32_t)(n - wire_count(wire, 1, WIRE_LOST));
	check_share(wire_count(wire, 1, WIRE_LOST), n, 0.05);
	check_share(wire_count(wire, 1, WIRE_DUPLICATED), got, 0.01);
	assert_int_equal(received, got + wire_count(wire, 1, WIRE_DUPLICATED));
	assert_int_equal(wire_count(wire, 1, WIRE_DELIVERED), received);
	/* Held back by less than 1 us, nobody passes: most of the two per cent come late. */
	assert_true(late > got * 0.018);
	assert_true(late < got * 0.022 + wire_count(wire, 1, WIRE_DUPLICATED));
	finish(wire);
}

/* Lengths of bursts are geometric: mean 1 / burst_end. */
static void
test_bursts(void **state)
{
	struct impair_params params = {.burst_begin = 0.01, .burst_end = 0.2, .burst_loss = 1};
	uint32_t n = 400000, lost = 0, bursts = 0;
	struct impair line;
	bool before = false;

	(void)state;
	impair_init(&line, &params, unit_seed());
	for (uint32_t i = 0; i < n; i++) {
		struct impair_verdict verdict = impair_next(&line);
		bool gone = verdict.fate == IMPAIR_LOST_BURST;

		assert_true(verdict.fate != IMPAIR_LOST);
		lost += gone;
		bursts += gone && !before;
		before = gone;
	}
	assert_true(fabs((double)lost / n - 0.01 / 0.21) < 0.004);
	assert_true(fabs((double)lost / bursts - 5) < 0.3);
}

static void
test_unplugged_and_cut(void **state)
{
	struct wire_params params = plain();
	struct wire *wire;

	(void)state;
	params.lanes[1].delay = 1000;
	wire = make(&params);
	wire_plug(wire, 1, NULL, 0);
	assert_true(send_number(wire, 1, 64, 0));
	assert_true(send_number(wire, 2, 64, 500));
	assert_int_equal(receive_number(wire, 0, 1000), UINT32_MAX);
	wire_plug(wire, 1, pools[1], 1200);
	assert_int_equal(wire_count(wire, 1, WIRE_UNPLUGGED), 1);
	assert_int_equal(receive_number(wire, 0, 5000), 2);
	assert_true(send_number(wire, 3, 64, 5000));
	wire_cut(wire, true);
	assert_true(send_number(wire, 4, 64, 5000));
	wire_cut(wire, false);
	assert_int_equal(wire_count(wire, 1, WIRE_CUT), 1);
	assert_int_equal(receive_number(wire, 0, 9000), 3);
	assert_int_equal(receive_number(wire, 0, 9000), UINT32_MAX);
	finish(wire);
}

static void
test_no_buffer(void **state)
{
	static struct rte_mbuf *all[POOL];
	struct wire_params params = plain();
	struct wire *wire = make(&params);

	(void)state;
	assert_int_equal(rte_pktmbuf_alloc_bulk(pools[1], all, POOL), 0);
	assert_true(send_number(wire, 1, 64, 0));
	assert_int_equal(receive_number(wire, 0, 0), UINT32_MAX);
	assert_int_equal(wire_count(wire, 1, WIRE_NO_BUFFER), 1);
	rte_pktmbuf_free_bulk(all, POOL);
	assert_true(send_number(wire, 2, 64, 0));
	assert_int_equal(receive_number(wire, 0, 0), 2);
	assert_true(send_number(wire, 3, 1601, 0));
	assert_int_equal(wire_count(wire, 1, WIRE_OVERSIZE), 1);
	finish(wire);
}

/*
 * The check values of Microsoft's RSS specification are over addresses and both TCP ports; the same
 * function is asked here for UDP.
 */
static void
test_hash(void **state)
{
	uint8_t f[42] = {[12] = 0x08, [14] = 0x45, [17] = 28, [23] = 17};

	(void)state;
	memcpy(f + 26, (uint8_t[]){66, 9, 149, 187, 161, 142, 100, 80}, 8);
	memcpy(f + 34, (uint8_t[]){2794 >> 8, 2794 & 0xff, 1766 >> 8, 1766 & 0xff}, 4);
	assert_int_equal(wire_device_hash(f, sizeof(f)), 0x51ccc178);
	f[23] = 1;
	assert_int_equal(wire_device_hash(f, sizeof(f)), 0x323e8fc2);
	assert_int_equal(wire_device_hash(f, 20), 0);
}

/* Sends an IP frame with an ECN field; returns the field and whether checksums are right after. */
static uint8_t
send_ecn(struct wire *wire, bool ipv6, uint8_t ecn, uint64_t now, bool *right)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pools[0]), *got;
	struct port *from = wire_port(wire, 0), *to = wire_port(wire, 1);
	uint32_t sum = 0;
	uint8_t *p;

	assert_non_null(m);
	p = (uint8_t *)rte_pktmbuf_append(m, 1000);
	if (p == NULL)
		abort();
	memset(p, 0, 1000);
	memcpy(p + 12, ipv6 ? "\x86\xdd\x60" : "\x08\x00\x45", 3);
	p[15] = ipv6 ? (uint8_t)(ecn << 4) : ecn;
	p[ipv6 ? 18 : 16] = 900 >> 8;
	p[ipv6 ? 19 : 17] = 900 & 0xff;
	if (!ipv6) {
		for (int i = 14; i < 34; i += 2)
			sum += (uint32_t)p[i] << 8 | p[i + 1];
		sum = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
		p[24] = (uint8_t)(sum >> 8);
		p[25] = (uint8_t)sum;
	}
	assert_int_equal(from->ops->tx_burst(from, 0, &m, 1, now), 1);
	assert_int_equal(to->ops->rx_burst(to, 0, &got, 1, UINT64_MAX), 1);
	p = rte_pktmbuf_mtod(got, uint8_t *);
	*right = ipv6 || wire_device_check_ip(p, 1000) == WIRE_CHECKSUM_GOOD;
	ecn = ipv6 ? p[15] >> 4 : p[15];
	rte_pktmbuf_free(got);
	return ecn;
}

/* Marked from a queue of 2000 bytes on, if the sender understands it; never without a queue. */
static void
test_mark(void **state)
{
	struct wire_params params = plain();
	uint64_t marks = 0;
	bool right;

	(void)state;
	params.lanes[1].rate = 8000000;
	params.lanes[1].mark = 2000;
	for (uint8_t ecn = 0; ecn < 4; ecn++) {
		for (int ipv6 = 0; ipv6 < 2; ipv6++) {
			struct wire *wire = make(&params);

			for (uint32_t i = 0; i < 4; i++) {
				uint8_t expected = i >= 2 && ecn != 0 ? 3 : ecn;

				assert_int_equal(send_ecn(wire, ipv6, ecn, 0, &right), expected);
				assert_true(right);
			}
			marks += wire_count(wire, 1, WIRE_MARKED);
			finish(wire);
		}
	}
	assert_int_equal(marks, 2 * 3 * 2);
}

static int
setup(void **state)
{
	(void)state;
	if (test_eal(64, false) < 0)
		return -1;
	pools[0] = rte_pktmbuf_pool_create("a", POOL, 0, 0, 2048 + RTE_PKTMBUF_HEADROOM, 0);
	pools[1] = rte_pktmbuf_pool_create("b", POOL, 0, 0, 2048 + RTE_PKTMBUF_HEADROOM, 0);
	return pools[0] != NULL && pools[1] != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	rte_mempool_free(pools[0]);
	rte_mempool_free(pools[1]);
	return rte_eal_cleanup();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rate_and_delay),
		cmocka_unit_test(test_queue),
		cmocka_unit_test(test_impairments),
		cmocka_unit_test(test_bursts),
		cmocka_unit_test(test_unplugged_and_cut),
		cmocka_unit_test(test_no_buffer),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_mark),
	};

	return cmocka_run_group_tests_name("wire", tests, setup, teardown);
}
