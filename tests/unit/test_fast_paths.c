/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fast paths of a packet beside the general one. Three nodes get the same random frames, good
 * and bad, of neighbours and clients over IPv4 and IPv6: one has all fast paths; one has none, for
 * it forgets before each frame what frames it expects, and finds each buffer borrowed; and one gets
 * the frames in bursts. All send the same, with checksums that are right, and count the same; each
 * one's sums agree after each turn.
 */
#include "unit.h"

#include "../harness/test_eal.h"
#include "destination_settle.h"
#include "mix_node.h"
#include "rlnc_receiver.h"

#define FRAMES 20000
#define KEYS   1024
#define MS     UINT64_C(1000000)
#define US     UINT64_C(1000)

enum way {
	FAST,
	GENERAL,
	BURST,
	WAYS
};

struct side {
	enum way way;
	struct node *node;
	struct port ports[MIX_PORTS];
	const struct mix_frame *frames; /* to be received */
	uint16_t n;
	struct rte_mbuf *borrowed[BURST_MAX];
	uint16_t nb_borrowed;
	uint64_t digest;   /* of all that left, in its order */
	uint64_t all;	   /* of the same, in any order and but for what the link says */
	uint64_t of[KEYS]; /* of each session's on each way, in its order, but for that */
	uint64_t left;
};

static struct side sides[WAYS];
static struct frame_mix mix;
static struct rng rng;

/* --- ports ------------------------------------------------------------------------------- */

static uint16_t
rx_burst(struct port *port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t now)
{
	struct side *side = port->driver;
	uint16_t got = 0;

	(void)queue;
	(void)now;
	assert_true(side->n <= n);
	for (uint16_t i = 0; i < side->n; i++) {
		const struct mix_frame *f = &side->frames[i];
		struct rte_mbuf *m;

		if (f->port != port->index)
			continue;
		m = rte_pktmbuf_alloc(side->node->pool);
		assert_non_null(m);
		m->data_off = MIX_HEADROOM;
		memcpy(rte_pktmbuf_append(m, f->len), f->bytes, f->len);
		m->ol_flags |= f->flags;
		m->vlan_tci = f->tci;
		if (side->way == GENERAL || f->borrowed) {
			rte_mbuf_refcnt_update(m, 1);
			side->borrowed[side->nb_borrowed++] = m;
		}
		pkts[got++] = m;
	}
	return got;
}

/* Lengths and checksums of a frame that leaves; where its datagram begins. */
static uint32_t
check_frame(const struct port *port, uint8_t *bytes, uint32_t len, uint64_t flags)
{
	uint32_t l3 = port->vlan != 0 ? 18 : 14;
	struct rte_ipv4_hdr *ip4 = (struct rte_ipv4_hdr *)(bytes + l3);
	struct rte_ipv6_hdr *ip6 = (struct rte_ipv6_hdr *)(bytes + l3);
	bool ipv6 = bytes[l3 - 2] == 0x86;
	struct rte_udp_hdr *udp = ipv6 ? (struct rte_udp_hdr *)(ip6 + 1)
				       : (struct rte_udp_hdr *)(ip4 + 1);

	assert_true(len <= port->mtu + l3);
	if (port->vlan != 0)
		assert_int_equal(bytes[15], MIX_VLAN);
	if (!ipv6) {
		assert_int_equal(flags & RTE_MBUF_F_TX_UDP_CKSUM, 0);
		assert_int_equal(ip4->version_ihl, RTE_IPV4_VHL_DEF);
		assert_int_equal(rte_be_to_cpu_16(ip4->total_length), len - l3);
		assert_int_equal(rte_raw_cksum(ip4, sizeof(*ip4)), 0xffff);
		assert_int_equal(rte_be_to_cpu_16(udp->dgram_len), len - l3 - sizeof(*ip4));
		assert_int_equal(udp->dgram_cksum, 0);
	} else {
		assert_int_equal(rte_be_to_cpu_16(ip6->payload_len), len - l3 - sizeof(*ip6));
		assert_int_equal(udp->dgram_len, ip6->payload_len);
		/* What a device does. */
		if (flags & RTE_MBUF_F_TX_UDP_CKSUM) {
			assert_int_equal(udp->dgram_cksum, rte_ipv6_phdr_cksum(ip6, 0));
			udp->dgram_cksum = 0;
			udp->dgram_cksum = rte_ipv6_udptcp_cksum(ip6, udp);
		}
		assert_int_not_equal(udp->dgram_cksum, 0);
		assert_int_equal(rte_ipv6_udptcp_cksum_verify(ip6, udp), 0);
	}
	return (uint32_t)((uint8_t *)(udp + 1) - bytes);
}

