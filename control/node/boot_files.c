/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "files.h"
#include "log.h"

static const struct config_egress *
file_egress(const struct ferryd *f, const struct config_session *session)
{
	for (uint32_t i = 0; i < session->destination_count; i++)
		if (session->egress[i].node == f->config->node.id)
			return &session->egress[i];
	return NULL;
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
		f->sinks[f->nb_sinks++] = (struct file_sink){
			.entry = entry, .path = file_egress(f, session)->file};
	return 0;
}

static void
end_sink(struct file_sink *sink)
{
	while (file_sink_serve(sink) > 0)
		;
	file_sink_close(sink);
}

void
files_remove(struct ferryd *f, const struct session_entry *entry)
{
	for (uint32_t i = 0; i < f->nb_feeds; i++) {
		if (f->feeds[i].entry != entry)
			continue;
		file_feed_close(&f->feeds[i]);
		f->feeds[i] = f->feeds[--f->nb_feeds];
	}
	for (uint32_t i = 0; i < f->nb_sinks; i++) {
		if (f->sinks[i].entry != entry)
			continue;
		end_sink(&f->sinks[i]);
		f->sinks[i] = f->sinks[--f->nb_sinks];
	}
}

int
boot_files(struct ferryd *f)
{
	uint32_t n = f->book.room + 1;
	char error[512];

	f->feeds = calloc(n, sizeof(*f->feeds));
	f->sinks = calloc(n, sizeof(*f->sinks));
	if (f->feeds == NULL || f->sinks == NULL) {
		log_line(LOG_ERR, "out of memory for files");
		return -1;
	}
	for (uint32_t i = 0; i < f->book.nb_entries; i++) {
		if (files_add(f, f->book.entries[i], error, sizeof(error)) == 0)
			continue;
		log_line(LOG_ERR, "session %u/%u: %s", f->book.entries[i]->config->conference,
			f->book.entries[i]->config->id, error);
		return -1;
	}
	return 0;
}

bool
files_serve(struct ferryd *f, bool *more)
{
	uint32_t most = 0, n;

	for (uint32_t i = 0; i < f->nb_feeds; i++) {
		n = file_feed_serve(f, &f->feeds[i]);
		most = RTE_MAX(most, n);
	}
	for (uint32_t i = 0; i < f->nb_sinks; i++) {
		n = file_sink_serve(&f->sinks[i]);
		most = RTE_MAX(most, n);
	}
	*more = most == FILE_PIECES_A_TURN;
	return most > 0;
}

void
undo_files(struct ferryd *f)
{
	for (uint32_t i = 0; i < f->nb_sinks; i++)
		end_sink(&f->sinks[i]);
	for (uint32_t i = 0; i < f->nb_feeds; i++)
		file_feed_close(&f->feeds[i]);
	free(f->feeds);
	free(f->sinks);
	f->feeds = NULL;
	f->sinks = NULL;
}
