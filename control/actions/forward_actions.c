/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capacity.h"
#include "forward_actions.h"

/* Where a key is, or would be. */
static uint32_t
place(const struct session_book *book, uint64_t key)
{
	uint32_t low = 0, high = book->nb_forwards;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (book->forwards[middle] < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool
forward_is(const struct session_book *book, uint32_t conference, uint32_t session)
{
	uint64_t key = session_key(conference, session);
	uint32_t i = place(book, key);

	return i < book->nb_forwards && book->forwards[i] == key;
}

/* For one more: there is room for the next power of two, had when the count reaches one. */
static int
make_room(struct session_book *book)
{
	uint64_t *grown;

	if ((book->nb_forwards & (book->nb_forwards - 1)) != 0)
		return 0;
	grown = reallocarray(
		book->forwards, book->nb_forwards == 0 ? 1 : book->nb_forwards * 2, sizeof(*grown));
	if (grown == NULL)
		return -ENOMEM;
	book->forwards = grown;
	return 0;
}

int
forward_add(struct session_book *book, uint32_t conference, uint32_t session, bool *changed,
	char *error, size_t size)
{
	static const struct config_capacity one = {.forwards = 1};
	uint64_t key = session_key(conference, session);
	uint32_t i = place(book, key);
	int ret;

	*changed = false;
	if (conference == 0 || session == 0) {
		snprintf(error, size, "conference and session are 1 to 4294967295, not 0");
		return -EINVAL;
	}
	if (forward_is(book, conference, session))
		return 0;
	ret = capacity_check(book, &one, error, size);
	if (ret != 0)
		return ret;
	if (make_room(book) < 0 || node_know_session(book->node, conference, session) < 0) {
		snprintf(error, size, "out of memory");
		return -ENOMEM;
	}
	memmove(book->forwards + i + 1, book->forwards + i,
		(book->nb_forwards - i) * sizeof(*book->forwards));
	book->forwards[i] = key;
	book->nb_forwards++;
	*changed = true;
	return 0;
}

int
forward_remove(struct session_book *book, uint32_t conference, uint32_t session, bool *changed,
	char *error, size_t size)
{
	uint32_t i = place(book, session_key(conference, session));

	*changed = forward_is(book, conference, session);
	if (!*changed && session_book_find(book, conference, session) != NULL) {
		snprintf(error, size,
			"session %u of conference %u is forwarded because it is defined here: "
			"remove "
			"the session",
			session, conference);
		return -EBUSY;
	}
	if (!*changed)
		return 0;
	book->nb_forwards--;
	memmove(book->forwards + i, book->forwards + i + 1,
		(book->nb_forwards - i) * sizeof(*book->forwards));
	if (session_book_find(book, conference, session) == NULL)
		node_forget_session(book->node, conference, session);
	return 0;
}
