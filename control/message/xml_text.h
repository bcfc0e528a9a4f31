/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes XML: elements that are opened and closed, attributes, text, all escaped. A failure
 * (memory, size, bytes that XML cannot hold) is remembered, and told once by xml_text_end().
 */
#ifndef FERRY_XML_TEXT_H
#define FERRY_XML_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xml_tree.h"

#define XML_TEXT_FAULT 192 /* bytes of a reason */

struct xml_text {
	char *bytes;
	size_t len, room, limit;
	const char *open[XML_TREE_DEPTH];
	unsigned int depth;
	bool in_tag;	   /* the last element's own tag can still take attributes */
	const char *fault; /* the first; NULL: none so far */
	int error;	   /* its errno */
	char reason[XML_TEXT_FAULT];
};

void xml_text_begin(struct xml_text *x, size_t limit);

/* name lives until the element is closed. */
void xml_text_open(struct xml_text *x, const char *name);
void xml_text_close(struct xml_text *x);

/* Of the element that was opened last, before anything is in it. */
void xml_text_attribute(struct xml_text *x, const char *name, const char *value);
void xml_text_number(struct xml_text *x, const char *name, uint64_t value);
/* The same; nothing for NULL, or 0. */
void xml_text_attribute_if(struct xml_text *x, const char *name, const char *value);
void xml_text_number_if(struct xml_text *x, const char *name, uint64_t value);

void xml_text_put(struct xml_text *x, const char *text);

/* <name>text</name> */
void xml_text_leaf(struct xml_text *x, const char *name, const char *text);

/* An element of a tree, all that is in it included. */
void xml_text_element(struct xml_text *x, const struct xml_element *element);

/* What is written cannot be: error is ENOMEM, EMSGSIZE or EINVAL. What failed before stays. */
void xml_text_fail(struct xml_text *x, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * All is closed: the text, for free(), or NULL with errno and the reason in *fault, which lives as
 * long as x.
 */
char *xml_text_end(struct xml_text *x, size_t *size, const char **fault);

#endif
