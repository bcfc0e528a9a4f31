/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "path_text.h"

struct path_reader {
	const char *text;
	const char *at;
	struct pathlet_tree *tree;
	struct path_text_error *error;
	uint16_t column[PATHLET_TREE_MAX_NODES]; /* of each node's id; enough for any path taken */
};

static int __attribute__((format(printf, 3, 4)))
path_fail(struct path_reader *reader, const char *at, const char *format, ...)
{
	va_list args;

	reader->error->column = (unsigned int)(at - reader->text) + 1;
	va_start(args, format);
	vsnprintf(reader->error->text, sizeof(reader->error->text), format, args);
	va_end(args);
	return -1;
}

static char
path_peek(struct path_reader *reader)
{
	reader->at += strspn(reader->at, " \t\r\n");
	return *reader->at;
}

/* What stands at the reader, for a message; scratch has room for 4 bytes. */
static const char *
path_found(struct path_reader *reader, char *scratch)
{
	unsigned char c = (unsigned char)path_peek(reader);

	if (c == 0)
		return "the end";
	if (c < 0x20 || c > 0x7e)
		return "an unprintable byte";
	snprintf(scratch, 4, "'%c'", c);
	return scratch;
}

static int
path_read_id(struct path_reader *reader, uint32_t *id)
{
	const char *start;
	uint64_t value = 0;
	char scratch[4];

	path_peek(reader);
	start = reader->at;
	if (*start < '0' || *start > '9')
		return path_fail(reader, start,
			"a NodeID (1 to 2147483647) must stand here, not %s",
			path_found(reader, scratch));
	for (; *reader->at >= '0' && *reader->at <= '9'; reader->at++) {
		if (value <= NODE_ID_MAX)
			value = value * 10 + (uint64_t)(*reader->at - '0');
	}
	if (value == 0 || value > NODE_ID_MAX)
		return path_fail(reader, start, "%.*s is not a NodeID, they are 1 to 2147483647",
			(int)(reader->at - start > 32 ? 32 : reader->at - start), start);
	*id = (uint32_t)value;
	return 0;
}

static int path_read_tree(struct path_reader *reader, unsigned int depth);

/* Recursion is bounded: pathlet_tree_add() refuses what is deeper than a tree may be. */
static int
path_read_branch(struct path_reader *reader, unsigned int depth)
{
	enum pathlet_tree_fault fault;
	const char *start;
	bool destination = false;
	uint32_t id = 0;

	path_peek(reader);
	start = reader->at;
	if (path_read_id(reader, &id) < 0)
		return -1;
	if (path_peek(reader) == '*') {
		destination = true;
		reader->at++;
	}
	fault = pathlet_tree_add(reader->tree, depth, id, destination);
	if (fault != PATHLET_TREE_OK)
		return path_fail(reader, start, "node %u %s", id, pathlet_tree_fault_text(fault));
	reader->column[reader->tree->count - 1] = (uint16_t)(start - reader->text);
	if (path_peek(reader) != '>')
		return 0;
	reader->at++;
	return path_read_tree(reader, depth + 1);
}

static int
path_read_tree(struct path_reader *reader, unsigned int depth)
{
	char scratch[4];

	if (path_peek(reader) != '(')
		return path_read_branch(reader, depth);
	do {
		reader->at++;
		if (path_read_branch(reader, depth) < 0)
			return -1;
	} while (path_peek(reader) == ',');
	if (path_peek(reader) != ')')
		return path_fail(reader, reader->at, "',' or ')' must stand here, not %s",
			path_found(reader, scratch));
	reader->at++;
	return 0;
}

int
path_text_parse(const char *text, struct pathlet_tree *tree, struct path_text_error *error)
{
	struct path_reader reader = {.text = text, .at = text, .tree = tree, .error = error};
	enum pathlet_tree_fault fault;
	unsigned int at;
	char scratch[4];

	pathlet_tree_init(tree);
	if (strnlen(text, UINT16_MAX) >= UINT16_MAX)
		return path_fail(&reader, text, "a path is shorter than %u bytes", UINT16_MAX);
	if (path_read_tree(&reader, 1) < 0)
		return -1;
	if (path_peek(&reader) != 0)
		return path_fail(&reader, reader.at, "the path must end here, not go on with %s",
			path_found(&reader, scratch));
	fault = pathlet_tree_check(tree, 0, &at);
	if (fault != PATHLET_TREE_OK)
		return path_fail(&reader, text + reader.column[at], "node %u %s", tree->node[at].id,
			pathlet_tree_fault_text(fault));
	return 0;
}

struct path_writer {
	char *buf;
	size_t size;
	size_t used;
};

static void
path_put(struct path_writer *writer, const char *text)
{
	size_t bytes = strlen(text);

	if (writer->used + bytes < writer->size)
		memcpy(writer->buf + writer->used, text, bytes + 1);
	writer->used += bytes;
}

/* Writes the siblings of one depth that begin at first. */
static void
path_put_tree(struct path_writer *writer, const struct pathlet_tree *tree, unsigned int first,
	unsigned int end)
{
	bool brackets = pathlet_tree_next(tree, first) < end;
	unsigned int i;

	if (brackets)
		path_put(writer, "(");
	for (i = first; i < end; i = pathlet_tree_next(tree, i)) {
		unsigned int next = pathlet_tree_next(tree, i);
		char id[16];

		if (i > first)
			path_put(writer, ", ");
		snprintf(id, sizeof(id), "%u", tree->node[i].id);
		path_put(writer, id);
		if (next == i + 1)
			continue;
		path_put(writer, tree->node[i].destination ? "* > " : " > ");
		path_put_tree(writer, tree, i + 1, next);
	}
	if (brackets)
		path_put(writer, ")");
}

size_t
path_text_format(const struct pathlet_tree *tree, char *buf, size_t size)
{
	struct path_writer writer = {.buf = buf, .size = size};

	if (size == 0 || tree->count == 0)
		return 0;
	path_put_tree(&writer, tree, 0, tree->count);
	return writer.used < size ? writer.used : 0;
}
