/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message_shape.h"

void
message_read_fail(struct message_reader *reader, enum message_code code, const char *format, ...)
{
	va_list args;

	if (reader->failed)
		return;
	reader->failed = true;
	reader->fault->code = code;
	va_start(args, format);
	vsnprintf(reader->fault->text, sizeof(reader->fault->text), format, args);
	va_end(args);
}

bool
message_number(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	size_t len = strlen(text);
	unsigned long long number;

	if (len == 0 || len > 20 || strspn(text, "0123456789") != len)
		return false;
	errno = 0;
	number = strtoull(text, NULL, 10);
	if (errno != 0 || number < min || number > max)
		return false;
	*value = number;
	return true;
}

static void
want(struct message_reader *reader, const struct xml_element *element,
	const struct message_field *field, const char *text, const char *wanted)
{
	message_read_fail(reader, MESSAGE_CODE_MALFORMED, "%.32s%s%s is \"%.48s\", it must be %s",
		element->name, field->place == FIELD_OWN ? "" : " ",
		field->place == FIELD_OWN ? "" : field->name, text, wanted);
}

static uint64_t
largest(const struct message_field *field)
{
	if (field->max != 0)
		return field->max;
	return field->kind == FIELD_U16	  ? UINT16_MAX
	       : field->kind == FIELD_U32 ? UINT32_MAX
					  : UINT64_MAX;
}

static bool
number_store(const struct message_field *field, const char *text, void *at)
{
	uint64_t value;

	if (!message_number(text, field->min, largest(field), &value))
		return false;
	if (field->kind == FIELD_U16)
		*(uint16_t *)at = (uint16_t)value;
	else if (field->kind == FIELD_U32)
		*(uint32_t *)at = (uint32_t)value;
	else
		*(uint64_t *)at = value;
	return true;
}

static bool
real_store(const char *text, double *at)
{
	size_t len = strlen(text);
	char *end;

	if (len == 0 || len > 40 || strspn(text, "0123456789+-.eE") != len)
		return false;
	*at = strtod(text, &end);
	return *end == 0 && isfinite(*at);
}

static bool
is_choice(const struct message_field *field, const char *text)
{
	for (size_t i = 0; field->choices[i] != NULL; i++) {
		if (strcmp(field->choices[i], text) == 0)
			return true;
	}
	return false;
}

/* The reader takes blanks off an element's text, and refuses what is empty then. */
static const char *
text_fault(const struct message_field *field, const char *text)
{
	if (field->place != FIELD_ATTRIBUTE && text[strspn(text, " \t\r\n")] == 0)
		return "more than blanks";
	return field->max == 0 || strlen(text) <= field->max ? NULL : "shorter";
}

/* NULL, or what it must be. */
static const char *
scalar_store(const struct message_field *field, const char *text, void *at)
{
	switch (field->kind) {
	case FIELD_TEXT:
		*(const char **)at = text;
		return text_fault(field, text);
	case FIELD_NAME:
		*(const char **)at = text;
		return message_name_valid(text) ? NULL : "a node's name";
	case FIELD_WHO:
		*(const char **)at = text;
		return message_name_valid(text) || strcmp(text, MESSAGE_ROOT) == 0
			       ? NULL
			       : "a node's name or ^";
	case FIELD_WORD:
		*(const char **)at = text;
		return is_choice(field, text) ? NULL : "one of the words that are defined for it";
	case FIELD_U16:
	case FIELD_U32:
	case FIELD_U64:
		return number_store(field, text, at) ? NULL : "a number within its range";
	case FIELD_REAL:
		return real_store(text, at) ? NULL : "a number";
	case FIELD_BOOL:
		*(bool *)at = strcmp(text, "true") == 0;
		return *(bool *)at || strcmp(text, "false") == 0 ? NULL : "true or false";
	}
	return "known";
}

const char *
message_scalar_fault(const struct message_field *field, const char *text)
{
	union {
		uint64_t number;
		const char *text;
		double real;
		bool truth;
	} ignored;

	return scalar_store(field, text, &ignored);
}

static void
scalar_read(struct message_reader *reader, const struct xml_element *element,
	const struct message_field *field, const char *text, void *object)
{
	const char *wanted;

	/* What may be left out may not be there and empty. */
	if (text == NULL || text[0] == 0) {
		if (text != NULL || (field->flags & FIELD_NEEDED) != 0)
			message_read_fail(reader, MESSAGE_CODE_MALFORMED, "%.32s has no %s",
				element->name, field->place == FIELD_OWN ? "content" : field->name);
		return;
	}
	wanted = scalar_store(field, text, (char *)object + field->offset);
	if (wanted != NULL)
		want(reader, element, field, text, wanted);
}

