/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets of coded sessions, whatever their coding headers say, into a relay that recodes them and
 * out of it. The input is a sequence of records: what to do (see RECORD_), the session (3 bits) and
 * its generation (5 bits), epoch, flags, kind (see below RECORD_), then a length (7 bits; with
 * RECORD_MORE) and so many bytes: the packet from its coding header on, or the RoutingInfo before
 * it. What lies around is made right.
 *
 * What must hold, beside each worker's sums: what is kept stays within its bounds; what is sent is
 * either what came, from its coding header on, or a combination, not of nothing, of packets of the
 * same generation that had come (recode_oracle.h); in the end nothing is kept, every pool is full.
 */
#include <string.h>

#include "frame_repair.h"
#include "fuzz_node.h"
#include "recode.h"
#include "recode_oracle.h"
#include "rlnc_receiver.h"

#define RECORD_FROM    0x03 /* neighbour 1 to 4 */
#define RECORD_QUEUE   0x04
#define RECORD_LATER   0x08 /* 3 ms pass */
#define RECORD_SPLIT   0x10 /* in two segments */
#define RECORD_LONG    0x20 /* zeros follow: nearly as long as a frame may be */
#define RECORD_DECODED 0x40 /* the neighbour has the generation; no bytes */
#define RECORD_ROUTING 0x80 /* the first bytes are RoutingInfo: their number comes first */

#define RECORD_MORE 0x80 /* in the byte of the length: the next one comes in the same burst */

#define EPOCH	   0x01
#define FLAGS	   (SESSION_DELAY_SENSITIVE | SESSION_MESSAGE_FIRST | SESSION_MESSAGE_LAST)
#define KIND_SHIFT 4	/* which of the routings below */
#define NO_SUM	   0x80 /* no UDP checksum */

#define HEAD_BYTES  4 /* of a record */
#define BYTES_MAX   96
#define LONG_BYTES  1300
#define SESSIONS    6
#define GENERATION  4 /* between the first sequences of two */
#define STORE_MAX   48
#define NEIGHBOURS  4
#define STEP_NS	    3000000
#define END_STEPS   100
#define OUTER_BYTES (14 + 20 + 8 + sizeof(struct link_hdr)) /* Ethernet, IPv4, UDP, link */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct node *node;
static struct port port;
static uint64_t now = 1000000000, sequences[NEIGHBOURS + 1];

/* Inside this node's own Pathlet: one next hop, several, the same one by other ways, unknown. */
static const uint8_t to_1[] = {0, 6, 0x80, 0, 0, 1}, to_4[] = {0, 6, 0x80, 0, 0, 4},
		     to_3_over_2[] = {0, 12, 0, 0, 0, 2, 0, 6, 0x80, 0, 0, 3},
		     to_6_over_2[] = {0, 12, 0x80, 0, 0, 2, 0, 6, 0x80, 0, 0, 6},
		     to_1_and_4[] = {0, 6, 0x80, 0, 0, 1, 0, 6, 0x80, 0, 0, 4},
		     to_6[] = {0, 6, 0x80, 0, 0, 6};

static const struct {
	bool here;
	uint8_t len;
	const uint8_t *bytes;
} routings[] = {
	{false, sizeof(to_1), to_1},
	{false, sizeof(to_4), to_4},
	{false, sizeof(to_3_over_2), to_3_over_2},
	{false, sizeof(to_6_over_2), to_6_over_2},
	{true, sizeof(to_1_and_4), to_1_and_4},
	{false, sizeof(to_6), to_6},
	{true, sizeof(to_3_over_2), to_3_over_2},
	{true, 0, NULL},
};

struct record {
	bool more_follow;
	uint8_t what, session, generation, more;
	uint8_t len;
	const uint8_t *bytes;
};

static uint8_t *
put(uint8_t *p, const void *from, size_t n)
{
	memcpy(p, from, n);
	return p + n;
}

