/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The whole way of a packet through a node under arbitrary frames. The input is a sequence of
 * records: what to do (1 byte: see RECORD_), more of it and the length (2 bytes), frame. The node
 * has two workers, two ports with two queues, one of them tagged, IPv4 and IPv6 neighbours,
 * sessions that start and end there.
 *
 * What must hold: each worker's sums after each turn; what is sent is a frame of its own port;
 * where forwarding is `installed` no other session's packet leaves; in the end every pool is full.
 * The bytes behind a frame are poisoned, so that a read beyond it is seen although it stays within
 * the buffer. Each input finds links, sources and destinations that heard nothing yet.
 */
#include <string.h>

#include "frame_repair.h"
#include "fuzz_node.h"
#include "rlnc_encoder.h"
#include "rlnc_receiver.h"

#define RECORD_QUEUE 0x01
#define RECORD_AS_IS 0x02 /* lengths and checksums stay as they are */
#define RECORD_SPLIT 0x04 /* in two segments */
#define RECORD_GOOD  0x08 /* the device says that checksums are right */
#define RECORD_BAD   0x10 /* or wrong; both: that they are still to be computed */
#define RECORD_LATER 0x20 /* 3 ms pass */
#define RECORD_NOSUM 0x40 /* no UDP checksum, where there need not be one */
#define RECORD_MORE  0x80 /* the next one comes in the same burst */

/* In the two bytes of the length. */
#define LENGTH		 0x07ff
#define RECORD_FULL	 0x0800 /* ports have room for one frame, this turn */
#define RECORD_STRIPPED	 0x1000 /* the device took the tagged port's tag off */
#define RECORD_ANSWER	 0x2000 /* the frame ends with the body of the node's last PROBE */
#define RECORD_INSTALLED 0x4000 /* of the first: only sessions that are known are forwarded */
#define RECORD_TAGGED	 0x8000 /* on the tagged port */

#define FRAME_MAX   1600
#define TFRC	    8 /* these neighbours' rate is controlled */
#define TFRC_PROBED 9
#define TAGGED	    10 /* and the next: on the tagged port */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct rlnc_params rateless = {.code = RLNC_BLOCK,
	.k = 4,
	.systematic = true,
	.repair = RLNC_REPAIR_RATELESS,
	.bound = RLNC_SHARE_ONE,
	.close = 1000000,
	.deadline = 1000000000};

static struct node *node;
static struct port port, tagged;
static struct source *coded;
static struct probe_body asked; /* by the last PROBE */
static uint64_t now = 1000000000;

