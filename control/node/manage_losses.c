/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "control_lock.h"
#include "ferryd.h"
#include "link_loss.h"
#include "log.h"
#include "loss_news.h"
#include "manage_losses.h"
#include "mgmt.h"
#include "rlnc_encoder.h"

#define SAMPLE_LEAST  100				/* packets that say something of loss */
#define SAMPLE_WEIGHT 4					/* a sample counts for a quarter */
#define SAMPLE_OLD_NS UINT64_C(30000000000)		/* DATA's loss is not known any more */
#define WAY_OLD_NS    (LOSS_OLD_MS * UINT64_C(1000000)) /* nor is a way's */

/* Of the link with this index. */
struct link_losses {
	uint32_t node_id;	/* 0: there was none yet */
	uint64_t lost, packets; /* of the neighbour's DATA, at the last sample */
	uint64_t sampled_at;
	double from;				/* smoothed, millionths; negative: not known */
	struct message_loss told_to, told_from; /* peer 0: not told */
};

/* When a session's way was told last; by index of the entry. */
struct way_age {
	const struct rlnc_encoder *encoder; /* whose it is; NULL: none */
	uint64_t at;
};

struct manage_losses {
	struct event *timer;
	uint64_t told_at;
	struct link_losses *links;
	struct way_age *ways;
	struct message_loss *to, *from; /* of the next message */
};

static void
sample(struct link_losses *l, const struct link *link, uint64_t now)
{
	uint64_t lost = link_lost(&link->rx), packets = counter_read(&link->rx.packets), all;
	double share;

	if (l->node_id != link->node_id || packets < l->packets) {
		*l = (struct link_losses){.node_id = link->node_id,
			.lost = lost,
			.packets = packets,
			.sampled_at = now,
			.from = -1};
		return;
	}
	if (now - l->sampled_at > SAMPLE_OLD_NS)
		l->from = -1;
	/* One that came late takes its loss back. */
	lost = RTE_MAX(lost, l->lost);
	all = packets - l->packets + lost - l->lost;
	if (all < SAMPLE_LEAST)
		return;
	share = 1e6 * (double)(lost - l->lost) / (double)all;
	l->from = l->from < 0 ? share : l->from + (share - l->from) / SAMPLE_WEIGHT;
	l->lost = lost;
	l->packets = packets;
	l->sampled_at = now;
}

/* An entry of the message, if the loss is known; true: that is news. */
static bool
say(struct message_loss *list, size_t *n, const struct message_loss *told, uint32_t peer,
	double loss)
{
	struct message_loss *entry = &list[*n];

	if (loss < 0)
		return told->peer != 0;
	*entry = (struct message_loss){.peer = peer, .loss = (uint32_t)(loss + 0.5)};
	++*n;
	return told->peer != peer || loss_is_news(told->loss, entry->loss);
}

/* What the root is to know; true: something of it is news. */
static bool
collect(struct ferryd *f, struct message_links *links, uint64_t now)
{
	struct manage_losses *m = f->losses;
	bool news = false;
	uint32_t to;

	*links = (struct message_links){.to = m->to, .from = m->from};
	for (uint16_t i = 0; i < f->node->max_links; i++) {
		const struct link *link = f->node->links[i];
		struct link_losses *l = &m->links[i];

		if (link == NULL) {
			news |= l->told_to.peer != 0 || l->told_from.peer != 0;
			*l = (struct link_losses){0};
			continue;
		}
		sample(l, link, now);
		to = link_loss(link);
		news |= say(m->to, &links->nb_to, &l->told_to, link->node_id, to > 0 ? to : -1.0);
		news |= say(m->from, &links->nb_from, &l->told_from, link->node_id, l->from);
	}
	return news;
}

static void
note_told(struct manage_losses *m, uint16_t max_links, const struct message_links *links)
{
	size_t to = 0, from = 0;

	/* Both lists are in the order of the links. */
	for (uint16_t i = 0; i < max_links; i++) {
		struct link_losses *l = &m->links[i];
		uint32_t peer = l->node_id;

		l->told_to = l->told_from = (struct message_loss){0};
		if (peer != 0 && to < links->nb_to && m->to[to].peer == peer)
			l->told_to = m->to[to++];
		if (peer != 0 && from < links->nb_from && m->from[from].peer == peer)
			l->told_from = m->from[from++];
	}
}

