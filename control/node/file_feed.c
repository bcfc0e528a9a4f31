/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "files.h"
#include "log.h"
#include "packet.h"
#include "regular_file.h"

/* Headers go before the payload without a buffer of their own. */
#define HEADERS_ROOM 640

/* The next piece of the file; NULL at its end, or without a buffer (*again is set then). */
static struct rte_mbuf *
read_piece(struct ferryd *f, struct file_feed *feed, bool *again)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(f->node->pool);
	size_t n;

	*again = m == NULL;
	if (m == NULL)
		return NULL;
	m->data_off = (uint16_t)(RTE_MIN(HEADERS_ROOM, m->buf_len - feed->size) & ~1);
	n = fread(rte_pktmbuf_mtod(m, void *), 1, feed->size, feed->file);
	if (n == 0) {
		rte_pktmbuf_free(m);
		return NULL;
	}
	m->data_len = (uint16_t)n;
	m->pkt_len = (uint32_t)n;
	feed->bytes += n;
	return m;
}

static void
end_feed(struct file_feed *feed)
{
	const struct config_session *session = feed->entry->config;

	if (ferror(feed->file))
		log_line(LOG_ERR, "session %u/%u: %s: reading stopped after %lu bytes: %s",
			session->conference, session->id, feed->path, (unsigned long)feed->bytes,
			strerror(errno));
	else
		log_line(LOG_INFO, "session %u/%u: %s: all %lu bytes read", session->conference,
			session->id, feed->path, (unsigned long)feed->bytes);
	fclose(feed->file);
	feed->file = NULL;
}

uint32_t
file_feed_serve(struct ferryd *f, struct file_feed *feed)
{
	struct source *source = feed->entry->source;
	bool again = false;
	uint32_t n = 0;

	while (feed->file != NULL && n < FILE_PIECES_A_TURN &&
		rte_ring_free_count(source->feed) > 0) {
		struct rte_mbuf *next = read_piece(f, feed, &again);

		if (again)
			break;
		n++;
		if (feed->ahead != NULL) {
			packet_meta(feed->ahead)->type =
				(uint8_t)((feed->first ? SESSION_MESSAGE_FIRST : 0) |
					  (next == NULL ? SESSION_MESSAGE_LAST : 0));
			feed->first = false;
			/* There is room, and this thread is the only one that fills the ring. */
			(void)rte_ring_sp_enqueue(source->feed, feed->ahead);
		}
		feed->ahead = next;
		if (next == NULL)
			end_feed(feed);
	}
	return n;
}

int
file_feed_open(struct file_feed *feed, char *error, size_t size)
{
	const char *why;

	feed->first = true;
	feed->file = regular_file_read(feed->path, &why);
	if (feed->file != NULL)
		return 0;
	snprintf(error, size, "%s: %s; the file that the session sends must be readable",
		feed->path, why);
	return -1;
}

void
file_feed_close(struct file_feed *feed)
{
	rte_pktmbuf_free(feed->ahead);
	feed->ahead = NULL;
	if (feed->file != NULL)
		fclose(feed->file);
	feed->file = NULL;
}
