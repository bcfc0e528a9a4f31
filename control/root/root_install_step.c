/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "root_install_private.h"
#include "root_pipeline.h"

/* A message that names the session and says no more of it. As root_send. */
static int
send_named(struct root *root, const struct root_install *install, const struct root_node *node,
	enum message_type type, struct message *message)
{
	*message = (struct message){.type = type};
	snprintf(message->to, sizeof(message->to), "%s", node->name);
	message->pipeline.conference = install->conference;
	message->pipeline.session = install->id;
	return root_send(root, message);
}

/* No message can say it, so that the node cannot do it. */
static void
note_unsaid(struct root *root, struct root_install *install, struct root_copy *copy, int ret,
	const struct message *message)
{
	char why[MESSAGE_ERROR_MAX] = "it cannot be said";
	size_t size;

	free(message_write(message, &size, why));
	copy->unsaid = true;
	root_copy_refused(root, install, copy,
		ret == -EMSGSIZE ? MESSAGE_CODE_LARGE : MESSAGE_CODE_INVALID, why);
}

/* It was sent, or cannot be now: then it is tried at the next step. */
static bool
note(struct root *root, struct root_install *install, struct root_copy *copy, int ret,
	const struct message *message, int64_t now)
{
	if (ret == -EINVAL || ret == -EMSGSIZE)
		note_unsaid(root, install, copy, ret, message);
	if (ret != 0)
		return false;
	root_copy_asked(root, copy, message);
	copy->when = now;
	return true;
}

static void
tell_pipeline(struct root *root, struct root_install *install, const struct root_node *node,
	struct root_copy *copy, const struct root_pipeline *made, enum message_type type,
	uint64_t hash, uint64_t flows, int64_t now)
{
	struct message message = {.type = type, .pipeline = made->pipeline};

	snprintf(message.to, sizeof(message.to), "%s", node->name);
	if (!note(root, install, copy, root_send(root, &message), &message, now))
		return;
	copy->sent = hash;
	copy->sent_flows = flows;
	if (node->id == install->source) {
		install->waits = 0;
		root_plan_free(&install->asked);
		root_plan_copy(&install->plan, &install->asked);
	}
	if (type == MESSAGE_PIPEDEF)
		copy->sent_play = made->pipeline.play;
}

static void
tell_play(struct root *root, struct root_install *install, const struct root_node *node,
	struct root_copy *copy, int64_t now)
{
	struct message message;
	int ret = send_named(root, install, node,
		install->play ? MESSAGE_PLAYPIPELINE : MESSAGE_STOPPIPELINE, &message);

	if (!note(root, install, copy, ret, &message, now))
		return;
	install->waits = 0;
	copy->sent_play = install->play;
}

/* What a node is to be told next; if nothing is, it is settled. */
static void
tell(struct root *root, struct root_install *install, const struct root_node *node,
	struct root_copy *copy, int64_t now)
{
	bool source = node->id == install->source;
	struct root_pipeline made;
	uint64_t hash, flows;

	root_pipeline_make(&made, install->session, &install->plan, node->id, install->play);
	hash = root_pipeline_hash(&made, node->id, false);
	flows = source ? root_pipeline_hash(&made, node->id, true) : hash;
	if (copy->sent != hash)
		tell_pipeline(root, install, node, copy, &made, MESSAGE_PIPEDEF, hash, flows, now);
	else if (source && copy->sent_play && !install->play)
		tell_play(root, install, node, copy, now); /* before it takes other routes */
	else if (copy->sent_flows != flows)
		tell_pipeline(
			root, install, node, copy, &made, MESSAGE_ROUTEPIPELINE, hash, flows, now);
	else if (source && copy->sent_play != install->play)
		tell_play(root, install, node, copy, now);
	else
		copy->settled = true;
	root_pipeline_free(&made);
}

/* True: nothing can be said to it now; *next may be set to when. */
static bool
is_busy(struct root *root, const struct root_node *node, struct root_copy *copy, int64_t now,
	int64_t *next)
{
	int64_t due;

	if (copy->unsaid || copy->settled)
		return true;
	if (!copy->asked && !copy->failed)
		return !root_has_room(root, node);
	due = copy->when +
	      (copy->asked ? ROOT_INSTALL_SILENCE_MS << copy->silences : ROOT_INSTALL_RETRY_MS);
	/* Where it has no room, its answer may well wait for what it is asked. */
	if (due <= now && !root_has_room(root, node))
		return true;
	if (due <= now) {
		unsigned int silences = copy->asked ? copy->silences + 1U : 0;
		bool leaving = copy->leaving;

		/*
		 * No answer (a connection that ends takes along what it has), or refused a while
		 * ago: from the beginning.
		 */
		root_copy_reset(root, copy);
		copy->leaving = leaving;
		copy->silences = silences < ROOT_INSTALL_DOUBLINGS ? (uint8_t)silences
								   : ROOT_INSTALL_DOUBLINGS;
		return false;
	}
	root_look_again(next, due);
	return true;
}

