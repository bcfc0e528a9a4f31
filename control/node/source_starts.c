/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sessions that start with the node. Their first packets would be lost while the neighbours they go
 * to are not resolved, so they wait for that, but not for ever: one of many paths may stay dead.
 */
#include "ferryd.h"
#include "log.h"

#define PATIENCE_NS UINT64_C(5000000000)

static bool
is_resolved(const struct flow_plan *plan)
{
	for (uint16_t i = 0; i < plan->nb_flows; i++)
		for (uint8_t k = 0; k < plan->flows[i].nb_branches; k++)
			if (link_header(plan->branches[plan->flows[i].first_branch + k].link) ==
				NULL)
				return false;
	return true;
}

void
source_starts_begin(struct ferryd *f)
{
	f->source_starts_until = ferryd_now(f) + PATIENCE_NS;
	f->source_starts_left = true;
}

void
source_starts_serve(struct ferryd *f, uint64_t now)
{
	if (!f->source_starts_left || f->drain_until != 0)
		return;
	f->source_starts_left = false;
	for (uint32_t i = 0; i < f->book.nb_entries; i++) {
		struct session_entry *entry = f->book.entries[i];
		struct source *source = entry->source;

		if (source == NULL || !entry->config->start || entry->begun)
			continue;
		if (!is_resolved(source->plan) && now < f->source_starts_until) {
			f->source_starts_left = true;
			continue;
		}
		if (!is_resolved(source->plan))
			log_line(LOG_WARNING,
				"session %u/%u starts although not all its next hops are resolved",
				source->conference, source->session);
		entry->begun = true;
		node_start_source(f->node, source);
	}
}
