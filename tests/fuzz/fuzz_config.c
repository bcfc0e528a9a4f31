/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as a configuration, from memory (no file is opened): either there are mistakes, each
 * with a text and a line inside the bytes, or what is printed reads as the same configuration.
 */
#include <stdlib.h>
#include <string.h>

#include "config.h"

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *
print(const struct config *config, size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);

	REQUIRE(out != NULL);
	config_print(config, out);
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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_errors errs = {0};
	struct config *config, *again;
	char *first, *second;
	size_t first_size, second_size;

	config = config_load_string("fuzz", (const char *)data, size, &errs);
	if (config == NULL) {
		check_errors(&errs, data, size);
		config_errors_free(&errs);
		return 0;
	}
	REQUIRE(errs.count == 0);
	first = print(config, &first_size);
	again = config_load_string("print", first, first_size, &errs);
	REQUIRE(again != NULL);
	second = print(again, &second_size);
	REQUIRE(first_size == second_size && memcmp(first, second, first_size) == 0);
	free(first);
	free(second);
	config_free(config);
	config_free(again);
	config_errors_free(&errs);
	return 0;
}
