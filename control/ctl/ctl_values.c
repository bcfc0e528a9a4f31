/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "ctl_values.h"

/* Names need not be unique, so a name may mean two. */
static int
tell_both(const char *what, const char *text, uint32_t one, uint32_t other, char *error)
{
	snprintf(error, CTL_ERROR_MAX,
		"%s %u and %u are both called \"%.64s\": say which by its id", what, one, other,
		text);
	return -1;
}

int
ctl_find_conference(
	const struct session_book *book, const char *text, uint32_t *conference, char *error)
{
	const struct config_conference *found = NULL;

	for (uint32_t i = 0; i < book->nb_conferences; i++) {
		const struct config_conference *one = book->conferences[i];

		if (!ctl_means(text, one->id, one->name))
			continue;
		if (found != NULL)
			return tell_both("conferences", text, found->id, one->id, error);
		found = one;
	}
	if (found != NULL) {
		*conference = found->id;
		return 0;
	}
	snprintf(error, CTL_ERROR_MAX,
		"there is no conference \"%.64s\" at this node: \"show sessions "
		"--all\" tells which there are",
		text);
	return -1;
}

struct session_entry *
ctl_find_session(
	const struct session_book *book, const char *conference, const char *session, char *error)
{
	struct session_entry *found = NULL;
	uint32_t id;

	if (ctl_find_conference(book, conference, &id, error) != 0)
		return NULL;
	for (uint32_t i = 0; i < book->nb_entries; i++) {
		struct session_entry *entry = book->entries[i];

		if (entry->config->conference != id ||
			!ctl_means(session, entry->config->id, entry->config->name))
			continue;
		if (found != NULL) {
			(void)tell_both(
				"sessions", session, found->config->id, entry->config->id, error);
			return NULL;
		}
		found = entry;
	}
	if (found != NULL)
		return found;
	snprintf(error, CTL_ERROR_MAX,
		"conference \"%.64s\" has no session \"%.64s\": \"show sessions --all\" tells "
		"which it has",
		conference, session);
	return NULL;
}
