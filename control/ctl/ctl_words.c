/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "ctl_words.h"

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

bool
ctl_means(const char *word, uint32_t id, const char *name)
{
	uint64_t number;

	if (!is_number(word))
		return strcmp(word, name) == 0;
	return read_number(word, 0, UINT32_MAX, &number) && number == id;
}

int
ctl_read_events(
	unsigned int argc, const char *const *argv, uint64_t max, uint64_t *last, char *error)
{
	*last = max;
	for (unsigned int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--follow") == 0)
			continue;
		if (strcmp(argv[i], "--last") != 0 || i + 1 == argc) {
			snprintf(error, CTL_ERROR_MAX,
				CTL_USAGE_MARK
				"events: \"%.64s\" is not understood: right is \"events [--last N] "
				"[--follow]\"",
				argv[i]);
			return -1;
		}
		if (ctl_read_number(argv[++i], "N", max, last, error) != 0)
			return -1;
	}
	return 0;
}

bool
ctl_follows(const struct ctl_request *request, const json_t *reply)
{
	if (strcmp(request->argv[0], "events") != 0 || !json_is_true(json_object_get(reply, "ok")))
		return false;
	for (unsigned int i = 1; i < request->argc; i++)
		if (strcmp(request->argv[i], "--follow") == 0)
			return true;
	return false;
}
