/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "message_shape.h"
#include "xml_utf8.h"

/* False: it is not there, and nothing is written for it unless it is needed. */
static bool
scalar_text(const struct message_field *field, const void *at, char *buf, size_t size,
	const char **text)
{
	uint64_t number;
	double real;

	*text = buf;
	switch (field->kind) {
	case FIELD_TEXT:
	case FIELD_NAME:
	case FIELD_WHO:
	case FIELD_WORD:
		*text = *(const char *const *)at;
		return *text != NULL && (*text)[0] != 0;
	case FIELD_BOOL:
		*text = *(const bool *)at ? "true" : "false";
		return *(const bool *)at;
	case FIELD_REAL:
		real = *(const double *)at;
		snprintf(buf, size, "%.17g", real);
		return real < 0 || real > 0;
	case FIELD_U16:
		number = *(const uint16_t *)at;
		break;
	case FIELD_U32:
		number = *(const uint32_t *)at;
		break;
	default:
		number = *(const uint64_t *)at;
		break;
	}
	snprintf(buf, size, "%" PRIu64, number);
	return number != 0;
}

/* Is nothing of it there. */
static bool
is_empty(const struct message_shape *shape, const void *object)
{
	char buf[40];
	const char *text;

	for (size_t i = 0; i < shape->nb_fields; i++) {
		const struct message_field *field = &shape->fields[i];
		const void *at = (const char *)object + field->offset;

		if (field->place == FIELD_LIST) {
			if (*(const size_t *)((const char *)object + field->count) != 0)
				return false;
		} else if (field->place == FIELD_INSIDE) {
			if (!is_empty(field->shape, at))
				return false;
		} else if (scalar_text(field, at, buf, sizeof(buf), &text)) {
			return false;
		}
	}
	return true;
}

static void
scalar_put(struct xml_text *x, const struct message_field *field, const char *text)
{
	if (field->place == FIELD_ATTRIBUTE)
		xml_text_attribute(x, field->name, text);
	else if (field->place == FIELD_LEAF)
		xml_text_leaf(x, field->name, text);
	else
		xml_text_put(x, text);
}

/* A text that the reader takes, but for what XML cannot hold. */
static void
scalar_check(
	struct xml_text *x, const struct message_field *field, const char *name, const char *text)
{
	const char *wanted;
	char part[40];

	if (text == NULL || text[0] == 0) {
		xml_text_fail(x, EINVAL, "%s is missing", name);
		return;
	}
	wanted = message_scalar_fault(field, text);
	if (wanted != NULL && strlen(text) < sizeof(part))
		xml_text_fail(x, EINVAL, "%s is \"%s\", it must be %s", name,
			xml_utf8_copy(part, sizeof(part), text), wanted);
	else if (wanted != NULL)
		xml_text_fail(
			x, EINVAL, "%s has %zu bytes, it must be %s", name, strlen(text), wanted);
}

static void
scalar_write(struct xml_text *x, const struct message_field *field, const void *object)
{
	char buf[40], name[80], fault[XML_TEXT_FAULT];
	const char *text;
	bool there = scalar_text(
		field, (const char *)object + field->offset, buf, sizeof(buf), &text);

	if (x->fault != NULL || (!there && (field->flags & FIELD_NEEDED) == 0))
		return;
	snprintf(name, sizeof(name), "%s%s%s", x->open[x->depth - 1],
		field->place == FIELD_OWN ? "" : " ", field->place == FIELD_OWN ? "" : field->name);
	scalar_check(x, field, name, text);
	if (x->fault != NULL)
		return;
	scalar_put(x, field, text);
	if (x->fault == NULL || x->error != EINVAL)
		return;
	snprintf(fault, sizeof(fault), "%s", x->fault);
	x->fault = NULL;
	xml_text_fail(x, EINVAL, "%s: %s", name, fault);
}

static void
list_write(struct xml_text *x, const struct message_field *field, const void *object)
{
	const char *list = *(const char *const *)((const char *)object + field->offset);
	size_t count = *(const size_t *)((const char *)object + field->count);

	for (size_t i = 0; i < count && x->fault == NULL; i++) {
		xml_text_open(x, field->name);
		message_shape_write(x, field->shape, list + i * field->shape->size);
		xml_text_close(x);
	}
}

static void
inside_write(struct xml_text *x, const struct message_field *field, const void *object)
{
	const void *at = (const char *)object + field->offset;
	bool there = field->present != 0 ? *(const bool *)((const char *)object + field->present)
					 : !is_empty(field->shape, at);

	if (!there && (field->flags & FIELD_NEEDED) == 0)
		return;
	xml_text_open(x, field->name);
	message_shape_write(x, field->shape, at);
	xml_text_close(x);
}

void
message_shape_write(struct xml_text *x, const struct message_shape *shape, const void *object)
{
	/* A tag takes no attributes once there is something inside. */
	for (size_t i = 0; i < shape->nb_fields; i++) {
		if (shape->fields[i].place == FIELD_ATTRIBUTE)
			scalar_write(x, &shape->fields[i], object);
	}
	for (size_t i = 0; i < shape->nb_fields && x->fault == NULL; i++) {
		const struct message_field *field = &shape->fields[i];

		if (field->place == FIELD_INSIDE)
			inside_write(x, field, object);
		else if (field->place == FIELD_LIST)
			list_write(x, field, object);
		else if (field->place != FIELD_ATTRIBUTE)
			scalar_write(x, field, object);
	}
}
