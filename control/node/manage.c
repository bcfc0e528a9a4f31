/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "control_lock.h"
#include "ferryd.h"
#include "log.h"
#include "manage.h"
#include "manage_losses.h"
#include "manage_stats.h"
#include "mgmt.h"

static int
do_kill(struct ferryd *f, const struct message *message, char *error, size_t size)
{
	(void)error;
	(void)size;
	log_line(LOG_WARNING, "the root says to stop: %s",
		message->reason.text != NULL ? message->reason.text : "no reason given");
	if (f->drain_until == 0)
		ferryd_drain(f);
	return 0;
}

/* A queue somewhere on the way of a session that passes here overflowed: who follows is told. */
static int
do_congestion(struct ferryd *f, const struct message *message, char *error, size_t size)
{
	const struct message_congestion *c = &message->congestion;

	(void)error;
	(void)size;
	if (f->ctl_server != NULL && ctl_server_followed(f->ctl_server))
		ctl_server_tell(f->ctl_server,
			json_pack("{s:s, s:s, s:s?, s:I, s:I, s:I, s:I, s:I, s:I}", "event",
				"congestion_told", "text",
				"the root tells of a queue on the way that is full", "node",
				c->node, "peer", (json_int_t)c->peer, "conference",
				(json_int_t)c->conference, "session", (json_int_t)c->session,
				"queue_packets", (json_int_t)c->queue_packets, "queue_bytes",
				(json_int_t)c->queue_bytes, "drops", (json_int_t)c->drops));
	return 0;
}

/* A threshold was passed somewhere. */
static int
do_alert(struct ferryd *f, const struct message *message, char *error, size_t size)
{
	const struct message_alert *a = &message->alert;

	(void)f;
	(void)error;
	(void)size;
	log_line(LOG_WARNING, "the root tells: %s of %s is %g (%s, the threshold is %g)", a->name,
		a->node, a->value, a->level, a->threshold);
	return 0;
}

manage_action *const manage_actions[MESSAGE_TYPE_COUNT] = {
	[MESSAGE_KILL] = do_kill,
	[MESSAGE_PLACE] = manage_place,
	[MESSAGE_PIPEDEFINFO] = manage_pipelines_tell,
	[MESSAGE_PIPEDEF] = manage_pipedef,
	[MESSAGE_ROUTEPIPELINE] = manage_routepipeline,
	[MESSAGE_REMOVEPIPELINE] = manage_removepipeline,
	[MESSAGE_PLAYPIPELINE] = manage_pipeline_play,
	[MESSAGE_STOPPIPELINE] = manage_pipeline_stop,
	[MESSAGE_CONGESTION] = do_congestion,
	[MESSAGE_ALERT] = do_alert,
	[MESSAGE_WAYLOSS] = manage_wayloss,
	[MESSAGE_STATS] = manage_stats_take,
	[MESSAGE_REQFULLSTATS] = manage_stats_full,
};

static enum message_code
code_of(int ret)
{
	switch (-ret) {
	case ENOENT:
		return MESSAGE_CODE_UNKNOWN;
	case EINVAL:
	case EMSGSIZE:
	case ERANGE:
		return MESSAGE_CODE_INVALID;
	case EBUSY:
	case EEXIST:
	case EALREADY:
	case EPERM:
		return MESSAGE_CODE_CONFLICT;
	case ENOTSUP:
		return MESSAGE_CODE_UNSUPPORTED;
	default:
		return MESSAGE_CODE_FAILED;
	}
}

/* Of what comes before the node is up, only the place and the end matter: boot_management. */
static void
take_early(struct ferryd *f, const struct message *message)
{
	char error[MANAGE_ERROR_MAX];

	if (message->type != MESSAGE_PLACE && message->type != MESSAGE_KILL) {
		(void)mgmt_fail(
			f->mgmt, message, MESSAGE_CODE_CONFLICT, "the node waits for its place");
		return;
	}
	f->ended_early |= message->type == MESSAGE_KILL;
	if (message->type == MESSAGE_PLACE &&
		manage_place_keep(f, message, error, sizeof(error)) != 0) {
		log_line(LOG_ERR, "%s", error);
		(void)mgmt_fail(f->mgmt, message, MESSAGE_CODE_FAILED, "%s", error);
		return;
	}
	mgmt_pause(f->mgmt);
	event_base_loopbreak(f->base);
}

/* Nodes say these too, but only to the root: what a node is told for it is the root's alone. */
static bool
is_from_wrong(const struct message *message)
{
	return (message->type == MESSAGE_CONGESTION || message->type == MESSAGE_PIPEDEFINFO) &&
	       strcmp(message->from, MESSAGE_ROOT) != 0;
}

