/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who is in the tree, and what each is told of its place. A node comes by its hello, or, if it was
 * in the tree while this program was not, by its parent's list; then it is told all again too, and
 * so are those below one that says hello again.
 */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "log.h"
#include "message.h"
#include "mgmt.h"
#include "root.h"

#define GREET_MS   300	 /* a hello may be on its way so long */
#define LOST_MS	   1000	 /* a node may be on its way to another parent so long */
#define HELLOS_MAX 16	 /* of a node, that are answered at once within HELLOS_MS */
#define HELLOS_MS  10000 /* an honest one follows some redirects, and then waits */
#define KEEP_MS	   1000	 /* between two writes of where children connect */

static json_t *
node_details(const struct root_node *node, const char *key, const char *value)
{
	return json_pack(
		"{s:s, s:I, s:s}", "node", node->name, "id", (json_int_t)node->id, key, value);
}

void
root_node_up(struct root *root, struct root_node *node, const char *parent)
{
	bool moved = node->up && parent[0] != 0 && strcmp(node->parent, parent) != 0;

	/*
	 * It was out of reach: what was on its way may have gone nowhere, so it is told all again.
	 */
	if (node->up && node->lost != 0) {
		node->greeted = false;
		node->came = root_clock();
		root_wake(root);
	}
	node->lost = 0;
	if (parent[0] != 0)
		snprintf(node->parent, sizeof(node->parent), "%s", parent);
	if (moved)
		root_event(&root->events, LOG_INFO, ROOT_EVENT_node_moved,
			node_details(node, "parent", node->parent));
	if (node->up)
		return;
	node->up = true;
	node->greeted = false;
	node->since = root_now();
	node->came = root_clock();
	root_event(&root->events, LOG_INFO, ROOT_EVENT_node_up,
		node_details(node, "parent", node->parent));
	root_wake(root);
}

void
root_node_away(struct root *root, struct root_node *node, const char *why)
{
	if (!node->up)
		return;
	node->up = false;
	node->greeted = false;
	node->place_due = 0;
	node->lost = 0;
	node->since = root_now();
	node->parent[0] = 0;
	root_event(
		&root->events, LOG_WARNING, ROOT_EVENT_node_away, node_details(node, "why", why));
	root_install_away(root, node);
}

/* Nodes whose parent this is by the topology and that are elsewhere: they can go there now. */
static void
call_children(struct root *root, const struct root_node *parent)
{
	uint32_t count;
	struct root_node *const *children = root_nodes_children(&root->nodes, parent->name, &count);

	for (uint32_t i = 0; i < count; i++) {
		struct root_node *node = children[i];

		if (node->up && node->greeted && strcmp(node->parent, parent->name) != 0)
			root_place_send(root, node);
	}
}

static void
greet(struct root *root, struct root_node *node, const uint64_t *streams, size_t count)
{
	bool again = node->greeted;

	node->greeted = true;
	if (node->place == NULL) {
		if (!again)
			root_event(&root->events, LOG_WARNING, ROOT_EVENT_node_unplaced,
				node_details(node, "parent", node->parent));
		return;
	}
	root_place_send(root, node);
	root_install_greet(root, node, streams, count);
	call_children(root, node);
}

void
root_node_greeted(struct root *root, struct root_node *node, const uint64_t *streams, size_t count)
{
	/* Each is answered with all that is below it, and all that it has is told anew. */
	if (node->place == NULL ||
		root_limit_take(&node->hello_limit, HELLOS_MAX, HELLOS_MS, root_clock())) {
		greet(root, node, streams, count);
		return;
	}
	/* As if its hello had not come: all of a while have one answer. */
	if (node->greeted)
		node->came = root_clock();
	node->greeted = false;
	root_wake(root);
}

void
root_node_ask(struct root *root, struct root_node *node)
{
	struct message ask = {.type = MESSAGE_PIPEDEFINFO};

	snprintf(ask.to, sizeof(ask.to), "%s", node->name);
	if (root_send(root, &ask) != 0)
		node->strays_left = true;
}

