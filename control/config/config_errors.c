/* SPDX-License-Identifier: BSD-3-Clause */
#include <err.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config_private.h"

void
config_errors_add(
	struct config_errors *errs, const struct config_where *where, const char *format, ...)
{
	struct config_error *error;
	char text[2048];
	va_list args;

	if (errs->memory == NULL)
		errs->memory = config_memory_new();
	if (errs->count == errs->room) {
		errs->room = errs->room == 0 ? 16 : errs->room * 2;
		errs->list = realloc(errs->list, errs->room * sizeof(*errs->list));
		if (errs->list == NULL)
			err(1, "reading the configuration");
	}
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	error = &errs->list[errs->count];
	error->found = errs->count++;
	error->where = *where;
	error->where.file = config_memory_copy(errs->memory, where->file);
	error->text = config_memory_copy(errs->memory, text);
}

/* In the order of the lines; mistakes of one line in the order in which they were found. */
static int
config_errors_compare(const void *a, const void *b)
{
	const struct config_error *first = a, *second = b;

	if (first->where.order != second->where.order)
		return first->where.order < second->where.order ? -1 : 1;
	return first->found < second->found ? -1 : 1;
}

void
config_errors_sort(struct config_errors *errs)
{
	if (errs->count > 1)
		qsort(errs->list, errs->count, sizeof(*errs->list), config_errors_compare);
}

const char *
config_where_text(const struct config_where *where, char *text)
{
	if (where->line == 0)
		snprintf(text, CONFIG_WHERE_TEXT, "%s", where->file);
	else
		snprintf(text, CONFIG_WHERE_TEXT, "%s:%u", where->file, where->line);
	return text;
}

void
config_errors_print(const struct config_errors *errs, FILE *out)
{
	char where[CONFIG_WHERE_TEXT];

	for (size_t i = 0; i < errs->count; i++)
		fprintf(out, "%s: %s\n", config_where_text(&errs->list[i].where, where),
			errs->list[i].text);
}

void
config_errors_free(struct config_errors *errs)
{
	free(errs->list);
	config_memory_free(errs->memory);
	memset(errs, 0, sizeof(*errs));
}
