/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "stats_tree.h"

struct child {
	LIST_ENTRY(child) chain;
	char name[STATS_NODE_MAX + 1];
	uint64_t time; /* of its report */
	uint64_t seen;
	struct stats_stream *streams;
	size_t count;
};

struct stats_tree {
	LIST_HEAD(, child) children;
};

static const char *const words[STATS_NAME_COUNT] = {
#define WORD(NAME, word, text) [STATS_##NAME] = #word,
	STATS_NAMES(WORD)
#undef WORD
};

const char *
stats_name_word(enum stats_name name)
{
	return words[name];
}

bool
stats_name_find(const char *word, enum stats_name *name)
{
	for (int i = 0; i < STATS_NAME_COUNT; i++) {
		if (strcmp(words[i], word) == 0) {
			*name = (enum stats_name)i;
			return true;
		}
	}
	return false;
}

void
stats_stream_begin(struct stats_stream *stream, uint64_t id)
{
	*stream = (struct stats_stream){.id = id, .weight = 1};
}

void
stats_stream_set(struct stats_stream *stream, enum stats_name name, double value, const char *node)
{
	struct stats_value *v = &stream->values[name];

	*v = (struct stats_value){.mean = value, .weight = 1, .max = value};
	snprintf(v->maxnode, sizeof(v->maxnode), "%s", node);
	if (name == STATS_CUMPKTLOST)
		stream->lost_sum = value;
}

static void
add_value(struct stats_value *sum, const struct stats_value *part)
{
	double all = (double)sum->weight + (double)part->weight;

	if (part->weight == 0)
		return;
	if (sum->weight == 0) {
		*sum = *part;
		return;
	}
	/* As a step from the mean so far: no large sums that lose the small parts. */
	sum->mean += (part->mean - sum->mean) * ((double)part->weight / all);
	sum->weight += part->weight;
	if (part->max > sum->max) {
		sum->max = part->max;
		memcpy(sum->maxnode, part->maxnode, sizeof(sum->maxnode));
	}
}

void
stats_stream_add(struct stats_stream *sum, const struct stats_stream *part)
{
	if (sum->weight == 0)
		sum->id = part->id;
	if (sum->start == 0 || (part->start != 0 && part->start < sum->start))
		sum->start = part->start;
	if (part->end > sum->end)
		sum->end = part->end;
	sum->weight += part->weight;
	sum->lost_sum += part->lost_sum;
	for (int i = 0; i < STATS_NAME_COUNT; i++)
		add_value(&sum->values[i], &part->values[i]);
	for (int i = 0; part->has_owd && i < FERRY_STATS_DELAYS; i++)
		sum->owd[i] += part->owd[i];
	sum->has_owd |= part->has_owd;
}

struct stats_tree *
stats_tree_new(void)
{
	struct stats_tree *tree = calloc(1, sizeof(*tree));

	if (tree != NULL)
		LIST_INIT(&tree->children);
	return tree;
}

static struct child *
find(const struct stats_tree *tree, const char *name)
{
	struct child *child;

	LIST_FOREACH (child, &tree->children, chain)
		if (strcmp(child->name, name) == 0)
			return child;
	return NULL;
}

static void
drop(struct child *child)
{
	LIST_REMOVE(child, chain);
	free(child->streams);
	free(child);
}

void
stats_tree_free(struct stats_tree *tree)
{
	if (tree == NULL)
		return;
	while (!LIST_EMPTY(&tree->children))
		drop(LIST_FIRST(&tree->children));
	free(tree);
}

static int
compare(const void *a, const void *b)
{
	const struct stats_stream *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* Of a stream that was said in two pieces the later one holds; sorted, it stands later. */
static size_t
keep_last(struct stats_stream *streams, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (n > 0 && streams[n - 1].id == streams[i].id)
			n--;
		streams[n++] = streams[i];
	}
	return n;
}

/* Merges two lists that are sorted; of equal ids, more's comes later. */
static void
merge(struct stats_stream *out, const struct stats_stream *old, size_t nb_old,
	const struct stats_stream *more, size_t nb_more)
{
	size_t i = 0, k = 0;

	while (i < nb_old || k < nb_more) {
		if (k == nb_more || (i < nb_old && old[i].id <= more[k].id))
			*out++ = old[i++];
		else
			*out++ = more[k++];
	}
}

