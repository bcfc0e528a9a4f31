/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stats_message.h"

#define SUM    "cumpktlost.sum"
#define OWD    "owd"
#define WEIGHT "weight"

static_assert(STATS_NODE_MAX == MESSAGE_NAME_MAX, "names of nodes");
/* Values of 24 bytes (%.17g, 20 digits) with their 0, names of nodes, and the counts of owd. */
static_assert(STATS_NAME_COUNT * (3 * 26 + STATS_NODE_MAX + 1) + 2 * 26 + FERRY_STATS_DELAYS * 21 +
			      STATS_NAME_COUNT * 4 * 24 <
		      sizeof(((struct stats_container *)0)->text),
	"room for all texts");

struct filler {
	struct stats_container *out;
	size_t at; /* in text */
};

static uint64_t
at_most(uint64_t value, uint64_t most)
{
	return value < most ? value : most;
}

/* Copies a text; it stays until the container goes. */
static const char *
keep(struct filler *f, const char *text)
{
	char *copy = f->out->text + f->at;

	f->at += strlen(text) + 1;
	assert(f->at <= sizeof(f->out->text));
	strcpy(copy, text);
	return copy;
}

static void
put(struct filler *f, const char *name, const char *suffix, const char *value)
{
	char whole[40];

	snprintf(whole, sizeof(whole), "%s%s", name, suffix);
	f->out->values[f->out->container.nb_values++] = (struct message_value){
		.name = keep(f, whole), .value = keep(f, value)};
}

static void
put_real(struct filler *f, const char *name, const char *suffix, double value)
{
	char text[40];

	/* All digits: a mean of means must not lose any on its way up. */
	snprintf(text, sizeof(text), "%.17g", value);
	put(f, name, suffix, text);
}

static void
put_count(struct filler *f, const char *name, const char *suffix, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	put(f, name, suffix, text);
}

static void
put_owd(struct filler *f, const uint64_t owd[FERRY_STATS_DELAYS])
{
	char text[FERRY_STATS_DELAYS * 21 + 1];
	int n = 0;

	for (int i = 0; i < FERRY_STATS_DELAYS; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%s%" PRIu64, i > 0 ? " " : "",
			at_most(owd[i], STATS_COUNT_MAX));
	put(f, OWD, "", text);
}

void
stats_message_write(const struct stats_stream *stream, struct stats_container *out)
{
	struct filler f = {.out = out};

	out->container = (struct message_container){.start = stream->start,
		.end = stream->end,
		.children = stream->children,
		.id = stream->id,
		.values = out->values};
	put_count(&f, WEIGHT, "", at_most(stream->weight, STATS_WEIGHT_MAX));
	for (int i = 0; i < STATS_NAME_COUNT; i++) {
		const struct stats_value *v = &stream->values[i];
		const char *name = stats_name_word(i);

		if (v->weight == 0)
			continue;
		put_real(&f, name, "", v->mean);
		if (v->weight != stream->weight)
			put_count(&f, name, ".weight", at_most(v->weight, STATS_WEIGHT_MAX));
		put_real(&f, name, ".max", v->max);
		put(&f, name, ".maxnode", v->maxnode);
		if (i == STATS_CUMPKTLOST)
			put_real(&f, SUM, "", fmin(stream->lost_sum, STATS_VALUE_MAX));
	}
	if (stream->has_owd)
		put_owd(&f, stream->owd);
}

static const char *
find(const struct message_container *container, const char *name, const char *suffix)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < container->nb_values; i++) {
		const struct message_value *value = &container->values[i];

		if (strncmp(value->name, name, len) == 0 && strcmp(value->name + len, suffix) == 0)
			return value->value;
	}
	return NULL;
}

/* A number of at least 0, and nothing else in the text. */
static bool
read_real(const char *text, double *value)
{
	char *end;

	if (!(text[0] >= '0' && text[0] <= '9') || strlen(text) > 40 || strchr(text, 'x') != NULL)
		return false;
	*value = strtod(text, &end);
	return *end == 0 && *value <= STATS_VALUE_MAX;
}

