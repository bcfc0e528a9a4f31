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
	};

	return cmocka_run_group_tests_name("frame_control", tests, setup, teardown);
}
