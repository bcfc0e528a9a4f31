/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who sends to which neighbour: when a neighbour's MAC becomes known, changes or is lost, the
 * prepared headers of its links and egresses are published anew.
 */
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

int
targets_add(struct ferryd *f, const struct ferryd_target *target, uint32_t port,
	const struct underlay_addr *address, const char *what)
{
	struct ferryd_target *grown, *added;
	struct underlay_hop hop;
	int rc;

	grown = realloc(f->targets, (f->nb_targets + 1) * sizeof(*grown));
	if (grown == NULL) {
		log_line(LOG_ERR, "%s: out of memory", what);
		return -1;
	}
	f->targets = grown;
	added = &f->targets[f->nb_targets];
	*added = *target;
	rc = underlay_need(
		&f->underlay, ferryd_now(f), (int)port, address, &hop, &added->neighbour);
	if (rc < 0) {
		log_line(LOG_ERR, "%s: %s", what, underlay_route_error(rc));
		return -1;
	}
	f->nb_targets++;
	if (added->neighbour->has_mac)
		publish(f, added);
	return 0;
}
