/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle_private.h"
#include "payload.h"

void
oracle_complain(const struct oracle *o, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	o->fail(o->arg, text);
	abort();
}

static void *
grown(void *old, size_t count, size_t size)
{
	void *p = realloc(old, count * size);

	if (p == NULL)
		abort();
	return p;
}

struct oracle *
oracle_new(oracle_fail_fn fail, void *arg)
{
	struct oracle *o = calloc(1, sizeof(*o));

	if (o == NULL)
		abort();
	o->fail = fail;
	o->arg = arg;
	map64_init(&o->brought);
	map64_init(&o->next);
	return o;
}

void
oracle_free(struct oracle *o)
{
	for (uint32_t i = 0; i < o->nb_sessions; i++) {
		struct oracle_session *s = &o->sessions[i];

		for (uint32_t k = 0; k < s->nb_packets; k++)
			free(s->packets[k].counts);
		free(s->packets);
		free(s->flows);
		map64_free(&s->by_seq);
		map64_free(&s->by_payload);
	}
	map64_free(&o->brought);
	map64_free(&o->next);
	free(o);
}

void
oracle_add_node(struct oracle *o, uint32_t id)
{
	if (o->nb_nodes == ORACLE_NODES_MAX)
		abort();
	o->ids[o->nb_nodes++] = id;
}

uint32_t
oracle_add_session(struct oracle *o, uint32_t conference, uint32_t session, uint32_t source,
	bool generated, bool ordered)
{
	struct oracle_session *s = &o->sessions[o->nb_sessions];

	if (o->nb_sessions == ORACLE_SESSIONS_MAX)
		abort();
	*s = (struct oracle_session){.conference = conference,
		.session = session,
		.source = o->ids[source],
		.generated = generated,
		.ordered = ordered};
	map64_init(&s->by_seq);
	map64_init(&s->by_payload);
	return o->nb_sessions++;
}

void
oracle_add_flow(struct oracle *o, uint32_t session, uint8_t id, const char *text)
{
	struct oracle_session *s = &o->sessions[session];
	struct oracle_flow *flow;

	s->flows = grown(s->flows, (size_t)s->nb_flows + 1, sizeof(*flow));
	flow = &s->flows[s->nb_flows++];
	flow->id = id;
	if (!oracle_flow_read(flow, s->source, text))
		oracle_complain(o, "no path: \"%s\"", text);
}

static struct oracle_session *
session_of(struct oracle *o, const struct oracle_frame *f)
{
	for (uint32_t i = 0; i < o->nb_sessions; i++)
		if (o->sessions[i].conference == f->conference &&
			o->sessions[i].session == f->session)
			return &o->sessions[i];
	oracle_complain(
		o, "a packet of session %u:%u, which there is not", f->conference, f->session);
}

static int
flow_of(const struct oracle *o, const struct oracle_session *s, uint8_t id)
{
	for (int i = 0; i < s->nb_flows; i++)
		if (s->flows[i].id == id)
			return i;
	oracle_complain(
		o, "a packet of session %u takes flow %u, which there is not", s->session, id);
}

static uint64_t
hash_payload(const uint8_t *p, uint32_t len)
{
	uint64_t hash = 0xcbf29ce484222325u ^ len;

	for (uint32_t i = 0; i < len; i++)
		hash = (hash ^ p[i]) * 0x100000001b3u;
	return hash ^ hash >> 32;
}

/* The packet of a datagram; its first datagram makes it known. */
static struct oracle_packet *
packet_of(struct oracle *o, struct oracle_session *s, const struct oracle_frame *f)
{
	uint64_t key = (uint64_t)f->epoch << 32 | f->seq;
	uint64_t hash = hash_payload(f->payload, f->payload_len);
	uint32_t i = map64_get(&s->by_seq, key);
	struct oracle_packet *p;

	if (i != MAP64_NONE) {
		p = &s->packets[i];
		if (p->hash != hash || p->len != f->payload_len || p->flow_seq != f->flow_seq ||
			s->flows[p->flow].id != f->flow)
			oracle_complain(o, "packet %u of session %u changed on its way", f->seq,
				s->session);
		return p;
	}
	if (s->nb_packets == s->max_packets) {
		s->max_packets = s->max_packets * 2 + 64;
		s->packets = grown(s->packets, s->max_packets, sizeof(*p));
	}
	i = s->nb_packets++;
	p = &s->packets[i];
	*p = (struct oracle_packet){.seq = f->seq,
		.epoch = f->epoch,
		.flow_seq = f->flow_seq,
		.flow = (uint16_t)flow_of(o, s, f->flow),
		.len = f->payload_len,
		.hash = hash};
	p->counts = calloc(3, ORACLE_TREE_MAX);
	if (p->counts == NULL)
		abort();
	if (!payload_right(f->payload, f->payload_len, (uint32_t)(s - o->sessions), s->generated))
		oracle_complain(o, "packet %u of session %u has a payload that nobody made", f->seq,
			s->session);
	map64_add(&s->by_seq, key, i);
	if (!map64_add(&s->by_payload, hash, i))
		oracle_complain(o, "packet %u of session %u repeats an earlier payload", f->seq,
			s->session);
	o->totals[0]++;
	return p;
}

