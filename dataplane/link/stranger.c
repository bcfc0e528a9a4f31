/* SPDX-License-Identifier: BSD-3-Clause */
#include "stranger.h"

#include "event.h"
#include "worker.h"

static bool
is_watched(const struct stranger_watch *watch, const struct port *port, uint32_t node,
	const struct address *source)
{
	return watch->port == port && watch->node == node && address_equal(&watch->address, source);
}

static void
tell(struct worker *w, struct stranger_watch *watch)
{
	struct worker_event event = {.peer = watch->node,
		.kind = EVENT_unknown_peer,
		.stranger = {.address = watch->address,
			.port = watch->port,
			.datagrams = watch->datagrams}};

	worker_event_raise(w, &event);
	watch->told = true;
	watch->next = w->now + STRANGER_AGAIN_NS;
	watch->datagrams = 0;
}

void
stranger_heard(
	struct worker *w, const struct port *port, uint32_t node, const struct address *source)
{
	struct stranger_watch *watch = &w->strangers;
	bool silent = watch->port == NULL || w->now - watch->last > STRANGER_PAUSE_NS;

	if (!is_watched(watch, port, node, source) && !silent && !watch->told)
		return;
	if (!is_watched(watch, port, node, source) || silent)
		*watch = (struct stranger_watch){.address = *source,
			.port = port,
			.node = node,
			.since = w->now,
			.next = watch->next};
	watch->last = w->now;
	watch->datagrams++;
	if (w->now - watch->since >= STRANGER_PATIENCE_NS && w->now >= watch->next)
		tell(w, watch);
}
