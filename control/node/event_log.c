/* SPDX-License-Identifier: BSD-3-Clause */
/* What is done with events as they come: to the log, but for congestion; all to who follows. */
#include "ferryd.h"
#include "liveness.h"
#include "log.h"
#include "manage.h"

/* Nearly always one of two configurations is wrong: what ours says of that node is told too. */
static void
log_stranger(const struct ferryd *f, uint32_t id, const struct worker_event_stranger *stranger)
{
	const struct link *link = node_find_link(f->node, id);
	const struct underlay_addr there = underlay_addr_from(&stranger->address);
	char text[UNDERLAY_ADDR_TEXT_MAX], ours[UNDERLAY_ADDR_TEXT_MAX], known[160];

	if (link != NULL) {
		const struct underlay_addr here = underlay_addr_from(&link->remote);

		snprintf(known, sizeof(known), "peer %u is at %s on port %s here", id,
			underlay_addr_text(&here, ours), link->port->name);
	} else {
		snprintf(known, sizeof(known), "there is no peer %u here", id);
	}
	log_line(LOG_WARNING,
		"port %s: a node at %s says that it is %u, but %s: %lu datagrams were dropped",
		stranger->port->name, underlay_addr_text(&there, text), id, known,
		(unsigned long)stranger->datagrams);
}

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
	case EVENT_unknown_peer:
		log_stranger(f, event->peer, &event->stranger);
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
