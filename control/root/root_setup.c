/* SPDX-License-Identifier: BSD-3-Clause */
/* The root program's start, and its file read again. */
#include <err.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>

#include "config_private.h"
#include "log.h"
#include "root_sources.h"

static void
on_check(void *ctx, const struct config *file, struct config_errors *errs)
{
	const struct root *root = ctx;

	root_nodes_check(&root->nodes, &root->book, file, errs);
}

static void
on_changed(void *ctx, struct root_session *session)
{
	root_install_changed(ctx, session);
}

static void
on_gone(void *ctx, struct root_session *session)
{
	root_install_gone(ctx, session);
}

static void
on_failed(void *ctx, const struct root_session *session, const char *why)
{
	(void)ctx;
	if (session != NULL)
		log_line(LOG_ERR,
			"session %u of conference %u and others whose time has come wait for the "
			"store: %s",
			session->config->id, session->conference->config->id, why);
	else
		log_line(LOG_INFO, "no session waits for the store any more");
}

/* What two files have; of one, it was told when that was read. */
static void
check_twice(const struct root_sources *sources, struct config_errors *errs)
{
	const struct root_source *first = sources->all;

	for (uint32_t i = 1; i < sources->all_count; i++) {
		const struct root_source *each = &sources->all[i];

		if (each->id != first->id)
			first = each;
		else if (each->file != first->file)
			config_errors_add(errs, &each->conference->where,
				"conference %u is there twice, the first time at %s:%u; "
				"each must be there once",
				each->id, first->conference->where.file,
				first->conference->where.line);
	}
}

/*
 * All mistakes of all conferences, before any of them is taken: against those of the files before
 * and, if they are put into the book, against those that no file brought, which stay.
 */
static void
check_all(
	struct root *root, const struct root_sources *sources, bool put, struct config_errors *errs)
{
	struct root_book stays = {0};
	struct root_conference *others;
	uint32_t count = root->book.count;

	for (uint32_t i = 0; i < sources->count; i++)
		count += sources->files[i]->conference_count;
	others = calloc((size_t)count + 1, sizeof(*others));
	stays.conferences = calloc((size_t)count + 1, sizeof(*stays.conferences));
	if (others == NULL || stays.conferences == NULL)
		err(1, "conferences");
	for (uint32_t i = 0; i < root->book.count && put; i++) {
		if (root->book.conferences[i]->origin[0] == 0)
			stays.conferences[stays.count++] = root->book.conferences[i];
	}
	for (uint32_t i = 0; i < sources->count; i++) {
		const struct config *file = sources->files[i];

		root_nodes_check(&root->nodes, &stays, file, errs);
		for (uint32_t j = 0; j < file->conference_count; j++) {
			others[stays.count].config = &file->conferences[j];
			stays.conferences[stays.count] = &others[stays.count];
			stays.count++;
		}
	}
	check_twice(sources, errs);
	free(stays.conferences);
	free(others);
}

/*
 * Those of the book that stay as they are, all if nothing is put, against another topology: they
 * came, or were changed, at run time. At the start they are told of and kept, as was each that was
 * taken once.
 */
static void
check_book(struct root *root, const struct root_sources *sources, bool put,
	const struct config_where *where, struct config_errors *errs)
{
	static const char again[] = "it was added or changed at run time: remove it, or give it "
				    "another route, first";
	const struct root_book none = {0};
	struct config_errors mistakes = {0};

	for (uint32_t i = 0; i < root->book.count; i++) {
		const struct root_conference *each = root->book.conferences[i];

		if (!put || (each->origin[0] == 0 && !root_sources_have(sources, each->config->id)))
			root_nodes_check(&root->nodes, &none, each->file, &mistakes);
	}
	for (size_t i = 0; i < mistakes.count; i++) {
		if (errs == NULL)
			log_line(LOG_WARNING, "%s (%s)", mistakes.list[i].text, again);
		else
			config_errors_add(errs, where, "%s (%s)", mistakes.list[i].text, again);
	}
	config_errors_free(&mistakes);
}

/* What take_config() takes. */
struct taking {
	struct root_config *config;
	bool start;   /* of the program */
	bool changed; /* the topology did */
};

static int
sync_conferences(struct root *root, const struct taking *taking, struct root_sources *sources,
	struct config_errors *errs, char *error)
{
	const struct config_where where = {.file = taking->config->settings.where.file};
	char *text = NULL, *before = NULL;
	int ret = -1;
	bool put, left;

	error[0] = 0;
	if (!root_sources_read(taking->config, sources, errs))
		return -1;
	text = root_sources_text(sources);
	if (text == NULL || root_store_get(root->store, ROOT_CONFERENCES, &before) != 0) {
		snprintf(error, ROOT_ERROR_MAX, "%s", root_store_error(root->store));
		goto done;
	}
	put = before == NULL || strcmp(before, text) != 0;
	left = !put && root_sources_has_left(root, sources);
	if (put || left || taking->changed)
		check_all(root, sources, put || left, errs);
	if (taking->changed && errs->count == 0)
		check_book(root, sources, put, &where, taking->start ? NULL : errs);
	ret = errs->count > 0 ? -1 : 0;
	if (ret == 0 && put)
		ret = root_sources_save(root, sources, text, errs, error);
	else if (ret == 0 && left)
		ret = root_sources_save_left(root, sources, errs, error);
done:
	free(text);
	free(before);
	return ret;
}

