/* SPDX-License-Identifier: BSD-3-Clause */
/* Which frames are the control thread's, over IPv6: discovery, listener queries, other ICMPv6. */
#include "unit.h"

#include "../harness/test_eal.h"
#include "frame.h"

static struct rte_mempool *pool;

/* An IPv6 frame to a node, whole as far as the underlay does not judge it. */
static struct rte_mbuf *
some_ipv6(
	uint8_t next, const uint8_t *destination, uint8_t hop_limit, const void *body, uint16_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	uint8_t *p;

	assert_non_null(m);
	p = (uint8_t *)rte_pktmbuf_append(m, (uint16_t)(14 + 40 + len));
	if (p == NULL)
		abort();
	memset(p, 0, 54);

	p[12] = 0x86;
	p[13] = 0xdd;
	p[14] = 0x60;
	p[18] = (uint8_t)(len >> 8);
	p[19] = (uint8_t)len;
	p[20] = next;
	p[21] = hop_limit;
	p[22] = 0xfe;
	p[23] = 0x80;
	memcpy(p + 38, destination, 16);
	memcpy(p + 54, body, len);
	return m;
}

static const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 1};

/* Types of RFC 4861 that have come from beyond a router are like any ICMPv6. */
static void
test_discovery(void **state)
{
	const struct port port = {0};

	(void)state;
	for (uint32_t type = 0; type < 256; type++) {
		static const uint8_t limits[] = {255, 254, 64, 1, 0};
		bool discovery = type >= 133 && type <= 137;
		uint8_t body[24] = {(uint8_t)type};

		for (uint32_t i = 0; i < RTE_DIM(limits); i++) {
			struct rte_mbuf *m = some_ipv6(
				58, all_nodes, limits[i], body, sizeof(body));
			struct frame_view view;
			enum drop_reason reason;

			assert_int_equal(frame_parse(&port, m, &view, &reason),
				discovery && limits[i] == 255 ? FRAME_CONTROL : FRAME_ICMP);
			rte_pktmbuf_free(m);
		}
	}
}

/* How a frame with a body of len bytes that tells so many of them is judged. */
static enum frame_verdict
judge_ipv6(uint8_t next, const uint8_t *destination, const void *body, uint16_t len, uint16_t told,
	enum drop_reason *reason)
{
	const struct port port = {0};
	struct rte_mbuf *m = some_ipv6(next, destination, 1, body, len);
	struct frame_view view;
	enum frame_verdict verdict;

	rte_pktmbuf_mtod(m, uint8_t *)[18] = (uint8_t)(told >> 8);
	rte_pktmbuf_mtod(m, uint8_t *)[19] = (uint8_t)told;
	*reason = DROP_none;
	verdict = frame_parse(&port, m, &view, reason);
	rte_pktmbuf_free(m);
	return verdict;
}

/* As RFC 3810, 5.1 has a query; and all that is not quite one. */
static void
test_listener_query(void **state)
{
	static const uint8_t solicited[16] = {0xff, 0x02, [11] = 1, 0xff, 1, 2, 3};
	static const uint8_t wider[16] = {0xff, 0x05, [15] = 1};
	static const uint8_t node[16] = {0xfd, 0x02, [15] = 1};
	/* Router alert and padding; type 130, 1 s, of all groups; then four bytes of version 2. */
	uint8_t query[8 + 28] = {58, 0, 5, 2, 0, 0, 1, 0, 130, 0, 0, 0, 0x03, 0xe8};
	uint8_t longer[16 + 24] = {58, 1, 5, 2, 0, 0, 1, 8, [16] = 130};
	const uint16_t len = sizeof(query);
	enum drop_reason reason;

	(void)state;
	assert_int_equal(judge_ipv6(0, all_nodes, query, len, len, &reason), FRAME_ICMP);
	assert_int_equal(judge_ipv6(0, all_nodes, query, 32, 32, &reason), FRAME_ICMP);
	assert_int_equal(judge_ipv6(0, solicited, query, len, len, &reason), FRAME_ICMP);
	assert_int_equal(judge_ipv6(0, all_nodes, longer, 40, 40, &reason), FRAME_ICMP);
	for (uint32_t type = 0; type < 256; type++) {
		query[8] = (uint8_t)type;
		assert_int_equal(judge_ipv6(0, all_nodes, query, len, len, &reason),
			type == 130 ? FRAME_ICMP : FRAME_DROP);
		assert_int_equal(reason, type == 130 ? DROP_none : DROP_ip_address);
	}
	query[8] = 130;
	for (uint32_t next = 0; next < 256; next++) {
		if (next == 58)
			continue;
		assert_int_equal(judge_ipv6((uint8_t)next, all_nodes, query, len, len, &reason),
			next == 0 ? FRAME_ICMP : FRAME_DROP);
		query[0] = (uint8_t)next;
		assert_int_equal(judge_ipv6(0, all_nodes, query, len, len, &reason), FRAME_DROP);
		query[0] = 58;
	}
	assert_int_equal(judge_ipv6(0, wider, query, len, len, &reason), FRAME_DROP);
	assert_int_equal(judge_ipv6(0, node, query, len, len, &reason), FRAME_DROP);
	/* Told to end, or cut, before the type. */
	for (uint16_t end = 0; end <= 8; end++) {
		assert_int_equal(judge_ipv6(0, all_nodes, query, len, end, &reason), FRAME_DROP);
		assert_int_equal(judge_ipv6(0, all_nodes, query, end, end, &reason), FRAME_DROP);
	}
	longer[1] = 255;
	assert_int_equal(judge_ipv6(0, all_nodes, longer, 40, 40, &reason), FRAME_DROP);
}

static int
setup(void **state)
{
	(void)state;
	if (test_eal(64, false) < 0)
		return -1;
	pool = rte_pktmbuf_pool_create("unit", 63, 0, 0, 2048 + RTE_PKTMBUF_HEADROOM, 0);
	return pool != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	uint32_t used = rte_mempool_in_use_count(pool);

	(void)state;
	rte_mempool_free(pool);
	return rte_eal_cleanup() != 0 || used != 0 ? -1 : 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_discovery),
		cmocka_unit_test(test_listener_query),
	};

	return cmocka_run_group_tests_name("frame_control", tests, setup, teardown);
}
