/* SPDX-License-Identifier: BSD-3-Clause */
#include <err.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "loss_news.h"
#include "root_losses.h"

#define MOST 0.9 /* of what loses more nothing is said but that it loses so much */

struct root_node_losses {
	uint32_t node;
	int64_t at;
	struct message_loss *to, *from;
	size_t nb_to, nb_from;
};

/* --- what nodes said ----------------------------------------------------------------------- */

/* Where a node's entry is, or would be. */
static uint32_t
place_of(const struct root_losses *losses, uint32_t node)
{
	uint32_t low = 0, high = losses->count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (losses->list[middle].node < node)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct root_node_losses *
get(struct root_losses *losses, uint32_t node)
{
	uint32_t i = place_of(losses, node);

	if (i < losses->count && losses->list[i].node == node)
		return &losses->list[i];
	losses->list = realloc(losses->list, ((size_t)losses->count + 1) * sizeof(losses->list[0]));
	if (losses->list == NULL)
		err(1, "loss of links");
	memmove(&losses->list[i + 1], &losses->list[i],
		(losses->count++ - i) * sizeof(losses->list[0]));
	losses->list[i] = (struct root_node_losses){.node = node};
	return &losses->list[i];
}

static void
set(struct message_loss **list, size_t *count, const struct message_loss *from, size_t n)
{
	struct message_loss *copy = calloc(n + 1, sizeof(*copy));

	if (copy == NULL)
		err(1, "loss of links");
	if (n > 0)
		memcpy(copy, from, n * sizeof(*copy));
	free(*list);
	*list = copy;
	*count = n;
}

bool
root_losses_take(struct root_losses *losses, uint32_t node, const struct message_links *links,
	int64_t now, char *error)
{
	struct root_node_losses *entry;

	if (links->nb_to > CONFIG_PEERS_MAX || links->nb_from > CONFIG_PEERS_MAX) {
		snprintf(error, ROOT_ERROR_MAX, "%zu and %zu links: a node has %u at most each way",
			links->nb_to, links->nb_from, CONFIG_PEERS_MAX);
		return false;
	}
	entry = get(losses, node);
	entry->at = now;
	set(&entry->to, &entry->nb_to, links->to, links->nb_to);
	set(&entry->from, &entry->nb_from, links->from, links->nb_from);
	return true;
}

void
root_losses_free(struct root_losses *losses)
{
	for (uint32_t i = 0; i < losses->count; i++) {
		free(losses->list[i].to);
		free(losses->list[i].from);
	}
	free(losses->list);
	*losses = (struct root_losses){0};
}

/* --- what a link loses --------------------------------------------------------------------- */

/* Odds; negative: not known. */
static double
find(const struct message_loss *list, size_t n, uint32_t peer)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i].peer == peer)
			return fmin(list[i].loss / (double)MESSAGE_LOSS_MAX, MOST);
	}
	return -1;
}

static const struct root_node_losses *
said_by(const struct root_losses *losses, uint32_t node, int64_t now)
{
	uint32_t i = place_of(losses, node);

	return i < losses->count && losses->list[i].node == node &&
			       now - losses->list[i].at < (int64_t)LOSS_OLD_MS
		       ? &losses->list[i]
		       : NULL;
}

/* As the node before the link knows it, which is what it goes by when it recodes. */
static double
loss_to(const struct root_losses *losses, uint32_t node, uint32_t peer, int64_t now)
{
	const struct root_node_losses *said = said_by(losses, node, now);

	return said != NULL ? find(said->to, said->nb_to, peer) : -1;
}

static double
loss_from(const struct root_losses *losses, uint32_t node, uint32_t peer, int64_t now)
{
	const struct root_node_losses *said = said_by(losses, node, now);

	return said != NULL ? find(said->from, said->nb_from, peer) : -1;
}

/* --- what a way loses ---------------------------------------------------------------------- */

/* Odds that a packet comes through; and that on links before which it was recoded. */
struct way {
	double comes, regained;
};

struct look {
	const struct root_losses *losses;
	const struct config_session *session;
	int64_t now;
};

