/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What operators should not have to look for: packets larger than what can be sent. Workers count
 * them; here the log says so, once a second for each link or session at most.
 */
#include "ferryd.h"
#include "log.h"

/* How much a counter grew since it was last told. */
static uint64_t
grown(const uint64_t *counter, uint64_t *told)
{
	uint64_t value = counter_read(counter), more = value - *told;

	*told = value;
	return more;
}

static void
tell_links(struct ferryd *f)
{
	for (uint16_t i = 0; i < f->node->max_links; i++) {
		const struct link *link = f->node->links[i];
		uint64_t more;

		if (link == NULL)
			continue;
		more = grown(&link->tx.oversize, &f->oversize_links[i].links);
		if (more > 0)
			log_line(LOG_WARNING,
				"peer %u: %lu packets larger than the MTU of port %s (%u): "
				"dropped, "
				"the last had %lu bytes of UDP payload",
				link->node_id, (unsigned long)more, link->port->name,
				link->port->mtu,
				(unsigned long)counter_read(&link->tx.oversize_last));
	}
}

static void
tell_source(const struct session_entry *entry, struct ferryd_oversize *told)
{
	const struct source *source = entry->source;
	uint64_t more = grown(&source->counters.oversize, &told->sources);

	if (more > 0)
		log_line(LOG_WARNING,
			"session %u/%u: %lu payloads larger than its limit of %u bytes: dropped, "
			"the last had %lu",
			source->conference, source->session, (unsigned long)more,
			source->plan->payload_max,
			(unsigned long)counter_read(&source->counters.oversize_last));
}

static void
tell_destination(const struct session_entry *entry, struct ferryd_oversize *told)
{
	const struct destination *dst = entry->destination;
	uint64_t more = grown(&dst->counters.oversize, &told->destinations);

	if (more > 0)
		log_line(LOG_WARNING,
			"session %u/%u: %lu payloads larger than the MTU of egress port %s (%u): "
			"dropped, the last had %lu bytes",
			dst->params.conference, dst->params.session, (unsigned long)more,
			dst->params.egress_port->name, dst->params.egress_port->mtu,
			(unsigned long)counter_read(&dst->counters.oversize_last));
}

void
oversize_log_tick(struct ferryd *f)
{
	tell_links(f);
	for (uint32_t i = 0; i < f->book.nb_entries; i++) {
		const struct session_entry *entry = f->book.entries[i];

		if (entry->source != NULL)
			tell_source(entry, &f->oversize_entries[entry->index]);
		if (entry->destination != NULL)
			tell_destination(entry, &f->oversize_entries[entry->index]);
	}
	if (f->frames_lost != f->frames_lost_told)
		log_line(LOG_WARNING,
			"%lu of the node's own frames (ARP, ping ...) found no buffer",
			(unsigned long)(f->frames_lost - f->frames_lost_told));
	f->frames_lost_told = f->frames_lost;
}
