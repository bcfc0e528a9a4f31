/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who feeds a session is told at which rate it may send: JSON in UDP datagrams to the session's
 * rate_to, by the port that reaches it or by the kernel. What cannot be sent is made up for a
 * second later.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ferryd.h"
#include "log.h"
#include "packet.h"

/* Told again after so long, even if nothing changed: datagrams get lost, listeners start anew. */
#define AGAIN_NS UINT64_C(1000000000)

/* Room before the text for the headers. */
#define HEADROOM FRAME_TEMPLATE_BYTES

#define TEXT_MAX 256

struct rate_report {
	const struct session_entry *entry;
	uint32_t adjacency; /* index in adjacencies, UINT32_MAX: the kernel sends */
	uint64_t told;	    /* bit/s */
	uint64_t told_at;
	uint64_t number;
};

static void
send_by_kernel(struct ferryd *f, const struct config_endpoint *to, const char *text, size_t len)
{
	struct sockaddr_storage address;
	socklen_t size = config_endpoint_sockaddr(to, &address);

	(void)sendto(f->report_sockets[to->address.family == AF_INET ? 0 : 1], text, len,
		MSG_DONTWAIT, (const struct sockaddr *)&address, size);
}

static void
send_by_port(struct ferryd *f, struct ferryd_adjacency *adjacency, struct port *port,
	const char *text, size_t len)
{
	struct frame_template t;
	struct rte_mbuf *m;
	uint16_t sum;

	if (!adjacency->neighbour->has_mac)
		return;
	adjacency->ends.destination_mac = adjacency->neighbour->mac;
	frame_template_build(&t, port, &adjacency->ends, NULL, 0);
	m = rte_pktmbuf_alloc(f->node->pool);
	if (m == NULL) {
		f->frames_lost++;
		return;
	}
	m->data_off = HEADROOM;
	memcpy(rte_pktmbuf_append(m, (uint16_t)len), text, len);
	sum = checksum_mbuf(m, 0);
	memcpy(packet_prepend(m, t.total), t.bytes + FRAME_TEMPLATE_BYTES - t.total, t.total);
	frame_finish(&t, m, port->offloads, sum);
	if (node_inject(f->node, port, m) < 0) {
		f->frames_lost++;
		rte_pktmbuf_free(m);
	}
}

static void
tell(struct ferryd *f, struct rate_report *report, uint64_t bps)
{
	const struct config_session *session = report->entry->config;
	const struct config_rate_to *to = &session->rate_to;
	char text[TEXT_MAX], rate[24] = "null";
	int len;

	if (bps != 0)
		snprintf(rate, sizeof(rate), "%lu", (unsigned long)bps);
	len = snprintf(text, sizeof(text),
		"{\"conference\": %u, \"session\": %u, \"rate_bps\": %s, \"number\": %lu}\n",
		session->conference, session->id, rate, (unsigned long)report->number++);
	if (report->adjacency == UINT32_MAX)
		send_by_kernel(f, &to->udp, text, (size_t)len);
	else
		send_by_port(f, &f->adjacencies[report->adjacency], &f->ports[to->port].port, text,
			(size_t)len);
}

/* Called no more often than each 100 ms, which is how often a session may be told. */
void
reports_serve(struct ferryd *f, uint64_t now)
{
	for (uint32_t i = 0; i < f->nb_reports; i++) {
		struct rate_report *report = &f->reports[i];
		uint64_t bps = allowed_bps(&f->allowed, report->entry);

		if (report->number > 0 && bps == report->told && now < report->told_at + AGAIN_NS)
			continue;
		report->told = bps;
		report->told_at = now;
		tell(f, report, bps);
	}
}

static int
add_adjacency(struct ferryd *f, struct rate_report *report, char *error, size_t size)
{
	const struct config_session *session = report->entry->config;
	const struct config_rate_to *to = &session->rate_to;
	const struct port *port = &f->ports[to->port].port;
	struct ferryd_adjacency adjacency = {
		.ends =
			{
				.source_mac = port->mac,
				.source = port->addresses[to->local],
				.destination = underlay_addr_to(&to->udp.address),
				.source_port = to->udp.udp_port,
				.destination_port = to->udp.udp_port,
				.hop_limit = FRAME_HOP_LIMIT,
			},
	};
	int index = adjacency_add(f, &adjacency, to->port, &to->udp.address, error, size);

	if (index < 0)
		return -EHOSTUNREACH;
	report->adjacency = (uint32_t)index;
	return 0;
}

static int
open_socket(struct ferryd *f, uint8_t family, char *error, size_t size)
{
	int *fd = &f->report_sockets[family == AF_INET6];

	if (*fd < 0)
		*fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd >= 0)
		return 0;
	snprintf(error, size, "no socket to tell rates: %s", strerror(errno));
	return -EIO;
}

static bool
is_told(const struct session_entry *entry)
{
	return entry->source != NULL && entry->config->rate_to.udp.address.family != 0;
}

int
reports_add(struct ferryd *f, struct session_entry *entry, char *error, size_t size)
{
	struct rate_report *report = &f->reports[f->nb_reports];
	const struct config_rate_to *to = &entry->config->rate_to;
	int ret;

	if (!is_told(entry))
		return 0;
	*report = (struct rate_report){.entry = entry, .adjacency = UINT32_MAX};
	ret = to->port != CONFIG_INDEX_NONE ? add_adjacency(f, report, error, size)
					    : open_socket(f, to->udp.address.family, error, size);
	f->nb_reports += ret == 0;
	return ret;
}

void
reports_remove(struct ferryd *f, const struct session_entry *entry)
{
	for (uint32_t i = 0; i < f->nb_reports; i++) {
		if (f->reports[i].entry != entry)
			continue;
		if (f->reports[i].adjacency != UINT32_MAX)
			adjacency_remove(f, f->reports[i].adjacency);
		f->reports[i] = f->reports[--f->nb_reports];
	}
}

int
boot_reports(void *ctx)
{
	struct ferryd *f = ctx;
	char error[256];

	f->report_sockets[0] = -1;
	f->report_sockets[1] = -1;
	f->reports = calloc(f->book.room + 1, sizeof(*f->reports));
	if (f->reports == NULL) {
		log_line(LOG_ERR, "out of memory for reports of rates");
		return -1;
	}
	for (uint32_t i = 0; i < f->book.nb_entries; i++) {
		struct session_entry *entry = f->book.entries[i];

		if (reports_add(f, entry, error, sizeof(error)) == 0)
			continue;
		log_line(LOG_ERR, "%s:%u: session %u/%u: rate_to: %s", entry->config->where.file,
			entry->config->where.line, entry->config->conference, entry->config->id,
			error);
		return -1;
	}
	return 0;
}

void
undo_reports(void *ctx)
{
	struct ferryd *f = ctx;

	for (int i = 0; i < 2; i++)
		if (f->report_sockets[i] >= 0)
			close(f->report_sockets[i]);
	free(f->reports);
	f->reports = NULL;
	f->nb_reports = 0;
}