static const struct message_field *
find(const struct message_shape *shape, const char *name, bool attribute)
{
	for (size_t i = 0; i < shape->nb_fields; i++) {
		const struct message_field *field = &shape->fields[i];

		if (field->place != FIELD_OWN && (field->place == FIELD_ATTRIBUTE) == attribute &&
			strcmp(field->name, name) == 0)
			return field;
	}
	return NULL;
}

/* Nothing but what the shape knows, and what is there once at most is. */
static void
check_known(struct message_reader *reader, const struct xml_element *element,
	const struct message_shape *shape, bool root)
{
	bool text = false;

	for (uint32_t i = 0; i < element->nb_attributes && !root; i++) {
		if (find(shape, element->attributes[i].name, true) == NULL)
			message_read_fail(reader, MESSAGE_CODE_MALFORMED,
				"%.32s has an attribute %.32s, which it cannot have", element->name,
				element->attributes[i].name);
	}
	for (const struct xml_element *inner = element->first; inner != NULL; inner = inner->next) {
		if (find(shape, inner->name, false) == NULL)
			message_read_fail(reader, MESSAGE_CODE_MALFORMED,
				"%.32s has an element %.32s, which it cannot have", element->name,
				inner->name);
	}
	for (size_t i = 0; i < shape->nb_fields; i++)
		text |= shape->fields[i].place == FIELD_OWN;
	if (!text && element->text[0] != 0)
		message_read_fail(reader, MESSAGE_CODE_MALFORMED, "%.32s has text", element->name);
}

static const struct xml_element *
next_named(const struct xml_element *element, const char *name)
{
	while (element != NULL && strcmp(element->name, name) != 0)
		element = element->next;
	return element;
}

static void
list_read(struct message_reader *reader, const struct xml_element *element,
	const struct message_field *field, void *object)
{
	const struct xml_element *inner;
	size_t count = 0;
	char *list;

	for (inner = element->first; inner != NULL; inner = inner->next)
		count += strcmp(inner->name, field->name) == 0;
	if (count == 0)
		return;
	list = xml_tree_alloc(reader->tree, count * field->shape->size);
	if (list == NULL) {
		message_read_fail(reader, MESSAGE_CODE_FAILED, "out of memory");
		return;
	}
	*(void **)((char *)object + field->offset) = list;
	*(size_t *)((char *)object + field->count) = count;
	for (inner = next_named(element->first, field->name); inner != NULL && !reader->failed;
		inner = next_named(inner->next, field->name)) {
		message_shape_read(reader, inner, field->shape, list, false);
		list += field->shape->size;
	}
}

static void
inside_read(struct message_reader *reader, const struct xml_element *element,
	const struct message_field *field, void *object)
{
	const struct xml_element *inner = next_named(element->first, field->name);

	if (inner == NULL) {
		if ((field->flags & FIELD_NEEDED) != 0)
			message_read_fail(reader, MESSAGE_CODE_MALFORMED, "%.32s has no element %s",
				element->name, field->name);
		return;
	}
	if (next_named(inner->next, field->name) != NULL) {
		message_read_fail(reader, MESSAGE_CODE_MALFORMED, "%.32s has the element %s twice",
			element->name, field->name);
		return;
	}
	if (field->place == FIELD_INSIDE) {
		if (field->present != 0)
			*(bool *)((char *)object + field->present) = true;
		message_shape_read(
			reader, inner, field->shape, (char *)object + field->offset, false);
		return;
	}
	if (inner->first != NULL || inner->nb_attributes != 0)
		message_read_fail(reader, MESSAGE_CODE_MALFORMED,
			"%.32s in %.32s must be text alone", inner->name, element->name);
	scalar_read(reader, element, field, inner->text, object);
}

void
message_shape_read(struct message_reader *reader, const struct xml_element *element,
	const struct message_shape *shape, void *object, bool root)
{
	check_known(reader, element, shape, root);
	for (size_t i = 0; i < shape->nb_fields && !reader->failed; i++) {
		const struct message_field *field = &shape->fields[i];

		if (field->place == FIELD_ATTRIBUTE)
			scalar_read(reader, element, field, xml_attribute(element, field->name),
				object);
		else if (field->place == FIELD_OWN)
			scalar_read(reader, element, field, element->text, object);
		else if (field->place == FIELD_LIST)
			list_read(reader, element, field, object);
		else
			inside_read(reader, element, field, object);
	}
}
