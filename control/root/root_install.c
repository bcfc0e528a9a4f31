/* SPDX-License-Identifier: BSD-3-Clause */
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "root.h"
#include "root_install.h"
#include "root_pipeline.h"

static struct root_at *
find_at(struct root_install *install, uint32_t node)
{
	for (uint32_t i = 0; i < install->count; i++) {
		if (install->ats[i].node == node)
			return &install->ats[i];
	}
	return NULL;
}

static bool
has_at(const struct root_install *install, uint32_t node)
{
	for (uint32_t i = 0; i < install->count; i++) {
		if (install->ats[i].node == node)
			return true;
	}
	return false;
}

static struct root_at *
get_at(struct root_install *install, uint32_t node)
{
	struct root_at *at = find_at(install, node);

	if (at != NULL)
		return at;
	install->ats = realloc(install->ats, ((size_t)install->count + 1) * sizeof(*install->ats));
	if (install->ats == NULL)
		err(1, "sessions");
	at = &install->ats[install->count++];
	*at = (struct root_at){.node = node};
	return at;
}

static void
drop_at(struct root_install *install, uint32_t index)
{
	install->ats[index] = install->ats[--install->count];
}

static void
plan_anew(struct root_install *install)
{
	root_plan_free(&install->plan);
	install->active = install->session != NULL &&
			  root_plan_make(install->session, &install->plan);
	install->play = install->active && install->session->state == ROOT_RUNNING;
	for (uint32_t i = 0; i < install->plan.node_count; i++)
		get_at(install, install->plan.nodes[i]);
}

void
root_install_changed(struct root *root, struct root_session *session)
{
	struct root_install *install = session->install;

	if (install == NULL) {
		install = calloc(1, sizeof(*install));
		if (install == NULL)
			err(1, "sessions");
		install->conference = session->config->conference;
		install->id = session->config->id;
		install->next = root->installs;
		root->installs = install;
		session->install = install;
	}
	install->session = session;
	install->source = session->config->source;
	plan_anew(install);
	/* What was refused is tried again with the change. */
	for (uint32_t i = 0; i < install->count; i++)
		install->ats[i].failed = false;
	root_wake(root);
}

void
root_install_gone(struct root *root, struct root_session *session)
{
	if (session->install == NULL)
		return;
	session->install->session = NULL;
	plan_anew(session->install);
	root_wake(root);
}

static bool
has_stream(const uint64_t *streams, size_t count, uint64_t stream)
{
	for (size_t i = 0; i < count; i++) {
		if (streams[i] == stream)
			return true;
	}
	return false;
}

static struct root_install *
find_install(const struct root *root, uint64_t stream)
{
	for (struct root_install *each = root->installs; each != NULL; each = each->next) {
		if (message_stream(each->conference, each->id) == stream)
			return each;
	}
	return NULL;
}

static int
send_named(struct root *root, const struct root_node *node, enum message_type type, uint64_t stream,
	struct message *message)
{
	*message = (struct message){.type = type};
	snprintf(message->to, sizeof(message->to), "%s", node->name);
	message->pipeline.conference = message_stream_conference(stream);
	message->pipeline.session = message_stream_session(stream);
	return root_send(root, message);
}

void
root_install_greet(
	struct root *root, const struct root_node *node, const uint64_t *streams, size_t count)
{
	struct message message;

	for (struct root_install *each = root->installs; each != NULL; each = each->next) {
		struct root_at *at = find_at(each, node->id);

		if (at != NULL)
			*at = (struct root_at){.node = node->id};
		if (at != NULL && !root_plan_has(&each->plan, node->id) &&
			!has_stream(streams, count, message_stream(each->conference, each->id)))
			drop_at(each, (uint32_t)(at - each->ats));
	}
	/* What it has of sessions that are none, or no longer its. */
	for (size_t i = 0; i < count; i++) {
		struct root_install *install = find_install(root, streams[i]);

		if (install != NULL && install->active)
			get_at(install, node->id);
		else if (install == NULL || find_at(install, node->id) == NULL)
			send_named(root, node, MESSAGE_REMOVEPIPELINE, streams[i], &message);
	}
	root_wake(root);
}

