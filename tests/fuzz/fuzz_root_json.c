/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as conferences in JSON: either there are mistakes, each with a text and a line inside
 * the bytes, or what is printed of each conference reads as the same conference.
 */
#include <stdlib.h>
#include <string.h>

#include "root_json.h"

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *
print(const struct config_conference *conference, size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);

	REQUIRE(out != NULL);
	config_print_conference(conference, out);
	REQUIRE(fclose(out) == 0);
	return text;
}

static void
check_errors(const struct config_errors *errs, const uint8_t *data, size_t size)
{
	size_t lines = 1;

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	REQUIRE(errs->count > 0);
	for (size_t i = 0; i < errs->count; i++) {
		REQUIRE(errs->list[i].where.line <= lines);
		REQUIRE(errs->list[i].text[0] != 0);
	}
}

static void
check_conference(const struct config_conference *conference)
{
	struct config_errors errs = {0};
	size_t first_size, second_size;
	char *first = print(conference, &first_size), *second;
	struct config *again = config_load_conferences_string("print", first, first_size, &errs);

	REQUIRE(again != NULL && again->conference_count == 1);
	second = print(again->conferences, &second_size);
	REQUIRE(first_size == second_size && memcmp(first, second, first_size) == 0);
	free(first);
	free(second);
	config_free(again);
	config_errors_free(&errs);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_errors errs = {0};
	struct config *config;

	config = root_json_load_string("fuzz", (const char *)data, size, true, &errs);
	if (config == NULL)
		check_errors(&errs, data, size);
	for (uint32_t i = 0; config != NULL && i < config->conference_count; i++)
		check_conference(&config->conferences[i]);
	config_free(config);
	config_errors_free(&errs);
	return 0;
}
