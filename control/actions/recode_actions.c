/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capacity.h"
#include "recode.h"
#include "recode_actions.h"

static const uint8_t hows[] = {
	[CONFIG_RECODE_NEVER] = RECODE_NEVER,
	[CONFIG_RECODE_LOSSY] = RECODE_LOSSY,
	[CONFIG_RECODE_ALWAYS] = RECODE_ALWAYS,
};

/* Where a key is, or would be. */
static uint32_t
place(const struct session_book *book, uint64_t key)
{
	uint32_t low = 0, high = book->nb_recodes;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (book->recodes[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct session_recode *
find(const struct session_book *book, uint64_t key)
{
	uint32_t i = place(book, key);

	return i < book->nb_recodes && book->recodes[i].key == key ? &book->recodes[i] : NULL;
}

const struct session_recode *
recode_of(const struct session_book *book, uint32_t conference, uint32_t session)
{
	return find(book, session_key(conference, session));
}

static int
add(struct session_book *book, uint64_t key, bool later)
{
	uint32_t i = place(book, key);
	struct session_recode *grown = reallocarray(
		book->recodes, (size_t)book->nb_recodes + 1, sizeof(*grown));

	if (grown == NULL)
		return -ENOMEM;
	memmove(grown + i + 1, grown + i, (book->nb_recodes - i) * sizeof(*grown));
	grown[i] = (struct session_recode){.key = key, .later = later};
	book->recodes = grown;
	book->nb_recodes++;
	return 0;
}

static void
drop(struct session_book *book, uint64_t key)
{
	uint32_t i = place(book, key);

	book->nb_recodes--;
	memmove(book->recodes + i, book->recodes + i + 1,
		(book->nb_recodes - i) * sizeof(*book->recodes));
}

static int
set(struct session_book *book, uint64_t key, uint32_t how, bool later, char *error, size_t size)
{
	static const struct config_capacity one = {.recodes = 1};
	struct session_recode *recode = find(book, key);
	bool is_new = recode == NULL;
	int ret = 0;

	if (is_new && later)
		ret = capacity_check(book, &one, error, size);
	if (ret != 0)
		return ret;
	if (is_new)
		ret = add(book, key, later);
	if (ret == 0) {
		ret = node_set_recode(book->node, (uint32_t)(key >> 32), (uint32_t)key, hows[how]);
		if (ret == 0)
			find(book, key)->how = how;
		else if (is_new)
			drop(book, key);
	}
	if (ret != 0)
		snprintf(error, size, "out of memory for sessions that are recoded");
	return ret;
}

int
recode_set(struct session_book *book, uint32_t conference, uint32_t session, uint32_t how,
	bool *changed, char *error, size_t size)
{
	const struct session_recode *recode = recode_of(book, conference, session);

	*changed = recode == NULL || recode->how != how;
	if (conference == 0 || session == 0) {
		snprintf(error, size, "conference and session are 1 to 4294967295, not 0");
		return -EINVAL;
	}
	if (!*changed)
		return 0;
	return set(book, session_key(conference, session), how, true, error, size);
}

int
recode_remove(struct session_book *book, uint32_t conference, uint32_t session, bool *changed,
	char *error, size_t size)
{
	(void)error;
	(void)size;
	*changed = recode_of(book, conference, session) != NULL;
	if (!*changed)
		return 0;
	node_remove_recode(book->node, conference, session);
	drop(book, session_key(conference, session));
	return 0;
}

/* Of a rateless session relays pass on which generations are decoded. */
static bool
is_for(const struct session_book *book, const struct config_session *session)
{
	uint32_t self = book->node->id;

	return config_recode_at(session, self) != CONFIG_RECODE_NEVER ||
	       (session->coding != NULL && session->coding->repair == CONFIG_REPAIR_RATELESS &&
		       session->source != self);
}

int
recode_check(const struct session_book *book, const struct config_session *session, bool later,
	char *error, size_t size)
{
	static const struct config_capacity one = {.recodes = 1};
	uint32_t most = book->config->node.capacity.recode_k;

	if (!later || !is_for(book, session))
		return 0;
	if (session->coding->k > most) {
		snprintf(error, size,
			"generations of the session are of %u packets, but this node recodes those "
			"of up to %u at run time: k must be smaller, or the node started with a "
			"larger capacity.recode_k",
			session->coding->k, most);
		return -ENOSPC;
	}
	return recode_of(book, session->conference, session->id) == NULL
		       ? capacity_check(book, &one, error, size)
		       : 0;
}

int
recode_configure(struct session_book *book, const struct config_session *session, bool later,
	char *error, size_t size)
{
	uint32_t how = config_recode_at(session, book->node->id);
	bool changed;
	int ret;

	if (!is_for(book, session))
		return recode_remove(book, session->conference, session->id, &changed, error, size);
	ret = recode_check(book, session, later, error, size);
	return ret != 0 ? ret
			: set(book, session_key(session->conference, session->id), how, later,
				  error, size);
}
