/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "clock.h"
#include "control_lock.h"
#include "ferryd.h"
#include "log.h"
#include "manage_stats.h"
#include "mgmt.h"
#include "mgmt_placed.h"
#include "stats_message.h"
#include "stats_own.h"

struct manage_stats {
	struct stats_tree *tree; /* what children said */
	struct mgmt_placed placed;
	struct stats_own own; /* at the last report */
	struct event *timer;
};

static int
send_batch(struct ferryd *f, const struct message *request, struct message *message,
	const struct stats_stream *streams, size_t count)
{
	struct stats_container *whole = calloc(count + 1, sizeof(*whole));
	struct message_container *containers = calloc(count + 1, sizeof(*containers));
	int ret = -ENOMEM;

	if (whole != NULL && containers != NULL) {
		for (size_t i = 0; i < count; i++) {
			stats_message_write(&streams[i], &whole[i]);
			containers[i] = whole[i].container;
		}
		message->stats.containers = containers;
		message->stats.nb_containers = count;
		ret = request != NULL ? mgmt_answer(f->mgmt, request, message)
				      : mgmt_send(f->mgmt, message);
	}
	free(whole);
	free(containers);
	return ret;
}

/* As many messages as it takes, all of one time: `stats` to the parent, or the answer. */
static int
send_streams(struct ferryd *f, const struct message *request, const struct stats_stream *streams,
	size_t count)
{
	uint64_t now = clock_ms(CLOCK_REALTIME);
	size_t at = 0;
	int ret;

	do {
		size_t n = count - at < STATS_MESSAGE_BATCH ? count - at : STATS_MESSAGE_BATCH;
		struct message message = {
			.type = request != NULL ? MESSAGE_FULLSTATS : MESSAGE_STATS, .time = now};

		message.stats.end = now / 1000;
		ret = send_batch(f, request, &message, streams + at, n);
		at += n;
	} while (ret == 0 && at < count);
	return ret;
}

static void
report(struct ferryd *f)
{
	const char *name = f->config->node.name;
	struct stats_stream *own = NULL, *sum = NULL;
	size_t nb_own, count;
	int ret;

	if (mgmt_parent(f->mgmt) == NULL || f->statistics.latest.count == 0)
		return;
	ret = stats_own_take(&f->manage_stats->own, &f->statistics.latest, name, &own, &nb_own);
	if (ret == 0)
		ret = stats_tree_sum(f->manage_stats->tree, own, nb_own,
			(uint32_t)mgmt_children(f->mgmt, NULL, 0), &sum, &count);
	if (ret == 0)
		ret = send_streams(f, NULL, sum, count);
	if (ret != 0 && ret != -ENOTCONN)
		log_line(LOG_WARNING, "statistics did not go to the parent: %s", strerror(-ret));
	free(own);
	free(sum);
}

static void
on_report(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	control_lock();
	report(arg);
	control_unlock();
}

static bool
is_child(const struct ferryd *f, const char *name)
{
	size_t n = mgmt_children(f->mgmt, NULL, 0);
	struct mgmt_child *children = calloc(n + 1, sizeof(*children));
	bool found = false;

	if (children != NULL)
		n = mgmt_children(f->mgmt, children, n);
	for (size_t i = 0; children != NULL && i < n && !found; i++)
		found = strcmp(children[i].name, name) == 0;
	free(children);
	return found;
}

static bool
is_below(const void *ctx, const char *node, const char *above)
{
	return mgmt_placed_below(ctx, node, above);
}

int
manage_stats_take(struct ferryd *f, const struct message *message, char *error, size_t size)
{
	const struct message_stats *stats = &message->stats;
	struct stats_stream *streams;
	int ret = 0;

	if (f->manage_stats == NULL || !is_child(f, message->from)) {
		snprintf(error, size, "stats of %s: only a child says them", message->from);
		return -EPERM;
	}
	streams = calloc(stats->nb_containers + 1, sizeof(*streams));
	if (streams == NULL)
		ret = -ENOMEM;
	for (size_t i = 0; ret == 0 && i < stats->nb_containers; i++) {
		if (stats_message_read(
			    &stats->containers[i], message->from, &streams[i], error, size))
			stats_message_blame(
				&streams[i], message->from, is_below, &f->manage_stats->placed);
		else
			ret = -EINVAL;
	}
	if (ret == 0) {
		ret = stats_tree_report(f->manage_stats->tree, message->from, message->time,
			streams, stats->nb_containers, clock_ms(CLOCK_REALTIME));
		if (ret != 0)
			snprintf(error, size, "statistics were not taken: %s", strerror(-ret));
	}
	free(streams);
	return ret;
}

/* Of one stream, or of all that the node carries; itself is stream 0. */
int
manage_stats_full(struct ferryd *f, const struct message *message, char *error, size_t size)
{
	const struct message_reqfullstats *asked = &message->reqfullstats;
	struct stats_stream *streams = NULL;
	size_t count = 0, n = 0;
	int ret = -ENOENT;

	snprintf(error, size, "there are no statistics yet");
	if (f->statistics.latest.count > 0) {
		snprintf(error, size, "out of memory");
		ret = stats_own_full(&f->statistics.latest, f->config->node.name, &streams, &count);
	}
	for (size_t i = 0; ret == 0 && i < count; i++)
		if (asked->id == 0 || streams[i].id == asked->id)
			streams[n++] = streams[i];
	if (ret == 0 && n == 0) {
		snprintf(error, size, "the node does not carry that stream");
		ret = -ENOENT;
	}
	if (ret == 0) {
		ret = send_streams(f, message, streams, n);
		snprintf(error, size, "the answer could not be sent");
	}
	free(streams);
	return ret;
}

void
manage_stats_away(struct ferryd *f, const char *child)
{
	if (f->manage_stats != NULL)
		stats_tree_forget(f->manage_stats->tree, child);
}

int
manage_stats_placed(struct ferryd *f)
{
	return f->manage_stats == NULL || f->place == NULL
		       ? 0
		       : mgmt_placed_set(&f->manage_stats->placed, f->place->place.below,
				 f->place->place.nb_below);
}

int
boot_manage_stats(void *ctx)
{
	struct ferryd *f = ctx;
	const struct timeval interval = {.tv_sec = f->config->statistics.report};

	if (f->mgmt == NULL)
		return 0;
	f->manage_stats = calloc(1, sizeof(*f->manage_stats));
	if (f->manage_stats != NULL) {
		f->manage_stats->tree = stats_tree_new();
		f->manage_stats->timer = event_new(f->base, -1, EV_PERSIST, on_report, f);
	}
	if (f->manage_stats == NULL || f->manage_stats->tree == NULL ||
		f->manage_stats->timer == NULL || manage_stats_placed(f) != 0 ||
		event_add(f->manage_stats->timer, &interval) != 0) {
		log_line(LOG_ERR, "out of memory for statistics of the tree");
		return -1;
	}
	return 0;
}

void
undo_manage_stats(void *ctx)
{
	struct ferryd *f = ctx;
	struct manage_stats *m = f->manage_stats;

	if (m == NULL)
		return;
	if (m->timer != NULL)
		event_free(m->timer);
	stats_tree_free(m->tree);
	stats_own_free(&m->own);
	mgmt_placed_free(&m->placed);
	free(m);
	f->manage_stats = NULL;
}
