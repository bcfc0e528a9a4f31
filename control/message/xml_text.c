/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xml_text.h"
#include "xml_utf8.h"

void
xml_text_begin(struct xml_text *x, size_t limit)
{
	memset(x, 0, sizeof(*x));
	x->limit = limit;
}

void
xml_text_fail(struct xml_text *x, int error, const char *format, ...)
{
	va_list args;

	if (x->fault != NULL)
		return;
	va_start(args, format);
	vsnprintf(x->reason, sizeof(x->reason), format, args);
	va_end(args);
	x->error = error;
	x->fault = x->reason;
}

static void
put(struct xml_text *x, const char *bytes, size_t len)
{
	if (x->fault != NULL)
		return;
	if (len > x->limit - x->len) {
		xml_text_fail(x, EMSGSIZE, "it is larger than a message may be");
		return;
	}
	if (x->len + len + 1 > x->room) {
		size_t room = 2 * (x->len + len) + 512;
		char *more = realloc(x->bytes, room);

		if (more == NULL) {
			xml_text_fail(x, ENOMEM, "out of memory");
			return;
		}
		x->bytes = more;
		x->room = room;
	}
	memcpy(x->bytes + x->len, bytes, len);
	x->len += len;
	x->bytes[x->len] = 0;
}

static void
put_text(struct xml_text *x, const char *text)
{
	put(x, text, strlen(text));
}

/* Blanks other than ' ' survive in attributes only as references, '\r' nowhere otherwise. */
static const char *
escape_of(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\n':
		return "&#10;";
	case '\r':
		return "&#13;";
	case '\t':
		return "&#9;";
	default:
		return NULL;
	}
}

static void
put_escaped(struct xml_text *x, const char *text)
{
	const char *plain = text;

	if (!xml_utf8_valid(text, strlen(text))) {
		xml_text_fail(x, EINVAL, "a text is not UTF-8");
		return;
	}
	for (; *text != 0; text++) {
		const char *escape = escape_of(*text);

		/* U+FFFE and U+FFFF are none of XML's characters either. */
		if ((escape == NULL && (unsigned char)*text < 0x20) ||
			strncmp(text, "\xef\xbf\xbe", 3) == 0 ||
			strncmp(text, "\xef\xbf\xbf", 3) == 0) {
			xml_text_fail(x, EINVAL, "a text has a character that XML cannot hold");
			return;
		}
		if (escape == NULL)
			continue;
		put(x, plain, (size_t)(text - plain));
		put_text(x, escape);
		plain = text + 1;
	}
	put_text(x, plain);
}

static void
end_tag(struct xml_text *x)
{
	if (x->in_tag)
		put_text(x, ">");
	x->in_tag = false;
}

void
xml_text_open(struct xml_text *x, const char *name)
{
	if (x->depth == XML_TREE_DEPTH) {
		xml_text_fail(x, EINVAL, "it is too deep");
		return;
	}
	end_tag(x);
	put_text(x, "<");
	put_text(x, name);
	x->open[x->depth++] = name;
	x->in_tag = true;
}

void
xml_text_close(struct xml_text *x)
{
	if (x->fault != NULL || x->depth == 0)
		return;
	x->depth--;
	if (x->in_tag) {
		put_text(x, "/>");
		x->in_tag = false;
		return;
	}
	put_text(x, "</");
	put_text(x, x->open[x->depth]);
	put_text(x, ">");
}

void
xml_text_attribute(struct xml_text *x, const char *name, const char *value)
{
	put_text(x, " ");
	put_text(x, name);
	put_text(x, "=\"");
	put_escaped(x, value);
	put_text(x, "\"");
}

void
xml_text_number(struct xml_text *x, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	xml_text_attribute(x, name, text);
}

void
xml_text_attribute_if(struct xml_text *x, const char *name, const char *value)
{
	if (value != NULL)
		xml_text_attribute(x, name, value);
}

void
xml_text_number_if(struct xml_text *x, const char *name, uint64_t value)
{
	if (value != 0)
		xml_text_number(x, name, value);
}

void
xml_text_put(struct xml_text *x, const char *text)
{
	if (text[0] == 0)
		return;
	end_tag(x);
	put_escaped(x, text);
}

void
xml_text_leaf(struct xml_text *x, const char *name, const char *text)
{
	xml_text_open(x, name);
	xml_text_put(x, text);
	xml_text_close(x);
}

/* A tree is at most XML_TREE_DEPTH deep. */
void
xml_text_element(struct xml_text *x, const struct xml_element *element)
{
	xml_text_open(x, element->name);
	for (uint32_t i = 0; i < element->nb_attributes; i++)
		xml_text_attribute(x, element->attributes[i].name, element->attributes[i].value);
	xml_text_put(x, element->text);
	for (const struct xml_element *inner = element->first; inner != NULL; inner = inner->next)
		xml_text_element(x, inner);
	xml_text_close(x);
}

char *
xml_text_end(struct xml_text *x, size_t *size, const char **fault)
{
	*fault = x->fault;
	if (x->fault != NULL) {
		free(x->bytes);
		errno = x->error;
		return NULL;
	}
	*size = x->len;
	return x->bytes;
}
