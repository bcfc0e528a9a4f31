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
publish(struct ferryd *f, struct ferryd_target *target)
{
	const struct neighbour *n = target->neighbour;
	int rc = 0;

	if (target->link != NULL) {
		rc = node_set_link_mac(f->node, target->link, n->has_mac ? &n->mac : NULL);
	} else if (target->destination != NULL) {
		target->ends.destination_mac = n->mac;
		rc = node_set_egress(
			f->node, target->destination, n->has_mac ? &target->ends : NULL);
	}
	if (rc < 0)
		log_line(LOG_ERR, "out of memory for a neighbour's headers; the old ones stay");
}

void
targets_changed(void *ctx, const struct neighbour *n)
{
	struct ferryd *f = ctx;

	for (uint32_t i = 0; i < f->nb_targets; i++)
		if (f->targets[i].neighbour == n)
			publish(f, &f->targets[i]);
}

bool
targets_alive(void *ctx, const struct neighbour *n)
{
	const struct ferryd *f = ctx;

	for (uint32_t i = 0; i < f->nb_targets; i++) {
		const struct link *link = f->targets[i].link;
		uint8_t state = LINK_STATE_unknown;

		if (f->targets[i].neighbour == n && link != NULL &&
			counter_read(&link->live.interval) != 0)
			state = __atomic_load_n(&link->live.state, __ATOMIC_RELAXED);
		if (state == LINK_STATE_up || state == LINK_STATE_degraded)
			return true;
	}
	return false;
}

/* A place of one that went, or a new one; NULL: out of memory. */
static struct ferryd_target *
free_target(struct ferryd *f)
{
	struct ferryd_target *grown;

	for (uint32_t i = 0; i < f->nb_targets; i++)
		if (f->targets[i].neighbour == NULL)
			return &f->targets[i];
	grown = realloc(f->targets, (f->nb_targets + 1) * sizeof(*grown));
	if (grown == NULL)
		return NULL;
	f->targets = grown;
	grown[f->nb_targets].neighbour = NULL;
	return &grown[f->nb_targets++];
}

int
targets_add(struct ferryd *f, const struct ferryd_target *target, uint32_t port,
	const struct underlay_addr *address, char *error, size_t size)
{
	struct ferryd_target *added = free_target(f);
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
	*added = *target;
	added->neighbour = neighbour;
	if (neighbour->has_mac)
		publish(f, added);
	return (int)(added - f->targets);
}

void
targets_remove(struct ferryd *f, uint32_t index)
{
	struct ferryd_target *target = &f->targets[index];

	underlay_release(&f->underlay, target->neighbour);
	*target = (struct ferryd_target){0};
}

void
targets_remove_of(struct ferryd *f, const struct link *link, const struct destination *destination)
{
	for (uint32_t i = 0; i < f->nb_targets; i++) {
		const struct ferryd_target *target = &f->targets[i];

		if ((link != NULL && target->link == link) ||
			(destination != NULL && target->destination == destination))
			targets_remove(f, i);
	}
}
