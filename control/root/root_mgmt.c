/* SPDX-License-Identifier: BSD-3-Clause */
/* The root program's end of the management protocol: what is done for each message. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "log.h"
#include "mgmt.h"
#include "root.h"
#include "xml_utf8.h"

#define ATTENDS_MAX 16 /* changes of a node's attendance that are taken within ATTENDS_MS */
#define ATTENDS_MS  10000
/* Of a node and a session, that are passed on: each of its queues tells once a second. */
#define CONGESTIONS_MAX 4
#define CONGESTIONS_MS	1000

static mgmt_handler on_hello, on_error, on_pipedefinfo, on_congestion, on_conflist, on_join,
	on_leave, on_bye, on_childsupdate, on_stats, on_fullstats, on_linkloss;

int
root_send(struct root *root, struct message *message)
{
	int ret = root->mgmt != NULL ? mgmt_send(root->mgmt, message) : -ENOTCONN;

	/* What no message can say is no other later. */
	if (ret != 0 && ret != -EINVAL && ret != -EMSGSIZE)
		root->unsent = true;
	return ret;
}

bool
root_has_room(struct root *root, const struct root_node *node)
{
	if (root->mgmt == NULL || mgmt_has_room(root->mgmt, node->name))
		return true;
	root->unsent = true;
	return false;
}

/* The node that said it, with a NodeID from now on if it had none; NULL: it was refused. */
static struct root_node *
sender(struct root *root, const struct message *message)
{
	char error[ROOT_ERROR_MAX];
	struct root_node *node = root_nodes_know(&root->nodes, message->from, error);

	if (node == NULL)
		mgmt_fail(root->mgmt, message, MESSAGE_CODE_INVALID, "%.200s", error);
	return node;
}

static void
on_event(void *ctx, enum mgmt_event event, const char *name, const char *why)
{
	/* What it said for itself and those below is said by another from now on, or by nobody. */
	if (event == MGMT_CHILD_DOWN)
		root_stats_away(ctx, name);
	if (event == MGMT_CHILD_ROOM)
		root_wake(ctx);
	if (event == MGMT_CHILD_UP)
		root_listed_soon(ctx);
	if (event == MGMT_CHILD_DOWN)
		root_listed_cut(ctx, name, why != NULL ? why : "its connection ended");
}

static bool
has_place(const struct root *root, const struct message *message)
{
	const struct root_node *node = root_nodes_find(&root->nodes, message->from);

	return node != NULL && node->place != NULL;
}

static void
on_childsupdate(void *ctx, const struct message *message, const char *via)
{
	(void)via;
	/* Nobody was placed below whoever has no place. */
	if (has_place(ctx, message))
		root_listed_soon(ctx);
}

/* An address, or "": what else a node may call a host is of use to nobody. */
static const char *
host_of(const struct message_end *end)
{
	return end->host != NULL && root_host_valid(end->host) ? end->host : "";
}

static void
on_hello(void *ctx, const struct message *message, const char *via)
{
	struct root *root = ctx;
	const struct message_info *info = &message->info;
	struct root_node *node = sender(root, message);
	const struct root_node *first = root_nodes_find(&root->nodes, via);
	bool direct = strcmp(via, message->from) == 0;

	if (node == NULL)
		return;
	node->hellos++;
	node->said_hello = root_clock();
	node->first = first != NULL ? first->id : 0;
	node->capacity = info->capacity;
	snprintf(node->client, sizeof(node->client), "%s", host_of(&info->client));
	node->client_port = info->client.port;
	root_nodes_set_server(&root->nodes, node, host_of(&info->server), info->server.port);
	root_node_up(root, node, direct ? ROOT_SELF : "");
	if (node->place == NULL)
		mgmt_fail(root->mgmt, message, MESSAGE_CODE_UNKNOWN,
			"node \"%s\" has no place in the topology", node->name);
	root_node_greeted(root, node, info->pipelines, info->nb_pipelines);
	/* It may have more than a hello says; who is greeted later is asked then. */
	if (node->place != NULL && node->greeted && info->nb_pipelines >= MESSAGE_HELLO_STREAMS)
		root_node_ask(root, node);
}