static uint64_t
hash(uint64_t h, const uint8_t *bytes, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		h = (h ^ bytes[i]) * UINT64_C(0x100000001b3);
	return h;
}

/* Of DATA sequences and time stamps differ where packets of other sessions come between. */
static void
remember(struct side *side, const uint8_t *bytes, uint32_t len, uint32_t datagram)
{
	const struct link_hdr *hdr = (const struct link_hdr *)(bytes + datagram);
	uint32_t from = datagram, key = bytes[5];
	uint64_t h;

	side->digest = hash(side->digest, bytes, len);
	if (bytes[5] < 99)
		from += (uint32_t)sizeof(*hdr);
	h = hash(hash(0, bytes, 6), bytes + from, len - from);
	side->all += h;
	if (bytes[5] < 99 && hdr->version_type == LINK_VERSION << 4) {
		const struct pathlet_hdr *own = (const struct pathlet_hdr *)(hdr + 1);
		const uint8_t *session = (const uint8_t *)own + rte_be_to_cpu_16(own->length);

		/* Two in one place would be of two sessions: then only both together count. */
		if (session[3] > MIX_TRANSIT || session[7] > MIX_SESSIONS)
			return;
		key += (uint32_t)session[3] * 16 * 16 + session[7] * 16u;
	}
	key %= KEYS;
	side->of[key] = side->of[key] * UINT64_C(0x100000001b3) + h;
}

static uint16_t
tx_burst(struct port *port, uint16_t queue, struct rte_mbuf **pkts, uint16_t n, uint64_t now)
{
	struct side *side = port->driver;

	(void)queue;
	(void)now;
	for (uint16_t i = 0; i < n; i++) {
		uint32_t len = pkts[i]->pkt_len;
		uint8_t bytes[2048];
		const void *at;

		assert_true(len <= sizeof(bytes));
		assert_true(pkts[i]->nb_segs == 1 || (port->offloads & PORT_TX_CHAINS) != 0);
		rte_mbuf_sanity_check(pkts[i], 1);
		at = rte_pktmbuf_read(pkts[i], 0, len, bytes);
		if (at != bytes)
			memcpy(bytes, at, len);
		remember(side, bytes, len, check_frame(port, bytes, len, pkts[i]->ol_flags));
		side->left++;
		rte_pktmbuf_free(pkts[i]);
	}
	return n;
}

static const struct port_ops port_ops = {.rx_burst = rx_burst, .tx_burst = tx_burst};

/* --- turning ------------------------------------------------------------------------------ */

/* Nothing is expected: whatever comes takes the general path, in and out. */
static void
lengthen(struct side *side)
{
	for (uint32_t i = 0; i < MIX_PEERS; i++) {
		struct link *link = node_find_link(side->node, MIX_PEER_ID + i);
		struct frame_template *t = (void *)(uintptr_t)link->header;

		link_forget_heads(&link->rx);
		link->direct = LINK_NO_OWNER;
		if (t != NULL)
			t->plain_room = t->transit_room = t->ipv6_room = 0;
	}
	for (uint32_t session = 1; session < MIX_SESSIONS; session++)
		mix_destination(side->node, session)->line->way = DESTINATION_SLOW;
}

static void
check_sums(const struct worker *w)
{
	struct worker_sums sums = worker_sums(&w->counters);

	assert_int_equal(sums.in, sums.out);
	assert_int_equal(w->counters.drops[DROP_none], 0);
}

static void
turn(struct side *side, const struct mix_frame *frames, uint16_t n, uint64_t now)
{
	struct worker *w = side->node->workers[0];
	struct rte_mbuf *m;

	if (side->way == GENERAL)
		lengthen(side);
	side->frames = frames;
	side->n = n;
	side->nb_borrowed = 0;
	(void)worker_poll(w, now);
	side->n = 0;
	rte_pktmbuf_free_bulk(side->borrowed, side->nb_borrowed);
	while (rte_ring_sc_dequeue(w->punt, (void **)&m) == 0)
		rte_pktmbuf_free(m);
	check_sums(w);
}

/* --- comparing --------------------------------------------------------------------------- */

