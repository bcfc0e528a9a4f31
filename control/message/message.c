/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message_shape.h"

#define HOPS_MAX 999 /* of what is not refused as malformed */
#define LETTERS	 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

static const struct {
	const char *word;
	const struct message_shape *body;
	unsigned int rules;
} types[MESSAGE_TYPE_COUNT] = {
#define MESSAGE_TYPE_ROW(NAME, word, body, rules) {#word, &message_shape_##body, rules},
	MESSAGE_TYPES(MESSAGE_TYPE_ROW)
#undef MESSAGE_TYPE_ROW
};

const char *
message_type_name(enum message_type type)
{
	return types[type].word;
}

unsigned int
message_type_rules(enum message_type type)
{
	return types[type].rules;
}

/* False: there is no such type. */
static bool
find_type(const char *word, enum message_type *type)
{
	for (unsigned int i = 0; i < MESSAGE_TYPE_COUNT; i++) {
		if (strcmp(types[i].word, word) == 0) {
			*type = (enum message_type)i;
			return true;
		}
	}
	return false;
}

bool
message_name_valid(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= MESSAGE_NAME_MAX && strspn(name, LETTERS) == len;
}

/* Is it a name for the header; special are those of `^` and `*` that may stand there. */
static bool
is_name(const char *text, const char *special)
{
	return (text[0] != 0 && text[1] == 0 && strchr(special, text[0]) != NULL) ||
	       message_name_valid(text);
}

static void
read_name(struct message_reader *reader, const char *key, const char *text, const char *special,
	char *name)
{
	if (!is_name(text, special))
		message_read_fail(reader, MESSAGE_CODE_MALFORMED,
			"%s is \"%.64s\", which is no node's name", key, text);
	else
		memcpy(name, text, strlen(text) + 1);
}

static bool
is_id(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len <= MESSAGE_ID_MAX && strspn(text, LETTERS ":") == len;
}

static void
read_id(struct message_reader *reader, const char *text, char *id)
{
	if (!is_id(text))
		message_read_fail(reader, MESSAGE_CODE_MALFORMED,
			"id must be 1 to %u letters, digits, '-', '_', '.' and ':'",
			MESSAGE_ID_MAX);
	else
		memcpy(id, text, strlen(text) + 1);
}

static void
read_attribute(
	struct message_reader *reader, const struct xml_attribute *given, struct message *message)
{
	uint64_t hops;

	if (strcmp(given->name, "type") == 0) {
		if (!find_type(given->value, &message->type))
			message_read_fail(reader, MESSAGE_CODE_UNSUPPORTED,
				"there is no type \"%.32s\"", given->value);
	} else if (strcmp(given->name, "time") == 0) {
		if (!message_number(given->value, 1, INT64_MAX, &message->time))
			message_read_fail(reader, MESSAGE_CODE_MALFORMED,
				"time must be milliseconds since the epoch");
	} else if (strcmp(given->name, "to") == 0) {
		read_name(reader, "to", given->value, "^*", message->to);
	} else if (strcmp(given->name, "from") == 0) {
		read_name(reader, "from", given->value, "^", message->from);
	} else if (strcmp(given->name, "id") == 0) {
		read_id(reader, given->value, message->id);
	} else if (strcmp(given->name, "hops") == 0) {
		if (message_number(given->value, 0, HOPS_MAX, &hops))
			message->hops = (uint32_t)hops;
		else
			message_read_fail(reader, MESSAGE_CODE_MALFORMED,
				"hops must be a number from 0 to %u", HOPS_MAX);
	} else {
		message_read_fail(reader, MESSAGE_CODE_MALFORMED,
			"message has an attribute %.32s, which it cannot have", given->name);
	}
}

