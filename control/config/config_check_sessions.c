/* SPDX-License-Identifier: BSD-3-Clause */
/* Cross checks of sessions: paths, payload, both ends. */
#include <sys/socket.h>
#include <unistd.h>

#include "config_private.h"
#include "path_text.h"

#define IPV4_BYTES 20
#define IPV6_BYTES 40
#define UDP_BYTES  8

/* Are the Pathlets of one depth that begin at i for peers? */
static int
check_hops(const struct config *config, const struct pathlet_tree *tree, unsigned int i,
	unsigned int end, char *reason, size_t size)
{
	for (; i < end; i = pathlet_tree_next(tree, i)) {
		if (config_peer_find(config, tree->node[i].id) != NULL)
			continue;
		snprintf(reason, size,
			"node %u is a next hop of this node (%u) but not one of its peers",
			tree->node[i].id, config->node.id);
		return -1;
	}
	return 0;
}

int
config_flow_check(const struct config *config, const struct config_session *session,
	const struct pathlet_tree *tree, char *reason, size_t size)
{
	if (path_check(tree, session->source, session->destinations, session->destination_count,
		    reason, size) < 0)
		return -1;
	if (session->source == config->node.id)
		return check_hops(config, tree, 0, tree->count, reason, size);
	for (unsigned int i = 0; i < tree->count; i++) {
		if (tree->node[i].id == config->node.id &&
			check_hops(config, tree, i + 1, pathlet_tree_next(tree, i), reason, size) <
				0)
			return -1;
	}
	return 0;
}

/* What a session's packets may have between session header and payload. */
static uint32_t
coding_bytes(const struct config_session *session)
{
	struct rlnc_params params;
	bool recoded = false;

	if (session->coding == NULL)
		return CODING_HEADER_MAX;
	params = config_coding_params(session);
	for (uint32_t i = 0; i < session->coding->relay_count; i++)
		recoded |= session->coding->relays[i].recode != CONFIG_RECODE_NEVER;
	return rlnc_overhead(&params, recoded);
}

uint32_t
config_flow_payload(const struct config *config, const struct config_session *session,
	const struct pathlet_tree *tree)
{
	uint32_t least = UINT32_MAX, coding = coding_bytes(session);

	for (unsigned int i = 0; i < tree->count; i = pathlet_tree_next(tree, i)) {
		const struct config_peer *peer = config_peer_find(config, tree->node[i].id);
		uint32_t headers = UDP_BYTES + sizeof(struct link_hdr) +
				   sizeof(struct session_hdr) + coding + SEAL_TAG_BYTES +
				   pathlet_tree_bytes(tree, i);
		uint32_t mtu;

		if (peer == NULL)
			continue;
		mtu = config->ports[peer->port].mtu;
		headers += peer->address.family == AF_INET6 ? IPV6_BYTES : IPV4_BYTES;
		if (mtu <= headers)
			return 0;
		if (mtu - headers < least)
			least = mtu - headers;
	}
	return least;
}

/* The payload of the largest packet that the source makes; 0 if only the datagrams tell. */
static uint32_t
ingress_size(const struct config_session *session)
{
	switch (session->ingress.kind) {
	case CONFIG_INGRESS_GENERATOR:
		return session->ingress.generator.size;
	case CONFIG_INGRESS_FILE:
		return session->ingress.size;
	default:
		return 0;
	}
}

static void
check_sizes(struct config_reader *reader, const struct config_session *session, uint32_t fits)
{
	uint32_t size = ingress_size(session);
	uint32_t most = size != 0 ? size : session->payload;

	if (session->payload != 0 && size > session->payload)
		config_check_fail(reader, &session->ingress.where,
			"ingress has size %u, it must be at most the session's payload, which is "
			"%u",
			size, session->payload);
	else if (size > fits)
		config_check_fail(reader, &session->ingress.where,
			"ingress has size %u, it must be at most %u: more does not fit the MTU of "
			"a "
			"first link beside the headers",
			size, fits);
	else if (session->payload != 0 && session->payload > fits)
		config_check_fail(reader, &session->where,
			"payload is %u, it must be at most %u: more does not fit the MTU of a "
			"first "
			"link beside the headers",
			session->payload, fits);
	if (most == 0)
		most = fits == UINT32_MAX ? 0 : fits;
	if (session->rate != 0 && session->burst < most)
		config_check_fail(reader, &session->where,
			"burst is %llu bytes, it must be at least that of one packet, which is %u",
			(unsigned long long)session->burst, most);
}