static void
on_bye(void *ctx, const struct message *message, const char *via)
{
	struct root *root = ctx;
	struct root_node *node = root_nodes_find(&root->nodes, message->from);

	(void)via;
	if (node != NULL)
		root_node_away(root, node,
			message->reason.text != NULL ? message->reason.text : "it said bye");
}

static void
on_error(void *ctx, const struct message *message, const char *via)
{
	struct root *root = ctx;
	const struct message_failure *failure = &message->error;
	struct root_node *node = root_nodes_find(&root->nodes, message->from);

	(void)via;
	if ((node != NULL && root_install_refused(root, node, failure)) ||
		!has_place(root, message))
		return;
	root_event(&root->events, LOG_WARNING, ROOT_EVENT_node_error,
		json_pack("{s:s, s:I, s:s?, s:s?}", "node", message->from, "code",
			(json_int_t)failure->code, "request", failure->request.type, "reason",
			failure->text));
}

static void
on_pipedefinfo(void *ctx, const struct message *message, const char *via)
{
	struct root *root = ctx;
	const struct message_pipelines *answer = &message->pipelines;
	struct root_node *node = root_nodes_find(&root->nodes, message->from);

	(void)via;
	if (node == NULL || root_install_done(root, node, answer))
		return;
	root_install_strays(root, node, answer);
}

/* What nodes have of the session that it is about, if the sender may say it; else it was told. */
static struct root_install *
congested(struct root *root, const struct message *message)
{
	const struct message_congestion *congestion = &message->congestion;
	const struct root_session *session = root_book_session(
		&root->book, congestion->conference, congestion->session);
	const struct root_node *node = root_nodes_find(&root->nodes, message->from);

	if (congestion->node != NULL && strcmp(congestion->node, message->from) != 0)
		mgmt_fail(root->mgmt, message, MESSAGE_CODE_FORBIDDEN,
			"congestion of \"%s\": a node says it of itself", congestion->node);
	else if (session == NULL || session->install == NULL || node == NULL ||
		 !root_plan_has(&session->install->plan, node->id))
		mgmt_fail(root->mgmt, message, MESSAGE_CODE_FORBIDDEN,
			"\"%s\" is not on the way of session %u of conference %u", message->from,
			congestion->session, congestion->conference);
	else
		return session->install;
	return NULL;
}

/* To the source, and to each node on the routes: they may send less, or another way. */
static void
on_congestion(void *ctx, const struct message *message, const char *via)
{
	struct root *root = ctx;
	struct message_congestion congestion = message->congestion;
	struct root_install *install = congested(root, message);
	struct root_limit *limit;
	uint32_t told = 0, untold;

	(void)via;
	if (install == NULL)
		return;
	limit = root_install_congestions(
		root, install, root_nodes_find(&root->nodes, message->from)->id);
	/* No error: a node with many full queues does nothing wrong, and would log each. */
	if (!root_limit_take(limit, CONGESTIONS_MAX, CONGESTIONS_MS, root_clock()))
		return;
	untold = limit->above;
	limit->above = 0;
	congestion.node = message->from;
	for (uint32_t i = 0; i < install->plan.node_count; i++) {
		const struct root_node *node = root_nodes_by_id(
			&root->nodes, install->plan.nodes[i]);
		struct message pass = {.type = MESSAGE_CONGESTION, .congestion = congestion};

		if (node == NULL || !node->up || strcmp(node->name, message->from) == 0)
			continue;
		snprintf(pass.to, sizeof(pass.to), "%s", node->name);
		told += root_send(root, &pass) == 0;
	}
	root_event(&root->events, LOG_INFO, ROOT_EVENT_congestion,
		json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "node", congestion.node,
			"next_hop", (json_int_t)congestion.peer, "conference",
			(json_int_t)congestion.conference, "session",
			(json_int_t)congestion.session, "queue_packets",
			(json_int_t)congestion.queue_packets, "queue_bytes",
			(json_int_t)congestion.queue_bytes, "drops", (json_int_t)congestion.drops,
			"told", (json_int_t)told, "untold", (json_int_t)untold));
}

