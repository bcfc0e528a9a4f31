/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "ctl_values.h"

static bool
is_number(const char *text)
{
	return text[0] != 0 && text[strspn(text, "0123456789")] == 0;
}

static bool
read_number(const char *text, uint64_t least, uint64_t max, uint64_t *number)
{
	uint64_t value = 0;
	bool fits = is_number(text);

	for (const char *at = text; fits && *at != 0; at++) {
		uint64_t digit = (uint64_t)(*at - '0');

		fits = value <= (max - digit) / 10 && digit <= max;
		value = value * 10 + digit;
	}
	*number = value;
	return fits && value >= least;
}

static int
tell_number(const char *text, const char *what, uint64_t least, uint64_t max, char *error)
{
	snprintf(error, CTL_ERROR_MAX, "%s is \"%.32s\", it must be an integer from %llu to %llu",
		what, text, (unsigned long long)least, (unsigned long long)max);
	return -1;
}

int
ctl_read_number(const char *text, const char *what, uint64_t max, uint64_t *number, char *error)
{
	return read_number(text, 0, max, number) ? 0 : tell_number(text, what, 0, max, error);
}

int
ctl_read_id(const char *text, const char *what, uint32_t *id, char *error)
{
	uint64_t number;

	if (!read_number(text, 1, UINT32_MAX, &number))
		return tell_number(text, what, 1, UINT32_MAX, error);
	*id = (uint32_t)number;
	return 0;
}

/* Is that what the word means: an id if it is a number, else a name. */
static bool
means(const char *text, uint32_t id, const char *name)
{
	uint64_t number;

	if (!is_number(text))
		return strcmp(text, name) == 0;
	return read_number(text, 0, UINT32_MAX, &number) && number == id;
}

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

		if (!means(text, one->id, one->name))
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
			!means(session, entry->config->id, entry->config->name))
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
		"which "
		"it has",
		conference, session);
	return NULL;
}
