/* SPDX-License-Identifier: BSD-3-Clause */
/* Every row of the policy table over every kind of line, against the oracle. */
#include "small.h"

/* All four nodes have a wire to each other; 4 is the source. */
static const struct {
	const char *name;
	const char *flows[2];
	uint32_t destinations[4];
} policies[] = {
	{"direct", {"2"}, {2}},
	{"multi-hop", {"1 > 2"}, {2}},
	{"multicast", {"(2, 3)"}, {2, 3}},
	{"multicast by a relay", {"1 > (2, 3)"}, {2, 3}},
	{"a destination that relays", {"2* > 3"}, {2, 3}},
	{"destinations that relay to several", {"1* > (2* > 3, 3)"}, {1, 2, 3}},
	{"redundant paths", {"(1 > 2, 3 > 2)"}, {2}},
	{"multi-path", {"1 > 2", "3 > 2"}, {2}},
};

/* Bits of a kind of line. */
enum {
	KIND_IPV6 = 1,
	KIND_CHAINS = 2,
	KIND_TX_SUM = 4,
	KIND_RX_SUM = 8,
	KIND_MIXED = 16, /* every other wire is of the other family */
	KINDS = 32
};

static struct sim_line
line_of(uint32_t kind, uint32_t wire)
{
	struct sim_line line = small_line();

	line.mtu = 700;
	line.ipv6 = ((kind & KIND_IPV6) != 0) != ((kind & KIND_MIXED) != 0 && wire % 2 != 0);
	line.vlan = (kind + wire) % 3 == 0 ? 77 : 0;
	line.offloads = (kind & KIND_CHAINS ? PORT_TX_CHAINS : 0) |
			(kind & KIND_TX_SUM ? PORT_TX_UDP_CHECKSUM : 0) |
			(kind & KIND_RX_SUM ? PORT_RX_IP_CHECKSUM | PORT_RX_UDP_CHECKSUM : 0);
	line.partial = wire % 3 != 0;
	return line;
}

static void
try_policy(uint32_t policy, uint32_t kind)
{
	static const enum drop_reason allowed[] = {DROP_session_duplicate, DROP_none};
	struct sim *sim = small_new(4);
	uint32_t index, wire = 0, end[5] = {0};
	struct oracle *oracle;
	struct sim_session s;

	sim->buffer_bytes = RTE_PKTMBUF_HEADROOM + 768;
	for (uint32_t a = 1; a <= 4; a++) {
		for (uint32_t b = a + 1; b <= 4; b++) {
			struct sim_line line = line_of(kind, wire++);

			small_connect(sim, a, b, &line);
		}
	}
	sim_build(sim);
	oracle = sim_oracle_new(sim);
	memcpy(end, policies[policy].destinations, sizeof(policies[policy].destinations));
	s = small_session(sim, 4, end);
	for (uint8_t i = 0; i < 2 && policies[policy].flows[i] != NULL; i++)
		sim_session_flow(&s, i, 1, policies[policy].flows[i]);
	index = small_start(sim, oracle, &s);
	for (uint16_t len = 8; len < 48; len++)
		small_send(sim, index, 1, len * 29 % 500 + 8, 50 * SIM_US);
	sim_drain(sim, SIM_S);
	for (uint32_t i = 0; end[i] != 0; i++)
		assert_int_equal(
			destination_delivered(small_destination(sim, index, end[i])).packets, 40);
	small_finish(sim, oracle, allowed);
}

static void
test_policies(void **state)
{
	(void)state;
	for (uint32_t policy = 0; policy < RTE_DIM(policies); policy++)
		for (uint32_t kind = 0; kind < KINDS; kind++)
			try_policy(policy, kind);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policies),
	};

	sim_eal(128);
	return cmocka_run_group_tests_name("policies", tests, NULL, NULL);
}