const struct root_node *
root_install_source(const struct root *root, const struct root_install *install)
{
	const struct root_copy *copy = root_copy_find(install, install->source);

	if (copy == NULL || copy->sent == 0 || copy->asked || copy->failed)
		return NULL;
	return root_install_reach(root, copy->node);
}

/*
 * Until when is a node waited for that is in the tree, or may soon be, but not in reach yet or now?
 * 0: not.
 */
static int64_t
back_until(const struct root *root, uint32_t id)
{
	const struct root_node *node = root_nodes_by_id(&root->nodes, id);

	/* Nodes come back at different times after we were away, whoever was here before. */
	if (node != NULL && node->place != NULL && !node->up && node->came == 0)
		return root->installs_since + ROOT_INSTALL_START_MS;
	if (node == NULL || !node->up || (node->lost == 0 && node->greeted))
		return 0;
	return (node->lost != 0 ? node->lost : node->came) + ROOT_INSTALL_HOLD_MS;
}

/* It has not the session yet, as what it was told, or is to be told, waits for its connection. */
static bool
is_queued(struct root *root, const struct root_node *node, const struct root_copy *copy)
{
	return (copy->asked ? copy->silences == 0 : copy->sent == 0 && !copy->failed) &&
	       !root_has_room(root, node);
}

/* Does the source say that it has it? */
static bool
is_listed(const struct root_install *install)
{
	const struct root_copy *copy = root_copy_find(install, install->source);

	return copy != NULL && copy->listed;
}

bool
root_install_holds(
	const struct root *root, const struct root_install *install, const struct root_copy *copy)
{
	const struct root_node *source = root_nodes_by_id(&root->nodes, install->source);

	if (!copy->refused || !install->play || source == NULL ||
		!root_plan_relays(&install->plan, copy->node))
		return false;
	/* What it does it was told by who was here before us: perhaps to send. */
	if (install->taken.node_count == 0)
		return (is_listed(install) || source->unlisted) && !copy->had;
	return install->taken_play && source->hellos == install->taken_hellos &&
	       !root_plan_has(&install->taken, copy->node);
}

/*
 * Somebody is to answer, or to come back, before the source is told: true while that is no longer
 * than a node may take that does neither, however often it comes anew.
 */
static bool
waits(struct root_install *install, bool wait, int64_t now, int64_t *next)
{
	const struct root_copy *source = root_copy_find(install, install->source);

	if (!wait || (source != NULL && source->settled)) {
		install->waits = 0;
		return wait;
	}
	if (install->waits == 0)
		install->waits = now;
	if (now - install->waits >= ROOT_INSTALL_WAIT_MS)
		return false;
	root_look_again(next, install->waits + ROOT_INSTALL_WAIT_MS);
	return true;
}

/* The node, if messages reach it and it may be told what it is to do; else NULL. */
static const struct root_node *
reach_placed(const struct root *root, uint32_t id)
{
	const struct root_node *node = root_install_reach(root, id);

	return node != NULL && node->place != NULL ? node : NULL;
}

/*
 * Nodes on the routes but the source; true: the source has to wait for one of them, *held: until
 * one takes what it refused.
 */
static bool
step_others(struct root *root, struct root_install *install, int64_t now, int64_t *next, bool *held)
{
	bool wait = false, full = false;

	for (uint32_t i = 1; i < install->plan.node_count; i++) {
		const struct root_node *node = reach_placed(root, install->plan.nodes[i]);
		struct root_copy *copy = root_copy_get(root, install, install->plan.nodes[i]);
		int64_t back = back_until(root, copy->node);

		if (back > now && copy->sent == 0) {
			wait = true;
			root_look_again(next, back);
		}
		if (node != NULL && !is_busy(root, node, copy, now, next)) {
			copy->leaving = false;
			tell(root, install, node, copy, now);
		}
		*held |= root_install_holds(root, install, copy);
		if (node == NULL)
			continue;
		full |= is_queued(root, node, copy);
		if (copy->asked && copy->silences == 0 && now - copy->when < ROOT_INSTALL_HOLD_MS) {
			wait = true;
			root_look_again(next, copy->when + ROOT_INSTALL_HOLD_MS);
		}
	}
	if (!full || install->full == 0)
		install->full = full ? now : 0;
	wait = waits(install, wait, now, next);
	return wait || *held || (full && now - install->full < ROOT_INSTALL_ROOM_MS);
}

static void
leave(struct root *root, struct root_install *install, const struct root_node *node,
	struct root_copy *copy, int64_t now, int64_t *next)
{
	struct message message;
	int ret;

	if (is_busy(root, node, copy, now, next))
		return;
	ret = send_named(root, install, node, MESSAGE_REMOVEPIPELINE, &message);
	if (note(root, install, copy, ret, &message, now))
		copy->leaving = true;
}

