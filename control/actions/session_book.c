/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capacity.h"
#include "session_actions.h"
#include "session_book.h"

static uint64_t
key_of(const struct session_entry *entry)
{
	return session_key(entry->config->conference, entry->config->id);
}

static int
compare_entries(const void *a, const void *b)
{
	uint64_t l = key_of(*(struct session_entry *const *)a);
	uint64_t r = key_of(*(struct session_entry *const *)b);

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

/* The conference's place in the list, or where it would go. */
static uint32_t
conference_place(const struct session_book *book, uint32_t id)
{
	uint32_t low = 0, high = book->nb_conferences;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (book->conferences[middle]->id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct config_conference *
session_book_conference(const struct session_book *book, uint32_t conference)
{
	uint32_t i = conference_place(book, conference);

	return i < book->nb_conferences && book->conferences[i]->id == conference
		       ? book->conferences[i]
		       : NULL;
}

struct config_conference *
session_book_put_conference(struct session_book *book, const struct config_conference *conference)
{
	struct config_conference *there = session_book_conference(book, conference->id), **grown;
	uint32_t i = conference_place(book, conference->id);

	if (there == NULL) {
		there = malloc(sizeof(*there));
		grown = reallocarray(book->conferences, book->nb_conferences + 1,
			sizeof(struct config_conference *));
		if (grown != NULL)
			book->conferences = grown;
		if (there == NULL || grown == NULL) {
			free(there);
			return NULL;
		}
		memmove(grown + i + 1, grown + i, (book->nb_conferences - i) * sizeof(*grown));
		grown[i] = there;
		book->nb_conferences++;
	}
	*there = *conference;
	there->sessions = NULL;
	there->session_count = 0;
	return there;
}

void
session_book_drop_conference(struct session_book *book, uint32_t conference)
{
	uint32_t i = conference_place(book, conference);

	free(book->conferences[i]);
	book->nb_conferences--;
	memmove(book->conferences + i, book->conferences + i + 1,
		(book->nb_conferences - i) * sizeof(*book->conferences));
}

static void
take_index(struct session_book *book, struct session_entry *entry)
{
	/* The first to look at is free while entries only come. */
	entry->index = book->nb_entries;
	while (book->taken[entry->index])
		entry->index = (entry->index + 1) % book->room;
	book->taken[entry->index] = true;
	entry->number = ++book->numbers;
}

static struct session_entry *
entry_new(struct session_book *book, const struct config_session *config)
{
	struct session_entry *entry = calloc(1, sizeof(*entry));

	if (entry == NULL)
		return NULL;
	entry->config = config;
	entry->conference = session_book_conference(book, config->conference);
	if (config->source == book->node->id && take_flows(entry) != 0) {
		free(entry);
		return NULL;
	}
	take_index(book, entry);
	return entry;
}

struct session_remains {
	struct session_remains *next;
	struct config_memory *memory;
};

static void
entry_free(struct session_entry *entry)
{
	free(entry->flows);
	config_memory_free(entry->later);
	config_memory_free(entry->memory);
	free(entry);
}

static void
free_remains(struct session_book *book)
{
	while (book->remains != NULL) {
		struct session_remains *r = book->remains;

		book->remains = r->next;
		config_memory_free(r->memory);
		free(r);
	}
}

void
session_book_tick(struct session_book *book)
{
	if (book->remains != NULL && node_settled(book->node))
		free_remains(book);
}

static int
add_configured(struct session_book *book, const struct config_conference *conference)
{
	if (session_book_put_conference(book, conference) == NULL)
		return -ENOMEM;
	for (uint32_t s = 0; s < conference->session_count; s++) {
		struct session_entry *entry = entry_new(book, &conference->sessions[s]);

		if (entry == NULL)
			return -ENOMEM;
		book->entries[book->nb_entries++] = entry;
		session_ends_note(book, entry);
	}
	return 0;
}

int
session_book_init(
	struct session_book *book, struct node *node, const struct config *config, uint32_t more)
{
	int ret = 0;

	memset(book, 0, sizeof(*book));
	book->node = node;
	book->config = config;
	book->epoch = (uint16_t)(node->epoch + 1);
	book->room = more;
	for (uint32_t c = 0; c < config->conference_count; c++)
		book->room += config->conferences[c].session_count;
	book->entries = calloc((size_t)book->room + 1, sizeof(struct session_entry *));
	book->taken = calloc((size_t)book->room + 1, sizeof(*book->taken));
	if (book->entries == NULL || book->taken == NULL ||
		session_ends_init(&book->ends, book->room) != 0)
		ret = -ENOMEM;
	for (uint32_t c = 0; ret == 0 && c < config->conference_count; c++)
		ret = add_configured(book, &config->conferences[c]);
	if (ret != 0)
		session_book_free(book);
	else
		qsort(book->entries, book->nb_entries, sizeof(struct session_entry *),
			compare_entries);
	return ret;
}

void
session_book_free(struct session_book *book)
{
	for (uint32_t i = 0; i < book->nb_entries; i++)
		entry_free(book->entries[i]);
	for (uint32_t i = 0; i < book->nb_conferences; i++)
		free(book->conferences[i]);
	free_remains(book);
	free(book->forwards);
	free(book->recodes);
	free(book->entries);
	free(book->taken);
	session_ends_free(&book->ends);
	free(book->conferences);
	book->entries = NULL;
	book->taken = NULL;
	book->conferences = NULL;
	book->nb_entries = 0;
	book->nb_conferences = 0;
	book->forwards = NULL;
	book->nb_forwards = 0;
	book->recodes = NULL;
	book->nb_recodes = 0;
}

/* The entry's place in the list, or where it would go. */
static uint32_t
entry_place(const struct session_book *book, uint64_t key)
{
	uint32_t low = 0, high = book->nb_entries;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (key_of(book->entries[middle]) < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct session_entry *
session_book_find(const struct session_book *book, uint32_t conference, uint32_t session)
{
	uint64_t key = session_key(conference, session);
	uint32_t i = entry_place(book, key);

	return i < book->nb_entries && key_of(book->entries[i]) == key ? book->entries[i] : NULL;
}

bool
session_book_has_sessions(const struct session_book *book, uint32_t conference)
{
	uint32_t i = entry_place(book, session_key(conference, 0));

	return i < book->nb_entries && book->entries[i]->config->conference == conference;
}

/* Summed as they come and go: there may be very many when the next one asks for room. */
static void
count_in(struct session_book *book, struct session_entry *entry)
{
	if (!capacity_is_later(&entry->config->where))
		return;
	entry->holds = capacity_of_session(book->config, entry->config);
	book->later_packets += entry->holds;
	book->nb_later++;
}

static void
count_out(struct session_book *book, const struct session_entry *entry)
{
	if (!capacity_is_later(&entry->config->where))
		return;
	book->later_packets -= entry->holds;
	book->nb_later--;
}

void
session_book_recount(struct session_book *book, struct session_entry *entry)
{
	count_out(book, entry);
	count_in(book, entry);
	session_ends_note(book, entry);
}

static void
insert(struct session_book *book, struct session_entry *entry)
{
	uint32_t i = entry_place(book, key_of(entry));

	memmove(book->entries + i + 1, book->entries + i,
		(book->nb_entries - i) * sizeof(struct session_entry *));
	book->entries[i] = entry;
	book->nb_entries++;
	count_in(book, entry);
	session_ends_note(book, entry);
}

struct session_entry *
session_book_add(struct session_book *book, const struct config_session *config,
	struct config_memory *memory)
{
	struct session_entry *entry = NULL;

	errno = 0;
	if (session_book_find(book, config->conference, config->id) != NULL)
		errno = EEXIST;
	else if (session_book_conference(book, config->conference) == NULL)
		errno = ENOENT;
	else if (book->nb_entries == book->room)
		errno = ENOSPC;
	if (errno == 0)
		entry = entry_new(book, config);
	if (entry == NULL)
		return NULL;
	entry->memory = memory;
	insert(book, entry);
	return entry;
}

void
session_book_take(struct session_book *book, struct session_entry *entry)
{
	uint32_t i = entry_place(book, key_of(entry));

	book->nb_entries--;
	memmove(book->entries + i, book->entries + i + 1,
		(book->nb_entries - i) * sizeof(struct session_entry *));
	book->taken[entry->index] = false;
	count_out(book, entry);
	session_ends_drop(entry);
}

void
session_book_put_back(struct session_book *book, struct session_entry *entry)
{
	take_index(book, entry);
	insert(book, entry);
}

void
session_book_discard(struct session_book *book, struct session_entry *entry)
{
	/* A generator's frames, until its worker has let go of it. Without memory: for ever. */
	if (entry->memory != NULL) {
		struct session_remains *r = malloc(sizeof(*r));

		if (r != NULL) {
			*r = (struct session_remains){book->remains, entry->memory};
			book->remains = r;
		}
		entry->memory = NULL;
	}
	entry_free(entry);
}

void
session_book_remove(struct session_book *book, struct session_entry *entry)
{
	session_book_take(book, entry);
	session_book_discard(book, entry);
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
