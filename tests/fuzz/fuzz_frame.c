/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The whole way of a packet through a node under arbitrary frames. The input is a sequence of
 * records: what to do (1 byte: see RECORD_), length (2 bytes), frame. The node has two workers, a
 * port with two queues, IPv4 and IPv6 neighbours, sessions that start and end there.
 *
 * What must hold: each worker's sums after each turn; what is sent is a frame of its own port; in
 * the end every pool is full. The bytes behind a frame are poisoned, so that a read beyond it is
 * seen although it stays within the buffer. Each input finds links and destinations that heard
 * nothing yet.
 */
#include "frame_repair.h"
#include "fuzz_node.h"
#include "rlnc_receiver.h"

#define RECORD_QUEUE 0x01
#define RECORD_AS_IS 0x02 /* lengths and checksums stay as they are */
#define RECORD_SPLIT 0x04 /* in two segments */
#define RECORD_GOOD  0x08 /* the device says that checksums are right */
#define RECORD_BAD   0x10 /* or wrong */
#define RECORD_LATER 0x20 /* 3 ms pass */

#define FRAME_MAX 1600

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct node *node;
static struct port port;
static uint64_t now = 1000000000;

static void
add_destination(
	uint32_t session, uint8_t egress, uint32_t reorder, const struct rlnc_params *coding)
{
	struct destination_params params = {.conference = 1,
		.session = session,
		.window = 256,
		.reorder_packets = reorder,
		.reorder_ns = 1000000,
		.egress = egress,
		.egress_port = &port,
		.coding = coding,
		.nb_flows = 4};
	struct frame_endpoints ends = {.source_mac = port.mac,
		.destination_mac = {{2, 0, 0, 0, 0, 99}},
		.source = session % 2 != 0 ? fuzz_ipv4(7) : fuzz_ipv6(7),
		.destination = session % 2 != 0 ? fuzz_ipv4(99) : fuzz_ipv6(99),
		.source_port = 1,
		.destination_port = 2,
		.hop_limit = 64};
	struct destination *dst = node_add_destination(node, &params, 64);

	fuzz_check(dst != NULL);
	if (egress == EGRESS_UDP)
		fuzz_check(node_set_egress(node, dst, &ends) == 0);
}

/* A datagram to UDP port 5000 goes out again to neighbour 1, and over 2 to 3. */
static void
add_source(void)
{
	static const uint8_t routing[] = {
		0, 6, 0x80, 0, 0, 1, 0, 12, 0, 0, 0, 2, 0, 6, 0x80, 0, 0, 3};
	struct flow_params flow = {
		.id = 1, .weight = 1, .routing = routing, .routing_len = sizeof(routing)};
	struct source_params params = {.conference = 2,
		.session = 1,
		.kind = SOURCE_UDP,
		.ingress_port = &port,
		.ingress_udp_port = 5000};
	uint32_t missing;
	struct flow_plan *plan = node_build_plan(node, &flow, 1, 0, &missing);
	struct source *source;

	fuzz_check(plan != NULL);
	source = node_add_source(node, &params, plan);
	fuzz_check(source != NULL);
	node_start_source(node, source);
}

static void
make_node(void)
{
	static const struct rlnc_params block = {.code = RLNC_BLOCK,
						.k = 8,
						.repair = RLNC_REPAIR_RATELESS,
						.deadline = 5000000},
					window = {.code = RLNC_WINDOW, .k = 8, .deadline = 5000000};
	struct node_budget budget = {.port_descriptors = 64, .reorder_packets = 64};
	const char *error;

	node = fuzz_node_new(&port, now);
	budget.coding_packets = rlnc_receiver_holds(&block) + rlnc_receiver_holds(&window);
	fuzz_check(node_layout(node, &budget, &error) == 0);
	/* Neighbour 5 stays unresolved. */
	for (uint8_t id = 1; id <= 5; id++)
		fuzz_add_neighbour(node,
			(struct link_params){.node_id = id,
				.port = &port,
				.remote = id % 2 != 0 ? fuzz_ipv4(id) : fuzz_ipv6(id),
				.local = id % 2 != 0 ? 0 : 1},
			id != 5);
	add_destination(1, EGRESS_SINK, 0, NULL);
	add_destination(2, EGRESS_UDP, 0, NULL);
	add_destination(3, EGRESS_UDP, 16, NULL);
	add_destination(5, EGRESS_UDP, 0, &block);
	add_destination(6, EGRESS_UDP, 16, &window);
	fuzz_check(node_know_session(node, 1, 4) == 0);
	add_source();
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_eal();
	make_node();
	return 0;
}

/* Links and destinations as if just made. */
static void
forget(void)
{
	static const uint32_t sessions[] = {1, 2, 3, 5, 6};

	fuzz_forget_links(node);
	for (size_t i = 0; i < RTE_DIM(sessions); i++)
		fuzz_forget_destination(node, node_find_destination(node, 1, sessions[i]));
}

static struct rte_mbuf *
receive(uint8_t what, uint8_t *frame, uint16_t len)
{
	uint16_t cut = what & RECORD_SPLIT ? len / 2 : len;
	struct rte_mbuf *m;

	if (!(what & RECORD_AS_IS))
		frame_repair(frame, len);
	m = fuzz_fill(frame, len, cut);
	if (what & RECORD_GOOD)
		m->ol_flags |= RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	else if (what & RECORD_BAD)
		m->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_BAD;
	return m;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t frame[FRAME_MAX];

	forget();
	while (size >= 3) {
		uint8_t what = data[0];
		size_t len = (size_t)(data[1] << 8 | data[2]);

		data += 3;
		size -= 3;
		len = RTE_MIN(len, size);
		len = RTE_MIN(len, sizeof(frame));
		memcpy(frame, data, len);
		data += len;
		size -= len;
		if (what & RECORD_LATER)
			now += 3000000;
		fuzz_receive(what & RECORD_QUEUE, receive(what, frame, (uint16_t)len));
		fuzz_turn(node, now);
	}
	/* What is held for order goes out in time. */
	now += 10000000;
	fuzz_turn(node, now);
	fuzz_check_empty(node);
	return 0;
}
