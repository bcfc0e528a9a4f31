/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any text either is refused with a reason, or sets keys to values in their ranges that read the
 * same when they are written and read again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "impair_list.h"

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_again(const struct impair_settings *settings, uint32_t given)
{
	char text[IMPAIR_KEYS * (IMPAIR_TEXT + 16)] = "", value[IMPAIR_TEXT];
	char reason[IMPAIR_LIST_REASON];
	struct impair_settings again;
	uint32_t given_again = 0;
	size_t used = 0;

	for (unsigned int i = 0; i < IMPAIR_KEYS; i++) {
		const struct impair_key *key = &impair_keys[i];

		if ((given & 1u << i) == 0)
			continue;
		REQUIRE(impair_settings_value(settings, key) >= key->min);
		REQUIRE(impair_settings_value(settings, key) <= key->max);
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s=%s",
			used == 0 ? "" : ",", key->name,
			impair_value_text(key, impair_settings_value(settings, key), value));
	}
	impair_settings_init(&again);
	REQUIRE(impair_list_parse(text, &again, &given_again, reason) == 0);
	REQUIRE(given_again == given && memcmp(&again, settings, sizeof(again)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), reason[IMPAIR_LIST_REASON] = "";
	struct impair_settings settings;
	uint32_t given = 0;

	REQUIRE(text != NULL);
	memcpy(text, data, size);
	text[size] = 0;
	impair_settings_init(&settings);
	if (impair_list_parse(text, &settings, &given, reason) < 0) {
		REQUIRE(reason[0] != 0);
	} else {
		REQUIRE(given != 0);
		check_again(&settings, given);
		if (impair_settings_finish(&settings, given, reason, sizeof(reason)) == NULL)
			(void)impair_settings_line(&settings);
	}
	free(text);
	return 0;
}
