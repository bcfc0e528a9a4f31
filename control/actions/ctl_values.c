/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "ctl_values.h"

static bool
is_number(const char *text)
{
	return text[0] != 0 && text[strspn(text, "0123456789")] == 0;
}

int
ctl_read_number(const char *text, const char *what, uint64_t max, uint64_t *number, char *error)
{
	uint64_t value = 0;
	bool fits = is_number(text);

	for (const char *at = text; fits && *at != 0; at++) {
		uint64_t digit = (uint64_t)(*at - '0');

		fits = value <= (max - digit) / 10 && digit <= max;
		value = value * 10 + digit;
	}
	if (!fits) {
		snprintf(error, CTL_ERROR_MAX,
			"%s is \"%.32s\", it must be an integer from 0 to %llu", what, text,
			(unsigned long long)max);
		return -1;
	}
	*number = value;
	return 0;
}

/* Is that what the word means: an id if it is a number, else a name. */
static bool
means(const char *text, uint32_t id, const char *name)
{
	char ignored[CTL_ERROR_MAX];
	uint64_t number;

	if (!is_number(text))
		return strcmp(text, name) == 0;
	return ctl_read_number(text, "", UINT32_MAX, &number, ignored) == 0 && number == id;
}

int
ctl_find_conference(
	const struct session_book *book, const char *text, uint32_t *conference, char *error)
{
	for (uint32_t i = 0; i < book->nb_conferences; i++) {
		if (means(text, book->conferences[i]->id, book->conferences[i]->name)) {
			*conference = book->conferences[i]->id;
			return 0;
		}
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
	uint32_t id;

	if (ctl_find_conference(book, conference, &id, error) != 0)
		return NULL;
	for (uint32_t i = 0; i < book->nb_entries; i++) {
		struct session_entry *entry = book->entries[i];

		if (entry->config->conference == id &&
			means(session, entry->config->id, entry->config->name))
			return entry;
	}
	snprintf(error, CTL_ERROR_MAX,
		"conference \"%.64s\" has no session \"%.64s\": \"show sessions --all\" tells "
		"which "
		"it has",
		conference, session);
	return NULL;
}