/*
 * Does a relay recode for its next hop? One that does so only for links that lose less than the
 * one before (recode.h) knows both from its own figures.
 */
static bool
recodes(const struct look *look, uint32_t before, uint32_t relay, double onward)
{
	uint32_t how = config_recode_at(look->session, relay);

	return how == CONFIG_RECODE_ALWAYS ||
	       (how == CONFIG_RECODE_LOSSY &&
		       onward < loss_from(look->losses, relay, before, look->now));
}

/*
 * One link more. before: the node that the relay has it from, 0 if the link is the source's own,
 * which sends its repair itself. A relay that recodes regains what it knows of, no more than is
 * lost.
 */
static struct way
go_on(const struct look *look, struct way way, uint32_t before, uint32_t node, uint32_t next)
{
	double onward = loss_to(look->losses, node, next, look->now),
	       loss = loss_from(look->losses, next, node, look->now);

	if (loss < 0)
		loss = onward > 0 ? onward : 0;
	way.comes *= 1 - loss;
	if (before != 0 && onward > 0 && recodes(look, before, node, onward))
		way.regained *= 1 - (onward < loss ? onward : loss);
	return way;
}

/* The ways of one flow to a destination; false: it is on none. */
static bool
flow_way(const struct look *look, const struct pathlet_tree *tree, uint32_t destination,
	struct way *sum)
{
	/* At each depth of the way down to where we are. */
	struct way ways[PATHLET_TREE_MAX_DEPTH + 1] = {{1, 1}};
	uint32_t ids[PATHLET_TREE_MAX_DEPTH + 1] = {look->session->source};
	bool found = false;

	for (unsigned int i = 0; i < tree->count; i++) {
		unsigned int depth = tree->node[i].depth;

		ids[depth] = tree->node[i].id;
		ways[depth] = go_on(look, ways[depth - 1], depth > 1 ? ids[depth - 2] : 0,
			ids[depth - 1], ids[depth]);
		if (ids[depth] != destination || !pathlet_tree_is_destination(tree, i))
			continue;
		/* Of what several ways regain as much as each does. */
		sum->comes = found ? 1 - (1 - sum->comes) * (1 - ways[depth].comes)
				   : ways[depth].comes;
		if (!found || ways[depth].regained > sum->regained)
			sum->regained = ways[depth].regained;
		found = true;
	}
	return found;
}

/* Of a packet that takes any of the flows, by weight. */
static struct way
destination_way(const struct look *look, const struct root_plan *plan, uint32_t destination)
{
	struct way sum = {0, 0}, way;
	double weights = 0;

	for (uint32_t i = 0; i < plan->flow_count; i++) {
		double weight = plan->flows[i].weight;

		if (!flow_way(look, &plan->flows[i].tree, destination, &way))
			continue;
		sum.comes += weight * way.comes;
		sum.regained += weight * way.regained;
		weights += weight;
	}
	return weights > 0 ? (struct way){sum.comes / weights, sum.regained / weights}
			   : (struct way){1, 1};
}

/*
 * How badly off a destination is: what it loses, and once more what of that nobody regains. Repair
 * grows with both, and the first alone would let a lossy link that is recoded for hide a bad one
 * that is not.
 */
static double
badness(struct way way)
{
	return 1 - way.comes + 1 - way.comes / way.regained;
}

void
root_losses_way(const struct root_losses *losses, const struct config_session *session,
	const struct root_plan *plan, int64_t now, struct message_way *way)
{
	struct look look = {losses, session, now};
	struct way worst = {1, 1};

	for (uint32_t i = 0; i < plan->destination_count; i++) {
		struct way each = destination_way(&look, plan, plan->destinations[i]);

		if (badness(each) > badness(worst))
			worst = each;
	}
	*way = (struct message_way){.conference = session->conference,
		.session = session->id,
		.loss = (uint32_t)((1 - worst.comes) * MESSAGE_LOSS_MAX + 0.5),
		.regained = (uint32_t)((1 - worst.regained) * MESSAGE_LOSS_MAX + 0.5)};
	/* It may be more by rounding, or where several ways bring more than one can lose. */
	if (way->regained > way->loss)
		way->regained = way->loss;
}
