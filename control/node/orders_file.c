/* SPDX-License-Identifier: BSD-3-Clause */
/* The file of orders.h. */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fnv.h"
#include "orders.h"
#include "regular_file.h"

#define PAUSE_MIN 100000   /* us; what comes at once is written once */
#define PAUSE_MAX 10000000 /* us; a disk that stood still once says little of the next time */

static int
fail_why(char *error, const char *what, const char *why)
{
	snprintf(error, ORDERS_ERROR_MAX, "%s: %s", what, why);
	return -1;
}

static int
fail(char *error, const char *what)
{
	return fail_why(error, what, strerror(errno));
}

/* The whole file, for free(). */
static uint8_t *
read_all(int fd, size_t *size, char *error)
{
	struct stat status;
	uint8_t *bytes;
	ssize_t got = 1;

	if (fstat(fd, &status) != 0) {
		fail(error, "it cannot be looked at");
		return NULL;
	}
	if ((uint64_t)status.st_size > ORDERS_BYTES_MAX) {
		snprintf(error, ORDERS_ERROR_MAX, "it is larger than %u MiB",
			(unsigned int)(ORDERS_BYTES_MAX >> 20));
		return NULL;
	}
	bytes = malloc((size_t)status.st_size + 1);
	if (bytes == NULL) {
		snprintf(error, ORDERS_ERROR_MAX, "out of memory");
		return NULL;
	}
	for (*size = 0; got > 0 && *size<(size_t)status.st_size; *size += got> 0 ? got : 0)
		got = read(fd, bytes + *size, (size_t)status.st_size - *size);
	if (got >= 0)
		return bytes;
	fail(error, "it cannot be read");
	free(bytes);
	return NULL;
}

int
orders_root(const char *address, const char *authority, char *root, char *error)
{
	uint64_t sum = FNV_BEGIN;
	const char *why;
	char part[4096];
	size_t got;
	FILE *file;
	int ret;

	if (authority == NULL) {
		snprintf(root, ORDERS_ROOT_MAX, "%s, without TLS", address);
		return 0;
	}
	file = regular_file_read(authority, &why);
	if (file == NULL)
		return fail_why(error, authority, why);
	while ((got = fread(part, 1, sizeof(part), file)) > 0)
		sum = fnv_add(sum, part, got);
	ret = ferror(file) != 0 ? fail(error, authority) : 0;
	fclose(file);
	snprintf(root, ORDERS_ROOT_MAX, "%s, authority %016" PRIx64, address, sum);
	return ret;
}

/* What follows the head is whose orders they are, and then the orders. */
static int
check_root(const uint8_t *bytes, size_t size, const char *root, struct orders *orders, char *error)
{
	const uint8_t *end = memchr(bytes, '\n', size < ORDERS_ROOT_MAX ? size : ORDERS_ROOT_MAX);
	size_t length;

	if (end == NULL) {
		snprintf(error, ORDERS_ERROR_MAX, "it does not name its root");
		return -1;
	}
	length = (size_t)(end - bytes);
	if (length != strlen(root) || memcmp(bytes, root, length) != 0) {
		snprintf(error, ORDERS_ERROR_MAX,
			"it is of another root (%.*s), that of the configuration is %s",
			(int)length, (const char *)bytes, root);
		return -1;
	}
	return orders_parse(end + 1, size - length - 1, orders, error);
}

static int
check(const uint8_t *bytes, size_t size, const char *root, struct orders *orders, char *error)
{
	size_t inner;
	uint64_t sum;

	if (size < ORDERS_HEAD_BYTES + ORDERS_SUM_BYTES ||
		memcmp(bytes, ORDERS_HEAD, ORDERS_HEAD_BYTES) != 0) {
		snprintf(error, ORDERS_ERROR_MAX,
			"it does not begin with the line \"%.*s\", or ends too soon",
			(int)ORDERS_HEAD_BYTES - 1, ORDERS_HEAD);
		return -1;
	}
	inner = size - ORDERS_HEAD_BYTES - ORDERS_SUM_BYTES;
	memcpy(&sum, bytes + size - ORDERS_SUM_BYTES, sizeof(sum));
	if (be64toh(sum) != fnv_add(FNV_BEGIN, bytes, size - ORDERS_SUM_BYTES)) {
		snprintf(error, ORDERS_ERROR_MAX, "its sum is not that of its contents");
		return -1;
	}
	return check_root(bytes + ORDERS_HEAD_BYTES, inner, root, orders, error);
}

int
orders_load(const char *path, const char *root, struct orders *orders, char *error)
{
	uint8_t *bytes;
	const char *why;
	size_t size;
	int fd, ret = -1;

	*orders = (struct orders){0};
	errno = 0;
	fd = regular_file_open(path, O_RDONLY, 0, &why);
	if (fd < 0 && errno == ENOENT)
		return 1;
	if (fd < 0)
		return fail_why(error, "it cannot be opened", why);
	bytes = read_all(fd, &size, error);
	close(fd);
	if (bytes != NULL)
		ret = check(bytes, size, root, orders, error);
	free(bytes);
	return ret;
}

static void
put(FILE *file, uint64_t *sum, const void *bytes, size_t size)
{
	*sum = fnv_add(*sum, bytes, size);
	(void)fwrite(bytes, 1, size, file);
}

/* What fails shows at the end. */
static int
write_all(FILE *file, const char *root, const struct orders *orders)
{
	uint64_t sum = FNV_BEGIN;
	const struct order *order;

	put(file, &sum, ORDERS_HEAD, ORDERS_HEAD_BYTES);
	put(file, &sum, root, strlen(root));
	put(file, &sum, "\n", 1);
	TAILQ_FOREACH (order, &orders->list, next) {
		uint32_t length = htobe32((uint32_t)(order->size + sizeof(length)));

		put(file, &sum, &length, sizeof(length));
		put(file, &sum, order->text, order->size);
	}
	sum = htobe64(sum);
	(void)fwrite(&sum, 1, sizeof(sum), file);
	return ferror(file) != 0 ? -1 : 0;
}

int
orders_save(const char *path, const char *root, const struct orders *orders, char *error)
{
	char other[PATH_MAX], *slash;
	const char *why;
	FILE *file;
	int fd, ret;

	if ((size_t)snprintf(other, sizeof(other), "%s", path) >= sizeof(other) - 5) {
		snprintf(error, ORDERS_ERROR_MAX, "its path is too long");
		return -1;
	}
	slash = strrchr(other, '/');
	if (slash != NULL && slash != other) {
		*slash = 0;
		(void)mkdir(other, 0755);
		*slash = '/';
	}
	strcat(other, ".new");
	/* Not through a link: what it leads to would lose its contents. */
	fd = regular_file_open(other, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600, &why);
	if (fd < 0)
		return fail_why(error, "it cannot be written: .new beside it", why);
	file = fdopen(fd, "w");
	if (file == NULL) {
		ret = fail(error, "it cannot be written");
		close(fd);
		return ret;
	}
	ret = write_all(file, root, orders);
	if (fclose(file) != 0 || ret != 0 || rename(other, path) != 0) {
		ret = fail(error, "it cannot be written");
		(void)unlink(other);
	}
	return ret;
}

uint64_t
orders_pause(uint64_t took)
{
	if (took >= PAUSE_MAX / 10)
		return PAUSE_MAX;
	return 10 * took > PAUSE_MIN ? 10 * took : PAUSE_MIN;
}
