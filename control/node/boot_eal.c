/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_devargs.h>
#include <rte_eal.h>
#include <rte_errno.h>

#include "capacity.h"
#include "eal_files.h"
#include "ferryd.h"
#include "log.h"
#include "recode_store.h"
#include "rlnc_encoder.h"
#include "rlnc_receiver.h"

/* What a configuration asks memory for beside packets, generously. */
#define BASE_MIB	  48
#define PEER_BYTES	  24576		       /* link, headers, ring */
#define SESSION_BYTES	  24576		       /* source or destination with its histogram */
#define LATER_RECODE_HOLD UINT64_C(1000000000) /* ns */
#define BYTES_A_SLOT	  16		       /* a reorder window's place for a packet */
#define TURN_SOON_MS	  1000		       /* a start takes less */

/* Data room: the largest frame of any port in one piece, with headroom. */
static uint16_t
buffer_bytes(const struct config *config)
{
	uint32_t room = RTE_MBUF_DEFAULT_BUF_SIZE;

	for (uint32_t i = 0; i < config->port_count; i++)
		room = RTE_MAX(
			room, RTE_PKTMBUF_HEADROOM + config->ports[i].mtu + FRAME_HEADERS_MAX);
	return (uint16_t)RTE_ALIGN(room, RTE_CACHE_LINE_SIZE);
}

static void
add_session(const struct config *config, const struct config_session *session,
	struct node_budget *budget)
{
	struct capacity_holds holds = capacity_holds(config, session);

	budget->file_packets += holds.file;
	budget->reorder_packets += holds.reorder;
	budget->coding_packets += holds.coding;
	if (config_recode_at(session, config->node.id) != CONFIG_RECODE_NEVER ||
		(session->coding != NULL && session->source != config->node.id &&
			session->coding->repair == CONFIG_REPAIR_RATELESS)) {
		budget->recode_packets = config->node.recode_packets;
		budget->recode_span = RTE_MAX(budget->recode_span, (uint16_t)session->coding->k);
		budget->recode_hold = RTE_MAX(budget->recode_hold, session->coding->deadline);
	}
}

/* What the node may hold at most, from its configuration alone. */
static void
make_budget(const struct config *config, struct node_budget *budget)
{
	*budget = (struct node_budget){.buffer_bytes = buffer_bytes(config)};
	for (uint32_t i = 0; i < config->port_count; i++) {
		const struct config_port *port = &config->ports[i];

		budget->port_descriptors += port->queues * port->rx_descriptors +
					    config->node.workers * port->tx_descriptors;
		if (port->impaired)
			budget->impair_packets += (uint32_t)port->impair.frames;
	}
	budget->later_packets = config->node.capacity.packets;
	if (config->node.capacity.recodes > 0) {
		budget->recode_packets = config->node.recode_packets;
		budget->recode_span = (uint16_t)config->node.capacity.recode_k;
		budget->recode_hold = LATER_RECODE_HOLD;
	}
	/* A peer that comes may be paced. */
	for (uint32_t i = 0; i < config->peer_count + config->node.capacity.peers; i++) {
		if (i < config->peer_count && config->peers[i].pacing == CONFIG_PACING_NONE)
			continue;
		budget->feeder_packets = config->node.feeder_packets;
		budget->feeder_queues = config->node.feeder_queues;
	}
	if (config->node.workers > 1)
		for (uint32_t i = 0; i < config->peer_count; i++)
			budget->ring_packets += config->peers[i].ring;
	for (uint32_t c = 0; c < config->conference_count; c++)
		for (uint32_t s = 0; s < config->conferences[c].session_count; s++)
			add_session(config, &config->conferences[c].sessions[s], budget);
}

/* What it needs beside packets. */
static uint64_t
session_bytes(const struct config *config, const struct config_session *session)
{
	uint64_t bytes = SESSION_BYTES;

	if (session->coding != NULL) {
		struct rlnc_params coding = config_coding_params(session);

		if (session->source == config->node.id)
			bytes += rlnc_encoder_bytes(&coding);
		if (config_egress_at(session, config->node.id) != NULL)
			bytes += rlnc_receiver_bytes(&coding);
	}
	return bytes;
}

/* MiB that its memory needs. */
static uint64_t
memory_mib(const struct config *config, const struct node_budget *budget)
{
	struct node_holder holders[NODE_HOLDERS_MAX];
	struct node_holder sum;
	uint64_t bytes;
	uint32_t n;

	n = node_holders(
		(uint16_t)config->node.workers, (uint16_t)config->port_count, budget, holders);
	sum = node_holders_sum(holders, n);
	bytes = node_memory(sum.packets, sum.headers, budget->buffer_bytes);
	bytes += ((uint64_t)config->peer_count + config->node.capacity.peers) * PEER_BYTES;
	bytes += (uint64_t)config->node.capacity.sessions * SESSION_BYTES;
	/* While it grows, a table is there twice. */
	bytes += (uint64_t)config->node.capacity.forwards * 12 * sizeof(struct id_slot);
	bytes += (uint64_t)(budget->reorder_packets + budget->later_packets) * BYTES_A_SLOT;
	bytes += (uint64_t)budget->ring_packets * sizeof(void *);
	bytes += config->node.workers *
		 recode_store_bytes(node_recode_generations((uint16_t)config->node.workers, budget),
			 budget->recode_span);
	bytes += config->node.workers *
		 feeder_pool_bytes(budget->feeder_queues,
			 node_feeder_packets((uint16_t)config->node.workers, budget));
	for (uint32_t c = 0; c < config->conference_count; c++)
		for (uint32_t s = 0; s < config->conferences[c].session_count; s++)
			bytes += session_bytes(config, &config->conferences[c].sessions[s]);
	return (bytes >> 20) + BASE_MIB;
}