static void
carry_out(void *ctx, const struct message *message, const char *via)
{
	struct ferryd *f = ctx;
	char error[MANAGE_ERROR_MAX] = "it failed";
	int ret;

	(void)via;
	if (is_from_wrong(message)) {
		(void)mgmt_fail(f->mgmt, message, MESSAGE_CODE_FORBIDDEN,
			"%s of %s: to a node only the root says it",
			message_type_name(message->type), message->from);
		return;
	}
	/* A node that the root numbers takes another number when it starts anew. */
	if (message->type == MESSAGE_PLACE &&
		(f->numbered || manage_place_check(f, message, error, sizeof(error)) == 0))
		manage_orders_note(f, message);
	if (!f->up) {
		take_early(f, message);
		return;
	}
	control_lock();
	ret = manage_actions[message->type](f, message, error, sizeof(error));
	if ((message_type_rules(message->type) & MESSAGE_STREAM) != 0)
		manage_peers_left(f);
	control_unlock();
	if (ret != 0)
		(void)mgmt_fail(f->mgmt, message, code_of(ret), "%s", error);
	else if (message->type != MESSAGE_PLACE)
		manage_orders_note(f, message);
}

static void
on_tree(void *ctx, enum mgmt_event event, const char *name, const char *why)
{
	static const char *const texts[] = {
		[MGMT_PARENT_UP] = "joined the parent",
		[MGMT_PARENT_DOWN] = "lost the parent",
		[MGMT_CHILD_UP] = "a child joined:",
		[MGMT_CHILD_DOWN] = "a child is gone:",
	};

	if (event == MGMT_CHILD_DOWN)
		manage_stats_away(ctx, name);
	log_line(LOG_INFO, "management: %s %s%s%s", texts[event], name, why != NULL ? ", " : "",
		why != NULL ? why : "");
}

static void
on_log(void *ctx, int priority, const char *text)
{
	(void)ctx;
	log_line(priority, "%s", text);
}

/* What a hello points to, until the next one. */
static struct {
	struct message_port ports[CONFIG_PORTS_MAX * CONFIG_ADDRESSES_MAX];
	char texts[CONFIG_PORTS_MAX * CONFIG_ADDRESSES_MAX][CONFIG_ADDRESS_TEXT];
	uint64_t *pipelines;
} said;

static size_t
say_ports(const struct config *config)
{
	size_t n = 0;

	for (uint32_t i = 0; i < config->port_count; i++) {
		const struct config_port *port = &config->ports[i];

		for (uint32_t j = 0; j < port->address_count; j++, n++)
			said.ports[n] = (struct message_port){
				.name = port->name,
				.address = config_prefix_text(&port->addresses[j], said.texts[n]),
				.mtu = port->mtu,
				.udp_port = (uint16_t)port->udp_port,
			};
	}
	return n;
}

static void
say_hello(void *ctx, struct message_info *info)
{
	struct ferryd *f = ctx;
	uint32_t count = f->up ? f->book.nb_entries : 0;
	uint32_t forwards = f->up ? f->book.nb_forwards : 0;

	info->capacity = f->config->management.capacity;
	info->nb_ports = say_ports(f->config);
	info->ports = said.ports;
	free(said.pipelines);
	said.pipelines = calloc((size_t)count + forwards + 1, sizeof(*said.pipelines));
	if (said.pipelines == NULL)
		return;
	for (uint32_t i = 0; i < count; i++)
		said.pipelines[i] = message_stream(
			f->book.entries[i]->config->conference, f->book.entries[i]->config->id);
	/* Their keys are these numbers. */
	if (forwards > 0)
		memcpy(said.pipelines + count, f->book.forwards, forwards * sizeof(uint64_t));
	info->pipelines = said.pipelines;
	info->nb_pipelines = (size_t)count + forwards;
}

const struct mgmt_ops *
manage_ops(void)
{
	static struct mgmt_ops ops = {.event = on_tree, .log = on_log, .hello = say_hello};

	for (unsigned int type = 0; type < MESSAGE_TYPE_COUNT; type++)
		ops.handlers[type] = manage_actions[type] != NULL ? carry_out : NULL;
	return &ops;
}

void
manage_event(struct ferryd *f, const struct history_entry *entry)
{
	const struct worker_event_congestion *c = &entry->event.congestion;
	struct message message = {.type = MESSAGE_CONGESTION, .to = MESSAGE_ROOT};

	if (f->mgmt == NULL || entry->event.kind != EVENT_congestion)
		return;
	message.congestion = (struct message_congestion){
		.node = f->config->node.name,
		.peer = entry->event.peer,
		.conference = c->conference,
		.session = c->session,
		.queue_packets = c->queue_packets,
		.queue_bytes = c->queue_bytes,
		.drops = c->drops,
		.utc = entry->utc_ns / 1000,
	};
	/* Without a way to the root nobody is to be told. */
	(void)mgmt_send(f->mgmt, &message);
}
