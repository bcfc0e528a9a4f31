/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "path_text.h"
#include "root_scene.h"
#include "unit.h"

#define TURN_MS	  5
#define DELAY_MS  40  /* of a message, at most */
#define FLIGHT_MS 300 /* a packet may be on its way so long */
#define EPOCH	  INT64_C(1700000000000)
#define UPTIME	  INT64_C(1000000)
static struct scene *scene_now; /* root_now and root_wake have no other way to it */

void
scene_use(struct scene *scene)
{
	scene_now = scene;
}

/* --- what root_loop.c and root_mgmt.c are to the rest of the root -------------------------- */

int64_t
root_now(void)
{
	return EPOCH + scene_now->clock + scene_now->set;
}

int64_t
root_clock(void)
{
	return UPTIME + scene_now->clock;
}

void
root_wake(struct root *root)
{
	root->woken = true;
	scene_now->woken = true;
}

void
root_fail(struct root *root)
{
	(void)root;
	scene_now->failed = true;
}

/* 0, -EMSGSIZE or -EINVAL. */
static int
post(uint32_t node, bool answer, const struct message *message)
{
	struct scene_message *slot = &scene_now->messages[scene_now->nb_messages];
	char error[MESSAGE_ERROR_MAX];
	struct message_fault fault;
	int64_t last = 0;
	size_t size;
	char *text;

	text = message_write(message, &size, error);
	if (text == NULL)
		return -errno;
	assert_true(++scene_now->nb_messages <= SCENE_MESSAGES);
	*slot = (struct scene_message){.node = node, .answer = answer};
	slot->message = message_parse(text, size, &fault);
	assert_non_null(slot->message);
	free(text);
	for (unsigned int i = 0; i + 1 < scene_now->nb_messages; i++) {
		const struct scene_message *each = &scene_now->messages[i];

		if (each->node == node && each->answer == answer && each->at > last)
			last = each->at;
	}
	slot->at = scene_now->clock + 1 + scene_draw(scene_now, DELAY_MS);
	if (slot->at < last)
		slot->at = last; /* a connection keeps the order */
	return 0;
}

static void
take_place(struct scene *scene, const struct message *message)
{
	if (message->type != MESSAGE_PLACE)
		return;
	scene->placed++;
	scene->below += message->place.nb_below;
	scene->directed += message->place.parent.server.host != NULL;
	scene->open += strcmp(message->place.forwarding, "open") == 0;
}

int
root_send(struct root *root, struct message *message)
{
	const struct root_node *node = root_nodes_find(&root->nodes, message->to);

	assert_non_null(node);
	if (node->id > SCENE_NODES) {
		take_place(scene_now, message);
		return 0;
	}
	if (!scene_now->nodes[node->id].connected) {
		root->unsent = true;
		return -ENOTCONN;
	}
	if (message->type == MESSAGE_REDIRECT) {
		if (scene_now->nodes[node->id].stays)
			return -EAGAIN;
		scene_now->nodes[node->id].redirects++;
	}
	message->time = (uint64_t)root_now();
	strcpy(message->from, MESSAGE_ROOT);
	snprintf(message->id, sizeof(message->id), "r.%" PRIu64, ++scene_now->sent);
	return post(node->id, false, message);
}

bool
root_has_room(struct root *root, const struct root_node *node)
{
	if (node->id > SCENE_NODES)
		return true;
	root->unsent |= scene_now->nodes[node->id].full;
	return !scene_now->nodes[node->id].full;
}

/* --- a node -------------------------------------------------------------------------------- */

struct scene_session *
scene_find(struct scene *scene, uint32_t node, uint32_t conference, uint32_t session)
{
	struct scene_node *n = &scene->nodes[node];

	for (unsigned int i = 0; i < n->nb_sessions; i++) {
		if (n->sessions[i].conference == conference && n->sessions[i].id == session)
			return &n->sessions[i];
	}
	return NULL;
}

static void
take_flows(struct scene_session *session, const struct message_pipeline *pipeline)
{
	struct path_text_error error;

	assert_true(pipeline->nb_flows <= SCENE_FLOWS);
	session->nb_flows = (unsigned int)pipeline->nb_flows;
	for (size_t i = 0; i < pipeline->nb_flows; i++) {
		session->weights[i] = pipeline->flows[i].weight;
		assert_int_equal(
			path_text_parse(pipeline->flows[i].path, &session->trees[i], &error), 0);
	}
}