/* All nodes below one by the topology, near ones first, or all of it; for free(). */
static struct message_below *
list_below(const struct root *root, const char *above, size_t *count)
{
	struct message_below *list = NULL;
	const char *parent = above;
	size_t at = 0, room = 0;

	*count = 0;
	do {
		uint32_t more;
		struct root_node *const *children = root_nodes_children(
			&root->nodes, parent, &more);

		if (*count + more >= room) {
			room = 2 * (*count + more) + 1;
			list = realloc(list, room * sizeof(*list));
			if (list == NULL)
				err(1, "places");
		}
		for (uint32_t i = 0; i < more; i++)
			list[(*count)++] = (struct message_below){
				children[i]->name, parent != above ? parent : NULL};
		parent = at < *count ? list[at++].name : NULL;
		/* A store that somebody wrote into may have rings. */
	} while (parent != NULL && *count <= root->nodes.placed);
	return list;
}

void
root_places_below(struct root *root)
{
	size_t count;
	struct message_below *list = list_below(root, ROOT_SELF, &count);

	if (root->mgmt != NULL && mgmt_set_below(root->mgmt, list, count) != 0)
		err(1, "places");
	free(list);
}

/* Where it is to connect: not said while nobody is there. */
static void
fill_parent(
	const struct root *root, const struct root_place *place, struct message_redirect *parent)
{
	const struct root_node *node = root_nodes_find(&root->nodes, place->parent);

	parent->name = place->parent;
	/*
	 * One that is to be told all again has not moved: without the address its children, started
	 * anew while the root is away, would not find it.
	 */
	if (node == NULL || !node->up || (!node->greeted && node->hellos == 0) ||
		node->server[0] == 0)
		return;
	parent->server = (struct message_end){node->server, node->server_port};
}

void
root_place_send(struct root *root, struct root_node *node)
{
	const struct root_place *place = node->place;
	struct message message = {.type = MESSAGE_PLACE};
	struct message_below *below;
	struct peer_texts {
		char address[CONFIG_ADDRESS_TEXT], pacing[CONFIG_PACING_TEXT];
	} * texts;
	struct message_peer *peers;
	int ret;

	if (place == NULL) {
		node->place_due = 0;
		return;
	}
	peers = calloc((size_t)place->peer_count + 1, sizeof(*peers));
	texts = calloc((size_t)place->peer_count + 1, sizeof(*texts));
	if (peers == NULL || texts == NULL)
		err(1, "places");
	for (uint32_t i = 0; i < place->peer_count; i++) {
		const struct root_peer *from = &place->peers[i];
		const struct root_node *peer = root_nodes_find(&root->nodes, from->node);

		peers[i] = (struct message_peer){
			.id = peer != NULL ? peer->id : 0,
			.name = from->node,
			.address = underlay_addr_text(&from->peer.address, texts[i].address),
			.udp_port = (uint16_t)from->peer.udp_port,
			.port = from->port[0] != 0 ? from->port : NULL,
			.pacing = config_pacing_text(&from->peer, texts[i].pacing),
		};
	}
	snprintf(message.to, sizeof(message.to), "%s", node->name);
	below = list_below(root, node->name, &message.place.nb_below);
	message.place.node_id = node->id;
	message.place.role = root_role_name(place->role);
	message.place.forwarding = root->config->settings.forwarding == ROOT_FORWARDING_OPEN
					   ? "open"
					   : "installed";
	message.place.peers = peers;
	message.place.nb_peers = place->peer_count;
	message.place.below = below;
	fill_parent(root, place, &message.place.parent);
	/* Where it does not go for another reason, the node comes anew, and is told again. */
	ret = root_send(root, &message);
	if (ret != -EAGAIN)
		node->place_due = 0;
	else if (node->place_due == 0)
		node->place_due = 1;
	root->places_due |= node->place_due != 0;
	if (ret == -EMSGSIZE)
		root_event(&root->events, LOG_ERR, ROOT_EVENT_place_too_large,
			json_pack("{s:s, s:I}", "node", node->name, "below",
				(json_int_t)message.place.nb_below));
	free(below);
	free(peers);
	free(texts);
}

/*
 * It stayed with its parent while this program was away, and nothing is known of what its hello
 * said: those that are to be below it would not find it. Sent to where it is, it says hello again.
 * False: it cannot be told now.
 */
