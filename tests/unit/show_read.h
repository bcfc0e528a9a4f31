/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads what the node of show_harness.h shows. */
#ifndef FERRY_TEST_SHOW_READ_H
#define FERRY_TEST_SHOW_READ_H

#include "show_harness.h"
#include "unit.h"

/* The integer that a path of keys leads to; list items by their place. */
static inline json_t *
at(json_t *value, const char *path)
{
	char copy[128], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *key = strtok_r(copy, ".", &save); key != NULL;
		key = strtok_r(NULL, ".", &save)) {
		value = json_is_array(value) ? json_array_get(value, (size_t)atoi(key))
					     : json_object_get(value, key);
		if (value == NULL)
			fail_msg("nothing at %s of %s", key, path);
	}
	return value;
}

static inline int64_t
number(json_t *value, const char *path)
{
	json_t *found = at(value, path);

	if (!json_is_integer(found))
		fail_msg("%s is no integer", path);
	return json_integer_value(found);
}

static inline const char *
text(json_t *value, const char *path)
{
	json_t *found = at(value, path);

	if (!json_is_string(found))
		fail_msg("%s is no text", path);
	return json_string_value(found);
}

static inline json_t *
show(struct harness *h, const char *what)
{
	const struct show_filter filter = {0};
	json_t *data = show_find(what)->show(&h->view, &filter);

	assert_non_null(data);
	return data;
}

#endif
