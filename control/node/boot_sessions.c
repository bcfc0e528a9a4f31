/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "capacity.h"
#include "ferryd.h"
#include "log.h"
#include "recode_actions.h"
#include "session_actions.h"

/* Flow ids that a destination accounts for on their own beyond those configured. */
#define SPARE_FLOWS 64

static const uint8_t generator_kinds[] = {
	[CONFIG_GENERATOR_CONSTANT] = GENERATOR_CONSTANT,
	[CONFIG_GENERATOR_POISSON] = GENERATOR_POISSON,
	[CONFIG_GENERATOR_ONOFF] = GENERATOR_ONOFF,
	[CONFIG_GENERATOR_TRACE] = GENERATOR_TRACE,
};

static void
fill_generator(const struct config_session *session, struct generator_params *params)
{
	const struct config_generator *g = &session->ingress.generator;

	*params = (struct generator_params){
		.kind = generator_kinds[g->kind],
		.size = (uint16_t)g->size,
		.rate = session->rate,
		.on_ns = (uint64_t)g->on_ms * 1000000,
		.off_ns = (uint64_t)g->off_ms * 1000000,
		.frames = g->frames,
		.nb_frames = g->frame_count,
		.frame_ns = g->fps != 0 ? UINT64_C(1000000000000) / g->fps : 0,
		.count = g->count,
		.seed = g->seed,
	};
}

static int
add_source(struct ferryd *f, struct session_entry *entry, uint16_t epoch, char *error, size_t size)
{
	const struct config_session *session = entry->config;
	const struct config_ingress *ingress = &session->ingress;
	struct source_params params = {
		.conference = session->conference,
		.session = session->id,
		.epoch = epoch,
		.flags = session->delay_sensitive ? SESSION_DELAY_SENSITIVE : 0,
		.rate = session->rate,
		.burst = session->burst,
		.seed = rte_rdtsc(),
	};
	struct rlnc_params coding;
	int ret;

	if (session->coding != NULL) {
		coding = config_coding_params(session);
		params.coding = &coding;
	}
	switch (ingress->kind) {
	case CONFIG_INGRESS_UDP:
		params.kind = SOURCE_UDP;
		params.ingress_port = &f->ports[ingress->port].port;
		params.ingress_local = (uint8_t)ingress->local;
		params.ingress_udp_port = ingress->udp.udp_port;
		break;
	case CONFIG_INGRESS_GENERATOR:
		params.kind = SOURCE_GENERATOR;
		fill_generator(session, &params.generator);
		break;
	default:
		params.kind = SOURCE_FILE;
		params.feed = CAPACITY_FILE_RING;
	}
	ret = session_book_add_source(&f->book, entry, &params, error, size);
	if (ret < 0)
		return ret;
	log_line(LOG_INFO, "session %u/%u starts here; payloads of %u bytes at most",
		session->conference, session->id, entry->source->plan->payload_max);
	return 0;
}

static uint16_t
flows_of(const struct config_session *session)
{
	uint32_t highest = 0;

	for (uint32_t i = 0; i < session->flow_count; i++)
		highest = RTE_MAX(highest, session->flows[i].id);
	return (uint16_t)RTE_MIN(highest + 1 + SPARE_FLOWS, (uint32_t)SOURCE_FLOWS_MAX);
}

/* The datagrams' source port is their destination port: some tools want one they know. */
static int
add_egress(struct ferryd *f, struct session_entry *entry, const struct config_egress *egress,
	char *error, size_t size)
{
	const struct port *port = &f->ports[egress->port].port;
	struct ferryd_adjacency adjacency = {
		.destination = entry->destination,
		.ends =
			{
				.source_mac = port->mac,
				.source = port->addresses[egress->local],
				.destination = underlay_addr_to(&egress->udp.address),
				.source_port = egress->udp.udp_port,
				.destination_port = egress->udp.udp_port,
				.hop_limit = FRAME_HOP_LIMIT,
			},
	};

	return adjacency_add(f, &adjacency, egress->port, &egress->udp.address, error, size) < 0
		       ? -EHOSTUNREACH
		       : 0;
}