static void
read_header(struct message_reader *reader, const struct xml_element *root, struct message *message)
{
	if (strcmp(root->name, "message") != 0)
		message_read_fail(reader, MESSAGE_CODE_MALFORMED,
			"it is <%.32s>, it must be <message>", root->name);
	/* The time first: whatever else is wrong, the answer tells it. */
	for (uint32_t i = 0; i < 2 * root->nb_attributes && !reader->failed; i++) {
		const struct xml_attribute *given = &root->attributes[i % root->nb_attributes];

		if ((strcmp(given->name, "time") == 0) == (i < root->nb_attributes))
			read_attribute(reader, given, message);
	}
	if (xml_attribute(root, "type") == NULL || xml_attribute(root, "time") == NULL)
		message_read_fail(
			reader, MESSAGE_CODE_MALFORMED, "message must have a type and a time");
}

struct message *
message_parse(const char *text, size_t size, struct message_fault *fault)
{
	struct message_reader reader = {.fault = fault};
	struct message *message;

	*fault = (struct message_fault){.code = MESSAGE_CODE_MALFORMED};
	if (size > MESSAGE_BYTES_MAX) {
		message_read_fail(&reader, MESSAGE_CODE_LARGE, "it has %zu bytes, %u may be", size,
			MESSAGE_BYTES_MAX);
		return NULL;
	}
	reader.tree = xml_tree_parse(text, size, fault->text, sizeof(fault->text));
	if (reader.tree == NULL)
		return NULL;
	message = calloc(1, sizeof(*message));
	if (message == NULL) {
		message_read_fail(&reader, MESSAGE_CODE_FAILED, "out of memory");
		xml_tree_free(reader.tree);
		return NULL;
	}
	message->tree = reader.tree;
	read_header(&reader, xml_tree_root(reader.tree), message);
	fault->time = message->time;
	if (!reader.failed)
		message_shape_read(&reader, xml_tree_root(reader.tree), types[message->type].body,
			&message->info, true);
	if (!reader.failed)
		return message;
	message_free(message);
	return NULL;
}

void
message_free(struct message *message)
{
	if (message == NULL)
		return;
	xml_tree_free(message->tree);
	free(message);
}

static const char *
or_null(const char *text)
{
	return text[0] != 0 ? text : NULL;
}

/* The same that read_attribute() wants. */
static void
check_header(struct xml_text *x, const struct message *message)
{
	if (message->time == 0 || message->time > INT64_MAX)
		xml_text_fail(x, EINVAL, "its time is none");
	if (message->to[0] != 0 && !is_name(message->to, "^*"))
		xml_text_fail(x, EINVAL, "it is to nobody who can be");
	if (message->from[0] != 0 && !is_name(message->from, "^"))
		xml_text_fail(x, EINVAL, "it is from nobody who can be");
	if (message->id[0] != 0 && !is_id(message->id))
		xml_text_fail(x, EINVAL, "its id is none");
	if (message->hops > HOPS_MAX)
		xml_text_fail(x, EINVAL, "it passed more than %u nodes", HOPS_MAX);
}

char *
message_write(const struct message *message, size_t *size, char *error)
{
	const char *fault;
	struct xml_text x;
	char *text;

	xml_text_begin(&x, MESSAGE_BYTES_MAX);
	check_header(&x, message);
	xml_text_open(&x, "message");
	xml_text_attribute(&x, "type", types[message->type].word);
	xml_text_number(&x, "time", message->time);
	xml_text_attribute_if(&x, "to", or_null(message->to));
	xml_text_attribute_if(&x, "from", or_null(message->from));
	xml_text_attribute_if(&x, "id", or_null(message->id));
	xml_text_number_if(&x, "hops", message->hops);
	if (message->tree != NULL) {
		const struct xml_element *root = xml_tree_root(message->tree);

		xml_text_put(&x, root->text);
		for (root = root->first; root != NULL; root = root->next)
			xml_text_element(&x, root);
	} else {
		message_shape_write(&x, types[message->type].body, &message->info);
	}
	xml_text_close(&x);
	text = xml_text_end(&x, size, &fault);
	if (text == NULL)
		snprintf(error, MESSAGE_ERROR_MAX, "%s cannot be written: %s",
			types[message->type].word, fault);
	return text;
}
