/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The file of what the root told last: refused with a reason, or noted again to no more than it.
 * The input is what lies between its head and its sum, and once more the whole file, its sum put
 * right.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <libxml/xmlerror.h>

#include "orders.h"

#define ROOT	 "10.0.0.1:4000, without TLS"
#define HEAD	 "ferry orders 2\n" ROOT "\n"
#define SUM_SIZE 8

static int file;
static char path[32];

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
	file = memfd_create("orders", MFD_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	return file < 0 ? -1 : 0;
}

/* FNV-1a, 64 bits, in network order. */
static void
put_sum(uint8_t *to, const uint8_t *bytes, size_t size)
{
	uint64_t sum = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < size; i++) {
		sum ^= bytes[i];
		sum *= UINT64_C(1099511628211);
	}
	for (int i = 0; i < SUM_SIZE; i++)
		to[i] = (uint8_t)(sum >> (56 - 8 * i));
}

/* Orders of a file with these bytes; -1: it is refused, with a reason. */
static int
load(const uint8_t *bytes, size_t size)
{
	char error[ORDERS_ERROR_MAX] = "";
	struct orders orders;
	int count = -1;

	if (ftruncate(file, 0) != 0 || pwrite(file, bytes, size, 0) != (ssize_t)size)
		abort();
	switch (orders_load(path, ROOT, &orders, error)) {
	case 0:
		count = (int)orders.count;
		break;
	case -1:
		if (error[0] == 0 || orders.count != 0)
			abort();
		break;
	default:
		abort();
	}
	orders_free(&orders);
	return count;
}

/* With head and sum around it: what orders_parse says of it, and nothing with another sum. */
static void
check_framed(const uint8_t *data, size_t size, int count)
{
	size_t head = sizeof(HEAD) - 1, all = head + size + SUM_SIZE;
	uint8_t *bytes = malloc(all);

	if (bytes == NULL)
		abort();
	memcpy(bytes, HEAD, head);
	if (size > 0)
		memcpy(bytes + head, data, size);
	put_sum(bytes + head + size, bytes, head + size);
	if (load(bytes, all) != count)
		abort();
	bytes[all - 1 - size % all] ^= 0x10;
	if (load(bytes, all) != -1)
		abort();
	free(bytes);
}

/* As a whole file, its last bytes made its sum. Only with this head, of this root, it is one. */
static void
check_whole(const uint8_t *data, size_t size)
{
	size_t head = sizeof(HEAD) - 1;
	uint8_t *bytes;

	(void)load(data, size);
	if (size < SUM_SIZE)
		return;
	bytes = malloc(size);
	if (bytes == NULL)
		abort();
	memcpy(bytes, data, size - SUM_SIZE);
	put_sum(bytes + size - SUM_SIZE, bytes, size - SUM_SIZE);
	if (load(bytes, size) >= 0 && (size < head + SUM_SIZE || memcmp(bytes, HEAD, head) != 0))
		abort();
	free(bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[ORDERS_ERROR_MAX] = "";
	struct orders read, noted = {0};
	int refused = orders_parse(data, size, &read, error);
	const struct order *order;

	check_framed(data, size, refused != 0 ? -1 : (int)read.count);
	check_whole(data, size);
	if (refused != 0) {
		if (error[0] == 0 || read.count != 0)
			abort();
		return 0;
	}
	TAILQ_FOREACH (order, &read.list, next) {
		struct message_fault fault;
		struct message *message = message_parse(order->text, order->size, &fault);

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