/* An entry of a conflist; its names live as long as the nodes, its list is for free(). */
static void
fill_conference(const struct root *root, const struct root_conference *conference,
	struct message_conference *entry)
{
	uint32_t count;
	uint32_t *ids = root_book_present(conference, &count);
	const char **names = calloc((size_t)count + 1, sizeof(*names));

	*entry = (struct message_conference){
		.id = conference->config->id,
		.name = conference->config->name,
		.start = (uint64_t)conference->config->starts,
		.end = (uint64_t)conference->config->ends,
		.sessions = conference->session_count,
		.participants = names,
	};
	for (uint32_t i = 0; names != NULL && i < count; i++) {
		const struct root_node *node = root_nodes_by_id(&root->nodes, ids[i]);

		if (node != NULL)
			names[entry->nb_participants++] = node->name;
	}
	free(ids);
}

/* Answers with all conferences, or with one. */
static void
answer_conferences(
	struct root *root, const struct message *request, const struct root_conference *only)
{
	struct message answer = {.type = MESSAGE_CONFLIST};
	size_t count = only != NULL ? 1 : root->book.count;
	struct message_conference *list = calloc(count + 1, sizeof(*list));

	for (size_t i = 0; list != NULL && i < count; i++)
		fill_conference(root, only != NULL ? only : root->book.conferences[i], &list[i]);
	answer.conflist.answer = true;
	answer.conflist.conferences = list;
	answer.conflist.nb_conferences = list != NULL ? count : 0;
	if (mgmt_answer(root->mgmt, request, &answer) == -EMSGSIZE)
		mgmt_fail(root->mgmt, request, MESSAGE_CODE_LARGE,
			"%zu conferences and who is in them are more than a message holds", count);
	for (size_t i = 0; list != NULL && i < count; i++)
		free((void *)(uintptr_t)list[i].participants);
	free(list);
}

static void
on_conflist(void *ctx, const struct message *message, const char *via)
{
	(void)via;
	if (!message->conflist.answer)
		answer_conferences(ctx, message, NULL);
}

static void
attend(struct root *root, const struct message *message, bool present)
{
	const struct message_attend *wish = &message->attend;
	struct root_conference *conference = root_book_conference(&root->book, wish->conference);
	struct root_node *node = sender(root, message);
	char error[ROOT_ERROR_MAX];
	bool changed;

	if (node == NULL)
		return;
	if (conference == NULL) {
		mgmt_fail(root->mgmt, message, MESSAGE_CODE_UNKNOWN, "there is no conference %u",
			wish->conference);
		return;
	}
	if (wish->node != NULL && strcmp(wish->node, node->name) != 0) {
		const char *above = node->name;

		node = root_nodes_find(&root->nodes, wish->node);
		if (node == NULL || !root_nodes_is_below(&root->nodes, node, above)) {
			mgmt_fail(root->mgmt, message, MESSAGE_CODE_FORBIDDEN,
				"\"%s\" is not below \"%s\", which may speak for itself and for "
				"those below only",
				wish->node, above);
			return;
		}
	}
	/* Each change is a write, and whoever may speak for a node may say it as often as it likes.
	 */
	if (!root_limit_allows(&node->attend_limit, ATTENDS_MAX, ATTENDS_MS, root_clock())) {
		mgmt_fail(root->mgmt, message, MESSAGE_CODE_BUSY,
			"\"%s\" entered and left conferences %u times within %u s", node->name,
			ATTENDS_MAX, ATTENDS_MS / 1000);
	} else if (root_attend(root, conference, node, present, &changed, error) != 0) {
		mgmt_fail(root->mgmt, message, MESSAGE_CODE_FAILED, "%.200s", error);
	} else {
		node->attend_limit.count += changed;
		answer_conferences(root, message, conference);
	}
}

static void
on_join(void *ctx, const struct message *message, const char *via)
{
	(void)via;
	attend(ctx, message, true);
}

static void
on_leave(void *ctx, const struct message *message, const char *via)
{
	(void)via;
	attend(ctx, message, false);
}

