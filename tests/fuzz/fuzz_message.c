/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages of the management protocol: whatever comes is refused with a reason, or it is written
 * again from the tree and from the structure, and both texts are read to the same. The same bytes
 * as a stream, however it is cut, hold those messages that their lengths say.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <libxml/xmlerror.h>

#include "message.h"
#include "mgmt_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static void
quiet(void *ctx, const char *format, ...)
{
	(void)ctx;
	(void)format;
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	xmlSetGenericErrorFunc(NULL, quiet);
	return 0;
}

static char *
write_again(const struct message *message, size_t *size)
{
	char error[MESSAGE_ERROR_MAX] = "";
	char *text = message_write(message, size, error);

	/* Escapes can make it larger than a message may be. */
	if (text == NULL && strstr(error, "larger") == NULL)
		abort();
	return text;
}

/* The structure alone says all that the text said. */
static void
check_same(const struct message *message)
{
	struct message_fault fault;
	struct message bare = *message;
	size_t size, again_size;
	char *text, *again;
	struct message *parsed;

	bare.tree = NULL;
	text = write_again(&bare, &size);
	if (text == NULL)
		return;
	parsed = message_parse(text, size, &fault);
	if (parsed == NULL)
		abort();
	parsed->hops = message->hops;
	again = write_again(parsed, &again_size);
	if (again == NULL || size != again_size || memcmp(text, again, size) != 0)
		abort();
	message_free(parsed);
	free(text);
	free(again);
}

/* What stands first in a stream of which so many bytes have come. */
static enum mgmt_frame_result
first_frame(const uint8_t *data, size_t have, uint32_t *length)
{
	if (have < MGMT_FRAME_HEAD)
		return have == 0 ? MGMT_FRAME_NONE : MGMT_FRAME_PART;
	*length = (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 |
		  data[3];
	if (*length < MGMT_FRAME_HEAD + 1)
		return MGMT_FRAME_SMALL;
	if (*length > MGMT_FRAME_MAX)
		return MGMT_FRAME_LARGE;
	return *length <= have ? MGMT_FRAME_WHOLE : MGMT_FRAME_PART;
}

/* Takes out what is whole; returns the bytes of it, or more than there are if the stream ends. */
static size_t
take_frames(struct evbuffer *buffer, const uint8_t *data, size_t have)
{
	size_t at = 0;

	for (;;) {
		enum mgmt_frame_result result;
		const char *text = NULL;
		uint32_t length = 0;
		size_t size = 0;

		result = first_frame(data + at, have - at, &length);
		if (mgmt_frame_look(buffer, &text, &size) != result)
			abort();
		if (result == MGMT_FRAME_SMALL || result == MGMT_FRAME_LARGE)
			return have + 1;
		if (result != MGMT_FRAME_WHOLE)
			return at;
		if (size != length - MGMT_FRAME_HEAD ||
			memcmp(text, data + at + MGMT_FRAME_HEAD, size) != 0)
			abort();
		mgmt_frame_drop(buffer, size);
		at += length;
	}
}

/* Pieces are as long as the byte says that each begins with. */
static void
check_stream(const uint8_t *data, size_t size)
{
	struct evbuffer *buffer = evbuffer_new();
	size_t come = 0, taken = 0;

	while (come < size) {
		size_t piece = 1 + data[come] % 64u;

		if (piece > size - come)
			piece = size - come;
		if (evbuffer_add_reference(buffer, data + come, piece, NULL, NULL) != 0)
			abort();
		come += piece;
		taken += take_frames(buffer, data + taken, come - taken);
		if (taken > come)
			break;
	}
	evbuffer_free(buffer);
}

/* A message that is put is the one that is found. */
static void
check_put(const uint8_t *data, size_t size)
{
	struct evbuffer *buffer = evbuffer_new();
	const char *text;
	size_t found;

	if (mgmt_frame_put(buffer, (const char *)data, size) != 0 ||
		mgmt_frame_look(buffer, &text, &found) != MGMT_FRAME_WHOLE || found != size ||
		memcmp(text, data, size) != 0)
		abort();
	mgmt_frame_drop(buffer, found);
	if (mgmt_frame_look(buffer, &text, &found) != MGMT_FRAME_NONE)
		abort();
	evbuffer_free(buffer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct message_fault fault;
	struct message *message = message_parse((const char *)data, size, &fault);
	size_t length;

	check_stream(data, size);
	if (size > 0)
		check_put(data, size);
	if (message == NULL) {
		if (fault.code < 400 || fault.text[0] == 0 ||
			memchr(fault.text, 0, sizeof(fault.text)) == NULL)
			abort();
		return 0;
	}
	free(write_again(message, &length));
	check_same(message);
	message_free(message);
	return 0;
}
