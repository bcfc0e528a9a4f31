/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include "xml_tree.h"
#include "xml_utf8.h"

#define CHUNK 16384 /* bytes that the parser gets at once */
#define BLOCK 16384 /* bytes of memory that are taken at once */

struct block {
	struct block *next;
	size_t used, size;
	max_align_t bytes[];
};

struct xml_tree {
	struct block *blocks;
	struct xml_element *root;
};

/* A parse under way. */
struct reader {
	struct xml_tree *tree;
	xmlParserCtxtPtr parser;
	struct xml_element *open[XML_TREE_DEPTH];
	unsigned int depth;
	uint32_t nb_elements;
	char *text; /* of the innermost element, so far */
	size_t text_len, text_room;
	bool failed;
	char *error;
	size_t error_size;
};

void *
xml_tree_alloc(struct xml_tree *tree, size_t size)
{
	size_t need = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	struct block *block = tree->blocks;
	void *memory;

	if (block == NULL || block->size - block->used < need) {
		size_t room = need > BLOCK ? need : BLOCK;

		block = malloc(sizeof(*block) + room);
		if (block == NULL)
			return NULL;
		block->size = room;
		block->used = 0;
		block->next = tree->blocks;
		tree->blocks = block;
	}
	memory = (char *)block->bytes + block->used;
	block->used += need;
	return memset(memory, 0, need);
}

void
xml_tree_free(struct xml_tree *tree)
{
	if (tree == NULL)
		return;
	while (tree->blocks != NULL) {
		struct block *block = tree->blocks;

		tree->blocks = block->next;
		free(block);
	}
	free(tree);
}

struct xml_element *
xml_tree_root(const struct xml_tree *tree)
{
	return tree->root;
}

const char *
xml_attribute(const struct xml_element *element, const char *name)
{
	for (uint32_t i = 0; i < element->nb_attributes; i++) {
		if (strcmp(element->attributes[i].name, name) == 0)
			return element->attributes[i].value;
	}
	return NULL;
}

/* The first reason is the one that is told. */
static void __attribute__((format(printf, 2, 3))) fail(struct reader *r, const char *format, ...)
{
	va_list args;
	int n;

	if (r->failed)
		return;
	r->failed = true;
	n = snprintf(r->error, r->error_size, "line %d: ",
		r->parser != NULL && r->parser->input != NULL ? r->parser->input->line : 0);
	if (n > 0 && (size_t)n < r->error_size) {
		va_start(args, format);
		vsnprintf(r->error + n, r->error_size - (size_t)n, format, args);
		va_end(args);
	}
	if (r->parser != NULL)
		xmlStopParser(r->parser);
}

