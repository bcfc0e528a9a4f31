/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shapes: tables that say how an element stands for a structure. Reading and writing both follow
 * the table, so neither can forget a field. message_shapes_*.c have the tables of all bodies.
 */
#ifndef FERRY_MESSAGE_SHAPE_H
#define FERRY_MESSAGE_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message.h"
#include "xml_text.h"
#include "xml_tree.h"

enum message_field_place {
	FIELD_ATTRIBUTE, /* of the element */
	FIELD_LEAF,	 /* an element inside that has just text */
	FIELD_OWN,	 /* the element's own text */
	FIELD_INSIDE,	 /* an element inside, by its shape; the structure is part of this one */
	FIELD_LIST,	 /* elements inside, any number */
};

enum message_field_kind {
	FIELD_TEXT, /* const char *; max: bytes, 0 = as many as XML may have */
	FIELD_NAME, /* const char *, a node's name */
	FIELD_WHO,  /* the same, or `^` */
	FIELD_WORD, /* const char *, one of choices */
	FIELD_U16,  /* min to max; max 0 = what the type holds */
	FIELD_U32,
	FIELD_U64,
	FIELD_REAL, /* double, finite */
	FIELD_BOOL, /* "true" or "false" */
};

/* Bits of message_field.flags. */
#define FIELD_NEEDED 0x01

struct message_field {
	const char *name;
	enum message_field_place place;
	enum message_field_kind kind;
	unsigned int flags;
	size_t offset;
	uint64_t min, max;
	const char *const *choices; /* ends with NULL */
	const struct message_shape *shape;
	size_t count;	/* FIELD_LIST: where the size_t of the number is */
	size_t present; /* FIELD_INSIDE: where the bool is that says it is there, 0 = none */
};

struct message_shape {
	size_t size; /* of the structure */
	const struct message_field *fields;
	size_t nb_fields;
};

struct message_reader {
	struct xml_tree *tree;
	struct message_fault *fault;
	bool failed;
};

/* The first failure is kept. */
void message_read_fail(struct message_reader *reader, enum message_code code, const char *format,
	...) __attribute__((format(printf, 3, 4)));

/* Fills in object from what is inside of element, and its attributes unless `root`. */
void message_shape_read(struct message_reader *reader, const struct xml_element *element,
	const struct message_shape *shape, void *object, bool root);

/*
 * Attributes and content; the element is open. What message_shape_read() would refuse is a fault:
 * nobody may send what the other end closes the connection for.
 */
void message_shape_write(struct xml_text *x, const struct message_shape *shape, const void *object);

/* What a text of this field must be that it is not, in words for a sentence; NULL: it is right. */
const char *message_scalar_fault(const struct message_field *field, const char *text);

/* A number from min to max in decimal digits alone. */
bool message_number(const char *text, uint64_t min, uint64_t max, uint64_t *value);

/* The bodies, by what MESSAGE_TYPES calls them. */
extern const struct message_shape message_shape_alert, message_shape_attend, message_shape_children,
	message_shape_conflist, message_shape_congestion, message_shape_empty, message_shape_error,
	message_shape_fullstats, message_shape_info, message_shape_linkloss, message_shape_pipedef,
	message_shape_pipedefinfo, message_shape_pipeline, message_shape_place, message_shape_pong,
	message_shape_reason, message_shape_redirect, message_shape_reqfullstats,
	message_shape_stats, message_shape_wayloss;
/* Parts of several. */
extern const struct message_shape message_shape_end, message_shape_request;

#define MESSAGE_SHAPE(type, list)                                                                  \
	{                                                                                          \
		.size = sizeof(type), .fields = list, .nb_fields = sizeof(list) / sizeof(list[0])  \
	}

#endif
