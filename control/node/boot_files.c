/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "log.h"

/* Who was removed, and may still write the file, goes first. */
static void
follow(struct ferryd *f, struct file_sink *sink)
{
	struct file_sink *other, *last = NULL;

	TAILQ_FOREACH (other, &f->leaving, entries)
		if (strcmp(other->path, sink->path) == 0)
			last = other;
	if (last == NULL)
		return;
	last->follower = sink;
	sink->waits = true;
}

static int
add_sink(struct ferryd *f, struct session_entry *entry, char *error, size_t size)
{
	struct file_sink *sink = file_sink_new(
		entry, config_egress_at(entry->config, f->config->node.id)->file);

	if (sink == NULL) {
		snprintf(error, size, "out of memory");
		return -ENOMEM;
	}
	follow(f, sink);
	TAILQ_INSERT_TAIL(&f->sinks, sink, entries);
	return 0;
}

int
files_add(struct ferryd *f, struct session_entry *entry, char *error, size_t size)
{
	const struct config_session *session = entry->config;

	if (entry->source != NULL && entry->source->kind == SOURCE_FILE) {
		struct file_feed *feed = &f->feeds[f->nb_feeds];

		*feed = (struct file_feed){.entry = entry,
			.path = session->ingress.file,
			.size = (uint16_t)session->ingress.size};
		if (file_feed_open(feed, error, size) < 0)
			return -EIO;
		f->nb_feeds++;
	}
	if (entry->destination != NULL && entry->destination->params.egress == EGRESS_FILE)
		return add_sink(f, entry, error, size);
	return 0;
}

static struct file_sink *
find_sink(const struct ferryd *f, const struct session_entry *entry)
{
	struct file_sink *sink;

	TAILQ_FOREACH (sink, &f->sinks, entries)
		if (sink->entry == entry)
			return sink;
	return NULL;
}

void
files_remove(struct ferryd *f, const struct session_entry *entry)
{
	struct file_sink *sink = find_sink(f, entry);

	for (uint32_t i = 0; i < f->nb_feeds; i++) {
		if (f->feeds[i].entry != entry)
			continue;
		file_feed_close(&f->feeds[i]);
		f->feeds[i] = f->feeds[--f->nb_feeds];
	}
	if (sink == NULL)
		return;
	TAILQ_REMOVE(&f->sinks, sink, entries);
	TAILQ_INSERT_TAIL(&f->leaving, sink, entries);
	file_sink_leave(sink);
}

int
boot_files(void *ctx)
{
	struct ferryd *f = ctx;
	uint32_t n = f->book.room + 1;
	char error[512];

	TAILQ_INIT(&f->sinks);
	TAILQ_INIT(&f->leaving);
	f->feeds = calloc(n, sizeof(*f->feeds));
	if (f->feeds == NULL) {
		log_line(LOG_ERR, "out of memory for files");
		return -1;
	}
	for (uint32_t i = 0; i < f->book.nb_entries; i++) {
		const struct config_session *session = f->book.entries[i]->config;

		if (files_add(f, f->book.entries[i], error, sizeof(error)) == 0)
			continue;
		log_line(LOG_ERR, "%s:%u: session %u/%u: %s", session->where.file,
			session->where.line, session->conference, session->id, error);
		return -1;
	}
	return 0;
}

/* The most pieces of one of them. */
static uint32_t
serve_sinks(struct ferryd *f)
{
	struct file_sink *sink, *next;
	uint32_t most = 0, n;

	for (sink = TAILQ_FIRST(&f->leaving); sink != NULL; sink = next) {
		next = TAILQ_NEXT(sink, entries);
		n = file_sink_serve(sink);
		most = RTE_MAX(most, n);
		if (!file_sink_is_done(sink))
			continue;
		TAILQ_REMOVE(&f->leaving, sink, entries);
		file_sink_end(sink);
	}
	TAILQ_FOREACH (sink, &f->sinks, entries) {
		n = file_sink_serve(sink);
		most = RTE_MAX(most, n);
	}
	return most;
}

bool
files_serve(struct ferryd *f, bool *more)
{
	uint32_t most = serve_sinks(f), n;

	for (uint32_t i = 0; i < f->nb_feeds; i++) {
		n = file_feed_serve(f, &f->feeds[i]);
		most = RTE_MAX(most, n);
	}
	*more = most == FILE_PIECES_A_TURN;
	return most > 0;
}

/* In this order: who follows another comes after it. */
static void
end_sinks(struct file_sinks *sinks)
{
	struct file_sink *sink;

	while ((sink = TAILQ_FIRST(sinks)) != NULL) {
		TAILQ_REMOVE(sinks, sink, entries);
		file_sink_end(sink);
	}
}

void
undo_files(void *ctx)
{
	struct ferryd *f = ctx;

	end_sinks(&f->leaving);
	end_sinks(&f->sinks);
	for (uint32_t i = 0; i < f->nb_feeds; i++)
		file_feed_close(&f->feeds[i]);
	free(f->feeds);
	f->feeds = NULL;
	f->nb_feeds = 0;
}