/* Ethernet to link header; lengths and checksums follow. */
static uint8_t *
put_outer(uint8_t *p, uint8_t from, uint8_t type)
{
	const uint8_t before[] = {2, 0, 0, 0, 0, FUZZ_NODE, 2, 0, 0, 0, 0, from, 8, 0, 0x45, 0, 0,
		0, 0, 0, 0x40, 0, 64, 17, 0, 0, 10, 0, 0, from, 10, 0, 0, FUZZ_NODE, 0x35, 0xd3,
		0x35, 0xd3, 0, 0, 0, 0};
	struct link_hdr link = {.version_type = (uint8_t)(LINK_VERSION << 4 | type),
		.epoch = rte_cpu_to_be_16(1000),
		.node = rte_cpu_to_be_32(from),
		.seq = rte_cpu_to_be_64(sequences[from]++)};

	return put(put(p, before, sizeof(before)), &link, sizeof(link));
}

static uint8_t *
put_pathlet(uint8_t *p, const uint8_t *inside, uint8_t len, bool here)
{
	struct pathlet_hdr hdr = {.length = rte_cpu_to_be_16((uint16_t)(sizeof(hdr) + len)),
		.node = rte_cpu_to_be_32(FUZZ_NODE | (here ? PATHLET_DESTINATION : 0))};

	p = put(p, &hdr, sizeof(hdr));
	return len > 0 ? put(p, inside, len) : p;
}

/* The record's Pathlet; what is left of its bytes is the packet from the coding header on. */
static uint8_t *
put_routing(uint8_t *p, struct record *r)
{
	uint8_t which = (r->more >> KIND_SHIFT) % RTE_DIM(routings), len;

	if (!(r->what & RECORD_ROUTING) || r->len == 0)
		return put_pathlet(
			p, routings[which].bytes, routings[which].len, routings[which].here);
	len = RTE_MIN(r->bytes[0], (uint8_t)(r->len - 1));
	p = put_pathlet(p, r->bytes + 1, len, routings[which].here);
	r->bytes += 1 + len;
	r->len -= (uint8_t)(1 + len);
	return p;
}

static void
receive(const struct record *r, uint8_t *frame, uint16_t len)
{
	uint16_t cut = r->what & RECORD_SPLIT ? (uint16_t)(len - len / 4) : len;
	bool room;

	frame_repair(frame, len);
	if (r->more & NO_SUM)
		frame_drop_sum(frame, len);
	room = fuzz_receive(&port, (r->what & RECORD_QUEUE) != 0, fuzz_fill(frame, len, cut));
	if (!r->more_follow || !room)
		fuzz_turn(node, now);
}

static void
send_data(struct record *r, uint8_t from)
{
	uint8_t frame[OUTER_BYTES + 8 + 2 * BYTES_MAX + sizeof(struct session_hdr) + LONG_BYTES];
	struct session_hdr session = {.conference = rte_cpu_to_be_32(1),
		.session = rte_cpu_to_be_32(r->session),
		.seq = rte_cpu_to_be_32(r->generation * GENERATION),
		.stamp = rte_cpu_to_be_32(r->more),
		.epoch = rte_cpu_to_be_16(1 + (r->more & EPOCH)),
		.flags = SESSION_CODED | (r->more & FLAGS)};
	uint8_t *p = put_routing(put_outer(frame, from, LINK_DATA), r), *content;

	p = put(p, &session, sizeof(session));
	content = p;
	p = put(p, r->bytes, r->len);
	if (r->what & RECORD_LONG) {
		memset(p, 0, LONG_BYTES);
		p += LONG_BYTES;
	}
	recode_oracle_in(&session, content, (uint16_t)(p - content));
	receive(r, frame, (uint16_t)(p - frame));
}

static void
send_decoded(const struct record *r, uint8_t from)
{
	uint8_t frame[OUTER_BYTES + sizeof(struct decoded_body)];
	struct decoded_body body = {.conference = rte_cpu_to_be_32(1),
		.session = rte_cpu_to_be_32(r->session),
		.seq = rte_cpu_to_be_32(r->generation * GENERATION),
		.epoch = rte_cpu_to_be_16(1 + (r->more & EPOCH))};
	const uint8_t *end = put(put_outer(frame, from, LINK_DECODED), &body, sizeof(body));

	receive(r, frame, (uint16_t)(end - frame));
}

