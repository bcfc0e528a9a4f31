/* SPDX-License-Identifier: BSD-3-Clause */
#include <err.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "root_install_private.h"
#include "xml_utf8.h"

static void
plan_anew(struct root *root, struct root_install *install)
{
	root_plan_free(&install->plan);
	install->active = install->session != NULL &&
			  root_plan_make(install->session, &install->plan);
	install->play = install->active && install->session->state == ROOT_RUNNING;
	for (uint32_t i = 0; i < install->plan.node_count; i++)
		root_copy_get(root, install, install->plan.nodes[i]);
	for (uint32_t i = 0; i < install->count; i++) {
		struct root_copy *copy = install->copies[i];

		copy->settled = false;
		if (root_plan_has(&install->plan, copy->node))
			root_copy_no_stray(root, copy);
		else
			copy->refused = false;
	}
	install->settled = false;
}

static struct root_install *
find_install(struct root *root, uint64_t stream)
{
	struct root_link *link = root_hash_find(&root->streams, stream);

	if (link == NULL)
		return NULL;
	return (struct root_install *)((char *)link - offsetof(struct root_install, by_stream));
}

static struct root_install *
add_install(struct root *root, uint64_t stream)
{
	struct root_install *install = calloc(1, sizeof(*install));

	if (install == NULL)
		err(1, "sessions");
	install->conference = message_stream_conference(stream);
	install->id = message_stream_session(stream);
	if (root->installs == NULL)
		root->installs_end = &root->installs;
	*root->installs_end = install;
	root->installs_end = &install->next;
	root->installs_gone++;
	root_hash_add(&root->streams, &install->by_stream, stream);
	return install;
}

/* A session's, from now on. Nodes may still have to forget one that had its ids before. */
static struct root_install *
take_install(struct root *root, uint64_t stream)
{
	struct root_install *install = root->installs_gone > 0 ? find_install(root, stream) : NULL;

	if (install == NULL)
		install = add_install(root, stream);
	root->installs_gone--;
	return install;
}

/* What was refused is tried again with a change, all of it. */
static void
try_again(struct root *root, struct root_install *install)
{
	for (uint32_t i = 0; i < install->count; i++) {
		if (install->copies[i]->failed)
			root_copy_reset(root, install->copies[i]);
	}
}

/* What the source does is not known, or nothing. */
static void
forget_taken(struct root_install *install)
{
	struct root_copy *source = root_copy_find(install, install->source);

	root_plan_free(&install->taken);
	root_plan_free(&install->asked);
	install->taken_play = false;
	if (source != NULL)
		source->listed = false;
}

void
root_install_changed(struct root *root, struct root_session *session)
{
	struct root_install *install = session->install;

	if (install == NULL)
		install = session->install = take_install(
			root, message_stream(session->config->conference, session->config->id));
	if (install->source != session->config->source)
		forget_taken(install);
	install->session = session;
	install->source = session->config->source;
	plan_anew(root, install);
	try_again(root, install);
	root_wake(root);
}

void
root_install_gone(struct root *root, struct root_session *session)
{
	if (session->install == NULL)
		return;
	session->install->session = NULL;
	root->installs_gone++;
	plan_anew(root, session->install);
	try_again(root, session->install);
	root_wake(root);
}

/*
 * A stream that a node has and is not to: of no session, or of one that does not lead there. It may
 * say what it likes: not too much at once. NULL: another time.
 */
static struct root_copy *
add_stray(struct root *root, struct root_install *install, struct root_node *node, uint64_t stream)
{
	struct root_copy *copy = install != NULL ? root_copy_find(install, node->id) : NULL;

	if (copy != NULL)
		return copy;
	/* Those of sessions may stay for long, and leave the others their room. */
	if (install != NULL && install->source != 0 &&
		node->strays_stuck >= ROOT_INSTALL_STRAYS_MAX) {
		node->stuck_left = true;
		return NULL;
	}
	if (node->strays - node->strays_stuck >= ROOT_INSTALL_STRAYS_MAX ||
		(install == NULL && root->installs_gone >= ROOT_INSTALL_GONE_MAX)) {
		node->strays_left = true;
		return NULL;
	}
	copy = root_copy_get(root, install != NULL ? install : add_install(root, stream), node->id);
	copy->stray = true;
	node->strays++;
	return copy;
}

