/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "files.h"
#include "log.h"
#include "packet.h"

static void
tell_failure(struct file_sink *sink, const char *what)
{
	if (!sink->entry->file_failed)
		log_line(LOG_ERR, "session %u/%u: %s: cannot %s: %s; what comes for it is lost",
			sink->entry->config->conference, sink->entry->config->id, sink->path, what,
			strerror(errno));
	sink->entry->file_failed = true;
}

static void
tell_success(struct file_sink *sink)
{
	if (sink->entry->file_failed)
		log_line(LOG_INFO, "session %u/%u: %s: is written again",
			sink->entry->config->conference, sink->entry->config->id, sink->path);
	sink->entry->file_failed = false;
}

static void
open_anew(struct file_sink *sink)
{
	if (sink->file != NULL)
		fclose(sink->file);
	sink->bytes = 0;
	sink->file = fopen(sink->path, "we");
	if (sink->file == NULL)
		tell_failure(sink, "be opened");
	else
		tell_success(sink);
}

static void
write_piece(struct file_sink *sink, const struct rte_mbuf *m)
{
	for (; m != NULL; m = m->next) {
		if (fwrite(rte_pktmbuf_mtod(m, const void *), 1, m->data_len, sink->file) !=
			m->data_len)
			tell_failure(sink, "be written");
		sink->bytes += m->data_len;
	}
}

static void
end_message(struct file_sink *sink)
{
	if (fclose(sink->file) != 0)
		tell_failure(sink, "be written");
	sink->file = NULL;
	if (!sink->entry->file_failed)
		log_line(LOG_INFO,
			"session %u/%u: %s: last packet came, %lu bytes, %lu packets lost",
			sink->entry->config->conference, sink->entry->config->id, sink->path,
			(unsigned long)sink->bytes,
			(unsigned long)destination_lost(sink->entry->destination));
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
	unsigned int n = rte_ring_sc_dequeue_burst(
		sink->entry->destination->file, (void **)pkts, FILE_PIECES_A_TURN, NULL);

	for (unsigned int i = 0; i < n; i++) {
		take_piece(sink, pkts[i], packet_meta(pkts[i])->type);
		rte_pktmbuf_free(pkts[i]);
	}
	/* A stream without marks never ends: what came is to be seen. */
	if (n > 0 && sink->file != NULL && fflush(sink->file) != 0)
		tell_failure(sink, "be written");
	else if (n > 0 && sink->file != NULL)
		tell_success(sink);
	return n;
}

void
file_sink_close(struct file_sink *sink)
{
	if (sink->file != NULL)
		fclose(sink->file);
	sink->file = NULL;
}