/* A frame of this node: its Pathlet is for the neighbour that it goes to. */
static void
sent(const uint8_t *frame, uint32_t len)
{
	const struct link_hdr *link = (const struct link_hdr *)(frame + OUTER_BYTES) - 1;
	const struct pathlet_hdr *pathlet = (const struct pathlet_hdr *)(link + 1);
	const struct session_hdr *session;
	uint32_t at;

	if ((link->version_type & 0x0f) != LINK_DATA)
		return;
	fuzz_check(len >= OUTER_BYTES + sizeof(*pathlet));
	at = OUTER_BYTES + rte_be_to_cpu_16(pathlet->length);
	fuzz_check(at + sizeof(*session) <= len);
	fuzz_check((rte_be_to_cpu_32(pathlet->node) & NODE_ID_MAX) == frame[5]);
	session = (const struct session_hdr *)(frame + at);
	at += sizeof(*session);
	fuzz_check(recode_oracle_explains(session, frame + at, (uint16_t)(len - at)));
}

static void
add_sessions(const struct rlnc_params *coding)
{
	static const uint8_t how[SESSIONS] = {
		RECODE_ALWAYS, RECODE_LOSSY, RECODE_NEVER, RECODE_ALWAYS, RECODE_ALWAYS};
	struct destination_params params = {.conference = 1,
		.session = 4,
		.window = 64,
		.egress = EGRESS_SINK,
		.coding = coding,
		.nb_flows = 1};

	for (uint32_t i = 0; i + 1 < SESSIONS; i++)
		fuzz_check(node_set_recode(node, 1, i, how[i]) == 0);
	fuzz_check(node_add_destination(node, &params, 64) != NULL);
}

static void
make_node(void)
{
	static const struct rlnc_params block = {
		.code = RLNC_BLOCK, .k = 8, .repair = RLNC_REPAIR_RATELESS, .deadline = 5000000};
	struct node_budget budget = {.port_descriptors = 64,
		.recode_packets = STORE_MAX,
		.recode_span = RECODE_ORACLE_SPAN,
		.recode_hold = 5000000,
		.feeder_packets = 64,
		.feeder_queues = 8};
	const char *error;

	node = fuzz_node_new(&port, now);
	budget.coding_packets = rlnc_receiver_holds(&block);
	fuzz_check(node_layout(node, &budget, &error) == 0);
	for (uint8_t id = 1; id <= NEIGHBOURS; id++)
		/* To neighbour 4 packets wait for their time. */
		fuzz_add_neighbour(node,
			(struct link_params){.node_id = id,
				.port = &port,
				.remote = fuzz_ipv4(id),
				.rate = id == 4 ? 1000000 : 0},
			true);
	add_sessions(&block);
	fuzz_sent = sent;
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

static void
check_bounds(void)
{
	for (uint16_t i = 0; i < node->nb_workers; i++) {
		const struct recode_store *store = node->workers[i]->recode;

		fuzz_check(store->packets <= store->packets_max && store->packets_max <= STORE_MAX);
	}
}

static size_t
read_record(const uint8_t *data, size_t size, struct record *r)
{
	*r = (struct record){.more_follow = (data[3] & RECORD_MORE) != 0,
		.what = data[0],
		.session = (data[1] & 7) % SESSIONS,
		.generation = data[1] >> 3,
		.more = data[2],
		.bytes = data + HEAD_BYTES};
	r->len = RTE_MIN((uint8_t)(data[3] & ~RECORD_MORE), (uint8_t)BYTES_MAX);
	if (r->len > size - HEAD_BYTES)
		r->len = (uint8_t)(size - HEAD_BYTES);
	return (size_t)HEAD_BYTES + r->len;
}

/* What is kept is forgotten, and what waits is sent. */
static void
end(void)
{
	for (int i = 0; i < END_STEPS; i++) {
		now += STEP_NS;
		fuzz_turn(node, now);
		check_bounds();
	}
	for (uint16_t i = 0; i < node->nb_workers; i++)
		fuzz_check(node->workers[i]->recode->packets == 0);
	fuzz_check_empty(node);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	recode_oracle_forget();
	fuzz_forget_links(node);
	fuzz_forget_destination(node, node_find_destination(node, 1, 4));
	for (uint16_t i = 0; i < node->nb_workers; i++)
		rng_seed(&node->workers[i]->rng, i);
	while (size >= HEAD_BYTES) {
		struct record r;
		size_t used = read_record(data, size, &r);
		uint8_t from = 1 + (r.what & RECORD_FROM);

		data += used;
		size -= used;
		if (r.what & RECORD_LATER)
			now += STEP_NS;
		if (r.what & RECORD_DECODED)
			send_decoded(&r, from);
		else
			send_data(&r, from);
		check_bounds();
	}
	end();
	return 0;
}