/* NULL: it is done; else why not. */
static const char *
carry_out(struct scene *scene, struct scene_node *node, const struct message *message)
{
	const struct message_pipeline *pipeline = &message->pipeline;
	struct scene_session *has = scene_find(
		scene, node->id, pipeline->conference, pipeline->session);

	if (message->type == MESSAGE_PIPEDEF) {
		if (node->refuses)
			return node->why != NULL ? node->why : "it does not want to";
		if (has == NULL) {
			assert_true(node->nb_sessions < SCENE_SESSIONS);
			has = &node->sessions[node->nb_sessions++];
		}
		*has = (struct scene_session){.conference = pipeline->conference,
			.id = pipeline->session,
			.source = pipeline->source == node->id,
			.playing = pipeline->play};
		take_flows(has, pipeline);
		return NULL;
	}
	if (has == NULL)
		return "there is no such session here";
	if (message->type == MESSAGE_REMOVEPIPELINE) {
		if (scene->strict && has->conference < SCENE_IDS && has->id < SCENE_IDS &&
			scene->clock - node->sent_to[has->conference][has->id] < FLIGHT_MS)
			fail_msg("%" PRId64 " ms: node %u is to remove session %u of conference "
				 "%u, of which packets are on their way",
				scene->clock, node->id, has->id, has->conference);
		*has = node->sessions[--node->nb_sessions];
	} else if (message->type == MESSAGE_ROUTEPIPELINE) {
		if (!has->source)
			return "it does not start here";
		take_flows(has, pipeline);
	} else {
		has->playing = has->source && message->type == MESSAGE_PLAYPIPELINE;
	}
	return NULL;
}

/* All that it has. */
static void
tell_all(const struct scene_node *node, const struct message *question)
{
	struct message answer = {.type = MESSAGE_PIPEDEFINFO, .to = MESSAGE_ROOT, .time = 1};
	struct message_pipeline named[SCENE_SESSIONS];

	for (unsigned int i = 0; i < node->nb_sessions; i++)
		named[i] = (struct message_pipeline){.conference = node->sessions[i].conference,
			.session = node->sessions[i].id,
			.state = "defined"};
	answer.pipelines = (struct message_pipelines){
		{question->time, message_type_name(question->type), question->id}, named,
		node->nb_sessions};
	(void)post(node->id, true, &answer);
}

static void
take_order(struct scene *scene, struct scene_node *node, const struct message *message)
{
	struct message answer = {.type = MESSAGE_PIPEDEFINFO, .to = MESSAGE_ROOT, .time = 1};
	struct message_request request = {
		message->time, message_type_name(message->type), message->id};
	struct message_pipeline named = {.conference = message->pipeline.conference,
		.session = message->pipeline.session,
		.state = "defined"};
	const char *fault;

	switch (message->type) {
	case MESSAGE_PIPEDEF:
	case MESSAGE_ROUTEPIPELINE:
	case MESSAGE_REMOVEPIPELINE:
	case MESSAGE_PLAYPIPELINE:
	case MESSAGE_STOPPIPELINE:
		break;
	case MESSAGE_PIPEDEFINFO:
		tell_all(node, message);
		return;
	default:
		take_place(scene, message);
		return;
	}
	fault = carry_out(scene, node, message);
	if (fault != NULL) {
		answer.type = MESSAGE_ERROR;
		answer.error = (struct message_failure){MESSAGE_CODE_CONFLICT, fault, request};
	} else {
		answer.pipelines = (struct message_pipelines){request, &named, 1};
	}
	(void)post(node->id, true, &answer);
}

static void
take_answer(struct scene *scene, uint32_t id, const struct message *message)
{
	struct root_node *node = root_nodes_by_id(&scene->root.nodes, id);

	if (message->type == MESSAGE_ERROR)
		(void)root_install_refused(&scene->root, node, &message->error);
	else if (!root_install_done(&scene->root, node, &message->pipelines))
		root_install_strays(&scene->root, node, &message->pipelines);
}

/* --- time ---------------------------------------------------------------------------------- */

static void
deliver(struct scene *scene)
{
	for (unsigned int i = 0; i < scene->nb_messages;) {
		struct scene_message each = scene->messages[i];
		struct scene_node *node = &scene->nodes[each.node];

		if (each.at > scene->clock) {
			i++;
			continue;
		}
		memmove(&scene->messages[i], &scene->messages[i + 1],
			(--scene->nb_messages - i) * sizeof(each));
		if (node->connected && !node->deaf && each.answer)
			take_answer(scene, each.node, each.message);
		else if (node->connected && !node->deaf)
			take_order(scene, node, each.message);
		message_free(each.message);
	}
}

/* As on_tick of root_loop.c. */
static void
tick(struct scene *scene)
{
	struct root *root = &scene->root;
	int64_t now = root_clock(), wait = 1000, due[5];

	scene->woken = false;
	root->unsent = false;
	due[0] = root_book_tick(&root->book, root_now());
	due[0] += due[0] != 0 ? now - root_now() : 0;
	due[4] = root_listed_step(root, now);
	due[1] = root_places_step(root, now);
	due[2] = root_install_step(root, now);
	due[3] = root_servers_step(root, now);
	for (int i = 0; i < 5; i++) {
		if (due[i] != 0 && due[i] - now < wait)
			wait = due[i] > now ? due[i] - now : 1;
	}
	if (root->unsent && wait > 200)
		wait = 200;
	scene->due = scene->clock + wait;
}