static void
report(struct ferryd *f, uint64_t now)
{
	struct manage_losses *m = f->losses;
	struct message message = {.type = MESSAGE_LINKLOSS, .to = MESSAGE_ROOT};
	bool news = collect(f, &message.links, now);

	if (mgmt_parent(f->mgmt) == NULL ||
		(!news && now - m->told_at < LOSS_AGAIN_MS * UINT64_C(1000000)))
		return;
	if (mgmt_send(f->mgmt, &message) != 0)
		return;
	m->told_at = now;
	note_told(m, f->node->max_links, &message.links);
}

/* Ways of which nothing was heard for long are not known any more. */
static void
age(struct ferryd *f, uint64_t now)
{
	for (uint32_t i = 0; i < f->book.nb_entries; i++) {
		const struct session_entry *entry = f->book.entries[i];
		struct way_age *way = &f->losses->ways[entry->index];

		if (way->encoder == NULL)
			continue;
		if (entry->source == NULL || entry->source->encoder != way->encoder) {
			way->encoder = NULL;
		} else if (now - way->at >= WAY_OLD_NS) {
			rlnc_encoder_set_way(entry->source->encoder, (struct rlnc_way){0});
			way->encoder = NULL;
		}
	}
}

static void
on_second(evutil_socket_t fd, short what, void *arg)
{
	struct ferryd *f = arg;
	uint64_t now;

	(void)fd;
	(void)what;
	control_lock();
	now = ferryd_now(f);
	report(f, now);
	age(f, now);
	control_unlock();
}

int
manage_wayloss(struct ferryd *f, const struct message *message, char *error, size_t size)
{
	const struct message_way *way = &message->way;
	const struct session_entry *entry = session_book_find(
		&f->book, way->conference, way->session);
	struct rlnc_encoder *encoder;

	if (entry == NULL || entry->source == NULL) {
		snprintf(error, size, "no session %u of conference %u starts here", way->session,
			way->conference);
		return -ENOENT;
	}
	encoder = entry->source->encoder;
	if (encoder == NULL || encoder->params.repair != RLNC_REPAIR_ADAPTIVE) {
		snprintf(error, size, "session %u of conference %u has no adaptive repair",
			way->session, way->conference);
		return -EPERM;
	}
	if (way->regained > way->loss) {
		snprintf(error, size, "regained is %u: it must be at most loss, which is %u",
			way->regained, way->loss);
		return -EINVAL;
	}
	rlnc_encoder_set_way(
		encoder, (struct rlnc_way){.loss = way->loss, .regained = way->regained});
	f->losses->ways[entry->index] = (struct way_age){encoder, ferryd_now(f)};
	return 0;
}

int
boot_manage_losses(void *ctx)
{
	struct ferryd *f = ctx;
	static const struct timeval second = {.tv_sec = 1};
	size_t links = f->node->max_links + (size_t)1;
	struct manage_losses *m;

	if (f->mgmt == NULL)
		return 0;
	m = f->losses = calloc(1, sizeof(*m));
	if (m != NULL) {
		m->links = calloc(links, sizeof(*m->links));
		m->to = calloc(links, sizeof(*m->to));
		m->from = calloc(links, sizeof(*m->from));
		m->ways = calloc(f->book.room + (size_t)1, sizeof(*m->ways));
		m->timer = event_new(f->base, -1, EV_PERSIST, on_second, f);
	}
	if (m == NULL || m->links == NULL || m->to == NULL || m->from == NULL || m->ways == NULL ||
		m->timer == NULL || event_add(m->timer, &second) != 0) {
		log_line(LOG_ERR, "out of memory for what links lose");
		return -1;
	}
	return 0;
}

void
undo_manage_losses(void *ctx)
{
	struct ferryd *f = ctx;
	struct manage_losses *m = f->losses;

	if (m == NULL)
		return;
	if (m->timer != NULL)
		event_free(m->timer);
	free(m->links);
	free(m->to);
	free(m->from);
	free(m->ways);
	free(m);
	f->losses = NULL;
}