static int
edge_of(const struct oracle *o, const struct oracle_flow *flow, uint32_t from, uint32_t to,
	const struct oracle_frame *f)
{
	for (int i = 0; i < flow->nb_edges; i++) {
		const struct oracle_edge *e = &flow->edges[i];

		if (e->from == o->ids[from] && e->to == o->ids[to] && e->len == f->pathlet_len &&
			memcmp(e->pathlet, f->pathlet, e->len) == 0)
			return i;
	}
	oracle_complain(o, "packet %u goes from %u to %u, off flow %u of session %u", f->seq,
		o->ids[from], o->ids[to], flow->id, f->session);
}

/* Sequences of a link go up by one from 0 in each epoch, one counter for DATA. */
static void
check_link(struct oracle *o, uint32_t from, uint32_t to, const struct oracle_frame *f)
{
	uint64_t key = (uint64_t)from << 48 | (uint64_t)to << 32 | (uint64_t)(f->type != 0) << 16 |
		       f->link_epoch;
	struct map64 *next = &o->next;

	if (f->node != o->ids[from])
		oracle_complain(o, "%u sends in the name of %u", o->ids[from], f->node);
	if (map64_add(next, key, 0) && f->link_seq != 0)
		oracle_complain(
			o, "link %u to %u begins with %lu", o->ids[from], o->ids[to], f->link_seq);
	if (map64_get(next, key) != f->link_seq)
		oracle_complain(o, "link %u to %u: %lu follows %u", o->ids[from], o->ids[to],
			f->link_seq, map64_get(next, key));
	map64_put(next, key, (uint32_t)f->link_seq + 1);
}

void
oracle_sent(struct oracle *o, uint32_t from, uint32_t to, const uint8_t *frame, uint32_t len,
	uint64_t utc_us)
{
	struct oracle_session *s;
	struct oracle_packet *p;
	struct oracle_frame f;
	const char *why;
	uint8_t *count;

	if (!oracle_frame_read(&f, frame, len, &why))
		oracle_complain(o, "%u sends a frame to %u that it must not: %s", o->ids[from],
			o->ids[to], why);
	check_link(o, from, to, &f);
	if (f.stamp != (uint32_t)utc_us)
		oracle_complain(o, "%u stamps %u at %u", o->ids[from], f.stamp, (uint32_t)utc_us);
	if (f.type != 0)
		return;
	s = session_of(o, &f);
	p = packet_of(o, s, &f);
	count = oracle_sent_of(p, edge_of(o, &s->flows[p->flow], from, to, &f));
	if (++*count == 0)
		oracle_complain(o, "packet %u of session %u runs in circles", f.seq, f.session);
	o->totals[1]++;
}

void
oracle_arrived(struct oracle *o, uint32_t from, uint32_t to, const uint8_t *frame, uint32_t len)
{
	struct oracle_session *s;
	struct oracle_packet *p;
	struct oracle_frame f;
	const char *why;
	uint64_t key;

	if (!oracle_frame_read(&f, frame, len, &why))
		oracle_complain(o, "a wire changed a frame: %s", why);
	if (f.type != 0)
		return;
	/* What a wire brings twice counts once. */
	key = (uint64_t)from << 56 | (uint64_t)to << 48 | (uint64_t)f.link_epoch << 32 |
	      (uint32_t)f.link_seq;
	if (!map64_add(&o->brought, key, 0))
		return;
	s = session_of(o, &f);
	p = packet_of(o, s, &f);
	++*oracle_arrived_of(p, edge_of(o, &s->flows[p->flow], from, to, &f));
	o->totals[2]++;
}

/* Within an epoch numbers go up where the session asks for order. */
static void
check_order(struct oracle *o, uint32_t node, uint32_t session, const struct oracle_packet *p)
{
	uint64_t *last = &o->last_delivered[session][node];
	uint64_t this = ((uint64_t)p->epoch << 32 | p->seq) + 1;

	if (o->sessions[session].ordered && *last >> 32 == this >> 32 && this <= *last)
		oracle_complain(o, "packet %u of session %u is delivered at %u after %u", p->seq,
			o->sessions[session].session, o->ids[node], (uint32_t)*last - 1);
	*last = this;
}

void
oracle_delivered(
	struct oracle *o, uint32_t node, uint32_t session, const uint8_t *payload, uint32_t len)
{
	struct oracle_session *s = &o->sessions[session];
	uint32_t i = map64_get(&s->by_payload, hash_payload(payload, len));
	const struct oracle_flow *flow;
	struct oracle_packet *p;
	int destination;

	if (i == MAP64_NONE || !payload_right(payload, len, session, s->generated))
		oracle_complain(o, "%u delivers a payload of session %u that nobody sent",
			o->ids[node], s->session);
	p = &s->packets[i];
	flow = &s->flows[p->flow];
	destination = oracle_destination_index(flow, o->ids[node]);
	if (destination < 0 || oracle_copies(flow, p, destination) == 0)
		oracle_complain(o,
			"packet %u of session %u is delivered at %u, where it never came", p->seq,
			s->session, o->ids[node]);
	if (++*oracle_delivered_of(flow, p, destination) > 1)
		oracle_complain(o, "packet %u of session %u is delivered twice at %u", p->seq,
			s->session, o->ids[node]);
	check_order(o, node, session, p);
	o->totals[3]++;
}

void
oracle_totals(const struct oracle *o, uint64_t totals[4])
{
	memcpy(totals, o->totals, sizeof(o->totals));
}
