/* SPDX-License-Identifier: BSD-3-Clause */
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "root_install_private.h"
#include "xml_utf8.h"

struct root_copy *
root_copy_find(const struct root_install *install, uint32_t node)
{
	for (uint32_t i = 0; i < install->count; i++) {
		if (install->copies[i].node == node)
			return &install->copies[i];
	}
	return NULL;
}

struct root_copy *
root_copy_get(struct root_install *install, uint32_t node)
{
	struct root_copy *copy = root_copy_find(install, node);

	if (copy != NULL)
		return copy;
	install->copies = realloc(
		install->copies, ((size_t)install->count + 1) * sizeof(*install->copies));
	if (install->copies == NULL)
		err(1, "sessions");
	copy = &install->copies[install->count++];
	*copy = (struct root_copy){.node = node};
	install->settled = false;
	return copy;
}

void
root_copy_reset(struct root_install *install, struct root_copy *copy)
{
	*copy = (struct root_copy){.node = copy->node};
	install->settled = false;
}

void
root_copy_drop(struct root_install *install, struct root_copy *copy)
{
	*copy = install->copies[--install->count];
}

static void
plan_anew(struct root_install *install)
{
	root_plan_free(&install->plan);
	install->active = install->session != NULL &&
			  root_plan_make(install->session, &install->plan);
	install->play = install->active && install->session->state == ROOT_RUNNING;
	for (uint32_t i = 0; i < install->plan.node_count; i++)
		root_copy_get(install, install->plan.nodes[i]);
	for (uint32_t i = 0; i < install->count; i++)
		install->copies[i].settled = false;
	install->settled = false;
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

static struct root_install *
add_install(struct root *root, uint64_t stream)
{
	struct root_install *install = calloc(1, sizeof(*install));

	if (install == NULL)
		err(1, "sessions");
	install->conference = message_stream_conference(stream);
	install->id = message_stream_session(stream);
	install->next = root->installs;
	root->installs = install;
	root->installs_gone++;
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
try_again(struct root_install *install)
{
	for (uint32_t i = 0; i < install->count; i++) {
		struct root_copy *copy = &install->copies[i];

		if (copy->failed)
			root_copy_reset(install, copy);
	}
}

/* What the source does is not known, or nothing. */
static void
forget_taken(struct root_install *install)
{
	root_plan_free(&install->taken);
	root_plan_free(&install->asked);
	install->taken_play = false;
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
	plan_anew(install);
	try_again(install);
	root_wake(root);
}

void
root_install_gone(struct root *root, struct root_session *session)
{
	if (session->install == NULL)
		return;
	session->install->session = NULL;
	root->installs_gone++;
	plan_anew(session->install);
	try_again(session->install);
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

/* A node has something of a stream: if it is not to have it, it is told until it has not. */
static void
note_stream(struct root *root, const struct root_node *node, uint64_t stream)
{
	struct root_install *install;

	/* No session can have such numbers, and no message can say them. */
	if (message_stream_conference(stream) == 0 || message_stream_session(stream) == 0)
		return;
	install = find_install(root, stream);
	if (install == NULL && root->installs_gone < ROOT_INSTALL_GONE_MAX)
		install = add_install(root, stream);
	if (install == NULL)
		return;
	root_copy_get(install, node->id);
	if (node->id == install->source)
		install->taken_hellos = node->hellos;
}

void
root_install_greet(
	struct root *root, const struct root_node *node, const uint64_t *streams, size_t count)
{
	for (struct root_install *each = root->installs; each != NULL; each = each->next) {
		struct root_copy *copy = root_copy_find(each, node->id);

		if (copy != NULL)
			root_copy_reset(each, copy);
		if (copy != NULL && !root_plan_has(&each->plan, node->id) &&
			!has_stream(streams, count, message_stream(each->conference, each->id)))
			root_copy_drop(each, copy);
	}
	for (size_t i = 0; i < count; i++)
		note_stream(root, node, streams[i]);
	root_wake(root);
}

void
root_install_away(struct root *root, const struct root_node *node)
{
	for (struct root_install *each = root->installs; each != NULL; each = each->next) {
		struct root_copy *copy = root_copy_find(each, node->id);

		if (copy != NULL)
			root_copy_reset(each, copy);
		if (copy != NULL && !root_plan_has(&each->plan, node->id))
			root_copy_drop(each, copy);
	}
	root_wake(root);
}

void
root_install_strays(
	struct root *root, const struct root_node *node, const struct message_pipelines *answer)
{
	for (size_t i = 0; i < answer->nb_pipelines; i++)
		note_stream(root, node,
			message_stream(
				answer->pipelines[i].conference, answer->pipelines[i].session));
	root_wake(root);
}

static bool
is_answer(const struct root_copy *copy, const struct message_request *request)
{
	if (!copy->asked)
		return false;
	if (request->id != NULL && copy->id[0] != 0)
		return strcmp(request->id, copy->id) == 0;
	return request->time == copy->time;
}

static struct root_copy *
find_asked(const struct root *root, const struct root_node *node,
	const struct message_request *request, struct root_install **install)
{
	for (*install = root->installs; *install != NULL; *install = (*install)->next) {
		struct root_copy *copy = root_copy_find(*install, node->id);

		if (copy != NULL && is_answer(copy, request))
			return copy;
	}
	return NULL;
}

/* A node has removed the session; it may have come back to the routes meanwhile. */
static void
left(struct root_install *install, struct root_copy *copy)
{
	if (copy->node == install->source)
		forget_taken(install);
	if (root_plan_has(&install->plan, copy->node))
		root_copy_reset(install, copy);
	else
		root_copy_drop(install, copy);
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
	struct root_install *install;
	struct root_copy *copy = find_asked(root, node, &answer->request, &install);

	if (copy == NULL)
		return false;
	copy->asked = false;
	copy->silences = 0;
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
		left(install, copy);
	root_wake(root);
	return true;
}

void
root_copy_refused(struct root *root, struct root_install *install, struct root_copy *copy,
	uint32_t code, const char *why)
{
	char name[CONFIG_NAME_MAX + 16];

	copy->failed = true;
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
	struct root_install *install;
	struct root_copy *copy = find_asked(root, node, &failure->request, &install);

	if (copy == NULL)
		return false;
	copy->asked = false;
	copy->silences = 0;
	copy->when = root_clock();
	if (copy->leaving) {
		/* It has it no more: what was wanted. */
		left(install, copy);
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
root_install_end(struct root_install *install)
{
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
		root_install_end(install);
	}
}

static const char *
copy_word(const struct root *root, const struct root_copy *copy)
{
	if (root_install_reach(root, copy->node) == NULL)
		return "away";
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
		const struct root_copy *copy = &install->copies[i];
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
