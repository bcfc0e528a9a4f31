/* SPDX-License-Identifier: BSD-3-Clause */
/* The file of what the root told last: refused with a reason, or noted again to no more than it. */
#include <stdlib.h>

#include <libxml/xmlerror.h>

#include "orders.h"

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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[ORDERS_ERROR_MAX] = "";
	struct orders read, noted = {0};

	if (orders_parse(data, size, &read, error) != 0) {
		if (error[0] == 0 || read.count != 0)
			abort();
		return 0;
	}
	for (size_t i = 0; i < read.count; i++) {
		struct message_fault fault;
		struct message *message = message_parse(
			read.list[i].text, read.list[i].size, &fault);

		/* -1: larger than a message may be, once it is written anew. */
		if (message == NULL || orders_note(&noted, message) == 0)
			abort();
		message_free(message);
	}
	if (noted.count > read.count)
		abort();
	orders_free(&noted);
	orders_free(&read);
	return 0;
}
