/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "clock.h"
#include "stats_private.h"

#define PAUSE_NS     UINT64_C(1000000000) /* until a file is tried again, each time twice as long */
#define PAUSE_MAX_NS (64 * PAUSE_NS)

void
stats_name(char to[FERRY_STATS_NAME_MAX], const char *name)
{
	snprintf(to, FERRY_STATS_NAME_MAX, "%s", name != NULL ? name : "");
}

void
stats_put(struct stats_export *e, const union ferry_stats_record *record)
{
	if (e->latest.count < e->latest.room)
		e->latest.records[e->latest.count++] = *record;
	if (e->writer.header != NULL)
		stats_writer_put(&e->writer, record);
}

/* Records of an interval, at most. */
static uint32_t
records_of(const struct show_view *view)
{
	const struct node *node = view->node;

	/* A session begins or ends here, not both. */
	return 1u + node->nb_workers + node->nb_ports + 2u * node->max_links +
	       view->sessions->nb_entries + (uint32_t)DROP_COUNT;
}

static int
open_file(const struct stats_export *e, uint32_t records, struct stats_writer *writer, char *error,
	size_t size)
{
	struct stats_writer_params params = {.path = e->path,
		.node = e->view->config->node.name,
		.node_id = e->view->node->id,
		.slots = 64,
		.interval_ns = e->interval_ns,
		.utc_ns = clock_ns(CLOCK_REALTIME),
		.now_ns = clock_ns(CLOCK_MONOTONIC)};

	while (params.slots < (uint64_t)records * e->intervals &&
		params.slots < FERRY_STATS_SLOTS_MAX)
		params.slots *= 2;
	return stats_writer_open(writer, &params, error, size);
}

/* What goes on where a file cannot be had, said once; and how long until it is tried again. */
static int
go_on_without(struct stats_export *e, int ret, bool tell, uint64_t now, char *error, size_t size)
{
	size_t used = strlen(error);

	if (ret != 0) {
		e->pause = e->pause == 0 ? PAUSE_NS : RTE_MIN(2 * e->pause, PAUSE_MAX_NS);
		e->retry = now + e->pause;
	}
	if (!tell)
		return 0;
	snprintf(error + used, size - used, "%s%s", used > 0 ? "; " : "statistics: ",
		e->writer.header != NULL ? "the old one goes on, another is tried again"
					 : "there is no file until one can be made");
	return ret != 0 ? ret : -ENOSPC;
}

/*
 * There may be more sessions than there were; and somebody may have cut the file short, or removed
 * it. While another cannot be had the old one goes on if it can.
 */
static int
replace_file(struct stats_export *e, uint32_t records, uint64_t now, char *error, size_t size)
{
	bool first = e->pause == 0, ended = false;
	struct stats_writer next;
	int ret = 0;

	error[0] = 0;
	if (first || now >= e->retry) {
		ret = open_file(e, records, &next, error, size);
		if (ret == 0) {
			/* Who reads the old one is told; its name is the new one's now. */
			stats_writer_close(&e->writer);
			e->writer = next;
			e->pause = 0;
			if (first)
				return 0;
			snprintf(error, size, "statistics file %s: there is a new one", e->path);
			return 1;
		}
	}
	if (e->writer.header != NULL &&
		(records > e->writer.mask + UINT64_C(1) || !stats_writer_whole(&e->writer))) {
		stats_writer_close(&e->writer);
		ended = true;
	}
	return go_on_without(e, ret, first || ended, now, error, size);
}

static bool
file_fits(const struct stats_writer *writer, uint32_t records)
{
	return writer->header != NULL && (uint64_t)records * 2 <= writer->mask + UINT64_C(1) &&
	       stats_writer_whole(writer) && stats_writer_named(writer) != -ENOENT;
}

/* Its name is not taken back: whoever has it might do the same, and so on for ever. */
static bool
is_hidden(const struct stats_writer *writer)
{
	return writer->header != NULL && stats_writer_named(writer) == -EEXIST;
}

static bool
grow_latest(struct stats_export *e, uint32_t records)
{
	void *more;

	if (records <= e->latest.room)
		return true;
	more = realloc(e->latest.records, records * sizeof(*e->latest.records));
	if (more == NULL)
		return false;
	e->latest.records = more;
	e->latest.room = records;
	return true;
}

/* What is so now, and was not. */
static bool
begins(bool *was, bool is)
{
	bool begins = is && !*was;

	*was = is;
	return begins;
}

static int
make_room(struct stats_export *e, uint64_t now, char *error, size_t size)
{
	uint32_t records = records_of(e->view);
	bool starved = !grow_latest(e, records);
	int ret = e->path == NULL || file_fits(&e->writer, records)
			  ? 0
			  : replace_file(e, records, now, error, size);

	if (ret == 0 && begins(&e->hidden, is_hidden(&e->writer))) {
		snprintf(error, size,
			"statistics file %s: another has its name, maybe another node's: what this "
			"node writes cannot be read",
			e->path);
		ret = -EEXIST;
	}
	if (ret == 0 && begins(&e->starved, starved)) {
		snprintf(error, size, "out of memory for statistics");
		ret = -ENOMEM;
	}
	return ret;
}

int
stats_export_begin(struct stats_export *e, const struct stats_export_params *params, uint64_t now,
	char *error, size_t size)
{
	const struct node *node = params->view->node;
	int ret;

	*e = (struct stats_export){.view = params->view,
		.path = params->path,
		.interval_ns = params->interval_ns,
		.intervals = params->intervals};
	e->room = params->view->sessions->room;
	e->sessions = calloc(e->room + 1u, sizeof(*e->sessions));
	e->feeders = calloc(node->max_links + 1u, sizeof(*e->feeders));
	for (uint16_t i = 0; i < node->nb_workers; i++)
		e->queues[i] = calloc(
			node->workers[i]->feeders.nb_queues + 1u, sizeof(*e->queues[i]));
	for (uint16_t i = 0; i < node->nb_workers; i++) {
		if (e->sessions == NULL || e->feeders == NULL || e->queues[i] == NULL) {
			snprintf(error, size, "out of memory for statistics");
			return -ENOMEM;
		}
	}
	ret = e->path == NULL ? 0 : open_file(e, records_of(e->view), &e->writer, error, size);
	return ret != 0 ? ret : stats_export_tick(e, now, error, size);
}

int
stats_export_tick(struct stats_export *e, uint64_t now, char *error, size_t size)
{
	int ret = make_room(e, now, error, size);
	uint64_t first = e->writer.next;

	e->tick++;
	e->latest.count = 0;
	stats_collect_workers(e, now);
	stats_collect_ports(e);
	stats_collect_links(e);
	stats_collect_feeders(e);
	stats_collect_sessions(e, now);
	stats_collect_drops(e, now);
	stats_collect_node(e, first, now);
	if (e->writer.header != NULL)
		stats_writer_beat(&e->writer, clock_ns(CLOCK_MONOTONIC));
	return ret;
}

void
stats_export_end(struct stats_export *e)
{
	stats_writer_close(&e->writer);
	for (uint32_t i = 0; e->sessions != NULL && i < e->room; i++)
		free(e->sessions[i].delay);
	free(e->sessions);
	ferry_stats_snapshot_free(&e->latest);
	free(e->feeders);
	for (uint16_t i = 0; i < WORKERS_MAX; i++)
		free(e->queues[i]);
	*e = (struct stats_export){0};
}