/* A source sends along a tree: all its nodes have the session. */
static void
send_along(
	struct scene *scene, const struct scene_session *session, const struct pathlet_tree *tree)
{
	for (unsigned int i = 0; i < tree->count; i++) {
		uint32_t to = tree->node[i].id;

		scene->nodes[to].sent_to[session->conference][session->id] = scene->clock;
		if (scene->strict &&
			scene_find(scene, to, session->conference, session->id) == NULL)
			fail_msg("%" PRId64 " ms: session %u of conference %u is sent to node %u, "
				 "which has it not",
				scene->clock, session->id, session->conference, to);
	}
}

static void
send_all(struct scene *scene)
{
	EVERY_NODE
	{
		for (unsigned int i = 0; i < scene->nodes[n].nb_sessions; i++) {
			const struct scene_session *has = &scene->nodes[n].sessions[i];

			for (unsigned int j = 0; j < has->nb_flows && has->playing; j++)
				send_along(scene, has, &has->trees[j]);
		}
	}
}

void
scene_run(struct scene *scene, int64_t ms)
{
	for (int64_t end = scene->clock + ms; scene->clock < end;) {
		scene->clock += TURN_MS;
		deliver(scene);
		if (scene->woken || scene->clock >= scene->due)
			tick(scene);
		send_all(scene);
	}
}

/* --- what happens -------------------------------------------------------------------------- */

uint32_t
scene_draw(struct scene *scene, uint32_t bound)
{
	/* Numbers of Knuth's MMIX. */
	scene->random = scene->random * UINT64_C(6364136223846793005) +
			UINT64_C(1442695040888963407);
	return (uint32_t)(scene->random >> 33) % bound;
}

bool
scene_do(struct scene *scene, const char *format, ...)
{
	json_t *words = json_array(), *command, *reply;
	char line[512], *request;
	va_list args;
	bool follow, done;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	for (char *at = line; *at != 0;) {
		bool quoted = *at == '\'';
		char *end = strchr(at + quoted, quoted ? '\'' : ' ');
		size_t len = end != NULL ? (size_t)(end - at - quoted) : strlen(at);

		json_array_append_new(words, json_stringn(at + quoted, len));
		at += quoted + len + (end != NULL);
		at += quoted && *at == ' ';
	}
	command = json_pack("{s:o}", "command", words);
	request = json_dumps(command, 0);
	reply = root_execute_line(&scene->root, request, strlen(request), &follow);
	done = json_is_true(json_object_get(reply, "ok"));
	if (getenv("FERRY_TEST_SEED") != NULL)
		printf("%8" PRId64 " %s: %s\n", scene->clock, line,
			done ? "done" : json_string_value(json_object_get(reply, "error")));
	json_decref(reply);
	json_decref(command);
	free(request);
	return done;
}

static void
greet(struct scene *scene, uint32_t id)
{
	struct root_node *node = root_nodes_by_id(&scene->root.nodes, id);
	const struct scene_node *from = &scene->nodes[id];
	uint64_t streams[SCENE_SESSIONS];

	for (unsigned int i = 0; i < from->nb_sessions; i++)
		streams[i] = message_stream(from->sessions[i].conference, from->sessions[i].id);
	node->hellos++;
	root_node_up(&scene->root, node, ROOT_SELF);
	root_node_greeted(&scene->root, node, streams, from->nb_sessions);
}

void
scene_connect(struct scene *scene, uint32_t node)
{
	scene->nodes[node].connected = true;
	greet(scene, node);
}

void
scene_cut(struct scene *scene, uint32_t node)
{
	struct root_node *known = root_nodes_by_id(&scene->root.nodes, node);

	scene->nodes[node].connected = false;
	for (unsigned int i = scene->nb_messages; i-- > 0;) {
		if (scene->messages[i].node != node)
			continue;
		message_free(scene->messages[i].message);
		memmove(&scene->messages[i], &scene->messages[i + 1],
			(--scene->nb_messages - i) * sizeof(scene->messages[0]));
	}
	root_node_away(&scene->root, known, "cut");
}

void
scene_restart(struct scene *scene, uint32_t node)
{
	if (scene->nodes[node].connected)
		scene_cut(scene, node);
	scene->nodes[node].nb_sessions = 0;
	scene_connect(scene, node);
}

void
scene_back(struct scene *scene, uint32_t node)
{
	struct root_node *known = root_nodes_by_id(&scene->root.nodes, node);

	scene->nodes[node].deaf = false;
	if (!scene->nodes[node].connected)
		return;
	if (known->up && known->lost == 0)
		known->lost = root_clock();
	root_node_up(&scene->root, known, "n1");
}
