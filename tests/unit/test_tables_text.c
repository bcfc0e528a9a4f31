/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tables_text.h"

/* value is taken. */
static void
check(json_t *value, enum text_format format, const char *expected)
{
	char text[64];

	assert_string_equal(text_value(value, format, text, sizeof(text)), expected);
	json_decref(value);
}

static void
test_counts(void **state)
{
	(void)state;
	check(json_integer(0), TEXT_COUNT, "0");
	check(json_integer(999), TEXT_COUNT, "999");
	check(json_integer(1000), TEXT_COUNT, "1,000");
	check(json_integer(1234567890123), TEXT_COUNT, "1,234,567,890,123");
	check(json_integer(-12345), TEXT_COUNT, "-12,345");
	check(json_integer(-123), TEXT_COUNT, "-123");
	check(json_real(1499.6), TEXT_RATE, "1,500/s");
}

static void
test_units(void **state)
{
	(void)state;
	check(json_integer(0), TEXT_BYTES, "0 B");
	check(json_integer(999), TEXT_BYTES, "999 B");
	check(json_integer(1000), TEXT_BYTES, "1.00 kB");
	check(json_integer(12345), TEXT_BYTES, "12.3 kB");
	check(json_integer(123456), TEXT_BYTES, "123 kB");
	check(json_integer(999999), TEXT_BYTES, "1.00 MB");
	check(json_real(2.5e6), TEXT_BITRATE, "2.50 Mbit/s");
	check(json_integer(10000000000), TEXT_BITRATE, "10.0 Gbit/s");
}

static void
test_time_and_shares(void **state)
{
	(void)state;
	check(json_integer(250), TEXT_MICROS, "250 us");
	check(json_integer(-1234), TEXT_MICROS, "-1.234 ms");
	check(json_integer(2500000), TEXT_MICROS, "2.500 s");
	check(json_real(3.25), TEXT_SECONDS, "3.2 s");
	check(json_integer(125), TEXT_SECONDS, "2 min 05 s");
	check(json_integer(7260), TEXT_SECONDS, "2 h 01 min");
	check(json_integer(90000), TEXT_SECONDS, "1 d 01 h");
	check(json_real(0.25), TEXT_SHARE, "25.00 %");
	check(json_real(0), TEXT_SHARE, "0.00 %");
}

static void
test_plain_and_nothing(void **state)
{
	(void)state;
	check(json_string("a b"), TEXT_PLAIN, "a b");
	check(json_pack("[i,i,i]", 2, 3, 4), TEXT_PLAIN, "2, 3, 4");
	check(json_array(), TEXT_PLAIN, "-");
	check(json_null(), TEXT_PLAIN, "-");
	check(json_null(), TEXT_COUNT, "-");
	check(json_string("12"), TEXT_COUNT, "-");
	check(NULL, TEXT_PLAIN, "-");
	check(json_true(), TEXT_PLAIN, "yes");
}

/* Whatever the room, the text ends within it. */
static void
test_small_room(void **state)
{
	json_t *list = json_pack("[s,s,s]", "alpha", "beta", "gamma");
	json_t *number = json_integer(1234567890);
	char text[64];

	(void)state;
	for (size_t size = 4; size < sizeof(text); size++) {
		memset(text, 'x', sizeof(text));
		text_value(list, TEXT_PLAIN, text, size);
		assert_true(strlen(text) < size);
		memset(text, 'x', sizeof(text));
		text_value(number, TEXT_COUNT, text, size);
		assert_true(strlen(text) < size);
	}
	json_decref(list);
	json_decref(number);
}

static void
test_units_beside(void **state)
{
	(void)state;
	check(json_real(0.0125), text_format_of("share"), "1.25 %");
	check(json_real(181.458), text_format_of("us"), "181 us");
	check(json_real(2957870), text_format_of("bps"), "2.96 Mbit/s");
	check(json_real(12345), text_format_of("packets"), "12,345");
	check(json_real(2.5), text_format_of("parsec"), "2.5");
	check(json_real(2.5), text_format_of(NULL), "2.5");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_time_and_shares),
		cmocka_unit_test(test_plain_and_nothing),
		cmocka_unit_test(test_small_room),
		cmocka_unit_test(test_units_beside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