static int
add_destination(struct ferryd *f, struct session_entry *entry, const struct config_egress *egress,
	char *error, size_t size)
{
	const struct config_session *session = entry->config;
	struct destination_params params = {
		.conference = session->conference,
		.session = session->id,
		.window = session->window,
		.reorder_packets = session->reorder.packets,
		.reorder_ns = (uint64_t)session->reorder.ms * 1000000,
		.nb_flows = flows_of(session),
		.egress = EGRESS_SINK,
	};
	struct rlnc_params coding;

	if (session->coding != NULL) {
		coding = config_coding_params(session);
		params.coding = &coding;
	}
	if (egress->kind == CONFIG_EGRESS_UDP) {
		params.egress = EGRESS_UDP;
		params.egress_port = &f->ports[egress->port].port;
	} else if (egress->kind == CONFIG_EGRESS_FILE) {
		params.egress = EGRESS_FILE;
	}
	entry->destination = node_add_destination(f->node, &params, CAPACITY_FILE_RING);
	if (entry->destination == NULL) {
		int code = errno;

		snprintf(error, size, "destination: %s", strerror(code));
		return -code;
	}
	if (egress->kind == CONFIG_EGRESS_UDP)
		return add_egress(f, entry, egress, error, size);
	return 0;
}

/* Makes a session's source, of this epoch, or destination. 0, or a negative errno with error. */
static int
open_ends(struct ferryd *f, struct session_entry *entry, uint16_t epoch, char *error, size_t size)
{
	const struct config_session *session = entry->config;
	const struct config_egress *egress = config_egress_at(session, f->config->node.id);
	int ret = 0;

	if (session->source == f->config->node.id)
		return add_source(f, entry, epoch, error, size);
	if (egress != NULL)
		return add_destination(f, entry, egress, error, size);
	ret = node_know_session(f->node, session->conference, session->id);
	if (ret < 0)
		snprintf(error, size, "out of memory");
	return ret;
}

/* Ends all of it but the source and the destination. */
static void
close_ends(struct ferryd *f, struct session_entry *entry)
{
	reports_remove(f, entry);
	files_remove(f, entry);
	if (entry->destination != NULL)
		adjacency_remove_of(f, NULL, entry->destination);
}

/* Of a session that comes at run time, or comes back. */
static int
open_later(void *ctx, struct session_entry *entry, char *error, size_t size)
{
	struct ferryd *f = ctx;
	int ret = open_ends(f, entry, f->book.epoch++, error, size);

	if (ret == 0)
		ret = files_add(f, entry, error, size);
	if (ret == 0)
		ret = reports_add(f, entry, error, size);
	if (ret == 0) {
		memset(&f->oversize_entries[entry->index], 0, sizeof(f->oversize_entries[0]));
		memset(&f->rates.sessions[entry->index], 0, sizeof(f->rates.sessions[0]));
		log_line(LOG_INFO, "session %u/%u \"%s\" is defined", entry->config->conference,
			entry->config->id, entry->config->name);
	} else {
		session_close(&f->book, entry);
	}
	return ret;
}

static void
close_later(void *ctx, struct session_entry *entry)
{
	log_line(LOG_INFO, "session %u/%u \"%s\" ends here", entry->config->conference,
		entry->config->id, entry->config->name);
	close_ends(ctx, entry);
}

static int
add_session(struct ferryd *f, struct session_entry *entry)
{
	const struct config_session *session = entry->config;
	char error[256];

	if (recode_configure(&f->book, session, false, error, sizeof(error)) == 0 &&
		open_ends(f, entry, f->node->epoch, error, sizeof(error)) == 0)
		return 0;
	log_line(LOG_ERR, "%s:%u: session %u/%u: %s", session->where.file, session->where.line,
		session->conference, session->id, error);
	return -1;
}

int
boot_sessions(void *ctx)
{
	struct ferryd *f = ctx;

	for (uint32_t i = 0; i < f->config->conference_count; i++) {
		const struct config_conference *conference = &f->config->conferences[i];
		struct feeder_terms terms = session_terms(conference);

		if (node_set_conference(f->node, conference->id, &terms) < 0) {
			log_line(LOG_ERR, "out of memory for conferences");
			return -1;
		}
	}
	if (session_book_init(&f->book, f->node, f->config, f->config->node.capacity.sessions) <
		0) {
		log_line(LOG_ERR, "out of memory for sessions");
		return -1;
	}
	f->book.open = open_later;
	f->book.close = close_later;
	f->book.ends_ctx = f;
	for (uint32_t i = 0; i < f->book.nb_entries; i++)
		if (add_session(f, f->book.entries[i]) < 0)
			return -1;
	return 0;
}

void
undo_sessions(void *ctx)
{
	struct ferryd *f = ctx;

	session_book_free(&f->book);
}