/*
 * Nodes that are not on the routes. settled: the source sends along the routes of now, or nothing;
 * what it sent before is on its way for a while. held: it may go on as it did for long; whoever is
 * out, and has nobody behind it as far as we know, is not to hear it so long.
 */
static void
step_leaving(struct root *root, struct root_install *install, bool settled, bool held, int64_t now,
	int64_t *next)
{
	int64_t due = install->changed + ROOT_INSTALL_GRACE_MS;

	for (uint32_t i = install->count; i-- > 0;) {
		struct root_copy *copy = install->copies[i];
		const struct root_node *node = root_install_reach(root, copy->node);
		bool idle = settled || (held && install->taken.node_count > 0 &&
					       !root_plan_relays(&install->taken, copy->node) &&
					       !root_plan_relays(&install->asked, copy->node));

		if (root_plan_has(&install->plan, copy->node))
			continue;
		root_copy_stuck(root, copy, copy->node != install->source && !idle);
		if (node == NULL)
			root_copy_drop(root, copy);
		else if (copy->node == install->source || (idle && due <= now))
			leave(root, install, node, copy, now, next);
		else if (idle)
			root_look_again(next, due);
	}
}

static bool
step_source(struct root *root, struct root_install *install, int64_t now, int64_t *next)
{
	const struct root_node *node = reach_placed(root, install->source);
	struct root_copy *copy = root_copy_get(root, install, install->source);

	/* One that is away, or has no place, may go on as it did. */
	if (node == NULL)
		return false;
	if (!is_busy(root, node, copy, now, next)) {
		copy->leaving = false;
		tell(root, install, node, copy, now);
	}
	return !copy->asked && !copy->failed && root_has_room(root, node);
}

static void
step(struct root *root, struct root_install *install, int64_t now, int64_t *next)
{
	bool settled, held = false;

	if (install->active)
		settled = !step_others(root, install, now, next, &held) &&
			  step_source(root, install, now, next);
	else
		settled = root_copy_find(install, install->source) == NULL ||
			  root_install_reach(root, install->source) == NULL;
	step_leaving(root, install, settled, held, now, next);
}

static bool
is_settled(const struct root_install *install)
{
	for (uint32_t i = 0; i < install->count; i++) {
		if (!install->copies[i]->settled)
			return false;
	}
	return install->active;
}

/*
 * Nodes that said more than was taken, all of which they have forgotten that they can: there may be
 * more.
 */
static void
ask_strays(struct root *root)
{
	for (uint32_t i = 0; i < root->nodes.count; i++) {
		struct root_node *node = root->nodes.list[i];
		struct message ask = {.type = MESSAGE_PIPEDEFINFO};

		if (!node->strays_left || node->strays > node->strays_stuck ||
			root->installs_gone >= ROOT_INSTALL_GONE_MAX ||
			root_install_reach(root, node->id) == NULL || !root_has_room(root, node))
			continue;
		snprintf(ask.to, sizeof(ask.to), "%s", node->name);
		node->strays_left = root_send(root, &ask) != 0;
	}
}

/* Whoever had a turn is behind the rest, which begins at link, from now on. */
static void
put_behind(struct root *root, struct root_install **link)
{
	struct root_install *rest = *link;

	if (link == &root->installs || rest == NULL)
		return;
	*link = NULL;
	*root->installs_end = root->installs;
	root->installs = rest;
	root->installs_end = link;
}

/* One of the list: true if it stays there. */
static bool
step_one(struct root *root, struct root_install *install, int64_t now, int64_t *next)
{
	if (!install->settled) {
		step(root, install, now, next);
		install->settled = is_settled(install);
	}
	return install->session != NULL || install->count > 0;
}

/*
 * A turn of the round: all that are left of it, or as many as there is time for. What happened
 * meanwhile may be of one that had its turn.
 */
static void
step_turn(struct root *root, struct root_install_round *round, int64_t now)
{
	int64_t end = root_clock() + ROOT_INSTALL_TURN_MS;
	struct root_install **link = &root->installs;

	if (round->left == 0 || root->woken)
		*round = (struct root_install_round){.left = root->streams.count};
	root->woken = false;
	while (*link != NULL && round->left > 0) {
		struct root_install *install = *link;
		bool settled = install->settled;

		round->left--;
		if (step_one(root, install, now, &round->next)) {
			link = &install->next;
		} else {
			*link = install->next;
			if (root->installs_end == &install->next)
				root->installs_end = link;
			root->installs_gone--;
			root_install_end(root, install);
		}
		if (!settled && root_clock() >= end)
			break;
	}
	round->unsent |= root->unsent;
	put_behind(root, link);
}

int64_t
root_install_step(struct root *root, int64_t now)
{
	struct root_install_round *round = &root->installs_round;

	if (root->installs_since == 0)
		root->installs_since = now;
	step_turn(root, round, now);
	ask_strays(root);
	/* The rest of the round at once; but of a round in which nothing could be done no other. */
	if (round->left > 0)
		return now + 1;
	root->unsent |= round->unsent;
	return round->next;
}
