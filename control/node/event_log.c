/* SPDX-License-Identifier: BSD-3-Clause */
/* What is done with events as they come: links' changes to the log, all to who follows. */
#include "ferryd.h"
#include "liveness.h"
#include "log.h"
#include "manage.h"

/* Congestion is not logged: it comes in floods, and who cares follows. */
static void
log_event(const struct ferryd *f, const struct worker_event *event)
{
	const struct worker_event_link *link = &event->link;
	const struct config_peer *peer = config_peer_find(f->config, event->peer);
	const char *name = peer != NULL ? peer->name : "";

	switch (event->kind) {
	case EVENT_link_up:
		log_line(LOG_INFO, "link to peer %u %s: up, was %s; round trip %.3f ms",
			event->peer, name, link_state_name(link->was), (double)link->rtt / 1e3);
		break;
	case EVENT_link_degraded:
		log_line(LOG_WARNING,
			"link to peer %u %s: degraded, was %s; %.1f %% of probes without "
			"an answer, %.1f %% of its DATA lost",
			event->peer, name, link_state_name(link->was), (double)link->loss_ppm / 1e4,
			(double)link->data_loss_ppm / 1e4);
		break;
	case EVENT_link_down:
		log_line(LOG_WARNING, "link to peer %u %s: down, was %s; silent for %.3f s",
			event->peer, name, link_state_name(link->was), (double)link->silent / 1e3);
		break;
	case EVENT_events_lost:
		log_line(LOG_WARNING, "%lu events were lost: too many at once",
			(unsigned long)event->lost);
		break;
	default:
		break;
	}
}

static void
on_event(void *ctx, const struct history_entry *entry)
{
	struct ferryd *f = ctx;

	log_event(f, &entry->event);
	manage_event(f, entry);
	if (f->ctl_server != NULL && ctl_server_followed(f->ctl_server))
		ctl_server_tell(f->ctl_server, show_event(&f->view, entry));
}

void
events_begin(struct ferryd *f)
{
	f->history.each = on_event;
	f->history.ctx = f;
}