void
root_install_away(struct root *root, const struct root_node *node)
{
	for (struct root_install *each = root->installs; each != NULL; each = each->next) {
		struct root_at *at = find_at(each, node->id);

		if (at != NULL)
			*at = (struct root_at){.node = node->id};
		if (at != NULL && !root_plan_has(&each->plan, node->id))
			drop_at(each, (uint32_t)(at - each->ats));
	}
	root_wake(root);
}

void
root_install_strays(
	struct root *root, const struct root_node *node, const struct message_pipelines *answer)
{
	struct message message;

	for (size_t i = 0; i < answer->nb_pipelines; i++) {
		const struct message_pipeline *pipeline = &answer->pipelines[i];
		uint64_t stream = message_stream(pipeline->conference, pipeline->session);
		const struct root_install *install = find_install(root, stream);

		if (install == NULL ||
			(!root_plan_has(&install->plan, node->id) && !has_at(install, node->id)))
			send_named(root, node, MESSAGE_REMOVEPIPELINE, stream, &message);
	}
}

static bool
is_answer(const struct root_at *at, const struct message_request *request)
{
	if (!at->asked)
		return false;
	if (request->id != NULL && at->id[0] != 0)
		return strcmp(request->id, at->id) == 0;
	return request->time == at->time;
}

static struct root_at *
find_asked(const struct root *root, const struct root_node *node,
	const struct message_request *request, struct root_install **install)
{
	for (*install = root->installs; *install != NULL; *install = (*install)->next) {
		struct root_at *at = find_at(*install, node->id);

		if (at != NULL && is_answer(at, request))
			return at;
	}
	return NULL;
}

/* A node has removed the session; it may have come back to the routes meanwhile. */
static void
left(struct root_install *install, struct root_at *at)
{
	if (root_plan_has(&install->plan, at->node))
		*at = (struct root_at){.node = at->node};
	else
		drop_at(install, (uint32_t)(at - install->ats));
}

bool
root_install_done(
	struct root *root, const struct root_node *node, const struct message_pipelines *answer)
{
	struct root_install *install;
	struct root_at *at = find_asked(root, node, &answer->request, &install);

	if (at == NULL)
		return false;
	at->asked = false;
	at->silences = 0;
	at->at = root_now();
	at->text[0] = 0;
	for (size_t i = 0; i < answer->nb_pipelines; i++) {
		const struct message_pipeline *pipeline = &answer->pipelines[i];

		if (pipeline->conference == install->conference && pipeline->session == install->id)
			snprintf(at->state, sizeof(at->state), "%s",
				pipeline->state != NULL ? pipeline->state : "defined");
	}
	if (node->id == install->source)
		install->changed = at->at;
	if (at->leaving)
		left(install, at);
	root_wake(root);
	return true;
}

bool
root_install_refused(
	struct root *root, const struct root_node *node, const struct message_failure *failure)
{
	struct root_install *install;
	struct root_at *at = find_asked(root, node, &failure->request, &install);

	if (at == NULL)
		return false;
	at->asked = false;
	at->silences = 0;
	at->at = root_now();
	if (at->leaving) {
		/* It has it no more: what was wanted. */
		left(install, at);
		root_wake(root);
		return true;
	}
	at->failed = true;
	snprintf(at->text, sizeof(at->text), "%s", failure->text != NULL ? failure->text : "?");
	root_event(&root->events, LOG_WARNING, "refused",
		"a node refused what it is to do with a session",
		json_pack("{s:s, s:I, s:I, s:I, s:s}", "node", node->name, "conference",
			(json_int_t)install->conference, "session", (json_int_t)install->id, "code",
			(json_int_t)failure->code, "reason", at->text));
	root_wake(root);
	return true;
}

/* It was sent, or cannot be now: then it is tried at the next step. */
static bool
note(struct root_at *at, int ret, const struct message *message, int64_t now)
{
	if (ret != 0)
		return false;
	at->asked = true;
	at->at = now;
	at->time = message->time;
	memcpy(at->id, message->id, sizeof(at->id));
	return true;
}

