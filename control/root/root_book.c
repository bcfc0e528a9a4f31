/* SPDX-License-Identifier: BSD-3-Clause */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "root_book_private.h"

#define AGAIN_MS 1000 /* until what the store did not take is tried again */

/* The place of an id in the list, or where it would be. */
static uint32_t
book_place(const struct root_book *book, uint32_t id)
{
	uint32_t low = 0, high = book->count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (book->conferences[middle]->config->id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct root_conference *
root_book_conference(const struct root_book *book, uint32_t id)
{
	uint32_t place = book_place(book, id);

	return place < book->count && book->conferences[place]->config->id == id
		       ? book->conferences[place]
		       : NULL;
}

struct root_session *
root_book_session(const struct root_book *book, uint32_t conference, uint32_t session)
{
	struct root_conference *found = root_book_conference(book, conference);

	for (uint32_t i = 0; found != NULL && i < found->session_count; i++) {
		if (found->sessions[i]->config->id == session)
			return found->sessions[i];
	}
	return NULL;
}

void
root_book_insert(struct root_book *book, struct root_conference *conference)
{
	uint32_t place = book_place(book, conference->config->id);

	book->conferences = realloc(
		book->conferences, ((size_t)book->count + 1) * sizeof(*book->conferences));
	if (book->conferences == NULL)
		err(1, "conferences");
	memmove(&book->conferences[place + 1], &book->conferences[place],
		(book->count - place) * sizeof(*book->conferences));
	book->conferences[place] = conference;
	book->count++;
}

static struct root_attend *
attend_entry(struct root_conference *conference, uint32_t node)
{
	for (uint32_t i = 0; i < conference->attend_count; i++) {
		if (conference->attends[i].node == node)
			return &conference->attends[i];
	}
	return NULL;
}

void
root_book_attend_put(struct root_conference *conference, uint32_t node, bool present, int64_t since)
{
	struct root_attend *entry = attend_entry(conference, node);

	if (entry == NULL) {
		conference->attends = realloc(conference->attends,
			((size_t)conference->attend_count + 1) * sizeof(*conference->attends));
		if (conference->attends == NULL)
			err(1, "conferences");
		entry = &conference->attends[conference->attend_count++];
	}
	*entry = (struct root_attend){node, present, since};
}

void
root_book_free(struct root_book *book)
{
	for (uint32_t i = 0; i < book->count; i++)
		root_conference_free(book->conferences[i]);
	for (uint32_t i = 0; i < book->left_count; i++)
		root_book_left_free(&book->left[i]);
	free(book->conferences);
	free(book->left);
	book->conferences = NULL;
	book->left = NULL;
	book->count = book->left_count = 0;
}

/* Is one of the book what a file says? */
static bool
is_same(const struct root_conference *conference, const char *text, const char *origin)
{
	char *is;
	bool same;

	if (conference == NULL || strcmp(conference->origin, origin) != 0)
		return false;
	is = root_conference_text(conference->config);
	same = strcmp(is, text) == 0;
	free(is);
	return same;
}

/* The new conferences of a file, in its order, but for those that stay; false with error. */
static bool
make_all(struct root_book *book, const struct config *file, const char *origin, int64_t now,
	struct config_errors *errs, struct root_book_saved *saved, char *error)
{
	saved->made = calloc((size_t)file->conference_count + 1, sizeof(*saved->made));
	if (saved->made == NULL)
		err(1, "conferences");
	saved->count = 0;
	for (uint32_t i = 0; i < file->conference_count; i++) {
		const struct config_conference *config = &file->conferences[i];
		struct root_conference *old = root_book_conference(book, config->id), *made = old;
		char *text = root_conference_text(config);

		if (!is_same(old, text, origin)) {
			made = root_conference_new(text, origin, old, now, errs, error);
			saved->made[saved->count] = made;
			saved->count += made != NULL;
		}
		free(text);
		if (made == NULL)
			return false;
	}
	return true;
}

static int
save_all(struct root_book *book, struct root_conference *const *made, uint32_t count, char *error)
{
	if (root_store_begin(book->store) != 0)
		return root_book_fail(error, "%s", root_store_error(book->store));
	for (uint32_t i = 0; i < count; i++) {
		if (root_conference_save(book, made[i],
			    root_book_conference(book, made[i]->config->id), error) == 0)
			continue;
		root_store_rollback(book->store);
		return -1;
	}
	if (root_store_commit(book->store) == 0)
		return 0;
	return root_book_fail(error, "%s", root_store_error(book->store));
}

/* The new conference is that of the book from now on. */
static void
put(struct root_book *book, struct root_conference *conference)
{
	uint32_t place = book_place(book, conference->config->id);
	struct root_conference *old = root_book_conference(book, conference->config->id);

	if (old != NULL)
		book->conferences[place] = conference;
	else
		root_book_insert(book, conference);
	root_book_left_drop(book, conference->config->id);
	root_conference_replace(book, old, conference);
}

int
root_book_save(struct root_book *book, const struct config *file, const char *origin, int64_t now,
	struct config_errors *errs, struct root_book_saved *saved, char *error)
{
	if (make_all(book, file, origin, now, errs, saved, error) &&
		save_all(book, saved->made, saved->count, error) == 0)
		return 0;
	root_book_drop(saved);
	return -1;
}

void
root_book_put(struct root_book *book, struct root_book_saved *saved)
{
	for (uint32_t i = 0; i < saved->count; i++)
		put(book, saved->made[i]);
	free(saved->made);
	*saved = (struct root_book_saved){0};
}

void
root_book_drop(struct root_book_saved *saved)
{
	for (uint32_t i = 0; i < saved->count; i++)
		root_conference_free(saved->made[i]);
	free(saved->made);
	*saved = (struct root_book_saved){0};
}

int
root_book_add(struct root_book *book, const struct config *file, const char *origin, bool replace,
	int64_t now, struct config_errors *errs, char *error)
{
	struct root_book_saved saved;

	for (uint32_t i = 0; i < file->conference_count && !replace; i++) {
		if (root_book_conference(book, file->conferences[i].id) != NULL)
			return root_book_fail(error,
				"conference %u is there already; remove it first, or give this one "
				"another id",
				file->conferences[i].id);
	}
	if (book->check != NULL)
		book->check(book->ctx, file, errs);
	if (errs->count > 0)
		return root_book_fail(error, "%s:%u: %.400s", errs->list[0].where.file,
			errs->list[0].where.line, errs->list[0].text);
	if (root_book_save(book, file, origin, now, errs, &saved, error) != 0)
		return -1;
	root_book_put(book, &saved);
	return 0;
}

static int
check_fresh(const struct root_book *book, struct config_conference *fresh, char *error)
{
	const struct config file = {.conferences = fresh, .conference_count = 1};
	struct config_errors errs = {0};
	int ret = 0;

	if (fresh != NULL && book->check != NULL)
		book->check(book->ctx, &file, &errs);
	if (errs.count > 0)
		ret = root_book_fail(error, "%s", errs.list[0].text);
	config_errors_free(&errs);
	return ret;
}

int
root_book_change(struct root_book *book, struct root_conference *conference,
	const struct config_conference *config, struct config_conference *fresh, char *error)
{
	struct config_errors errs = {0};
	char *text = root_conference_text(config);
	struct root_conference *made = root_conference_new(
		text, conference->origin, conference, 0, &errs, error);
	int ret = -1;

	free(text);
	config_errors_free(&errs);
	if (made == NULL)
		return -1;
	ret = check_fresh(book, fresh, error);
	if (ret == 0)
		ret = save_all(book, &made, 1, error);
	if (ret == 0)
		put(book, made);
	else
		root_conference_free(made);
	return ret;
}

void
root_book_forget(struct root_book *book, struct root_conference *conference)
{
	uint32_t place = book_place(book, conference->config->id);

	book->count--;
	memmove(&book->conferences[place], &book->conferences[place + 1],
		(book->count - place) * sizeof(*book->conferences));
	for (uint32_t i = 0; i < conference->session_count && book->gone != NULL; i++)
		book->gone(book->ctx, conference->sessions[i]);
	root_conference_free(conference);
}

int
root_book_remove(struct root_book *book, struct root_conference *conference, char *error)
{
	if (root_store_conference_remove(book->store, conference->config->id) != 0)
		return root_book_fail(error, "%s", root_store_error(book->store));
	root_book_forget(book, conference);
	return 0;
}

bool
root_book_is_in(const struct root_conference *conference, uint32_t node)
{
	for (uint32_t i = 0; i < conference->attend_count; i++) {
		if (conference->attends[i].node == node)
			return conference->attends[i].present;
	}
	return config_is_participant(conference->config, node);
}

/* Does what nodes are to do with the session depend on whether this one is in? */
static bool
concerns(const struct config_session *session, uint32_t node)
{
	bool found = session->source == node;

	for (uint32_t i = 0; i < session->destination_count && !found; i++)
		found = session->destinations[i] == node;
	for (uint32_t i = 0; i < session->flow_count && !found; i++) {
		const struct pathlet_tree *tree = &session->flows[i].tree;

		for (unsigned int j = 0; j < tree->count && !found; j++)
			found = tree->node[j].id == node;
	}
	return found;
}

int
root_book_attend(struct root_book *book, struct root_conference *conference, uint32_t node,
	bool present, int64_t now, bool *changed, char *error)
{
	uint32_t count;
	uint32_t *nodes = root_book_present(conference, &count);
	bool before = false;

	for (uint32_t i = 0; i < count; i++)
		before |= nodes[i] == node;
	free(nodes);
	*changed = before != present;
	if (!*changed)
		return 0;
	if (root_store_attend_put(book->store, conference->config->id, node, present, now) != 0)
		return root_book_fail(error, "%s", root_store_error(book->store));
	root_book_attend_put(conference, node, present, now);
	for (uint32_t i = 0; i < conference->session_count && book->changed != NULL; i++) {
		if (concerns(conference->sessions[i]->config, node))
			book->changed(book->ctx, conference->sessions[i]);
	}
	return 0;
}

static int
set_state(struct root_book *book, struct root_session *session, enum root_state state,
	enum root_state set, int64_t now, char *error)
{
	struct root_session next = *session;

	next.state = state;
	next.set = set;
	next.since = now;
	if (root_store_session_put(book->store, session->conference->config->id,
		    session->config->id, root_session_stored(&next), now) != 0)
		return root_book_fail(error, "%s", root_store_error(book->store));
	*session = next;
	if (book->changed != NULL)
		book->changed(book->ctx, session);
	return 0;
}

int
root_book_run(struct root_book *book, struct root_session *session, bool run, int64_t now,
	bool *changed, char *error)
{
	enum root_state state = run ? ROOT_RUNNING : ROOT_STOPPED;
	int64_t ends = root_session_ends(session);
	char text[CONFIG_TIME_TEXT];

	*changed = session->state != state;
	if (ends != 0 && ends <= now)
		return root_book_fail(error, "session %u of conference %u ended at %s",
			session->config->id, session->conference->config->id,
			config_time_text(ends, text));
	return *changed ? set_state(book, session, state, state, now, error) : 0;
}

/* Did the clock go back behind a time that it had passed when the state was found? */
static bool
is_back(const struct root_session *session, int64_t when, int64_t now)
{
	return session->since >= when && when - now > ROOT_BOOK_SLACK_MS;
}

/* What it is to be now. */
static enum root_state
find_state(const struct root_session *session, int64_t now)
{
	enum root_state begin = root_session_begin(session, now);

	if (begin == ROOT_ENDED)
		return begin;
	if (session->state == ROOT_WAITING)
		return begin;
	if (session->state == ROOT_ENDED) {
		if (!is_back(session, root_session_ends(session), now))
			return ROOT_ENDED;
		return session->set != ROOT_WAITING ? session->set : begin;
	}
	if (begin == ROOT_WAITING && session->set == ROOT_WAITING &&
		is_back(session, root_session_starts(session), now))
		return begin;
	return session->state;
}

static void
tell_failed(struct root_book *book, const struct root_session *session, const char *why)
{
	bool failed = session != NULL;

	if (failed != book->tick_failed && book->failed != NULL)
		book->failed(book->ctx, session, why);
	book->tick_failed = failed;
}

/* When the time comes for something, 0 = never; does it if it has come. */
static int64_t
tick_session(struct root_book *book, struct root_session *session, int64_t now, bool *failed)
{
	enum root_state state = find_state(session, now);
	char error[ROOT_ERROR_MAX];

	if (state != session->state &&
		set_state(book, session, state, session->set, now, error) != 0) {
		tell_failed(book, session, error);
		*failed = true;
		return now + AGAIN_MS;
	}
	if (state == ROOT_WAITING)
		return root_session_starts(session);
	return state == ROOT_ENDED ? 0 : root_session_ends(session);
}

int64_t
root_book_tick(struct root_book *book, int64_t now)
{
	int64_t next = 0;
	bool failed = false;

	for (uint32_t i = 0; i < book->count; i++) {
		struct root_conference *conference = book->conferences[i];

		for (uint32_t j = 0; j < conference->session_count; j++) {
			int64_t due = tick_session(book, conference->sessions[j], now, &failed);

			if (due != 0 && (next == 0 || due < next))
				next = due;
		}
	}
	if (!failed)
		tell_failed(book, NULL, NULL);
	return next;
}