static void
compare_links(const struct link *a, const struct link *b)
{
	assert_int_equal(a->rx.packets, b->rx.packets);
	assert_int_equal(a->rx.bytes, b->rx.bytes);
	assert_int_equal(a->rx.control, b->rx.control);
	assert_int_equal(a->rx.reordered, b->rx.reordered);
	assert_int_equal(a->rx.duplicates, b->rx.duplicates);
	assert_int_equal(a->rx.epochs, b->rx.epochs);
	assert_int_equal(a->rx.heard_at, b->rx.heard_at);
	assert_int_equal(a->rx.rtt, b->rx.rtt);
	assert_int_equal(a->rx.window.highest, b->rx.window.highest);
	assert_int_equal(link_lost(&a->rx), link_lost(&b->rx));
	assert_int_equal(a->tx.seq, b->tx.seq);
	assert_int_equal(a->tx.packets, b->tx.packets);
	assert_int_equal(a->tx.bytes, b->tx.bytes);
	assert_int_equal(a->tx.seq_control, b->tx.seq_control);
	assert_int_equal(a->tx.control, b->tx.control);
	assert_int_equal(a->tx.drops, b->tx.drops);
	assert_int_equal(a->tx.oversize, b->tx.oversize);
	assert_int_equal(a->tx.held, b->tx.held);
	assert_int_equal(a->tfrc.ignored, b->tfrc.ignored);
}

static void
compare_destinations(const struct destination *a, const struct destination *b)
{
	struct destination_counters x = a->counters, y = b->counters;
	struct destination_sum sums[2] = {destination_delivered(a), destination_delivered(b)};
	static struct delay_histogram delays[2];

	x.flattened = y.flattened = 0;
	assert_memory_equal(&x, &y, sizeof(x));
	assert_memory_equal(&sums[0], &sums[1], sizeof(sums[0]));
	assert_int_equal(destination_lost(a), destination_lost(b));
	assert_int_equal(destination_heard_at(a), destination_heard_at(b));
	for (uint16_t i = 0; i < a->params.nb_flows; i++) {
		assert_int_equal(destination_flow_received(a, i), destination_flow_received(b, i));
		assert_int_equal(
			destination_flow_const(a, i)->lost, destination_flow_const(b, i)->lost);
	}
	if (a->coding != NULL) {
		assert_memory_equal(
			&a->coding->counters, &b->coding->counters, sizeof(a->coding->counters));
		assert_int_equal(rlnc_receiver_held(a->coding), rlnc_receiver_held(b->coding));
	}
	destination_delay(a, &delays[0]);
	destination_delay(b, &delays[1]);
	assert_memory_equal(&delays[0], &delays[1], sizeof(delays[0]));
}

static void
compare(const struct side *a, const struct side *b, bool order)
{
	assert_memory_equal(&a->node->workers[0]->counters, &b->node->workers[0]->counters,
		sizeof(struct worker_counters));
	assert_int_equal(a->left, b->left);
	assert_int_equal(a->all, b->all);
	if (order)
		assert_memory_equal(a->of, b->of, sizeof(a->of));
	for (uint32_t i = 0; i < MIX_PEERS; i++)
		compare_links(node_find_link(a->node, MIX_PEER_ID + i),
			node_find_link(b->node, MIX_PEER_ID + i));
	for (uint32_t session = 1; session < MIX_SESSIONS; session++)
		compare_destinations(
			mix_destination(a->node, session), mix_destination(b->node, session));
	for (uint32_t session = 1; session <= MIX_INGRESSES; session++) {
		struct source *x = node_find_source(a->node, MIX_SOURCES, session),
			      *y = node_find_source(b->node, MIX_SOURCES, session);
		struct flow_state sent[2] = {source_sent(x), source_sent(y)};

		assert_memory_equal(&x->counters, &y->counters, sizeof(x->counters));
		assert_memory_equal(&sent[0], &sent[1], sizeof(sent[0]));
	}
}

/* --- cases ------------------------------------------------------------------------------- */

/* Something that the control thread may do at any time. */
static void
change(struct side *side, uint32_t what, uint32_t which)
{
	struct link *link = node_find_link(side->node, MIX_PEER_ID + which % MIX_PEERS);
	struct rte_ether_addr mac = {{2, [5] = (uint8_t)link->node_id}};
	struct source *source = node_find_source(
		side->node, MIX_SOURCES, 1 + which % MIX_INGRESSES);
	struct destination *dst = mix_destination(side->node, 1 + which % 2);

	switch (what) {
	case 0:
		(void)node_set_link_mac(side->node, link, link->header != NULL ? NULL : &mac);
		break;
	case 1:
		if (source_is_running(source))
			node_stop_source(side->node, source);
		else
			node_start_source(side->node, source);
		break;
	case 2:
		if (destination_is_resolved(dst))
			(void)node_set_egress(side->node, dst, NULL);
		else
			assert_int_equal(mix_set_egress(side->node, dst), 0);
		break;
	default:
		port_set_up(&side->ports[1], !port_is_up(&side->ports[1]));
	}
}

