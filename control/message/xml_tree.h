/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * XML from strangers as a small tree of elements. What a management protocol needs and no more:
 * UTF-8, elements, attributes, text. Refused: a document type (so no entities but XML's five, and
 * nothing to expand), processing instructions, name spaces, text beside elements, another encoding,
 * and whatever is above the limits below. Nothing is ever opened or fetched.
 *
 * Any thread may call; a tree is one thread's.
 */
#ifndef FERRY_XML_TREE_H
#define FERRY_XML_TREE_H

#include <stddef.h>
#include <stdint.h>

#define XML_TREE_DEPTH	    12	  /* elements within each other */
#define XML_TREE_ATTRIBUTES 16	  /* of one element */
#define XML_TREE_NAME_MAX   64	  /* bytes of a name */
#define XML_TREE_VALUE_MAX  65536 /* bytes of an attribute's value, or of an element's text */
#define XML_TREE_ELEMENTS   65536

struct xml_attribute {
	const char *name, *value;
};

/* Texts are UTF-8 and end with 0; blanks at both ends of an element's text are left out. */
struct xml_element {
	const char *name;
	const char *text; /* "" if there is none, or if there are elements inside */
	const struct xml_attribute *attributes;
	struct xml_element *first, *next; /* inside; beside */
	struct xml_element *last;	  /* inside */
	uint32_t nb_attributes;
	uint32_t nb_children;
};

struct xml_tree;

/* NULL with the reason, and where it is in the text, in error. */
struct xml_tree *xml_tree_parse(const char *text, size_t size, char *error, size_t error_size);
void xml_tree_free(struct xml_tree *tree);

struct xml_element *xml_tree_root(const struct xml_tree *tree);

/* Memory that lives as long as the tree, zeroed; NULL: there is none. */
void *xml_tree_alloc(struct xml_tree *tree, size_t size);

/* NULL if there is none. */
const char *xml_attribute(const struct xml_element *element, const char *name);

#endif
