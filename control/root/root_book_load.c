/* SPDX-License-Identifier: BSD-3-Clause */
/* The book as the store has it. */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "root_book_private.h"

struct loading {
	struct root_book *book;
	char *error;
};

static void
leave_out(struct root_book *book, uint32_t id, const char *origin, const char *why)
{
	struct root_book_left *left;

	book->left = realloc(book->left, ((size_t)book->left_count + 1) * sizeof(*book->left));
	if (book->left == NULL)
		err(1, "conferences");
	left = &book->left[book->left_count++];
	*left = (struct root_book_left){.id = id, .origin = strdup(origin), .why = strdup(why)};
	if (left->origin == NULL || left->why == NULL)
		err(1, "conferences");
}

const struct root_book_left *
root_book_left(const struct root_book *book, uint32_t id)
{
	for (uint32_t i = 0; i < book->left_count; i++) {
		if (book->left[i].id == id)
			return &book->left[i];
	}
	return NULL;
}

void
root_book_left_free(struct root_book_left *left)
{
	free(left->origin);
	free(left->why);
}

void
root_book_left_drop(struct root_book *book, uint32_t id)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < book->left_count; i++) {
		if (book->left[i].id == id)
			root_book_left_free(&book->left[i]);
		else
			book->left[kept++] = book->left[i];
	}
	book->left_count = kept;
}

/* One that was right for a program before this one may be wrong now: all others are to be there. */
static int
load_conference(void *ctx, uint32_t id, const char *origin, const char *text)
{
	struct root_book *book = ((struct loading *)ctx)->book;
	struct config_errors errs = {0};
	struct root_conference *conference;
	char reason[ROOT_ERROR_MAX];

	conference = root_conference_new(text, origin, NULL, 0, &errs, reason);
	config_errors_free(&errs);
	if (conference != NULL)
		root_book_insert(book, conference);
	else
		leave_out(book, id, origin, reason);
	return 0;
}

static int
load_session(void *ctx, uint32_t conference, uint32_t id, uint32_t state, int64_t since)
{
	struct loading *loading = ctx;
	struct root_session *session = root_book_session(loading->book, conference, id);

	if (root_book_left(loading->book, conference) != NULL)
		return 0;
	if (session == NULL || !root_session_read(session, state))
		return root_book_fail(loading->error,
			"session %u of conference %u of the store: there is none, or its state %u "
			"is none",
			id, conference, state);
	session->since = since;
	return 0;
}

static int
load_attend(void *ctx, uint32_t conference, uint32_t node, bool present, int64_t since)
{
	struct loading *loading = ctx;
	struct root_conference *found = root_book_conference(loading->book, conference);

	if (found != NULL)
		root_book_attend_put(found, node, present, since);
	return 0;
}

int
root_book_load(struct root_book *book, char *error)
{
	struct loading loading = {book, error};
	int ret;

	error[0] = 0;
	/* What was taken once stays, though the topology may be another now. */
	ret = root_store_conferences(book->store, load_conference, &loading);
	if (ret == 0)
		ret = root_store_sessions(book->store, load_session, &loading);
	if (ret == 0)
		ret = root_store_attends(book->store, load_attend, &loading);
	if (ret != 0 && error[0] == 0)
		root_book_fail(error, "%s", root_store_error(book->store));
	return ret == 0 ? 0 : -1;
}
