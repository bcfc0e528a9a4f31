/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A container of statistics: the input's lines are names and values in turn. What is accepted can
 * be added up with others and written again, and says then what it said before.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats_message.h"

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

#define VALUES_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
split(char *text, struct message_value *values)
{
	char *save = NULL, *line = strtok_r(text, "\n", &save);
	size_t n = 0;

	for (; line != NULL && n < VALUES_MAX; n++) {
		values[n].name = line;
		values[n].value = strtok_r(NULL, "\n", &save);
		if (values[n].value == NULL)
			break;
		line = strtok_r(NULL, "\n", &save);
	}
	return n;
}

static void
check(const struct stats_stream *stream)
{
	struct stats_stream sum = {0}, again;
	struct stats_container written;
	char error[160];

	REQUIRE(stream->weight >= 1);
	for (int i = 0; i < STATS_NAME_COUNT; i++) {
		const struct stats_value *v = &stream->values[i];

		REQUIRE(v->weight <= stream->weight);
		REQUIRE(isfinite(v->mean) && v->mean >= 0 && isfinite(v->max));
		REQUIRE(memchr(v->maxnode, 0, sizeof(v->maxnode)) != NULL);
	}
	stats_stream_add(&sum, stream);
	stats_stream_add(&sum, stream);
	REQUIRE(sum.weight == 2 * stream->weight);
	stats_message_write(stream, &written);
	REQUIRE(stats_message_read(&written.container, "child", &again, error, sizeof(error)));
	REQUIRE(again.weight == stream->weight && again.has_owd == stream->has_owd);
	for (int i = 0; i < STATS_NAME_COUNT; i++)
		REQUIRE(again.values[i].weight == stream->values[i].weight &&
			again.values[i].mean == stream->values[i].mean);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct message_value values[VALUES_MAX];
	struct message_container container = {.values = values};
	struct stats_stream stream;
	char error[160], *text;

	if (size < 1)
		return 0;
	container.children = data[0];
	text = malloc(size);
	REQUIRE(text != NULL);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = 0;
	container.nb_values = split(text, values);
	if (stats_message_read(&container, "child", &stream, error, sizeof(error)))
		check(&stream);
	free(text);
	return 0;
}