static const char *
copy(struct reader *r, const void *bytes, size_t len)
{
	char *memory = xml_tree_alloc(r->tree, len + 1);

	if (memory == NULL)
		fail(r, "out of memory");
	else
		memcpy(memory, bytes, len);
	return memory;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Text before or after an element inside. */
static void
expect_blank(struct reader *r)
{
	for (size_t i = 0; i < r->text_len; i++) {
		if (!is_blank(r->text[i])) {
			fail(r, "text stands beside elements");
			return;
		}
	}
	r->text_len = 0;
}

static bool
attributes_take(
	struct reader *r, struct xml_element *element, unsigned int count, const xmlChar **given)
{
	struct xml_attribute *list;

	if (count > XML_TREE_ATTRIBUTES) {
		fail(r, "an element has %u attributes, %u may be", count, XML_TREE_ATTRIBUTES);
		return false;
	}
	list = xml_tree_alloc(r->tree, (count + 1) * sizeof(*list));
	if (list == NULL) {
		fail(r, "out of memory");
		return false;
	}
	/* Five each: name, prefix, name space, begin and end of the value. */
	for (unsigned int i = 0; i < count; i++, given += 5) {
		size_t name_len = strlen((const char *)given[0]);
		size_t value_len = (size_t)(given[4] - given[3]);

		if (given[1] != NULL || name_len > XML_TREE_NAME_MAX ||
			value_len > XML_TREE_VALUE_MAX) {
			fail(r, "an attribute has a prefix, or is too long");
			return false;
		}
		list[i].name = copy(r, given[0], name_len);
		list[i].value = copy(r, given[3], value_len);
		if (list[i].name == NULL || list[i].value == NULL)
			return false;
	}
	element->attributes = list;
	element->nb_attributes = count;
	return true;
}

/* The declaration, if there was one, is known by now. */
static bool
encoding_right(const struct reader *r)
{
	const char *encoding = (const char *)r->parser->encoding;

	if (encoding == NULL && r->parser->input != NULL)
		encoding = (const char *)r->parser->input->encoding;
	return encoding == NULL || strcasecmp(encoding, "UTF-8") == 0 ||
	       strcasecmp(encoding, "US-ASCII") == 0;
}

static struct xml_element *
element_new(struct reader *r, const xmlChar *name)
{
	size_t len = strlen((const char *)name);
	struct xml_element *element;

	if (len > XML_TREE_NAME_MAX) {
		fail(r, "a name is longer than %u bytes", XML_TREE_NAME_MAX);
		return NULL;
	}
	if (++r->nb_elements > XML_TREE_ELEMENTS) {
		fail(r, "there are more than %u elements", XML_TREE_ELEMENTS);
		return NULL;
	}
	element = xml_tree_alloc(r->tree, sizeof(*element));
	if (element == NULL) {
		fail(r, "out of memory");
		return NULL;
	}
	element->text = "";
	element->name = copy(r, name, len);
	return element->name == NULL ? NULL : element;
}

static void
on_start(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int nb_spaces,
	const xmlChar **spaces, int nb_attributes, int nb_defaulted, const xmlChar **attributes)
{
	struct reader *r = ctx;
	struct xml_element *element, *parent = r->depth > 0 ? r->open[r->depth - 1] : NULL;

	(void)spaces;
	(void)nb_defaulted;
	if (r->failed)
		return;
	expect_blank(r);
	if (!encoding_right(r))
		fail(r, "the encoding is not UTF-8");
	else if (prefix != NULL || uri != NULL || nb_spaces != 0)
		fail(r, "there are name spaces");
	else if (r->depth == XML_TREE_DEPTH)
		fail(r, "elements are more than %u deep", XML_TREE_DEPTH);
	if (r->failed)
		return;
	element = element_new(r, name);
	if (element == NULL ||
		!attributes_take(r, element, (unsigned int)nb_attributes, attributes))
		return;
	if (parent == NULL)
		r->tree->root = element;
	else if (parent->last == NULL)
		parent->first = element;
	else
		parent->last->next = element;
	if (parent != NULL) {
		parent->last = element;
		parent->nb_children++;
	}
	r->open[r->depth++] = element;
}

static void
on_end(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct reader *r = ctx;
	struct xml_element *element;
	const char *text = r->text;
	size_t len;

	(void)name;
	(void)prefix;
	(void)uri;
	if (r->failed || r->depth == 0)
		return;
	element = r->open[--r->depth];
	if (element->first != NULL) {
		expect_blank(r);
		return;
	}
	len = r->text_len;
	while (len > 0 && is_blank(text[len - 1]))
		len--;
	while (len > 0 && is_blank(text[0])) {
		text++;
		len--;
	}
	if (len > 0)
		element->text = copy(r, text, len);
	r->text_len = 0;
}

static void
on_text(void *ctx, const xmlChar *bytes, int len)
{
	struct reader *r = ctx;

	if (r->failed || len <= 0)
		return;
	if (r->text_len + (size_t)len > XML_TREE_VALUE_MAX) {
		fail(r, "an element's text is longer than %u bytes", XML_TREE_VALUE_MAX);
		return;
	}
	if (r->text_len + (size_t)len > r->text_room) {
		size_t room = 2 * (r->text_len + (size_t)len);
		char *more = realloc(r->text, room);

		if (more == NULL) {
			fail(r, "out of memory");
			return;
		}
		r->text = more;
		r->text_room = room;
	}
	memcpy(r->text + r->text_len, bytes, (size_t)len);
	r->text_len += (size_t)len;
}

static void
on_doctype(void *ctx, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	(void)name;
	(void)external;
	(void)system;
	fail(ctx, "there is a document type");
}

static void
on_instruction(void *ctx, const xmlChar *target, const xmlChar *data)
{
	(void)target;
	(void)data;
	fail(ctx, "there is a processing instruction");
}

static void
on_reference(void *ctx, const xmlChar *name)
{
	fail(ctx, "the entity \"%.32s\" is none of XML's five", (const char *)name);
}

static xmlEntityPtr
on_entity(void *ctx, const xmlChar *name)
{
	xmlEntityPtr entity = xmlGetPredefinedEntity(name);

	if (entity == NULL)
		on_reference(ctx, name);
	return entity;
}

static xmlParserInputPtr
on_resolve(void *ctx, const xmlChar *public_id, const xmlChar *system_id)
{
	(void)public_id;
	(void)system_id;
	fail(ctx, "something is to be fetched");
	return NULL;
}

static void
on_error(void *ctx, xmlErrorPtr error)
{
	struct reader *r = ctx;
	size_t len = error->message != NULL ? strcspn(error->message, "\n") : 0;

	if (error->level < XML_ERR_ERROR)
		return;
	fail(r, "%.*s", len > 120 ? 120 : (int)len, len > 0 ? error->message : "not XML");
}

static void
handlers_fill(xmlSAXHandler *sax)
{
	memset(sax, 0, sizeof(*sax));
	sax->initialized = XML_SAX2_MAGIC;
	sax->startElementNs = on_start;
	sax->endElementNs = on_end;
	sax->characters = on_text;
	sax->ignorableWhitespace = on_text;
	sax->cdataBlock = on_text;
	sax->internalSubset = on_doctype;
	sax->externalSubset = on_doctype;
	sax->processingInstruction = on_instruction;
	sax->reference = on_reference;
	sax->getEntity = on_entity;
	sax->resolveEntity = on_resolve;
	sax->serror = on_error;
}

static void
feed(struct reader *r, const char *text, size_t size)
{
	size_t at = 0;

	while (at < size && !r->failed) {
		size_t n = size - at < CHUNK ? size - at : CHUNK;

		if (xmlParseChunk(r->parser, text + at, (int)n, at + n == size) != 0)
			fail(r, "not XML");
		at += n;
	}
	if (r->failed)
		return;
	if (!r->parser->wellFormed || r->tree->root == NULL || r->depth != 0)
		fail(r, "it ends too early");
}

struct xml_tree *
xml_tree_parse(const char *text, size_t size, char *error, size_t error_size)
{
	struct reader r = {.error = error, .error_size = error_size};
	xmlSAXHandler sax;

	error[0] = 0;
	handlers_fill(&sax);
	r.tree = calloc(1, sizeof(*r.tree));
	if (r.tree != NULL)
		r.parser = xmlCreatePushParserCtxt(&sax, &r, NULL, 0, NULL);
	if (r.parser == NULL) {
		fail(&r, "out of memory");
	} else if (size == 0 || memchr(text, 0, size) != NULL) {
		/* A 0 would also let UTF-16 and UTF-32 in. */
		fail(&r, size == 0 ? "it is empty" : "it has a byte 0");
	} else if (!xml_utf8_valid(text, size)) {
		fail(&r, "it is not UTF-8");
	} else {
		(void)xmlCtxtUseOptions(r.parser, XML_PARSE_NONET);
		feed(&r, text, size);
	}
	if (r.parser != NULL)
		xmlFreeParserCtxt(r.parser);
	free(r.text);
	if (!r.failed)
		return r.tree;
	xml_tree_free(r.tree);
	return NULL;
}
