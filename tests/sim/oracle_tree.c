/* SPDX-License-Identifier: BSD-3-Clause */
/* A path's text as a tree, and the tree's edges with the Pathlets that go along them. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "oracle_private.h"

struct reader {
	const char *at;
	struct oracle_flow *flow;
	bool bad;
};

static void
skip_blanks(struct reader *r)
{
	while (isspace((unsigned char)*r->at))
		r->at++;
}

static bool
eat(struct reader *r, char c)
{
	skip_blanks(r);
	if (*r->at != c)
		return false;
	r->at++;
	return true;
}

static void read_tree(struct reader *r, int parent);

static void
read_branch(struct reader *r, int parent)
{
	struct oracle_flow *flow = r->flow;
	int index = flow->nb_places;
	struct oracle_place *place = &flow->places[index];
	char *end;

	skip_blanks(r);
	if (index == ORACLE_TREE_MAX || !isdigit((unsigned char)*r->at)) {
		r->bad = true;
		return;
	}
	flow->nb_places++;
	*place = (struct oracle_place){.id = (uint32_t)strtoul(r->at, &end, 10), .parent = parent};
	r->at = end;
	place->destination = eat(r, '*');
	if (eat(r, '>'))
		read_tree(r, index);
	else
		place->destination = true;
	place->end = flow->nb_places;
}

static void
read_tree(struct reader *r, int parent)
{
	if (!eat(r, '(')) {
		read_branch(r, parent);
		return;
	}
	do {
		read_branch(r, parent);
	} while (!r->bad && eat(r, ','));
	if (!eat(r, ')'))
		r->bad = true;
}

/* Length, NodeID with its flag, then the same for all that is directly below. */
static uint16_t
write_pathlet(const struct oracle_flow *flow, int index, uint8_t *p)
{
	const struct oracle_place *place = &flow->places[index];
	uint16_t len = 6;

	for (int below = index + 1; below < place->end; below = flow->places[below].end)
		len += write_pathlet(flow, below, p + len);
	p[0] = (uint8_t)(len >> 8);
	p[1] = (uint8_t)len;
	p[2] = (uint8_t)((place->id >> 24) | (place->destination ? 0x80 : 0));
	p[3] = (uint8_t)(place->id >> 16);
	p[4] = (uint8_t)(place->id >> 8);
	p[5] = (uint8_t)place->id;
	return len;
}

static int
find_edge(struct oracle_flow *flow, const struct oracle_edge *edge)
{
	for (int i = 0; i < flow->nb_edges; i++) {
		const struct oracle_edge *e = &flow->edges[i];

		if (e->from == edge->from && e->to == edge->to && e->len == edge->len &&
			memcmp(e->pathlet, edge->pathlet, e->len) == 0)
			return i;
	}
	flow->edges[flow->nb_edges] = *edge;
	return flow->nb_edges++;
}

static void
lead_on(struct oracle_edge *edge, int below)
{
	for (int i = 0; i < edge->nb_below; i++)
		if (edge->below[i] == below)
			return;
	edge->below[edge->nb_below++] = below;
}

static void
note_destination(struct oracle_flow *flow, uint32_t id)
{
	if (oracle_destination_index(flow, id) < 0)
		flow->destinations[flow->nb_destinations++] = id;
}

bool
oracle_flow_read(struct oracle_flow *flow, uint32_t source, const char *text)
{
	struct reader r = {.at = text, .flow = flow};

	flow->nb_places = 0;
	flow->nb_edges = 0;
	flow->nb_destinations = 0;
	read_tree(&r, -1);
	skip_blanks(&r);
	if (r.bad || *r.at != '\0')
		return false;
	for (int i = 0; i < flow->nb_places; i++) {
		struct oracle_place *place = &flow->places[i];
		struct oracle_edge edge = {.to = place->id};

		edge.from = place->parent < 0 ? source : flow->places[place->parent].id;
		edge.outermost = place->parent < 0;
		edge.destination = place->destination;
		edge.len = write_pathlet(flow, i, edge.pathlet);
		place->edge = find_edge(flow, &edge);
		if (place->parent >= 0)
			lead_on(&flow->edges[flow->places[place->parent].edge], place->edge);
		if (place->destination)
			note_destination(flow, place->id);
	}
	return true;
}

int
oracle_destination_index(const struct oracle_flow *flow, uint32_t id)
{
	for (int i = 0; i < flow->nb_destinations; i++)
		if (flow->destinations[i] == id)
			return i;
	return -1;
}