static void
tell_pipeline(struct root *root, const struct root_node *node, struct root_at *at,
	const struct root_pipeline *made, enum message_type type, uint64_t hash, uint64_t flows,
	int64_t now)
{
	struct message message = {.type = type, .pipeline = made->pipeline};

	snprintf(message.to, sizeof(message.to), "%s", node->name);
	if (!note(at, root_send(root, &message), &message, now))
		return;
	at->sent = hash;
	at->sent_flows = flows;
	if (type == MESSAGE_PIPEDEF)
		at->sent_play = made->pipeline.play;
}

static void
tell_play(struct root *root, struct root_install *install, const struct root_node *node,
	struct root_at *at, int64_t now)
{
	struct message message;
	int ret = send_named(root, node,
		install->play ? MESSAGE_PLAYPIPELINE : MESSAGE_STOPPIPELINE,
		message_stream(install->conference, install->id), &message);

	if (note(at, ret, &message, now))
		at->sent_play = install->play;
}

/* What a node is to be told next, if anything is to be. */
static void
tell(struct root *root, struct root_install *install, const struct root_node *node,
	struct root_at *at, int64_t now)
{
	bool source = node->id == install->source;
	struct root_pipeline made;
	uint64_t hash, flows;

	root_pipeline_make(&made, install->session, &install->plan, node->id, install->play);
	hash = root_pipeline_hash(&made, node->id, false);
	flows = source ? root_pipeline_hash(&made, node->id, true) : hash;
	if (at->sent != hash)
		tell_pipeline(root, node, at, &made, MESSAGE_PIPEDEF, hash, flows, now);
	else if (at->sent_flows != flows)
		tell_pipeline(root, node, at, &made, MESSAGE_ROUTEPIPELINE, hash, flows, now);
	else if (source && at->sent_play != install->play)
		tell_play(root, install, node, at, now);
	root_pipeline_free(&made);
}

/* True: nothing can be said to it now; *next may be set to when. */
static bool
is_busy(struct root_at *at, int64_t now, int64_t *next)
{
	int64_t due;

	if (!at->asked && !at->failed)
		return false;
	due = at->at +
	      (at->asked ? ROOT_INSTALL_SILENCE_MS << at->silences : ROOT_INSTALL_RETRY_MS);
	if (due <= now) {
		uint8_t silences = at->asked ? at->silences + 1 : 0;

		/* No answer (a connection that ends takes along what it has), or refused a while
		 * ago: from the beginning. */
		*at = (struct root_at){.node = at->node,
			.leaving = at->leaving,
			.silences = silences < ROOT_INSTALL_DOUBLINGS ? silences
								      : ROOT_INSTALL_DOUBLINGS};
		return false;
	}
	if (*next == 0 || due < *next)
		*next = due;
	return true;
}

static const struct root_node *
reachable(const struct root *root, uint32_t id)
{
	const struct root_node *node = root_nodes_by_id(&root->nodes, id);

	return node != NULL && node->up && node->greeted ? node : NULL;
}

const struct root_node *
root_install_source(const struct root *root, const struct root_install *install)
{
	for (uint32_t i = 0; i < install->count; i++) {
		const struct root_at *at = &install->ats[i];

		if (at->node == install->source)
			return at->sent != 0 && !at->asked && !at->failed
				       ? reachable(root, at->node)
				       : NULL;
	}
	return NULL;
}

static void
look_again(int64_t *next, int64_t when)
{
	if (*next == 0 || when < *next)
		*next = when;
}

/* Nodes on the routes but the source; true: the source has to wait for one of them. */
static bool
step_others(struct root *root, struct root_install *install, int64_t now, int64_t *next)
{
	bool wait = false;

	for (uint32_t i = 1; i < install->plan.node_count; i++) {
		const struct root_node *node = reachable(root, install->plan.nodes[i]);
		struct root_at *at = get_at(install, install->plan.nodes[i]);

		if (node == NULL)
			continue;
		if (!is_busy(at, now, next)) {
			at->leaving = false;
			tell(root, install, node, at, now);
		}
		if (at->asked && now - at->at < ROOT_INSTALL_HOLD_MS) {
			wait = true;
			look_again(next, at->at + ROOT_INSTALL_HOLD_MS);
		}
	}
	return wait;
}

