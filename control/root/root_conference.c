/* SPDX-License-Identifier: BSD-3-Clause */
/* One conference of the book: made from its text, and made anew when that changes. */
#include <err.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "root_book_private.h"

int
root_book_fail(char *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, ROOT_ERROR_MAX, format, args);
	va_end(args);
	return -1;
}

int64_t
root_session_starts(const struct root_session *session)
{
	int64_t own = session->config->starts, all = session->conference->config->starts;

	return own != 0 ? own : all;
}

int64_t
root_session_ends(const struct root_session *session)
{
	int64_t own = session->config->ends, all = session->conference->config->ends;

	return own != 0 && (all == 0 || own < all) ? own : all;
}

const char *
root_state_name(enum root_state state)
{
	static const char *const names[] = {[ROOT_WAITING] = "waiting",
		[ROOT_RUNNING] = "running",
		[ROOT_STOPPED] = "stopped",
		[ROOT_ENDED] = "ended"};

	return names[state];
}

enum root_state
root_session_begin(const struct root_session *session, int64_t now)
{
	int64_t starts = root_session_starts(session), ends = root_session_ends(session);

	if (ends != 0 && ends <= now)
		return ROOT_ENDED;
	if (starts > now)
		return ROOT_WAITING;
	return session->config->start ? ROOT_RUNNING : ROOT_STOPPED;
}

uint32_t
root_session_stored(const struct root_session *session)
{
	return (uint32_t)session->state | (uint32_t)session->set << 8;
}

bool
root_session_read(struct root_session *session, uint32_t stored)
{
	if ((stored & 0xff) > ROOT_ENDED || stored >> 8 > ROOT_STOPPED)
		return false;
	session->state = (enum root_state)(stored & 0xff);
	session->set = (enum root_state)(stored >> 8);
	return true;
}

char *
root_conference_text(const struct config_conference *config)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		err(1, "conferences");
	config_print_conference(config, out);
	if (fclose(out) != 0)
		err(1, "conferences");
	return text;
}

static struct root_session *
find_session(const struct root_conference *conference, uint32_t id)
{
	for (uint32_t i = 0; conference != NULL && i < conference->session_count; i++) {
		if (conference->sessions[i]->config->id == id)
			return conference->sessions[i];
	}
	return NULL;
}

/* Have the times changed, so that a state that comes of them must be found anew? */
static bool
is_other_time(const struct root_session *a, const struct root_session *b)
{
	return root_session_starts(a) != root_session_starts(b) ||
	       root_session_ends(a) != root_session_ends(b);
}

static void
take_session(struct root_conference *conference, uint32_t i, const struct root_conference *old,
	int64_t now)
{
	const struct config_session *config = &conference->config->sessions[i];
	const struct root_session *before = find_session(old, config->id);
	struct root_session *session = calloc(1, sizeof(*session));

	if (session == NULL)
		err(1, "conferences");
	conference->sessions[i] = session;
	session->conference = conference;
	session->config = config;
	session->since = now;
	session->state = root_session_begin(session, now);
	if (before == NULL)
		return;
	session->install = before->install;
	if (before->state == session->state ||
		(before->state != ROOT_WAITING && before->state != ROOT_ENDED) ||
		!is_other_time(before, session)) {
		session->state = before->state;
		session->set = before->set;
		session->since = before->since;
	}
}

static void
take_attends(struct root_conference *conference, const struct root_conference *old)
{
	size_t bytes;

	if (old == NULL || old->attend_count == 0)
		return;
	bytes = old->attend_count * sizeof(*old->attends);
	conference->attends = malloc(bytes);
	if (conference->attends == NULL)
		err(1, "conferences");
	memcpy(conference->attends, old->attends, bytes);
	conference->attend_count = old->attend_count;
}

struct root_conference *
root_conference_new(const char *text, const char *origin, const struct root_conference *old,
	int64_t now, struct config_errors *errs, char *error)
{
	struct root_conference *conference;
	struct config *file = config_load_conferences_string(
		origin[0] != 0 ? origin : "conference", text, strlen(text), errs);

	if (file == NULL || errs->count > 0) {
		root_book_fail(error, "%s", errs->count > 0 ? errs->list[0].text : "no conference");
		config_free(file);
		return NULL;
	}
	conference = calloc(1, sizeof(*conference));
	if (conference == NULL)
		err(1, "conferences");
	conference->file = file;
	conference->config = file->conferences;
	conference->origin = strdup(origin);
	conference->session_count = conference->config->session_count;
	conference->sessions = calloc(conference->session_count + 1, sizeof(*conference->sessions));
	if (conference->origin == NULL || conference->sessions == NULL)
		err(1, "conferences");
	for (uint32_t i = 0; i < conference->session_count; i++)
		take_session(conference, i, old, now);
	take_attends(conference, old);
	return conference;
}

void
root_conference_free(struct root_conference *conference)
{
	if (conference == NULL)
		return;
	for (uint32_t i = 0; i < conference->session_count; i++)
		free(conference->sessions[i]);
	free(conference->sessions);
	free(conference->attends);
	free(conference->origin);
	config_free(conference->file);
	free(conference);
}

void
root_conference_replace(
	struct root_book *book, struct root_conference *old, struct root_conference *conference)
{
	for (uint32_t i = 0; old != NULL && i < old->session_count; i++) {
		struct root_session *session = old->sessions[i];

		if (find_session(conference, session->config->id) == NULL && book->gone != NULL)
			book->gone(book->ctx, session);
	}
	for (uint32_t i = 0; i < conference->session_count && book->changed != NULL; i++)
		book->changed(book->ctx, conference->sessions[i]);
	root_conference_free(old);
}

int
root_conference_save(struct root_book *book, const struct root_conference *conference,
	const struct root_conference *old, char *error)
{
	struct root_store *store = book->store;
	uint32_t id = conference->config->id;
	char *text = root_conference_text(conference->config);
	/* One that was left out may be there, with sessions of its own. */
	int ret = old == NULL ? root_store_conference_remove(store, id) : 0;

	if (ret == 0)
		ret = root_store_conference_put(store, id, conference->origin, text);
	free(text);
	for (uint32_t i = 0; ret == 0 && old != NULL && i < old->session_count; i++) {
		if (find_session(conference, old->sessions[i]->config->id) == NULL)
			ret = root_store_session_remove(store, id, old->sessions[i]->config->id);
	}
	for (uint32_t i = 0; ret == 0 && i < conference->session_count; i++) {
		const struct root_session *session = conference->sessions[i];

		ret = root_store_session_put(store, id, session->config->id,
			root_session_stored(session), session->since);
	}
	return ret == 0 ? 0 : root_book_fail(error, "%s", root_store_error(store));
}
