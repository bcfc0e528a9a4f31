/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages of the management protocol: whatever comes is refused with a reason, or it is written
 * again from the tree and from the structure, and both texts are read to the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/xmlerror.h>

#include "message.h"

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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct message_fault fault;
	struct message *message = message_parse((const char *)data, size, &fault);
	size_t length;

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