static void
add_destination(struct port *out, uint32_t session, uint8_t egress, uint32_t reorder,
	const struct rlnc_params *coding)
{
	struct destination_params params = {.conference = 1,
		.session = session,
		.window = 256,
		.reorder_packets = reorder,
		.reorder_ns = 1000000,
		.egress = egress,
		.egress_port = out,
		.coding = coding,
		.nb_flows = 4};
	struct frame_endpoints ends = {.source_mac = out->mac,
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

/* Datagrams to a UDP port go out again: one each of the flows. */
static struct source *
add_source(uint32_t session, const struct flow_params *flows, uint16_t nb_flows,
	const struct rlnc_params *coding)
{
	struct source_params params = {.conference = 2,
		.session = session,
		.epoch = (uint16_t)session,
		.kind = SOURCE_UDP,
		.ingress_port = &port,
		.ingress_udp_port = (uint16_t)(4999 + session),
		.coding = coding};
	uint32_t missing;
	struct flow_plan *plan = node_build_plan(node, flows, nb_flows, 0, &missing);
	struct source *source;

	fuzz_check(plan != NULL);
	source = node_add_source(node, &params, plan);
	fuzz_check(source != NULL);
	node_start_source(node, source);
	return source;
}

static void
add_sources(void)
{
	static const uint8_t both[] = {0, 6, 0x80, 0, 0, 1, 0, 12, 0, 0, 0, 2, 0, 6, 0x80, 0, 0, 3};
	struct flow_params flows[] = {
		{.id = 1, .weight = 1, .routing = both, .routing_len = sizeof(both)},
		{.id = 2, .weight = 1, .routing = both, .routing_len = 6},
	};

	(void)add_source(1, flows, 1, NULL);
	coded = add_source(2, flows, 2, &rateless);
}

static void
add_links(void)
{
	static const uint8_t pacing[] = {[TFRC] = LINK_PACING_TFRC,
		[TFRC_PROBED] = LINK_PACING_TFRC_SP,
		[TAGGED + 1] = LINK_PACING_NONE};

	for (uint8_t id = 1; id <= TAGGED + 1; id++)
		/* 6 is unknown, 7 the node; neighbour 5 stays unresolved. */
		if (id < 6 || id > FUZZ_NODE)
			fuzz_add_neighbour(node,
				(struct link_params){.node_id = id,
					.port = id < TAGGED ? &port : &tagged,
					.remote = id % 2 != 0 ? fuzz_ipv4(id) : fuzz_ipv6(id),
					.local = id % 2 != 0 ? 0 : 1,
					.pacing = pacing[id],
					.probe = id == TFRC_PROBED ? 1000000 : 0},
				id != 5);
}

/* What leaves this node for a neighbour. */
static void
sent(const uint8_t *frame, uint32_t len)
{
	const uint8_t *ip = frame + (frame[12] == 0x81 ? 18 : 14), *end = frame + len;
	const uint8_t *udp = ip + (ip[0] >> 4 == 4 ? 20 : 40), *link = udp + 8;
	const uint8_t *pathlet = link + sizeof(struct link_hdr), *session;

	if ((udp[2] << 8 | udp[3]) != FERRY_UDP_PORT)
		return;
	fuzz_check(pathlet <= end);
	if ((link[0] & 0x0f) == LINK_PROBE) {
		fuzz_check(end - pathlet == sizeof(asked));
		memcpy(&asked, pathlet, sizeof(asked));
	}
	if ((link[0] & 0x0f) != LINK_DATA)
		return;
	fuzz_check(end - pathlet >= (int)sizeof(struct pathlet_hdr));
	session = pathlet + (pathlet[0] << 8 | pathlet[1]);
	fuzz_check(session + sizeof(struct session_hdr) <= end);
	fuzz_check(!node->installed || key_set_has(&node->known, session_wire_key(session)));
}

static void
make_node(void)
{
	static const struct rlnc_params block = {.code = RLNC_BLOCK,
						.k = 8,
						.repair = RLNC_REPAIR_RATELESS,
						.deadline = 5000000},
					window = {.code = RLNC_WINDOW, .k = 8, .deadline = 5000000};
	struct node_budget budget = {.port_descriptors = 64,
		.reorder_packets = 64,
		.feeder_packets = 16,
		.feeder_queues = 8};
	const char *error;

	node = fuzz_node_new(&port, now);
	fuzz_add_tagged_port(node, &tagged);
	budget.coding_packets = rlnc_receiver_holds(&block) + rlnc_receiver_holds(&window) +
				rlnc_encoder_holds(&rateless);
	fuzz_check(node_layout(node, &budget, &error) == 0);
	add_links();
	add_destination(&port, 1, EGRESS_SINK, 0, NULL);
	add_destination(&port, 2, EGRESS_UDP, 0, NULL);
	add_destination(&port, 3, EGRESS_UDP, 16, NULL);
	add_destination(&port, 5, EGRESS_UDP, 0, &block);
	add_destination(&port, 6, EGRESS_UDP, 16, &window);
	add_destination(&tagged, 7, EGRESS_UDP, 0, NULL);
	fuzz_check(node_know_session(node, 1, 4) == 0);
	add_sources();
	fuzz_sent = sent;
	fuzz_turn(node, now);
	node_tick(node);
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

/* The source that codes, as if just made. */
static void
forget_source(void)
{
	rlnc_encoder_stop(node->workers[coded->owner], coded->encoder);
	rlnc_encoder_free(coded->encoder);
	coded->encoder = rlnc_encoder_new(coded, &rateless);
	fuzz_check(coded->encoder != NULL);
	rng_seed(&coded->rng, 0);
}

/* All as if just made. */
static void
forget(void)
{
	static const uint32_t sessions[] = {1, 2, 3, 5, 6, 7};

	for (uint16_t i = 0; i < node->nb_workers; i++)
		rng_seed(&node->workers[i]->rng, i);
	fuzz_set_clock(node, now);
	fuzz_forget_links(node);
	for (size_t i = 0; i < RTE_DIM(sessions); i++)
		fuzz_forget_destination(node, node_find_destination(node, 1, sessions[i]));
	fuzz_sums_may_lie = false;
	memset(&asked, 0, sizeof(asked));
}

/* False: the port's queue is full. */
static bool
receive(uint32_t what, uint8_t *frame, uint16_t len)
{
	const struct port *in = what & RECORD_TAGGED ? &tagged : &port;
	uint16_t cut = what & RECORD_SPLIT ? len / 2 : len;
	struct rte_mbuf *m;

	if ((what & RECORD_ANSWER) && len >= sizeof(asked))
		memcpy(frame + len - sizeof(asked), &asked, sizeof(asked));
	if (!(what & RECORD_AS_IS))
		frame_repair(frame, len);
	if (what & RECORD_NOSUM)
		frame_drop_sum(frame, len);
	m = fuzz_fill(frame, len, cut);
	if ((what & RECORD_GOOD) && (what & RECORD_BAD)) {
		m->ol_flags |= RTE_MBUF_F_RX_IP_CKSUM_NONE | RTE_MBUF_F_RX_L4_CKSUM_NONE;
	} else if (what & RECORD_GOOD) {
		m->ol_flags |= RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
		fuzz_sums_may_lie = true;
	} else if (what & RECORD_BAD) {
		m->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_BAD;
	}
	if (what & RECORD_STRIPPED) {
		m->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
		m->vlan_tci = FUZZ_TAGGED_VLAN;
	}
	return fuzz_receive(in, what & RECORD_QUEUE, m);
}

/* What a rate follows from stays within its bounds, whatever is reported. */
static void
check_rates(void)
{
	for (uint8_t id = TFRC; id <= TFRC_PROBED; id++) {
		const struct tfrc_sender *s = &node_find_link(node, id)->tfrc.sender;

		fuzz_check(s->rtt <= TFRC_RTT_MAX_NS && s->rtt_sample <= TFRC_RTT_MAX_NS);
		fuzz_check(s->nb_recv >= 1 && s->nb_recv <= TFRC_RECV_SET);
		fuzz_check(s->size > 0 && s->size <= (uint64_t)s->params.mss << TFRC_SHIFT);
		fuzz_check(s->x > 0);
	}
}

static void
turn(uint64_t later)
{
	now += later;
	fuzz_turn(node, now);
	check_rates();
}

/* What is held for order, or for repair, goes out in time, and the rest then. */
static void
end(void)
{
	fuzz_room = UINT16_MAX;
	turn(10000000);
	turn(200000000);
	fuzz_let_go(node);
	turn(0);
	forget_source();
	fuzz_check_empty(node);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t frame[FRAME_MAX];

	forget();
	node_set_forwarding(node, size >= 3 && (data[1] << 8 & RECORD_INSTALLED));
	while (size >= 3) {
		uint32_t more = (uint32_t)(data[1] << 8 | data[2]);
		uint32_t what = data[0] | (more & ~(uint32_t)LENGTH);
		size_t len = more & LENGTH;

		data += 3;
		size -= 3;
		len = RTE_MIN(len, size);
		len = RTE_MIN(len, sizeof(frame));
		memcpy(frame, data, len);
		data += len;
		size -= len;
		fuzz_room = what & RECORD_FULL ? 1 : UINT16_MAX;
		if (!receive(what, frame, (uint16_t)len) || !(what & RECORD_MORE))
			turn(what & RECORD_LATER ? 3000000 : 0);
	}
	end();
	return 0;
}
