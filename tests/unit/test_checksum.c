/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sums beside one of RFC 1071's definition, word by word: every kernel that this processor can run,
 * all lengths of short data and many of long, with the extremes 0x0000 and 0xffff. What is summed
 * ends and begins at an unreadable page, so that a byte read too many ends the test.
 */
#include "unit.h"

#include <sys/mman.h>

#include "checksum.h"
#include "rng.h"

#define PAGE 4096
#define ROOM (17 * PAGE)

static struct rng rng;
static uint8_t *room; /* ROOM bytes between two pages that are not accessible */

/* The number that words of 16 bits sum to, modulo 2^16 - 1; 0 only of zeros. */
static uint16_t
plain_sum(const uint8_t *data, size_t len)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 == 0 ? (uint64_t)data[i] << 8 : data[i];
	if (sum > 0)
		sum = (sum - 1) % 0xffff + 1;
	return rte_cpu_to_be_16((uint16_t)sum);
}

static void
check(const uint8_t *data, size_t len)
{
	uint16_t right = plain_sum(data, len);

	assert_int_equal(checksum_bytes(data, len), right);
	if (len == 0)
		return;
	for (unsigned int k = 0; checksum_kernels(k) != NULL; k++)
		assert_int_equal(checksum_kernels(k)(data, len), right);
}

/* At both ends of what may be read, and where nothing is aligned. */
static void
check_places(size_t len)
{
	check(room, len);
	check(room + ROOM - len, len);
	if (len < ROOM - 77)
		check(room + 77, len);
}

static void
fill(uint8_t low, uint8_t high)
{
	for (size_t i = 0; i < ROOM; i++)
		room[i] = (uint8_t)(low + rng_below(&rng, (uint32_t)(high - low) + 1));
}

static void
check_lengths(void)
{
	for (size_t len = 0; len <= 600; len++)
		check_places(len);
	for (int i = 0; i < 200; i++)
		check_places(1 + rng_below(&rng, 0xffff));
	check_places(0xffff);
	check_places(0x10000);
}

static void
test_random(void **state)
{
	(void)state;
	fill(0, 0xff);
	check_lengths();
}

static void
test_extremes(void **state)
{
	(void)state;
	assert_non_null(checksum_kernels(0));
	fill(0, 0);
	check_lengths();
	fill(0xff, 0xff);
	check_lengths();
	fill(0x7f, 0x80);
	check_lengths();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_extremes),
	};
	uint8_t *pages = mmap(NULL, ROOM + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED || mprotect(pages + PAGE, ROOM, PROT_READ | PROT_WRITE) != 0)
		return 1;
	room = pages + PAGE;
	rng_seed(&rng, unit_seed());
	return cmocka_run_group_tests_name("checksum", tests, NULL, NULL);
}