/* A node has something of a stream: if it is not to have it, it is told until it has not. */
static void
note_stream(struct root *root, struct root_node *node, uint64_t stream)
{
	struct root_install *install;
	struct root_copy *copy;

	/* No session can have such numbers, and no message can say them. */
	if (message_stream_conference(stream) == 0 || message_stream_session(stream) == 0)
		return;
	install = find_install(root, stream);
	/* However many start at it, the configuration says so. */
	if (install == NULL || install->session == NULL ||
		(node->id != install->source && !root_plan_has(&install->plan, node->id)))
		copy = add_stray(root, install, node, stream);
	else
		copy = root_copy_get(root, install, node->id);
	if (copy != NULL)
		copy->had = true;
	if (copy == NULL || node->id != copy->install->source)
		return;
	copy->listed = true;
	copy->install->taken_hellos = node->hellos;
}

/* Nothing is known any more of what it has. */
static void
forget_node(struct root *root, struct root_node *node)
{
	struct root_bearer *bearer = root_copy_bearer(root, node->id);
	struct root_copy *copy = bearer != NULL ? LIST_FIRST(&bearer->copies) : NULL, *next;

	for (; copy != NULL; copy = next) {
		next = LIST_NEXT(copy, by_node);
		copy->had = copy->listed = false;
		if (root_plan_has(&copy->install->plan, node->id))
			root_copy_reset(root, copy);
		else
			root_copy_drop(root, copy);
	}
	node->strays_left = node->stuck_left = node->unlisted = false;
}

void
root_install_greet(struct root *root, struct root_node *node, const uint64_t *streams, size_t count)
{
	forget_node(root, node);
	for (size_t i = 0; i < count; i++)
		note_stream(root, node, streams[i]);
	root_wake(root);
}

void
root_install_away(struct root *root, struct root_node *node)
{
	forget_node(root, node);
	root_wake(root);
}

void
root_install_strays(
	struct root *root, struct root_node *node, const struct message_pipelines *answer)
{
	/* Whoever has no place is told of no session. */
	if (node->place == NULL)
		return;
	node->unlisted = false;
	for (size_t i = 0; i < answer->nb_pipelines; i++)
		note_stream(root, node,
			message_stream(
				answer->pipelines[i].conference, answer->pipelines[i].session));
	root_wake(root);
}

/* A node has removed the session; it may have come back to the routes meanwhile. */
static void
left(struct root *root, struct root_copy *copy)
{
	struct root_install *install = copy->install;

	copy->had = false;
	if (copy->node == install->source)
		forget_taken(install);
	if (root_plan_has(&install->plan, copy->node))
		root_copy_reset(root, copy);
	else
		root_copy_drop(root, copy);
}

static void
taken(struct root_install *install, const struct root_node *source, const struct root_copy *copy)
{
	if (install->asked.node_count > 0) {
		root_plan_free(&install->taken);
		install->taken = install->asked;
		install->asked = (struct root_plan){0};
	}
	install->taken_play = copy->sent_play;
	install->taken_hellos = source->hellos;
	install->changed = copy->when;
}

bool
root_install_done(
	struct root *root, const struct root_node *node, const struct message_pipelines *answer)
{
	struct root_copy *copy = root_copy_by_request(root, node->id, &answer->request);
	struct root_install *install;

	if (copy == NULL)
		return false;
	install = copy->install;
	root_copy_answered(root, copy);
	copy->silences = 0;
	copy->refused = false;
	copy->had = true;
	copy->when = root_clock();
	copy->text[0] = 0;
	for (size_t i = 0; i < answer->nb_pipelines; i++) {
		const struct message_pipeline *pipeline = &answer->pipelines[i];

		if (pipeline->conference == install->conference && pipeline->session == install->id)
			snprintf(copy->state, sizeof(copy->state), "%s",
				pipeline->state != NULL ? pipeline->state : "defined");
	}
	if (node->id == install->source)
		taken(install, node, copy);
	if (copy->leaving)
		left(root, copy);
	root_wake(root);
	return true;
}

