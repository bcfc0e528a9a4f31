/* SPDX-License-Identifier: BSD-3-Clause */
#include "stranger.h"

#include "event.h"
#include "worker.h"

void
stranger_heard(
	struct worker *w, const struct port *port, uint32_t node, const struct address *source)
{
	struct stranger_watch *watch = &w->strangers;
	struct worker_event event;

	if (watch->last == 0 || w->now - watch->last > STRANGER_PAUSE_NS)
		watch->since = w->now;
	watch->last = w->now;
	watch->datagrams++;
	if (w->now - watch->since < STRANGER_PATIENCE_NS || w->now < watch->next)
		return;
	event = (struct worker_event){.peer = node,
		.kind = EVENT_unknown_peer,
		.stranger = {.address = *source, .port = port, .datagrams = watch->datagrams}};
	worker_event_raise(w, &event);
	watch->next = w->now + STRANGER_AGAIN_NS;
	watch->datagrams = 0;
}