static void
on_stats(void *ctx, const struct message *message, const char *via)
{
	struct root *root = ctx;
	char error[MESSAGE_ERROR_MAX], text[MESSAGE_ERROR_MAX];

	if (strcmp(via, message->from) != 0)
		mgmt_fail(root->mgmt, message, MESSAGE_CODE_CONFLICT,
			"stats of %s: only a child says them", message->from);
	else if (!root_stats_take(root, message, error))
		mgmt_fail(root->mgmt, message, MESSAGE_CODE_INVALID, "%s",
			xml_utf8_copy(text, sizeof(text), error));
}

static void
on_fullstats(void *ctx, const struct message *message, const char *via)
{
	struct root *root = ctx;
	char error[MESSAGE_ERROR_MAX], text[MESSAGE_ERROR_MAX];
	enum message_code code = root_stats_full(root, message, error);

	(void)via;
	if (code != 0)
		mgmt_fail(
			root->mgmt, message, code, "%s", xml_utf8_copy(text, sizeof(text), error));
}

static void
on_linkloss(void *ctx, const struct message *message, const char *via)
{
	struct root *root = ctx;
	char error[ROOT_ERROR_MAX];

	(void)via;
	if (!has_place(root, message))
		return;
	if (!root_ways_take(root, message, error))
		mgmt_fail(root->mgmt, message, MESSAGE_CODE_INVALID, "%.200s", error);
}

static void
on_log(void *ctx, int priority, const char *text)
{
	(void)ctx;
	log_line(priority, "%s", text);
}

/* What only a node with a place may say: whoever has a certificate is no participant yet. */
static mgmt_handler *const of_placed[MESSAGE_TYPE_COUNT] = {
	[MESSAGE_STATS] = on_stats,
	[MESSAGE_FULLSTATS] = on_fullstats,
	[MESSAGE_CONGESTION] = on_congestion,
	[MESSAGE_CONFLIST] = on_conflist,
	[MESSAGE_JOIN] = on_join,
	[MESSAGE_LEAVE] = on_leave,
};

static void
on_placed(void *ctx, const struct message *message, const char *via)
{
	struct root *root = ctx;

	if (has_place(root, message))
		of_placed[message->type](ctx, message, via);
	else
		mgmt_fail(root->mgmt, message, MESSAGE_CODE_UNKNOWN,
			"node \"%s\" has no place in the topology", message->from);
}

static const struct mgmt_ops ops = {
	.handlers =
		{
			[MESSAGE_HELLO] = on_hello,
			[MESSAGE_BYE] = on_bye,
			[MESSAGE_ERROR] = on_error,
			[MESSAGE_CHILDSUPDATE] = on_childsupdate,
			[MESSAGE_PIPEDEFINFO] = on_pipedefinfo,
			[MESSAGE_STATS] = on_placed,
			[MESSAGE_FULLSTATS] = on_placed,
			[MESSAGE_CONGESTION] = on_placed,
			[MESSAGE_LINKLOSS] = on_linkloss,
			[MESSAGE_CONFLIST] = on_placed,
			[MESSAGE_JOIN] = on_placed,
			[MESSAGE_LEAVE] = on_placed,
		},
	.event = on_event,
	.log = on_log,
};

int
root_mgmt_open(void *ctx)
{
	struct root *root = ctx;
	const struct root_settings *from = &root->config->settings;
	struct mgmt_settings settings = {
		.name = ROOT_SELF,
		.certificate = from->connections.certificate,
		.key = from->connections.key,
		.authority = from->connections.authority,
		.plain = from->connections.plain,
		.ping = from->connections.ping_ms,
		.dead = from->connections.dead_ms,
	};
	char error[1024];

	config_endpoint_sockaddr(&from->listen, &settings.listen);
	root->mgmt = mgmt_new(root->base, &settings, &ops, root, error, sizeof(error));
	if (root->mgmt == NULL) {
		log_line(LOG_ERR, "%s:%u: root: %s", from->where.file, from->where.line, error);
		return -1;
	}
	root_places_below(root);
	return 0;
}

void
root_mgmt_close(void *ctx)
{
	struct root *root = ctx;

	mgmt_free(root->mgmt);
	root->mgmt = NULL;
}
