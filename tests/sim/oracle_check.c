/* SPDX-License-Identifier: BSD-3-Clause */
/* The oracle's account at the end. */
#include <stdlib.h>
#include <string.h>

#include "oracle_private.h"

uint32_t
oracle_copies(const struct oracle_flow *flow, const struct oracle_packet *p, int destination)
{
	uint32_t copies = 0;

	for (int e = 0; e < flow->nb_edges; e++)
		if (flow->edges[e].destination &&
			flow->edges[e].to == flow->destinations[destination])
			copies += *oracle_arrived_of(p, e);
	return copies;
}

/* Every node on the way did with the packet what its Pathlet says. */
static void
check_way(const struct oracle *o, const struct oracle_session *s, const struct oracle_packet *p)
{
	const struct oracle_flow *flow = &s->flows[p->flow];
	uint32_t expected[ORACLE_TREE_MAX] = {0};

	for (int e = 0; e < flow->nb_edges; e++) {
		expected[e] += flow->edges[e].outermost;
		for (int i = 0; i < flow->edges[e].nb_below; i++)
			expected[flow->edges[e].below[i]] += *oracle_arrived_of(p, e);
	}
	for (int e = 0; e < flow->nb_edges; e++)
		if (*oracle_sent_of(p, e) != expected[e])
			oracle_complain(o,
				"packet %u of session %u: %u sent it %u times to %u, not %u times",
				p->seq, s->session, flow->edges[e].from, *oracle_sent_of(p, e),
				flow->edges[e].to, expected[e]);
}

static int
by_number(const void *a, const void *b)
{
	const struct oracle_packet *x = a, *y = b;

	if (x->epoch != y->epoch)
		return x->epoch < y->epoch ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* A source numbers without a gap, from 0 in each epoch; so does each flow. */
static void
check_numbers(const struct oracle *o, const struct oracle_session *s)
{
	uint16_t flow_seq[ORACLE_FLOWS_MAX] = {0};
	uint32_t seq = 0;

	for (uint32_t i = 0; i < s->nb_packets; i++) {
		const struct oracle_packet *p = &s->packets[i];

		if (i == 0 || p->epoch != p[-1].epoch) {
			seq = 0;
			memset(flow_seq, 0, sizeof(flow_seq));
		}
		if (p->seq != seq++)
			oracle_complain(o, "session %u: packet %u is followed by %u", s->session,
				seq - 2, p->seq);
		if (p->flow_seq != flow_seq[p->flow]++)
			oracle_complain(o,
				"session %u: packet %u has number %u of its flow, not %u",
				s->session, p->seq, p->flow_seq, flow_seq[p->flow] - 1);
	}
}

struct oracle_destination
oracle_at(const struct oracle *o, uint32_t session, uint32_t node)
{
	const struct oracle_session *s = &o->sessions[session];
	struct oracle_destination sum = {0};
	uint64_t gap = 0;
	uint32_t epoch = UINT32_MAX; /* of the last that came */

	for (uint32_t i = 0; i < s->nb_packets; i++) {
		const struct oracle_packet *p = &s->packets[i];
		const struct oracle_flow *flow = &s->flows[p->flow];
		int d = oracle_destination_index(flow, o->ids[node]);
		uint32_t copies = d < 0 ? 0 : oracle_copies(flow, p, d);

		if (copies == 0) {
			gap += p->epoch == epoch;
			continue;
		}
		if (p->epoch == epoch)
			sum.missing += gap;
		else
			sum.epochs++;
		gap = 0;
		epoch = p->epoch;
		sum.arrived++;
		sum.duplicates += copies - 1;
		sum.delivered += *oracle_delivered_of(flow, p, d);
	}
	return sum;
}

static void
check_destinations(const struct oracle *o, uint32_t session,
	uint64_t (*undelivered)(void *arg, uint32_t session, uint32_t node), void *arg)
{
	for (uint32_t node = 0; node < o->nb_nodes; node++) {
		struct oracle_destination at = oracle_at(o, session, node);
		uint64_t allowed = undelivered != NULL && at.arrived != 0
					   ? undelivered(arg, session, node)
					   : 0;

		if (at.delivered + allowed != at.arrived)
			oracle_complain(o,
				"session %u: %lu packets came to %u, %lu were delivered, %lu may "
				"be missing",
				o->sessions[session].session, at.arrived, o->ids[node],
				at.delivered, allowed);
	}
}

void
oracle_check(struct oracle *o, uint64_t (*undelivered)(void *arg, uint32_t session, uint32_t node),
	void *arg)
{
	for (uint32_t i = 0; i < o->nb_sessions; i++) {
		struct oracle_session *s = &o->sessions[i];

		/* Indexes into packets are not needed any more. */
		qsort(s->packets, s->nb_packets, sizeof(*s->packets), by_number);
		check_numbers(o, s);
		for (uint32_t k = 0; k < s->nb_packets; k++)
			check_way(o, s, &s->packets[k]);
		check_destinations(o, i, undelivered, arg);
	}
}
