/* SPDX-License-Identifier: BSD-3-Clause */
#include <err.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "root_json_text.h"

#define WORD_KEY "Protocol"

struct cleaner {
	const char *at, *end;
	struct root_json_text *clean;
	size_t room, object_room;
	uint32_t line;
	/* What came last but blanks: 0 nothing of interest, 1 the key, 2 the key and its colon. */
	unsigned int after;
};

static void
put(struct cleaner *c, char byte)
{
	if (c->clean->size == c->room) {
		c->room = c->room == 0 ? 4096 : c->room * 2;
		c->clean->text = realloc(c->clean->text, c->room);
		if (c->clean->text == NULL)
			err(1, "reading conferences");
	}
	c->clean->text[c->clean->size++] = byte;
	c->line += byte == '\n';
}

static void
put_object(struct cleaner *c)
{
	struct root_json_text *clean = c->clean;

	if (clean->object_count == c->object_room) {
		c->object_room = c->object_room == 0 ? 256 : c->object_room * 2;
		clean->objects = realloc(clean->objects, c->object_room * sizeof(*clean->objects));
		if (clean->objects == NULL)
			err(1, "reading conferences");
	}
	clean->objects[clean->object_count++] = c->line;
}

/* False: it does not end. */
static bool
skip_comment(struct cleaner *c)
{
	const char *from = c->at;

	for (c->at += 2; c->end - c->at >= 2 && memcmp(c->at, "*/", 2) != 0; c->at++)
		;
	if (c->end - c->at < 2) {
		c->at = from;
		return false;
	}
	c->at += 2;
	put(c, ' ');
	for (; from < c->at; from++)
		if (*from == '\n')
			put(c, '\n');
	return true;
}

/* A string that does not end is the JSON parser's to tell. */
static void
copy_string(struct cleaner *c)
{
	const char *from = c->at + 1;
	size_t len;

	put(c, *c->at++);
	while (c->at < c->end && *c->at != '"' && *c->at != '\n') {
		if (*c->at == '\\' && c->end - c->at >= 2 && c->at[1] != '\n')
			put(c, *c->at++);
		put(c, *c->at++);
	}
	len = (size_t)(c->at - from);
	if (c->at < c->end && *c->at == '"')
		put(c, *c->at++);
	c->after = len == strlen(WORD_KEY) && memcmp(from, WORD_KEY, len) == 0;
}

static bool
is_letter(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
}

static bool
is_constant(const char *word, size_t len)
{
	return (len == 4 && memcmp(word, "true", 4) == 0) ||
	       (len == 5 && memcmp(word, "false", 5) == 0) ||
	       (len == 4 && memcmp(word, "null", 4) == 0);
}

static void
copy_word(struct cleaner *c)
{
	const char *from = c->at;
	bool quote;

	while (c->at < c->end && (is_letter(*c->at) || (*c->at >= '0' && *c->at <= '9')))
		c->at++;
	quote = c->after == 2 && !is_constant(from, (size_t)(c->at - from));
	if (quote)
		put(c, '"');
	for (; from < c->at; from++)
		put(c, *from);
	if (quote)
		put(c, '"');
	c->after = 0;
}

static void
copy_byte(struct cleaner *c)
{
	char byte = *c->at++;

	if (byte == '{')
		put_object(c);
	put(c, byte);
	if (byte == ':' && c->after == 1)
		c->after = 2;
	else if (strchr(" \t\r\n", byte) == NULL || byte == 0)
		c->after = 0;
}

int
root_json_text_clean(const char *text, size_t size, struct root_json_text *clean, uint32_t *line,
	const char **error)
{
	struct cleaner c = {.at = text, .end = text + size, .clean = clean, .line = 1};

	*clean = (struct root_json_text){0};
	while (c.at < c.end) {
		if (*c.at == '"') {
			copy_string(&c);
		} else if (*c.at == '/' && c.end - c.at >= 2 && c.at[1] == '*') {
			if (skip_comment(&c))
				continue;
			*line = c.line;
			*error = "a comment begins here and does not end, it must end with */";
			root_json_text_free(clean);
			return -1;
		} else if (is_letter(*c.at)) {
			copy_word(&c);
		} else {
			copy_byte(&c);
		}
	}
	return 0;
}

void
root_json_text_free(struct root_json_text *clean)
{
	free(clean->text);
	free(clean->objects);
	*clean = (struct root_json_text){0};
}