int
stats_tree_report(struct stats_tree *tree, const char *name, uint64_t time,
	const struct stats_stream *streams, size_t count, uint64_t now)
{
	struct child *child = find(tree, name);
	size_t old = child != NULL && child->time == time ? child->count : 0;
	struct stats_stream *all, *more;

	if (old + count > STATS_TREE_STREAMS_MAX)
		return -ENOSPC;
	all = malloc((old + count + 1) * sizeof(*all));
	more = malloc((count + 1) * sizeof(*more));
	if (child == NULL && all != NULL && more != NULL) {
		child = calloc(1, sizeof(*child));
		if (child != NULL) {
			snprintf(child->name, sizeof(child->name), "%s", name);
			LIST_INSERT_HEAD(&tree->children, child, chain);
		}
	}
	if (child == NULL || all == NULL || more == NULL) {
		free(all);
		free(more);
		return -ENOMEM;
	}
	if (count > 0)
		memcpy(more, streams, count * sizeof(*more));
	qsort(more, count, sizeof(*more), compare);
	merge(all, child->streams, old, more, count);
	free(more);
	free(child->streams);
	child->streams = all;
	child->count = keep_last(all, old + count);
	child->time = time;
	child->seen = now;
	return 0;
}

void
stats_tree_forget(struct stats_tree *tree, const char *name)
{
	struct child *child = find(tree, name);

	if (child != NULL)
		drop(child);
}

void
stats_tree_expire(struct stats_tree *tree, uint64_t before)
{
	struct child *child, *next;

	for (child = LIST_FIRST(&tree->children); child != NULL; child = next) {
		next = LIST_NEXT(child, chain);
		if (child->seen < before)
			drop(child);
	}
}

const struct stats_stream *
stats_tree_find(const struct stats_tree *tree, const char *name, uint64_t id)
{
	const struct child *child = find(tree, name);
	const struct stats_stream key = {.id = id};

	if (child == NULL)
		return NULL;
	return bsearch(&key, child->streams, child->count, sizeof(key), compare);
}

size_t
stats_tree_children(const struct stats_tree *tree)
{
	const struct child *child;
	size_t n = 0;

	LIST_FOREACH (child, &tree->children, chain)
		n++;
	return n;
}

/* Where a part stands, so that parts can be sorted by stream without being moved. */
static int
compare_parts(const void *a, const void *b)
{
	return compare(*(const void *const *)a, *(const void *const *)b);
}

static void
add_parts(const struct stats_stream **parts, size_t nb_parts, uint32_t children,
	struct stats_stream *out, size_t *count)
{
	*count = 0;
	for (size_t i = 0; i < nb_parts; i++) {
		if (i == 0 || parts[i]->id != parts[i - 1]->id) {
			out[*count] = (struct stats_stream){.children = children};
			++*count;
		}
		stats_stream_add(&out[*count - 1], parts[i]);
	}
}

int
stats_tree_sum(const struct stats_tree *tree, const struct stats_stream *own, size_t nb_own,
	uint32_t children, struct stats_stream **out, size_t *count)
{
	const struct child *child;
	const struct stats_stream **parts;
	size_t n = nb_own, at = 0;

	LIST_FOREACH (child, &tree->children, chain)
		n += child->count;
	parts = malloc((n + 1) * sizeof(*parts));
	*out = malloc((n + 1) * sizeof(**out));
	if (parts == NULL || *out == NULL) {
		free(parts);
		free(*out);
		return -ENOMEM;
	}
	for (size_t i = 0; i < nb_own; i++)
		parts[at++] = &own[i];
	LIST_FOREACH (child, &tree->children, chain)
		for (size_t i = 0; i < child->count; i++)
			parts[at++] = &child->streams[i];
	qsort(parts, n, sizeof(*parts), compare_parts);
	add_parts(parts, n, children, *out, count);
	free(parts);
	return 0;
}
