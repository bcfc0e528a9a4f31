/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "log.h"
#include "packet.h"
#include "regular_file.h"

static void
set_failed(struct file_sink *sink, bool failed)
{
	sink->failed = failed;
	if (sink->entry != NULL)
		sink->entry->file_failed = failed;
}

static void
tell_failure(struct file_sink *sink, const char *what, const char *why)
{
	if (!sink->failed)
		log_line(LOG_ERR, "session %u/%u: %s: cannot %s: %s; what comes for it is lost",
			sink->conference, sink->session, sink->path, what, why);
	set_failed(sink, true);
}

static void
tell_success(struct file_sink *sink)
{
	if (sink->failed)
		log_line(LOG_INFO, "session %u/%u: %s: is written again", sink->conference,
			sink->session, sink->path);
	set_failed(sink, false);
}

static void
open_anew(struct file_sink *sink)
{
	const char *why;

	if (sink->file != NULL)
		fclose(sink->file);
	sink->bytes = 0;
	sink->file = regular_file_write(sink->path, &why);
	if (sink->file == NULL)
		tell_failure(sink, "be opened", why);
	else
		tell_success(sink);
}

static void
write_piece(struct file_sink *sink, const struct rte_mbuf *m)
{
	for (; m != NULL; m = m->next) {
		if (fwrite(rte_pktmbuf_mtod(m, const void *), 1, m->data_len, sink->file) !=
			m->data_len)
			tell_failure(sink, "be written", strerror(errno));
		sink->bytes += m->data_len;
	}
}

static void
end_message(struct file_sink *sink)
{
	if (fclose(sink->file) != 0)
		tell_failure(sink, "be written", strerror(errno));
	sink->file = NULL;
	if (sink->destination != NULL)
		sink->lost = destination_lost(sink->destination);
	if (!sink->failed)
		log_line(LOG_INFO,
			"session %u/%u: %s: last packet came, %lu bytes, %lu packets lost",
			sink->conference, sink->session, sink->path, (unsigned long)sink->bytes,
			(unsigned long)sink->lost);
}

static void
take_piece(struct file_sink *sink, const struct rte_mbuf *m, uint8_t marks)
{
	if ((marks & SESSION_MESSAGE_FIRST) || sink->file == NULL)
		open_anew(sink);
	if (sink->file == NULL)
		return;
	write_piece(sink, m);
	if (marks & SESSION_MESSAGE_LAST)
		end_message(sink);
}

uint32_t
file_sink_serve(struct file_sink *sink)
{
	struct rte_mbuf *pkts[FILE_PIECES_A_TURN];
	unsigned int n;

	if (sink->waits)
		return 0;
	n = rte_ring_sc_dequeue_burst(sink->ring, (void **)pkts, FILE_PIECES_A_TURN, NULL);
	for (unsigned int i = 0; i < n; i++) {
		take_piece(sink, pkts[i], packet_meta(pkts[i])->type);
		rte_pktmbuf_free(pkts[i]);
	}
	/* A stream without marks never ends: what came is to be seen. */
	if (n > 0 && sink->file != NULL && fflush(sink->file) != 0)
		tell_failure(sink, "be written", strerror(errno));
	else if (n > 0 && sink->file != NULL)
		tell_success(sink);
	return n;
}

struct file_sink *
file_sink_new(struct session_entry *entry, const char *path)
{
	size_t size = strlen(path) + 1;
	struct file_sink *sink = calloc(1, sizeof(*sink) + size);

	if (sink == NULL)
		return NULL;
	sink->conference = entry->config->conference;
	sink->session = entry->config->id;
	sink->entry = entry;
	sink->destination = entry->destination;
	sink->ring = entry->destination->file;
	memcpy(sink->path, path, size);
	return sink;
}

/* What is in the ring by now is all, and is written as before. */
static void
take_ring(struct destination *dst, void *ctx)
{
	struct file_sink *sink = ctx;

	sink->lost = destination_lost(dst);
	sink->destination = NULL;
	dst->file = NULL;
}

void
file_sink_leave(struct file_sink *sink)
{
	sink->entry = NULL;
	sink->destination->released_ctx = sink;
	sink->destination->released = take_ring;
}

bool
file_sink_is_done(const struct file_sink *sink)
{
	return sink->destination == NULL && !sink->waits && rte_ring_empty(sink->ring);
}

void
file_sink_end(struct file_sink *sink)
{
	while (file_sink_serve(sink) > 0)
		;
	if (sink->file != NULL && fclose(sink->file) != 0)
		tell_failure(sink, "be written", strerror(errno));
	if (sink->follower != NULL)
		sink->follower->waits = false;
	if (sink->destination != NULL)
		sink->destination->released = NULL;
	else
		node_ring_free(sink->ring);
	free(sink);
}
