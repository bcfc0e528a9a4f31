/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who sends to which neighbour: when a neighbour's MAC becomes known, changes or is lost, the
 * prepared headers of its links and egresses are published anew.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "ferryd.h"
#include "log.h"

static void
publish(struct ferryd *f, struct ferryd_adjacency *adjacency)
{
	const struct neighbour *n = adjacency->neighbour;
	int rc = 0;

	if (adjacency->link != NULL) {
		rc = node_set_link_mac(f->node, adjacency->link, n->has_mac ? &n->mac : NULL);
	} else if (adjacency->destination != NULL) {
		adjacency->ends.destination_mac = n->mac;
		rc = node_set_egress(
			f->node, adjacency->destination, n->has_mac ? &adjacency->ends : NULL);
	}
	if (rc < 0)
		log_line(LOG_ERR, "out of memory for a neighbour's headers; the old ones stay");
}

void
adjacency_changed(void *ctx, const struct neighbour *n)
{
	struct ferryd *f = ctx;

	for (uint32_t i = 0; i < f->nb_adjacencies; i++)
		if (f->adjacencies[i].neighbour == n)
			publish(f, &f->adjacencies[i]);
}

bool
adjacency_alive(void *ctx, const struct neighbour *n)
{
	const struct ferryd *f = ctx;

	for (uint32_t i = 0; i < f->nb_adjacencies; i++) {
		const struct link *link = f->adjacencies[i].link;
		uint8_t state = LINK_STATE_unknown;

		if (f->adjacencies[i].neighbour == n && link != NULL &&
			counter_read(&link->live.interval) != 0)
			state = __atomic_load_n(&link->live.state, __ATOMIC_RELAXED);
		if (state == LINK_STATE_up || state == LINK_STATE_degraded)
			return true;
	}
	return false;
}

/* A place of one that went, or a new one; NULL: out of memory. */
static struct ferryd_adjacency *
free_adjacency(struct ferryd *f)
{
	struct ferryd_adjacency *grown;

	for (uint32_t i = 0; i < f->nb_adjacencies; i++)
		if (f->adjacencies[i].neighbour == NULL)
			return &f->adjacencies[i];
	grown = realloc(f->adjacencies, (f->nb_adjacencies + 1) * sizeof(*grown));
	if (grown == NULL)
		return NULL;
	f->adjacencies = grown;
	grown[f->nb_adjacencies].neighbour = NULL;
	return &grown[f->nb_adjacencies++];
}

int
adjacency_add(struct ferryd *f, const struct ferryd_adjacency *adjacency, uint32_t port,
	const struct underlay_addr *address, char *error, size_t size)
{
	struct ferryd_adjacency *added = free_adjacency(f);
	struct neighbour *neighbour;
	struct underlay_hop hop;
	int rc = -ENOMEM;

	if (added != NULL)
		rc = underlay_need(
			&f->underlay, ferryd_now(f), (int)port, address, &hop, &neighbour);
	if (rc < 0) {
		snprintf(error, size, "%s",
			added == NULL ? "out of memory" : underlay_route_error(rc));
		return -1;
	}
	*added = *adjacency;
	added->neighbour = neighbour;
	if (neighbour->has_mac)
		publish(f, added);
	return (int)(added - f->adjacencies);
}

void
adjacency_remove(struct ferryd *f, uint32_t index)
{
	struct ferryd_adjacency *adjacency = &f->adjacencies[index];

	underlay_release(&f->underlay, adjacency->neighbour);
	*adjacency = (struct ferryd_adjacency){0};
}

void
adjacency_remove_of(
	struct ferryd *f, const struct link *link, const struct destination *destination)
{
	for (uint32_t i = 0; i < f->nb_adjacencies; i++) {
		const struct ferryd_adjacency *adjacency = &f->adjacencies[i];

		if ((link != NULL && adjacency->link == link) ||
			(destination != NULL && adjacency->destination == destination))
			adjacency_remove(f, i);
	}
}
