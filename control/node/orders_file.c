/* SPDX-License-Identifier: BSD-3-Clause */
/* The file of orders.h. */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "orders.h"

static uint64_t
add_sum(uint64_t sum, const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		sum = (sum ^ ((const uint8_t *)bytes)[i]) * UINT64_C(0x100000001b3);
	return sum;
}

static uint64_t
first_sum(void)
{
	return add_sum(UINT64_C(0xcbf29ce484222325), ORDERS_HEAD, ORDERS_HEAD_BYTES);
}

static int
fail(char *error, const char *what)
{
	snprintf(error, ORDERS_ERROR_MAX, "%s: %s", what, strerror(errno));
	return -1;
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
	if (!S_ISREG(status.st_mode) || (uint64_t)status.st_size > ORDERS_BYTES_MAX) {
		snprintf(error, ORDERS_ERROR_MAX, "it is no file, or larger than %u MiB",
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

static int
check(const uint8_t *bytes, size_t size, struct orders *orders, char *error)
{
	size_t inner;
	uint64_t sum;

	if (size < ORDERS_HEAD_BYTES + ORDERS_SUM_BYTES ||
		memcmp(bytes, ORDERS_HEAD, ORDERS_HEAD_BYTES) != 0) {
		snprintf(error, ORDERS_ERROR_MAX,
			"it does not begin with the line \"ferry orders 1\", or ends too soon");
		return -1;
	}
	inner = size - ORDERS_HEAD_BYTES - ORDERS_SUM_BYTES;
	memcpy(&sum, bytes + size - ORDERS_SUM_BYTES, sizeof(sum));
	if (be64toh(sum) != add_sum(first_sum(), bytes + ORDERS_HEAD_BYTES, inner)) {
		snprintf(error, ORDERS_ERROR_MAX, "its sum is not that of its contents");
		return -1;
	}
	return orders_parse(bytes + ORDERS_HEAD_BYTES, inner, orders, error);
}

int
orders_load(const char *path, struct orders *orders, char *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), ret = -1;
	uint8_t *bytes;
	size_t size;

	*orders = (struct orders){0};
	if (fd < 0 && errno == ENOENT)
		return 1;
	if (fd < 0)
		return fail(error, "it cannot be opened");
	bytes = read_all(fd, &size, error);
	close(fd);
	if (bytes != NULL)
		ret = check(bytes, size, orders, error);
	free(bytes);
	return ret;
}

static void
put(FILE *file, uint64_t *sum, const void *bytes, size_t size)
{
	*sum = add_sum(*sum, bytes, size);
	(void)fwrite(bytes, 1, size, file);
}

/* What fails shows at the end. */
static int
write_all(FILE *file, const struct orders *orders)
{
	uint64_t sum = first_sum();

	(void)fwrite(ORDERS_HEAD, 1, ORDERS_HEAD_BYTES, file);
	for (size_t i = 0; i < orders->count; i++) {
		uint32_t length = htobe32((uint32_t)(orders->list[i].size + sizeof(length)));

		put(file, &sum, &length, sizeof(length));
		put(file, &sum, orders->list[i].text, orders->list[i].size);
	}
	sum = htobe64(sum);
	(void)fwrite(&sum, 1, sizeof(sum), file);
	return ferror(file) != 0 ? -1 : 0;
}

int
orders_save(const char *path, const struct orders *orders, char *error)
{
	char other[PATH_MAX], *slash;
	FILE *file = NULL;
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
	fd = open(other, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd >= 0)
		file = fdopen(fd, "w");
	if (file == NULL) {
		ret = fail(error, "it cannot be written");
		if (fd >= 0)
			close(fd);
		return ret;
	}
	ret = write_all(file, orders);
	if (fclose(file) != 0 || ret != 0 || rename(other, path) != 0) {
		ret = fail(error, "it cannot be written");
		(void)unlink(other);
	}
	return ret;
}
