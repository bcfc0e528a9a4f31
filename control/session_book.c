/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session_actions.h"
#include "session_book.h"

static int
compare_entries(const void *a, const void *b)
{
	const struct session_entry *left = a, *right = b;
	uint64_t l = session_key(left->config->conference, left->config->id);
	uint64_t r = session_key(right->config->conference, right->config->id);

	return (l > r) - (l < r);
}

static int
compare_flows(const void *a, const void *b)
{
	const struct session_flow *left = a, *right = b;

	return (int)left->id - (int)right->id;
}

static int
take_flows(struct session_entry *entry)
{
	const struct config_session *config = entry->config;

	entry->flows = calloc(config->flow_count + 1, sizeof(*entry->flows));
	if (entry->flows == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < config->flow_count; i++) {
		entry->flows[i].id = (uint8_t)config->flows[i].id;
		entry->used_ids[entry->flows[i].id / 64] |= UINT64_C(1) << entry->flows[i].id % 64;
		entry->flows[i].weight = config->flows[i].weight;
		entry->flows[i].tree = config->flows[i].tree;
	}
	entry->nb_flows = (uint16_t)config->flow_count;
	qsort(entry->flows, entry->nb_flows, sizeof(*entry->flows), compare_flows);
	return 0;
}

int
session_book_init(struct session_book *book, struct node *node, const struct config *config)
{
	uint32_t n = 0;

	memset(book, 0, sizeof(*book));
	book->node = node;
	book->config = config;
	for (uint32_t c = 0; c < config->conference_count; c++)
		n += config->conferences[c].session_count;
	book->entries = calloc((size_t)n + 1, sizeof(*book->entries));
	if (book->entries == NULL)
		return -ENOMEM;
	for (uint32_t c = 0; c < config->conference_count; c++) {
		const struct config_conference *conference = &config->conferences[c];

		for (uint32_t s = 0; s < conference->session_count; s++) {
			struct session_entry *entry = &book->entries[book->nb_entries++];

			entry->conference = conference;
			entry->config = &conference->sessions[s];
			if (entry->config->source == node->id && take_flows(entry) != 0) {
				session_book_free(book);
				return -ENOMEM;
			}
		}
	}
	qsort(book->entries, book->nb_entries, sizeof(*book->entries), compare_entries);
	return 0;
}

void
session_book_free(struct session_book *book)
{
	for (uint32_t i = 0; i < book->nb_entries; i++)
		free(book->entries[i].flows);
	free(book->entries);
	book->entries = NULL;
	book->nb_entries = 0;
}

struct session_entry *
session_book_find(const struct session_book *book, uint32_t conference, uint32_t session)
{
	uint64_t key = session_key(conference, session);
	uint32_t low = 0, high = book->nb_entries;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		struct session_entry *entry = &book->entries[middle];
		uint64_t there = session_key(entry->config->conference, entry->config->id);

		if (there == key)
			return entry;
		if (there < key)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

int
session_book_add_source(struct session_book *book, struct session_entry *entry,
	const struct source_params *params, char *error, size_t size)
{
	struct flow_plan *plan = session_plan(
		book, entry, entry->flows, entry->nb_flows, error, size);
	struct source *source;

	if (plan == NULL)
		return -errno;
	source = node_add_source(book->node, params, plan);
	if (source == NULL) {
		int code = errno;

		snprintf(error, size, "its source cannot be made: %s", strerror(code));
		return -code;
	}
	entry->source = source;
	session_adopt(entry->flows, entry->nb_flows, source->plan);
	return 0;
}
