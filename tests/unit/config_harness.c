/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_harness.h"
#include "unit.h"

struct config *
harness_load(const char *text)
{
	struct config_errors errs = {0};
	struct config *config = config_load_string("test.cfg", text, strlen(text), &errs);

	if (config == NULL)
		config_errors_print(&errs, stderr);
	assert_non_null(config);
	assert_int_equal(errs.count, 0);
	config_errors_free(&errs);
	return config;
}

void
harness_expect_message(const char *text, const char *message)
{
	struct config_errors errs = {0};
	char *got = NULL;
	size_t size;
	FILE *out;

	assert_null(config_load_string("test.cfg", text, strlen(text), &errs));
	out = open_memstream(&got, &size);
	config_errors_print(&errs, out);
	fclose(out);
	assert_string_equal(got, message);
	free(got);
	config_errors_free(&errs);
}

static char *
print(const struct config *config)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	config_print(config, out);
	fclose(out);
	return text;
}

void
harness_expect_alike(struct config *config)
{
	char *first = print(config);
	struct config *again = harness_load(first);
	char *second = print(again);

	assert_string_equal(first, second);
	free(first);
	free(second);
	config_free(again);
}