/* Returns what payload fits the first links; UINT32_MAX if this node is not the source. */
static uint32_t
check_flow(struct config_reader *reader, const struct config_session *session,
	const struct config_flow *flow)
{
	const struct config *config = reader->config;
	bool complete = !(reader->broken & (BROKEN_NODE | BROKEN_PEERS | BROKEN_PORTS));
	char reason[256], text[PATH_TEXT_MAX];
	uint32_t payload;
	int right;

	if (complete)
		right = config_flow_check(config, session, &flow->tree, reason, sizeof(reason));
	else
		right = path_check(&flow->tree, session->source, session->destinations,
			session->destination_count, reason, sizeof(reason));
	if (right < 0) {
		path_text_format(&flow->tree, text, sizeof(text));
		config_check_fail(reader, &flow->where, "path \"%.200s\": %s", text, reason);
		return UINT32_MAX;
	}
	if (!complete || session->source != config->node.id)
		return UINT32_MAX;
	payload = config_flow_payload(config, session, &flow->tree);
	if (payload > 0)
		return payload;
	config_check_fail(reader, &flow->where,
		"its Pathlets fill the MTU of a first link, it must be larger or the path shorter");
	return UINT32_MAX;
}

static uint32_t
check_flows(struct config_reader *reader, const struct config_session *session)
{
	uint32_t fits = UINT32_MAX;

	for (uint32_t i = 0; i < session->flow_count; i++) {
		const struct config_flow *flow = &session->flows[i];
		size_t mark = config_reader_enter(reader, "flow %u", flow->id);
		uint32_t payload = check_flow(reader, session, flow);

		if (payload < fits)
			fits = payload;
		config_reader_leave(reader, mark);
	}
	return fits;
}

static void
check_rate(struct config_reader *reader, const struct config_session *session)
{
	const struct config_ingress *ingress = &session->ingress;
	bool generator = ingress->kind == CONFIG_INGRESS_GENERATOR;

	if (session->rate != 0 || ingress->kind == CONFIG_INGRESS_UDP ||
		(generator && ingress->generator.kind == CONFIG_GENERATOR_TRACE))
		return;
	config_check_fail(reader, &ingress->where,
		"ingress is a %s but the session has no rate, the key \"rate\" must be set",
		generator ? "generator" : "file");
}

void
config_check_session(struct config_reader *reader, struct config_session *session)
{
	check_rate(reader, session);
	check_sizes(reader, session, check_flows(reader, session));
	config_check_ends(reader, session);
}

void
config_check_sessions(struct config_reader *reader)
{
	struct config *config = reader->config;

	for (uint32_t i = 0; i < config->conference_count; i++) {
		struct config_conference *conference = &config->conferences[i];

		for (uint32_t j = 0; j < conference->session_count; j++) {
			struct config_session *session = &conference->sessions[j];
			size_t outer, inner;

			if (session->flow_count == 0)
				continue;
			outer = config_reader_enter(reader, "conference %u", conference->id);
			inner = config_reader_enter(reader, "session %u", session->id);
			config_check_session(reader, session);
			config_reader_leave(reader, inner);
			config_reader_leave(reader, outer);
		}
	}
	config_check_twice(reader);
}

static bool
is_on_path(const struct config_session *session, uint32_t node)
{
	for (uint32_t i = 0; i < session->flow_count; i++) {
		const struct pathlet_tree *tree = &session->flows[i].tree;

		for (unsigned int j = 0; j < tree->count; j++) {
			if (tree->node[j].id == node)
				return true;
		}
	}
	return false;
}

static void
check_relays(struct config_reader *reader, const struct config_conference *conference,
	const struct config_session *session)
{
	const struct config_coding *coding = session->coding;

	/* One that was read with mistakes has no flows. */
	if (session->flow_count == 0 || coding == NULL)
		return;
	for (uint32_t i = 0; i < coding->relay_count; i++) {
		const struct config_coding_relay *relay = &coding->relays[i];

		if (!is_on_path(session, relay->node))
			config_check_fail(reader, &relay->where,
				"conference %u session %u coding relay number %u: node is %u, it "
				"must be on one of the session's paths",
				conference->id, session->id, i + 1, relay->node);
	}
}

void
config_check_relays(struct config_reader *reader)
{
	const struct config *config = reader->config;

	for (uint32_t i = 0; i < config->conference_count; i++) {
		const struct config_conference *conference = &config->conferences[i];

		for (uint32_t j = 0; j < conference->session_count; j++)
			check_relays(reader, conference, &conference->sessions[j]);
	}
}