/* Those of the first port come first, as to one who gets them all at once. */
static void
draw_burst(struct mix_frame *burst, uint16_t n)
{
	static struct mix_frame drawn[BURST_MAX];
	uint16_t got = 0;

	for (uint16_t i = 0; i < n; i++)
		frame_mix_next(&mix, &drawn[i]);
	for (uint8_t port = 0; port < MIX_PORTS; port++)
		for (uint16_t i = 0; i < n; i++)
			if (drawn[i].port == port)
				burst[got++] = drawn[i];
}

#define NO_CHANGE 4

static void
run(const struct mix_scene *scene)
{
	static const char *const names[] = {"short", "long", "burst"};
	static struct mix_frame burst[BURST_MAX];
	uint32_t changed = NO_CHANGE, which = 0;
	int ways = scene->paced ? BURST : WAYS;
	uint64_t now = 1000 * MS;

	for (int k = 0; k < ways; k++) {
		sides[k] = (struct side){.way = k};
		sides[k].node = mix_node_new(
			names[k], sides[k].ports, scene, &port_ops, &sides[k], now);
	}
	frame_mix_begin(&mix, sides[0].ports, rng_next(&rng), scene->odd, scene->flips);
	for (uint32_t frames = 0; frames < FRAMES;) {
		uint16_t n = (uint16_t)(1 + rng_below(&rng, BURST_MAX));
		bool back = changed < NO_CHANGE; /* what was changed is soon as it was */

		now += rng_below(&rng, rng_below(&rng, 20) == 0 ? 20 * MS : 100 * US);
		mix.utc_us = (uint32_t)((MIX_UTC_AT_0 + now) / 1000);
		if (!back) {
			changed = rng_below(&rng, 16 * NO_CHANGE);
			which = rng_below(&rng, 100);
		}
		for (int k = 0; k < ways; k++) {
			if (changed < NO_CHANGE)
				change(&sides[k], changed, which);
			/* Timers fire before the first frame, on all sides. */
			turn(&sides[k], NULL, 0, now);
		}
		if (back)
			changed = NO_CHANGE;
		draw_burst(burst, n);
		for (uint16_t i = 0; i < n; i++) {
			turn(&sides[FAST], &burst[i], 1, now);
			turn(&sides[GENERAL], &burst[i], 1, now);
			assert_int_equal(sides[FAST].digest, sides[GENERAL].digest);
			assert_memory_equal(&sides[FAST].node->workers[0]->counters,
				&sides[GENERAL].node->workers[0]->counters,
				sizeof(struct worker_counters));
		}
		compare(&sides[FAST], &sides[GENERAL], true);
		if (ways > BURST) {
			turn(&sides[BURST], burst, n, now);
			compare(&sides[FAST], &sides[BURST], !scene->flips);
		}
		for (int k = 0; k < ways; k++)
			node_tick(sides[k].node);
		frames += n;
	}
	for (int k = 0; k < ways; k++)
		mix_node_end(sides[k].node, now);
}

/* All is as it should be: nearly all that is forwarded or ends here takes fast paths. */
static void
test_good(void **state)
{
	(void)state;
	run(&(struct mix_scene){.offloads = PORT_TX_CHAINS});
	assert_true(sides[FAST].left > FRAMES / 2);
}

static void
test_odd(void **state)
{
	(void)state;
	run(&(struct mix_scene){.offloads = PORT_TX_CHAINS, .odd = 100});
	run(&(struct mix_scene){.odd = 20, .installed = true});
}

static void
test_flips(void **state)
{
	(void)state;
	run(&(struct mix_scene){.offloads = PORT_TX_CHAINS, .odd = 300, .flips = true});
	run(&(struct mix_scene){.odd = 100, .flips = true, .installed = true});
}

/* What waits goes out in the order in which it came, so frames come one by one. */
static void
test_paced(void **state)
{
	(void)state;
	run(&(struct mix_scene){.offloads = PORT_TX_CHAINS, .paced = true, .odd = 20});
	run(&(struct mix_scene){.paced = true, .odd = 200, .flips = true});
}

static void
test_offloads(void **state)
{
	(void)state;
	run(&(struct mix_scene){
		.offloads = PORT_TX_CHAINS | PORT_TX_UDP_CHECKSUM, .odd = 50, .flips = true});
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_flips),
		cmocka_unit_test(test_paced),
		cmocka_unit_test(test_offloads),
	};

	if (test_eal(64, false) < 0)
		return 1;
	rng_seed(&rng, unit_seed());
	return cmocka_run_group_tests_name("fast_paths", tests, NULL, NULL);
}