void
root_copy_refused(struct root *root, struct root_install *install, struct root_copy *copy,
	uint32_t code, const char *why)
{
	char name[CONFIG_NAME_MAX + 16];

	copy->failed = copy->refused = true;
	xml_utf8_copy(copy->text, sizeof(copy->text), why);
	root_event(&root->events, LOG_WARNING, ROOT_EVENT_refused,
		json_pack("{s:s, s:I, s:I, s:I, s:s, s:b}", "node",
			root_nodes_name(&root->nodes, copy->node, name, sizeof(name)), "conference",
			(json_int_t)install->conference, "session", (json_int_t)install->id, "code",
			(json_int_t)code, "reason", copy->text, "source_waits",
			root_install_holds(root, install, copy)));
	root_wake(root);
}

bool
root_install_refused(
	struct root *root, const struct root_node *node, const struct message_failure *failure)
{
	struct root_copy *copy = root_copy_by_request(root, node->id, &failure->request);
	struct root_install *install;

	if (copy == NULL)
		return false;
	install = copy->install;
	root_copy_answered(root, copy);
	copy->silences = 0;
	copy->when = root_clock();
	if (copy->leaving) {
		/* It has it no more: what was wanted. */
		left(root, copy);
		root_wake(root);
		return true;
	}
	/* It goes on as it did. */
	if (node->id == install->source)
		root_plan_free(&install->asked);
	root_copy_refused(
		root, install, copy, failure->code, failure->text != NULL ? failure->text : "?");
	return true;
}

const struct root_node *
root_install_reach(const struct root *root, uint32_t id)
{
	const struct root_node *node = root_nodes_by_id(&root->nodes, id);

	return node != NULL && node->up && node->greeted ? node : NULL;
}

void
root_install_end(struct root *root, struct root_install *install)
{
	while (install->count > 0)
		root_copy_drop(root, install->copies[install->count - 1]);
	root_hash_remove(&root->streams, &install->by_stream);
	forget_taken(install);
	root_plan_free(&install->plan);
	free(install->copies);
	free(install);
}

void
root_install_free(struct root *root)
{
	while (root->installs != NULL) {
		struct root_install *install = root->installs;

		root->installs = install->next;
		root_install_end(root, install);
	}
	root_hash_free(&root->streams);
	root_hash_free(&root->asked);
	root_hash_free(&root->bearers);
}

static const char *
copy_word(const struct root *root, const struct root_copy *copy)
{
	const struct root_node *node = root_install_reach(root, copy->node);

	if (node == NULL)
		return "away";
	if (node->place == NULL && !copy->leaving)
		return "unplaced";
	if (copy->failed)
		return "refused";
	if (copy->leaving)
		return "leaving";
	if (copy->asked || copy->sent == 0)
		return "asked";
	return copy->state[0] != 0 ? copy->state : "defined";
}

json_t *
root_install_show(const struct root *root, const struct root_session *session)
{
	const struct root_install *install = session->install;
	json_t *list = json_array();

	for (uint32_t i = 0; install != NULL && i < install->count; i++) {
		const struct root_copy *copy = install->copies[i];
		char name[CONFIG_NAME_MAX + 16];

		json_array_append_new(
			list, json_pack("{s:I, s:s, s:s, s:s, s:s?}", "id", (json_int_t)copy->node,
				      "node",
				      root_nodes_name(&root->nodes, copy->node, name, sizeof(name)),
				      "does",
				      copy->node == install->source ? "source"
				      : root_plan_has(&install->plan, copy->node)
					      ? (root_plan_delivers(&install->plan, copy->node)
								? "destination"
								: "relay")
					      : "nothing",
				      "state", copy_word(root, copy), "reason",
				      copy->text[0] != 0 ? copy->text : NULL));
	}
	return list;
}