/* A whole number; *text is moved behind it. */
static bool
read_count(const char **text, uint64_t most, uint64_t *value)
{
	const char *p = *text;

	*value = 0;
	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		uint64_t digit = (uint64_t)(*p - '0');

		if (*value > (most - digit) / 10)
			return false;
		*value = *value * 10 + digit;
	}
	*text = p;
	return true;
}

static bool
read_weight(const char *text, uint64_t *weight)
{
	return read_count(&text, STATS_WEIGHT_MAX, weight) && *text == 0 && *weight > 0;
}

static bool
read_owd(const char *text, uint64_t owd[FERRY_STATS_DELAYS])
{
	for (int i = 0; i < FERRY_STATS_DELAYS; i++) {
		if (i > 0 && *text++ != ' ')
			return false;
		/* So that no sum over all nodes there may be overflows. */
		if (!read_count(&text, STATS_COUNT_MAX, &owd[i]))
			return false;
	}
	return *text == 0;
}

static bool
wrong(char *error, size_t size, const char *name, const char *suffix, const char *value,
	const char *right)
{
	snprintf(error, size, "%s%s is \"%.64s\", it must be %s", name, suffix, value, right);
	return false;
}

static bool
read_value(const struct message_container *container, const char *sender, uint64_t nodes,
	enum stats_name which, struct stats_value *v, char *error, size_t size)
{
	static const char number[] = "a number from 0 to 1e18";
	const char *name = stats_name_word(which), *text = find(container, name, ""), *more;
	bool share = which == STATS_CPULOAD || which == STATS_FRACLOST;

	*v = (struct stats_value){0};
	if (text == NULL)
		return true;
	if (!read_real(text, &v->mean))
		return wrong(error, size, name, "", text, number);
	if (share && v->mean > 1)
		return wrong(error, size, name, "", text, "a share, 0 to 1");
	v->weight = nodes;
	v->max = v->mean;
	more = find(container, name, ".weight");
	if (more != NULL && (!read_weight(more, &v->weight) || v->weight > nodes))
		return wrong(error, size, name, ".weight", more, "1 to the stream's weight");
	more = find(container, name, ".max");
	if (more != NULL && !read_real(more, &v->max))
		return wrong(error, size, name, ".max", more, number);
	if (more != NULL && share && v->max > 1)
		return wrong(error, size, name, ".max", more, "a share, 0 to 1");
	more = find(container, name, ".maxnode");
	if (more != NULL && !message_name_valid(more))
		return wrong(error, size, name, ".maxnode", more, "a node's name");
	snprintf(v->maxnode, sizeof(v->maxnode), "%s", more != NULL ? more : sender);
	return true;
}

bool
stats_message_read(const struct message_container *container, const char *sender,
	struct stats_stream *stream, char *error, size_t size)
{
	const struct stats_value *lost = &stream->values[STATS_CUMPKTLOST];
	const char *text = find(container, WEIGHT, "");

	*stream = (struct stats_stream){.id = container->id,
		.start = container->start,
		.end = container->end,
		.children = container->children,
		.weight = UINT64_C(1) + container->children};
	if (text != NULL && !read_weight(text, &stream->weight))
		return wrong(error, size, WEIGHT, "", text, "1 to 1000000");
	for (int i = 0; i < STATS_NAME_COUNT; i++)
		if (!read_value(
			    container, sender, stream->weight, i, &stream->values[i], error, size))
			return false;
	stream->lost_sum = fmin(lost->mean * (double)lost->weight, STATS_VALUE_MAX);
	text = find(container, SUM, "");
	if (text != NULL && !read_real(text, &stream->lost_sum))
		return wrong(error, size, SUM, "", text, "a number from 0 to 1e18");
	text = find(container, OWD, "");
	stream->has_owd = text != NULL;
	if (text != NULL && !read_owd(text, stream->owd))
		return wrong(error, size, OWD, "", text, "17 counts with one blank between them");
	return true;
}

void
stats_message_blame(struct stats_stream *stream, const char *sender, stats_message_below *is_below,
	const void *ctx)
{
	for (int i = 0; i < STATS_NAME_COUNT; i++) {
		char *name = stream->values[i].maxnode;

		if (stream->values[i].weight > 0 && strcmp(name, sender) != 0 &&
			!is_below(ctx, name, sender))
			snprintf(name, sizeof(stream->values[i].maxnode), "%s", sender);
	}
}
