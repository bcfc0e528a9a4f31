/* SPDX-License-Identifier: BSD-3-Clause */
/* A configuration's files with conferences, and what the store and the book get of them. */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "config_private.h"
#include "root_json.h"
#include "root_sources.h"

struct config *
root_read_conferences(
	const struct root_config *config, const char *path, struct config_errors *errs)
{
	size_t len = strlen(path);
	bool json = len > 5 && strcmp(path + len - 5, ".json") == 0;

	if (json)
		return root_json_load(path, config->settings.tcp == ROOT_TCP_UDP, errs);
	return config_load_conferences(path, errs);
}

void
root_sources_free(struct root_sources *sources)
{
	for (uint32_t i = 0; i < sources->count && sources->saved != NULL; i++)
		root_book_drop(&sources->saved[i]);
	free(sources->saved);
	free(sources->all);
	for (uint32_t i = 1; i < sources->count; i++)
		config_free(sources->files[i]);
	free(sources->files);
}

static int
compare_sources(const void *a, const void *b)
{
	const struct root_source *first = a, *second = b;

	if (first->id != second->id)
		return first->id < second->id ? -1 : 1;
	return first->file < second->file ? -1 : first->file > second->file;
}

static void
list_all(struct root_sources *sources)
{
	size_t room = 1;

	for (uint32_t i = 0; i < sources->count; i++)
		room += sources->files[i]->conference_count;
	sources->all = calloc(room, sizeof(*sources->all));
	if (sources->all == NULL)
		err(1, "conferences");
	for (uint32_t i = 0; i < sources->count; i++) {
		const struct config *file = sources->files[i];

		for (uint32_t j = 0; j < file->conference_count; j++)
			sources->all[sources->all_count++] = (struct root_source){
				file->conferences[j].id, i, &file->conferences[j]};
	}
	qsort(sources->all, sources->all_count, sizeof(*sources->all), compare_sources);
}

bool
root_sources_read(
	struct root_config *config, struct root_sources *sources, struct config_errors *errs)
{
	sources->files = calloc((size_t)config->file_count + 1, sizeof(*sources->files));
	sources->count = 1;
	if (sources->files == NULL)
		err(1, "conferences");
	sources->files[0] = &config->base;
	for (uint32_t i = 0; i < config->file_count; i++) {
		struct config *file = root_read_conferences(config, config->files[i].path, errs);

		if (file != NULL)
			sources->files[sources->count++] = file;
	}
	list_all(sources);
	return errs->count == 0;
}

char *
root_sources_text(const struct root_sources *sources)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (uint32_t i = 0; out != NULL && i < sources->count; i++) {
		for (uint32_t j = 0; j < sources->files[i]->conference_count; j++)
			config_print_conference(&sources->files[i]->conferences[j], out);
	}
	if (out == NULL || fclose(out) != 0)
		return NULL;
	return text;
}

bool
root_sources_have(const struct root_sources *sources, uint32_t conference)
{
	uint32_t low = 0, high = sources->all_count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (sources->all[middle].id == conference)
			return true;
		if (sources->all[middle].id < conference)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* It came from a file, and is in none now. */
static bool
is_old(const struct root_conference *conference, const struct root_sources *sources)
{
	return conference->origin[0] != 0 && !root_sources_have(sources, conference->config->id);
}

/* The same of one that the book was left without. */
static bool
is_old_left(const struct root_book_left *left, const struct root_sources *sources)
{
	return left->origin[0] != 0 && !root_sources_have(sources, left->id);
}

static const char *
source_path(const struct root_sources *sources, uint32_t i)
{
	const struct root_config *config = (const struct root_config *)sources->files[0];

	return i == 0 ? config->settings.where.file : config->files[i - 1].path;
}

int
root_sources_save(struct root *root, struct root_sources *sources, const char *text,
	struct config_errors *errs, char *error)
{
	int ret = 0;

	sources->saved = calloc(sources->count, sizeof(*sources->saved));
	if (sources->saved == NULL)
		err(1, "conferences");
	for (uint32_t i = 0; ret == 0 && i < root->book.count; i++) {
		const struct root_conference *conference = root->book.conferences[i];

		if (is_old(conference, sources))
			ret = root_store_conference_remove(root->store, conference->config->id);
	}
	for (uint32_t i = 0; ret == 0 && i < root->book.left_count; i++) {
		const struct root_book_left *left = &root->book.left[i];

		if (is_old_left(left, sources))
			ret = root_store_conference_remove(root->store, left->id);
	}
	if (ret == 0)
		ret = root_store_set(root->store, ROOT_CONFERENCES, text);
	if (ret != 0)
		snprintf(error, ROOT_ERROR_MAX, "%s", root_store_error(root->store));
	for (uint32_t i = 0; ret == 0 && i < sources->count; i++)
		ret = root_book_save(&root->book, sources->files[i], source_path(sources, i),
			root_now(), errs, &sources->saved[i], error);
	return ret;
}

int
root_sources_save_left(
	struct root *root, struct root_sources *sources, struct config_errors *errs, char *error)
{
	int ret = 0;

	sources->saved = calloc(sources->count, sizeof(*sources->saved));
	if (sources->saved == NULL)
		err(1, "conferences");
	for (uint32_t i = 0; ret == 0 && i < sources->count; i++) {
		struct config part = *sources->files[i];
		size_t room = (size_t)part.conference_count + 1;

		part.conferences = calloc(room, sizeof(*part.conferences));
		part.conference_count = 0;
		if (part.conferences == NULL)
			err(1, "conferences");
		for (uint32_t j = 0; j < sources->files[i]->conference_count; j++) {
			const struct config_conference *each = &sources->files[i]->conferences[j];

			if (root_book_left(&root->book, each->id) != NULL)
				part.conferences[part.conference_count++] = *each;
		}
		ret = root_book_save(&root->book, &part, source_path(sources, i), root_now(), errs,
			&sources->saved[i], error);
		free(part.conferences);
	}
	return ret;
}

bool
root_sources_has_left(const struct root *root, const struct root_sources *sources)
{
	for (uint32_t i = 0; i < root->book.left_count; i++) {
		if (root_sources_have(sources, root->book.left[i].id))
			return true;
	}
	return false;
}

void
root_sources_put(struct root *root, struct root_sources *sources)
{
	if (sources->saved == NULL)
		return;
	for (uint32_t i = root->book.left_count; i-- > 0;) {
		if (is_old_left(&root->book.left[i], sources))
			root_book_left_drop(&root->book, root->book.left[i].id);
	}
	for (uint32_t i = root->book.count; i-- > 0;) {
		if (is_old(root->book.conferences[i], sources))
			root_book_forget(&root->book, root->book.conferences[i]);
	}
	for (uint32_t i = 0; i < sources->count; i++)
		root_book_put(&root->book, &sources->saved[i]);
}
