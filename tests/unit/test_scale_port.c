/* SPDX-License-Identifier: BSD-3-Clause */
/* The benchmarks' paced port: when each packet was due. And where bench_eal runs, and options. */
#include "unit.h"

#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include <rte_lcore.h>
#include <rte_mbuf.h>

#include "bench.h"
#include "scale_port.h"

#define RATE	 UINT64_C(1000000)
#define INTERVAL UINT64_C(1000)	   /* ns */
#define LATE	 UINT64_C(2000000) /* ns: what the source catches up at most */
#define START	 UINT64_C(5000000000)

static struct scale_port port;
static struct relay_latency latency;
static struct scale_traffic traffic = {.frames = {.frame_len = 64}};
static struct tsc_clock tsc;
static cpu_set_t allowed;

/* In libc's place: the kernel started us on the last of them. */
int
sched_getcpu(void)
{
	int cpu = CPU_SETSIZE - 1;

	while (!CPU_ISSET(cpu, &allowed))
		cpu--;
	return cpu;
}

static uint64_t
stamp(struct rte_mbuf *m)
{
	uint64_t value;

	memcpy(&value, rte_pktmbuf_mtod_offset(m, void *, m->data_len - 8), sizeof(value));
	return value;
}

static uint16_t
receive(struct rte_mbuf **pkts, uint64_t now)
{
	return port.port.ops->rx_burst(&port.port, 0, pkts, SCALE_BURST, now);
}

static void
begin(void)
{
	port.clock = &tsc;
	port.latency = &latency;
	scale_port_set(&port, &traffic);
	scale_port_pace(&port, RATE);
}

/* The first packet is due as its thread first asks, however late that is. */
static void
begin_asking(struct rte_mbuf **pkts)
{
	assert_int_equal(receive(pkts, START), 1);
	assert_int_equal(stamp(pkts[0]), START);
	assert_int_equal(port.late, 0);
	rte_pktmbuf_free(pkts[0]);
}

static void
test_each_packet_has_its_own_time(void **state)
{
	struct rte_mbuf *pkts[SCALE_BURST];

	(void)state;
	begin();
	begin_asking(pkts);
	assert_int_equal(receive(pkts, START + 5 * INTERVAL + 1), 5);
	for (uint64_t i = 0; i < 5; i++)
		assert_int_equal(stamp(pkts[i]), START + (i + 1) * INTERVAL);
	rte_pktmbuf_free_bulk(pkts, 5);
	assert_int_equal(receive(pkts, START + 5 * INTERVAL + 2), 0);
	assert_int_equal(receive(pkts, START + 6 * INTERVAL), 1);
	assert_int_equal(stamp(pkts[0]), START + 6 * INTERVAL);
	rte_pktmbuf_free_bulk(pkts, 1);
	assert_int_equal(port.late, 0);
}

/* What was skipped is counted, and no packet has the time of one that was. */
static void
test_after_nobody_came_for_long(void **state)
{
	struct rte_mbuf *pkts[SCALE_BURST];

	(void)state;
	begin();
	begin_asking(pkts);
	assert_int_equal(receive(pkts, START + LATE + 100 * INTERVAL), SCALE_BURST);
	assert_int_equal(port.late, 99);
	for (uint64_t i = 0; i < SCALE_BURST; i++)
		assert_int_equal(stamp(pkts[i]), START + (100 + i) * INTERVAL);
	rte_pktmbuf_free_bulk(pkts, SCALE_BURST);
}

static void
test_on_the_first_cpu_that_is_allowed(void **state)
{
	unsigned int first = 0;
	cpu_set_t cpus = rte_lcore_cpuset(rte_lcore_id());

	(void)state;
	while (!CPU_ISSET(first, &allowed))
		first++;
	assert_int_equal(CPU_COUNT(&cpus), 1);
	assert_true(CPU_ISSET(first, &cpus));
}

/* --quick is for what was not given, wherever it stands. */
static void
test_quick_leaves_what_is_given(void **state)
{
	static const struct {
		const char *words[3];
		unsigned int runs;
	} cases[] = {
		{{NULL}, 9},
		{{"--quick"}, 1},
		{{"--quick", "--runs=3"}, 3},
		{{"--runs=3", "--quick"}, 3},
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		char words[4][16] = {"bench"}, *argv[5] = {words[0]};
		struct bench_options options;
		int argc = 1;

		for (; argc <= 3 && cases[i].words[argc - 1] != NULL; argc++) {
			snprintf(words[argc], sizeof(words[argc]), "%s", cases[i].words[argc - 1]);
			argv[argc] = words[argc];
		}
		optind = 0;
		bench_read_options(&options, argc, argv, "", NULL);
		assert_int_equal(options.runs, cases[i].runs);
	}
}

static int
setup(void **state)
{
	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
	bench_eal("test_scale_port", 64, NULL);
	tsc_clock_init(&tsc);
	scale_port_init(&port, 0, 256);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	assert_int_equal(rte_mempool_in_use_count(port.pool), 0);
	scale_port_free(&port);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quick_leaves_what_is_given),
		cmocka_unit_test(test_on_the_first_cpu_that_is_allowed),
		cmocka_unit_test(test_each_packet_has_its_own_time),
		cmocka_unit_test(test_after_nobody_came_for_long),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