static void
log_budget(const struct config *config, const struct node_budget *budget, uint64_t mib)
{
	struct node_holder holders[NODE_HOLDERS_MAX];
	uint32_t n = node_holders(
		(uint16_t)config->node.workers, (uint16_t)config->port_count, budget, holders);
	struct node_holder sum = node_holders_sum(holders, n);

	for (uint32_t i = 0; i < n; i++)
		if (holders[i].packets > 0)
			log_line(LOG_INFO, "packets held at most: %8u  %s", holders[i].packets,
				holders[i].name);
	log_line(LOG_INFO,
		"packets held at most: %8u  in all, with %u header buffers; %lu MiB of memory",
		sum.packets, sum.headers, (unsigned long)mib);
}

/* DPDK names the device that it knows no driver for, but not where it was asked for. */
static void
tell_unknown_devices(const struct config *config)
{
	struct rte_devargs known = {0};

	/* An argument that DPDK does not know ends it before it has any driver. */
	if (rte_devargs_parse(&known, "net_null0") < 0)
		return;
	free(known.data);
	for (uint32_t i = 0; i < config->port_count; i++) {
		const struct config_port *port = &config->ports[i];
		struct rte_devargs parsed = {0};

		if (rte_devargs_parse(&parsed, port->device) < 0)
			log_line(LOG_ERR,
				"%s:%u: port %s: device is \"%s\", for which DPDK has no driver; "
				"it "
				"must be a PCI address, as 0000:3b:00.1, or a virtual device, as "
				"net_af_packet0,iface=eth1",
				port->where.file, port->where.line, port->name, port->device);
		free(parsed.data);
	}
}

static int
take_turn(void)
{
	int turn = eal_turn_take(EAL_TURN_FILE, TURN_SOON_MS);

	if (turn != -EBUSY)
		return turn;
	log_line(LOG_INFO, "another node starts and takes hugepages: waits for it, up to %u s",
		EAL_TURN_MS / 1000);
	return eal_turn_take(EAL_TURN_FILE, EAL_TURN_MS - TURN_SOON_MS);
}

static void
tell_no_turn(int code)
{
	log_line(LOG_WARNING, "%s: %s: nodes that start at once may take each other's hugepages",
		EAL_TURN_FILE,
		code == EBUSY	? "another node does not give it free"
		: code == EPERM ? "it is not only ours, remove it"
				: strerror(code));
}

int
boot_eal(void *ctx)
{
	struct ferryd *f = ctx;
	struct eal_env env;
	char reason[256];
	uint64_t mib;

	make_budget(f->config, &f->budget);
	mib = memory_mib(f->config, &f->budget);
	log_budget(f->config, &f->budget, mib);
	f->eal_turn = take_turn();
	if (eal_env_read(&env, reason, sizeof(reason)) < 0 ||
		eal_args_build(&f->eal, f->config, &env, mib, reason, sizeof(reason)) < 0) {
		log_line(LOG_ERR, "%s", reason);
		return -1;
	}
	if (f->eal.no_huge) {
		eal_turn_give(&f->eal_turn);
		log_line(LOG_INFO, "no hugepages free for %lu MiB: ordinary memory, slower",
			(unsigned long)mib);
	} else if (f->eal_turn < 0) {
		tell_no_turn(-f->eal_turn);
	}
	if (rte_eal_init(f->eal.argc, f->eal.argv) < 0) {
		log_line(LOG_ERR, "DPDK did not start: %s", rte_strerror(rte_errno));
		if (f->config->node.eal_count > 0)
			log_line(LOG_ERR,
				"%s:%u: node: eal has \"%s\"%s: it must be what DPDK understands, "
				"and fit this machine; its own words are above",
				f->config->node.where.file, f->config->node.where.line,
				f->config->node.eal[0],
				f->config->node.eal_count > 1 ? ", ..." : "");
		tell_unknown_devices(f->config);
		return -1;
	}
	f->eal_files = eal_files_hold(rte_eal_get_runtime_dir());
	f->eal_started = true;
	return 0;
}

void
undo_eal(void *ctx)
{
	struct ferryd *f = ctx;
	char directory[PATH_MAX], prefix[CONFIG_NAME_MAX + 8];

	if (f->eal_started) {
		snprintf(directory, sizeof(directory), "%s", rte_eal_get_runtime_dir());
		snprintf(prefix, sizeof(prefix), "ferry-%s", f->config->node.name);
		(void)rte_eal_cleanup();
		if (f->eal_files >= 0)
			(void)close(f->eal_files);
		eal_files_remove(directory, prefix);
	}
	eal_turn_give(&f->eal_turn);
	eal_args_free(&f->eal);
}