static void
leave(struct root *root, struct root_install *install, const struct root_node *node,
	struct root_at *at, int64_t now, int64_t *next)
{
	struct message message;

	if (is_busy(at, now, next))
		return;
	if (note(at,
		    send_named(root, node, MESSAGE_REMOVEPIPELINE,
			    message_stream(install->conference, install->id), &message),
		    &message, now))
		at->leaving = true;
}

/*
 * Nodes that are not on the routes. settled: the source sends along the routes of now, or nothing;
 * what it sent before is on its way for a while.
 */
static void
step_leaving(
	struct root *root, struct root_install *install, bool settled, int64_t now, int64_t *next)
{
	int64_t due = install->changed + ROOT_INSTALL_GRACE_MS;

	for (uint32_t i = install->count; i-- > 0;) {
		struct root_at *at = &install->ats[i];
		const struct root_node *node = reachable(root, at->node);

		if (root_plan_has(&install->plan, at->node))
			continue;
		if (node == NULL)
			drop_at(install, i);
		else if (at->node == install->source || (settled && due <= now))
			leave(root, install, node, at, now, next);
		else if (settled)
			look_again(next, due);
	}
}

static bool
step_source(struct root *root, struct root_install *install, int64_t now, int64_t *next)
{
	const struct root_node *node = reachable(root, install->source);
	struct root_at *at = get_at(install, install->source);

	/* One that is away may go on as it did. */
	if (node == NULL)
		return false;
	if (!is_busy(at, now, next)) {
		at->leaving = false;
		tell(root, install, node, at, now);
	}
	return !at->asked && !at->failed;
}

static void
step(struct root *root, struct root_install *install, int64_t now, int64_t *next)
{
	bool settled;

	if (install->active)
		settled = !step_others(root, install, now, next) &&
			  step_source(root, install, now, next);
	else
		settled = find_at(install, install->source) == NULL ||
			  reachable(root, install->source) == NULL;
	step_leaving(root, install, settled, now, next);
}

int64_t
root_install_step(struct root *root, int64_t now)
{
	struct root_install **link = &root->installs;
	int64_t next = 0;

	while (*link != NULL) {
		struct root_install *install = *link;

		step(root, install, now, &next);
		if (install->session != NULL || install->count > 0) {
			link = &install->next;
			continue;
		}
		*link = install->next;
		root_plan_free(&install->plan);
		free(install->ats);
		free(install);
	}
	return next;
}

void
root_install_free(struct root *root)
{
	while (root->installs != NULL) {
		struct root_install *install = root->installs;

		root->installs = install->next;
		root_plan_free(&install->plan);
		free(install->ats);
		free(install);
	}
}

static const char *
at_word(const struct root *root, const struct root_at *at)
{
	if (reachable(root, at->node) == NULL)
		return "away";
	if (at->failed)
		return "refused";
	if (at->leaving)
		return "leaving";
	if (at->asked || at->sent == 0)
		return "asked";
	return at->state[0] != 0 ? at->state : "defined";
}

json_t *
root_install_show(const struct root *root, const struct root_session *session)
{
	const struct root_install *install = session->install;
	json_t *list = json_array();

	for (uint32_t i = 0; install != NULL && i < install->count; i++) {
		const struct root_at *at = &install->ats[i];
		char name[CONFIG_NAME_MAX + 16];

		json_array_append_new(list,
			json_pack("{s:I, s:s, s:s, s:s, s:s?}", "id", (json_int_t)at->node, "node",
				root_nodes_name(&root->nodes, at->node, name, sizeof(name)), "does",
				at->node == install->source ? "source"
				: root_plan_has(&install->plan, at->node)
					? (root_plan_delivers(&install->plan, at->node)
							  ? "destination"
							  : "relay")
					: "nothing",
				"state", at_word(root, at), "reason",
				at->text[0] != 0 ? at->text : NULL));
	}
	return list;
}