void
root_check(struct root *root, struct config_errors *errs)
{
	struct root_sources sources = {0};

	root_nodes_of_file(&root->nodes, root->config);
	if (root_sources_read(root->config, &sources, errs))
		check_all(root, &sources, true, errs);
	root_sources_free(&sources);
	root_nodes_free(&root->nodes);
}

/* Says all that is wrong; the first of it in error too. 1: mistakes; -1: something failed. */
static int
told(struct config_errors *errs, char *error)
{
	int ret = errs->count > 0 ? 1 : -1;
	char where[CONFIG_WHERE_TEXT];

	if (errs->count > 0)
		snprintf(error, ROOT_ERROR_MAX, "%s: %.380s%s",
			config_where_text(&errs->list[0].where, where), errs->list[0].text,
			errs->count > 1 ? " (and more, in the log)" : "");
	if (errs->count > 0)
		config_errors_print(errs, stderr);
	else
		log_line(LOG_ERR, "%s", error);
	config_errors_free(errs);
	return ret;
}

/*
 * All of a configuration or nothing. 1: nothing has changed, with mistakes in errs, or in error how
 * the store failed; -1: that failed, and what is here is not what it has.
 */
static int
take_config(struct root *root, struct taking *taking, struct config_errors *errs, char *error)
{
	struct root_sources sources = {0};
	char ignored[ROOT_ERROR_MAX];
	int ret = -1;

	if (root_store_begin(root->store) != 0) {
		snprintf(error, ROOT_ERROR_MAX, "%s", root_store_error(root->store));
		return 1;
	}
	if (root_nodes_sync(&root->nodes, taking->config, &taking->changed, errs, error) != 0 ||
		sync_conferences(root, taking, &sources, errs, error) != 0) {
		root_store_rollback(root->store);
	} else if (root_store_commit(root->store) != 0) {
		snprintf(error, ROOT_ERROR_MAX, "%s", root_store_error(root->store));
	} else {
		root_sources_put(root, &sources);
		ret = 0;
	}
	root_sources_free(&sources);
	if (ret != 0 && root_nodes_undo(&root->nodes, ignored) == 0)
		ret = 1;
	return ret;
}

static void
make_directory(const char *path)
{
	char *copy = strdup(path);

	/* If it cannot be made, opening the store tells. */
	if (copy != NULL)
		mkdir(dirname(copy), 0755);
	free(copy);
}

int
root_store_boot(void *ctx)
{
	struct root *root = ctx;
	struct config_errors none = {0};
	char error[ROOT_ERROR_MAX];

	make_directory(root->config->settings.store);
	root->store = root_store_open(root->config->settings.store, error, sizeof(error));
	return root->store != NULL ? 0 : told(&none, error);
}

void
root_store_undo(void *ctx)
{
	struct root *root = ctx;

	root_store_close(root->store);
	root->store = NULL;
}

int
root_load(void *ctx)
{
	struct root *root = ctx;
	struct taking taking = {.config = root->config, .start = true};
	struct config_errors errs = {0};
	char error[ROOT_ERROR_MAX];

	root->book.store = root->store;
	root->book.check = on_check;
	root->book.changed = on_changed;
	root->book.gone = on_gone;
	root->book.failed = on_failed;
	root->book.ctx = root;
	if (root_nodes_load(&root->nodes, root->store, error) != 0 ||
		root_book_load(&root->book, error) != 0 ||
		take_config(root, &taking, &errs, error) != 0)
		return told(&errs, error);
	for (uint32_t i = 0; i < root->book.left_count; i++)
		log_line(LOG_ERR,
			"conference %u of the store is left out: %s; have it right in a file, or "
			"add it anew with ferryctl",
			root->book.left[i].id, root->book.left[i].why);
	for (uint32_t i = 0; i < root->book.count; i++) {
		for (uint32_t j = 0; j < root->book.conferences[i]->session_count; j++)
			root_install_changed(root, root->book.conferences[i]->sessions[j]);
	}
	return 0;
}

void
root_unload(void *ctx)
{
	struct root *root = ctx;
	char error[ROOT_ERROR_MAX];

	if (root_nodes_keep(&root->nodes, error) != 0)
		log_line(LOG_ERR, "where children connect was not kept: %s", error);
	root_install_free(root);
	root_losses_free(&root->losses);
	root_book_free(&root->book);
	root_nodes_free(&root->nodes);
}

void
root_forget_events(void *ctx)
{
	struct root *root = ctx;

	root_events_free(&root->events);
}

int
root_reload(struct root *root, char *error)
{
	struct config_errors errs = {0};
	struct root_config *config = root_config_load(root->config_path, &errs);
	struct taking taking = {.config = config};
	bool forwards;
	int ret;

	if (config == NULL)
		return told(&errs, error);
	ret = take_config(root, &taking, &errs, error);
	if (ret != 0) {
		/* The store may hold something else than we do now. */
		if (ret < 0)
			root_fail(root);
		root_config_free(config);
		return told(&errs, error);
	}
	forwards = config->settings.forwarding != root->config->settings.forwarding;
	root_config_free(root->config);
	root->config = config;
	root_stats_thresholds(root);
	root_event(&root->events, LOG_INFO, ROOT_EVENT_reloaded, NULL);
	if (taking.changed)
		root_places_changed(root, NULL);
	else if (forwards)
		root_places_again(root, NULL);
	root_wake(root);
	return 0;
}
