/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdbool.h>
#include <string.h>

#include <libsmartcols.h>

#include "tables.h"
#include "tables_private.h"

/* The value that a path of keys with dots between them leads to; '/' begins in the outer object. */
static const json_t *
look_up(const json_t *object, const json_t *outer, const char *path)
{
	const char *dot;
	char key[64];

	if (path[0] == '/') {
		object = outer;
		path++;
	}
	do {
		size_t len;

		dot = strchr(path, '.');
		len = dot != NULL ? (size_t)(dot - path) : strlen(path);
		if (len >= sizeof(key))
			return NULL;
		memcpy(key, path, len);
		key[len] = 0;
		object = json_object_get(object, key);
		path = dot + 1;
	} while (dot != NULL);
	return object;
}

static int
add_row(struct libscols_table *table, const struct table_spec *spec, const json_t *row,
	const json_t *outer)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	char text[TEXT_MAX];

	if (line == NULL)
		return -1;
	for (size_t i = 0; spec->columns[i].title != NULL; i++) {
		const struct table_column *column = &spec->columns[i];
		enum text_format format = column->format;

		if (format == TEXT_BY_UNIT)
			format = text_format_of(json_string_value(json_object_get(row, "unit")));
		text_value(look_up(row, outer, column->path), format, text, sizeof(text));
		if (scols_line_set_data(line, i, text) != 0)
			return -1;
	}
	return 0;
}

/* Each row of a list, or each item of a list within each row. */
static int
add_rows(struct libscols_table *table, const struct table_spec *spec, const json_t *rows)
{
	const json_t *row, *item, *list;
	size_t i, k;
	int ret = 0;

	json_array_foreach(rows, i, row)
	{
		if (spec->need != NULL && !json_is_object(look_up(row, NULL, spec->need)))
			continue;
		if (spec->inner == NULL) {
			ret |= add_row(table, spec, row, NULL);
			continue;
		}
		list = look_up(row, NULL, spec->inner);
		json_array_foreach(list, k, item)
		{
			ret |= add_row(table, spec, item, row);
		}
	}
	return ret;
}

static struct libscols_table *
new_table(const struct table_spec *spec)
{
	struct libscols_table *table = scols_new_table();

	if (table == NULL)
		return NULL;
	/* Whole values, as wide as they are: a line that wraps is better than a number cut off. */
	scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
	for (size_t i = 0; spec->columns[i].title != NULL; i++) {
		const struct table_column *column = &spec->columns[i];
		int flags = column->format == TEXT_PLAIN ? 0 : SCOLS_FL_RIGHT;

		if (scols_table_new_column(table, column->title, 0, flags) == NULL) {
			scols_unref_table(table);
			return NULL;
		}
	}
	return table;
}

static int
print_table(FILE *out, const struct table_spec *spec, const json_t *rows)
{
	struct libscols_table *table = new_table(spec);
	int ret;

	if (table == NULL)
		return -1;
	ret = add_rows(table, spec, rows);
	if (ret == 0 && !scols_table_is_empty(table)) {
		fprintf(out, "%s\n", spec->title);
		scols_table_set_stream(table, out);
		ret = scols_print_table(table);
		fputc('\n', out);
	} else if (ret == 0 && spec->empty != NULL) {
		fprintf(out, "%s\n\n", spec->empty);
	}
	scols_unref_table(table);
	return ret == 0 ? 0 : -1;
}

/* One object: a line a value. */
static void
print_pairs(FILE *out, const struct table_spec *spec, const json_t *object)
{
	char text[TEXT_MAX];
	int width = 0;

	for (size_t i = 0; spec->columns[i].title != NULL; i++) {
		int len = (int)strlen(spec->columns[i].title);

		width = len > width ? len : width;
	}
	fprintf(out, "%s\n", spec->title);
	for (size_t i = 0; spec->columns[i].title != NULL; i++) {
		const struct table_column *column = &spec->columns[i];

		fprintf(out, "  %-*s  %s\n", width, column->title,
			text_value(look_up(object, NULL, column->path), column->format, text,
				sizeof(text)));
	}
	fputc('\n', out);
}

static int
print_specs(FILE *out, const struct table_spec *specs, const char *what, const json_t *data)
{
	bool all = strcmp(what, "all") == 0;
	int ret = 0;

	for (const struct table_spec *spec = specs; spec->item != NULL; spec++) {
		const json_t *part = all ? json_object_get(data, spec->item) : data;

		if (part == NULL || (!all && strcmp(spec->item, what) != 0))
			continue;
		if (spec->pairs)
			print_pairs(out, spec, part);
		else
			ret |= print_table(out, spec,
				spec->list != NULL ? json_object_get(part, spec->list) : part);
	}
	return ret;
}

int
tables_print(FILE *out, const char *what, const json_t *data)
{
	return print_specs(out, table_specs, what, data);
}

bool
tables_is_root(const char *what)
{
	for (const struct table_spec *spec = table_root_specs; spec->item != NULL; spec++) {
		if (strcmp(spec->item, what) == 0)
			return true;
	}
	return strcmp(what, "tree") == 0;
}

/* A line a node, what is below it indented. */
static void
print_tree(FILE *out, const json_t *node, char *indent, size_t used, size_t size)
{
	const json_t *children = json_object_get(node, "children"), *child;
	size_t i;

	json_array_foreach(children, i, child)
	{
		bool last = i + 1 == json_array_size(children);
		const char *state = json_string_value(json_object_get(child, "state"));
		const char *role = json_string_value(json_object_get(child, "role"));

		fprintf(out, "%s%s%s %lld %s%s%s%s\n", indent, last ? "`- " : "|- ",
			json_string_value(json_object_get(child, "name")),
			(long long)json_integer_value(json_object_get(child, "id")),
			role != NULL ? role : "no place", strcmp(state, "up") == 0 ? "" : ", ",
			strcmp(state, "up") == 0 ? "" : state,
			json_is_true(json_object_get(child, "in_place")) ? ""
									 : ", not in its place");
		if (used + 4 >= size)
			continue;
		memcpy(indent + used, last ? "   " : "|  ", 4);
		print_tree(out, child, indent, used + 3, size);
		indent[used] = 0;
	}
}

int
tables_print_root(FILE *out, const char *what, const json_t *data)
{
	const json_t *away = json_object_get(data, "away");
	const json_t *until = json_object_get(data, "certificate_until");
	char indent[256] = "", text[TEXT_MAX];

	if (strcmp(what, "tree") != 0)
		return print_specs(out, table_root_specs, what, data);
	fprintf(out, "%s\n", json_string_value(json_object_get(data, "name")));
	print_tree(out, data, indent, 0, sizeof(indent));
	if (json_array_size(away) > 0)
		fprintf(out, "away: %s\n", text_value(away, TEXT_PLAIN, text, sizeof(text)));
	if (json_is_string(until))
		fprintf(out, "certificate of ^ valid until: %s\n", json_string_value(until));
	return 0;
}

static void
print_object(FILE *out, json_t *object)
{
	const char *key, *between = "";
	char text[TEXT_MAX];
	json_t *value;

	json_object_foreach(object, key, value)
	{
		fprintf(out, "%s%s %s", between, key,
			text_value(value, TEXT_PLAIN, text, sizeof(text)));
		between = ", ";
	}
	fputc('\n', out);
}

void
tables_print_result(FILE *out, const json_t *data)
{
	json_t *copy = json_deep_copy(data), *item;
	size_t i;

	if (json_is_object(copy))
		print_object(out, copy);
	json_array_foreach(copy, i, item)
	{
		print_object(out, item);
	}
	json_decref(copy);
}