static bool
ask_hello(struct root *root, const struct root_node *node)
{
	struct message ask = {.type = MESSAGE_REDIRECT, .redirect = {.name = node->parent}};

	if (node->hellos != 0 || node->server[0] != 0 || node->place == NULL ||
		node->place->role == ROOT_ROLE_LEAF)
		return true;
	snprintf(ask.to, sizeof(ask.to), "%s", node->name);
	return root_send(root, &ask) == 0;
}

/* How many connections lead to it from here, as far as it is known. */
static unsigned int
steps_down(const struct root *root, const struct root_node *node)
{
	unsigned int steps = 0;

	for (; node != NULL && steps < ROOT_DEPTH_MAX; steps++)
		node = root_nodes_find(&root->nodes, node->parent);
	return steps;
}

/*
 * As many as there is room for; the ways are the new ones when all were told, or when they have
 * waited for long for one who takes little. True: they are new now, so the lists of who is in the
 * tree, which came meanwhile perhaps, are looked at again by them.
 */
static bool
tell_places(struct root *root, int64_t now)
{
	bool left = false;

	for (unsigned int step = ROOT_DEPTH_MAX; step > 0 && root->places_due; step--) {
		for (uint32_t i = 0; i < root->nodes.count; i++) {
			struct root_node *node = root->nodes.list[i];

			if (node->place_due != step)
				continue;
			if (root_has_room(root, node))
				root_place_send(root, node);
			left |= node->place_due != 0;
		}
	}
	root->places_due &= left;
	if (root->ways_due == 0 || (left && now < root->ways_due))
		return false;
	root->ways_due = 0;
	root_places_below(root);
	if (root->mgmt != NULL)
		root_listed_soon(root);
	return true;
}

int64_t
root_places_step(struct root *root, int64_t now)
{
	/* A tick that wakes the next one has that forgotten. */
	int64_t next = tell_places(root, now) ? now + 1 : 0;

	for (uint32_t i = 0; i < root->nodes.count; i++) {
		struct root_node *node = root->nodes.list[i];
		int64_t due = node->lost != 0 ? node->lost + LOST_MS : node->came + GREET_MS;

		if (!node->up || (node->lost == 0 && node->greeted))
			continue;
		if (due > now) {
			root_look_again(&next, due);
		} else if (node->lost != 0) {
			root_node_away(root, node, node->why);
		} else if (root_has_room(root, node)) {
			greet(root, node, NULL, 0);
			node->unlisted = true;
			root_node_ask(root, node);
			if (!ask_hello(root, node)) {
				node->greeted = false;
				node->came = now;
				root_look_again(&next, now + GREET_MS);
			}
		}
	}
	return next;
}

int64_t
root_servers_step(struct root *root, int64_t now)
{
	char error[ROOT_ERROR_MAX];
	bool failed;

	if (!root->nodes.servers_due)
		return 0;
	if (now < root->servers_at + KEEP_MS)
		return root->servers_at + KEEP_MS;
	root->servers_at = now;
	failed = root_nodes_keep(&root->nodes, error) != 0;
	if (failed && !root->keep_failed)
		log_line(LOG_ERR, "where children connect cannot be kept: %s", error);
	else if (!failed && root->keep_failed)
		log_line(LOG_INFO, "where children connect is kept again");
	root->keep_failed = failed;
	return failed ? now + KEEP_MS : 0;
}

/*
 * Whoever has its new place passes messages on by it, while those who move are not there yet: all
 * are told over the old ways, those far down first.
 */
void
root_places_again(struct root *root, const struct root_node *told)
{
	for (uint32_t i = 0; i < root->nodes.count; i++) {
		struct root_node *node = root->nodes.list[i];
		bool tell = node->up && node->greeted && node->place != NULL && node != told;

		node->place_due = tell ? steps_down(root, node) : 0;
	}
	root->places_due = true;
	if (root->ways_due == 0)
		root->ways_due = root_clock() + ROOT_INSTALL_ROOM_MS;
	(void)tell_places(root, root_clock());
	root_wake(root);
}

void
root_places_changed(struct root *root, const struct root_node *told)
{
	root_event(&root->events, LOG_INFO, ROOT_EVENT_topology, NULL);
	root_places_again(root, told);
}
