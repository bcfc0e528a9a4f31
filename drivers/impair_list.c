/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "impair_list.h"

static void
fail_unknown(const char *name, size_t len, char *reason)
{
	int used = snprintf(reason, IMPAIR_LIST_REASON,
		"there is no key \"%.*s\", the keys are:", (int)(len < 60 ? len : 60), name);

	for (size_t i = 0; i < IMPAIR_KEYS; i++)
		used += snprintf(reason + used, IMPAIR_LIST_REASON - (size_t)used, "%s %s",
			i == 0 ? "" : ",", impair_keys[i].name);
}

/* One "key=value" of len bytes. */
static int
parse_one(const char *text, size_t len, struct impair_settings *settings, uint32_t *given,
	char *reason)
{
	const char *equals = memchr(text, '=', len);
	const struct impair_key *key;
	char value[IMPAIR_TEXT], wanted[IMPAIR_TEXT];
	size_t name_len, value_len;
	uint32_t bit;

	if (equals == NULL) {
		snprintf(reason, IMPAIR_LIST_REASON,
			"\"%.*s\" has no '=', it must be KEY=VALUE, as delay=40ms",
			(int)(len < 60 ? len : 60), text);
		return -1;
	}
	name_len = (size_t)(equals - text);
	value_len = len - name_len - 1;
	key = impair_key_find(text, name_len);
	if (key == NULL) {
		fail_unknown(text, name_len, reason);
		return -1;
	}
	bit = 1u << (key - impair_keys);
	if ((*given & bit) != 0) {
		snprintf(reason, IMPAIR_LIST_REASON,
			"%s is given twice, it must be given once for a direction", key->name);
		return -1;
	}
	snprintf(value, sizeof(value), "%.*s",
		(int)(value_len < sizeof(value) ? value_len : sizeof(value)), equals + 1);
	if (value_len >= sizeof(value) ||
		!impair_value_parse(key, value, impair_settings_field(settings, key))) {
		snprintf(reason, IMPAIR_LIST_REASON, "%s is \"%.60s\", it must be %s", key->name,
			value, impair_value_wanted(key, wanted));
		return -1;
	}
	*given |= bit;
	return 0;
}

int
impair_list_parse(const char *text, struct impair_settings *settings, uint32_t *given,
	char reason[IMPAIR_LIST_REASON])
{
	for (;;) {
		size_t len = strcspn(text, ",");

		if (parse_one(text, len, settings, given, reason) < 0)
			return -1;
		if (text[len] == 0)
			return 0;
		text += len + 1;
	}
}
