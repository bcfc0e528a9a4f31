/* SPDX-License-Identifier: BSD-3-Clause */
/* What is UTF-8, against a decoder that asks each character for its shortest form; and messages. */
#include "unit.h"

#include "message.h"
#include "xml_utf8.h"

/* Bytes of a code point's shortest form, by the table of RFC 3629, section 3. */
static size_t
encode(uint32_t code, uint8_t *bytes)
{
	size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	if (len == 1) {
		bytes[0] = (uint8_t)code;
		return 1;
	}
	for (size_t at = len - 1; at > 0; at--) {
		bytes[at] = 0x80 | (code & 0x3f);
		code >>= 6;
	}
	bytes[0] = (uint8_t)(0xf00 >> len) | (uint8_t)code;
	return len;
}

/* One character that fills the bytes: its code point, or UINT32_MAX if they are none. */
static uint32_t
decode(const uint8_t *bytes, size_t len)
{
	static const uint8_t marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
	uint8_t again[4];
	uint32_t code;

	if (len == 1)
		return bytes[0] < 0x80 ? bytes[0] : UINT32_MAX;
	if ((bytes[0] & (0xff80 >> len & 0xff)) != marks[len])
		return UINT32_MAX;
	code = bytes[0] & (0x7fu >> len);
	for (size_t at = 1; at < len; at++) {
		if (bytes[at] >> 6 != 2)
			return UINT32_MAX;
		code = code << 6 | (bytes[at] & 0x3f);
	}
	if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return UINT32_MAX;
	return encode(code, again) == len && memcmp(bytes, again, len) == 0 ? code : UINT32_MAX;
}

static bool
valid(const uint8_t *bytes, size_t len)
{
	return xml_utf8_valid((const char *)bytes, len);
}

static void
test_code_points(void **state)
{
	(void)state;
	for (uint32_t code = 0; code < 0x120000; code++) {
		bool right = code <= 0x10ffff && (code < 0xd800 || code >= 0xe000);
		uint8_t bytes[4];
		size_t len = encode(code, bytes);

		if (valid(bytes, len) != right)
			fail_msg("U+%04" PRIX32, code);
		for (size_t part = 1; part < len; part++)
			assert_false(valid(bytes, part));
	}
}

/* Is it a row of whole characters, tried with every length of the first. */
static bool
oracle(const uint8_t *bytes, size_t len)
{
	if (len == 0)
		return true;
	for (size_t first = 1; first <= len && first <= 4; first++) {
		if (decode(bytes, first) != UINT32_MAX && oracle(bytes + first, len - first))
			return true;
	}
	return false;
}

/* All of up to three bytes; of four those with bytes at which something changes. */
static void
test_sequences(void **state)
{
	static const uint8_t edges[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0,
		0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff};
	const size_t nb = sizeof(edges);
	uint8_t bytes[4];

	(void)state;
	assert_true(xml_utf8_valid("", 0));
	for (uint32_t all = 0; all < 1u << 24; all++) {
		size_t len = all < 1u << 8 ? 1 : all < 1u << 16 ? 2 : 3;

		for (size_t at = 0; at < len; at++)
			bytes[at] = (uint8_t)(all >> 8 * at);
		if (valid(bytes, len) != oracle(bytes, len))
			fail_msg("%zu bytes: %06" PRIX32, len, all);
	}
	for (size_t all = 0; all < nb * nb * nb * 256; all++) {
		bytes[0] = (uint8_t)(all & 0xff);
		bytes[1] = edges[(all >> 8) % nb];
		bytes[2] = edges[(all >> 8) / nb % nb];
		bytes[3] = edges[(all >> 8) / nb / nb];
		if (valid(bytes, 4) != oracle(bytes, 4))
			fail_msg("%02x %02x %02x %02x", bytes[0], bytes[1], bytes[2], bytes[3]);
	}
}

static const char *const wrong[] = {"\xc1\x8d", "\xc0\xbc", "\xe0\x81\x81", "\xf0\x80\x81\x81",
	"\xed\xa0\x80", "\xf4\x90\x80\x80", "\x8d", "\xff"};

static const char *const around[][2] = {
	{"<message type=\"error\" time=\"1\"><code>400</code><text><![CDATA[a",
		"b]]></text></message>"},
	{"<message type=\"error\" time=\"1\"><code>400</code><text>", "</text></message>"},
	{"<message type=\"ping\" time=\"1\" id=\"", "\"/>"},
	{"<message type=\"ping\" time=\"1\"><!--", "--></message>"},
};

static void
assert_not_read(const char *bytes, const char *const place[2])
{
	struct message_fault fault;
	char text[256];
	int len = snprintf(text, sizeof(text), "%s%s%s", place[0], bytes, place[1]);

	assert_null(message_parse(text, (size_t)len, &fault));
	assert_int_equal(fault.code, MESSAGE_CODE_MALFORMED);
	assert_non_null(strstr(fault.text, "UTF-8"));
}

static void
assert_not_written(const char *bytes)
{
	struct message message = {.type = MESSAGE_ERROR, .time = 1};
	char error[MESSAGE_ERROR_MAX];
	size_t size;

	message.error.code = 400;
	message.error.text = bytes;
	assert_null(message_write(&message, &size, error));
	assert_non_null(strstr(error, "UTF-8"));
}

/* Wherever they stand: libxml2 would let some through. */
static void
test_messages(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		for (size_t where = 0; where < sizeof(around) / sizeof(around[0]); where++)
			assert_not_read(wrong[i], around[where]);
		assert_not_written(wrong[i]);
	}
}

static void
assert_copy(const char *text, size_t size, const char *wanted)
{
	char to[16];

	memset(to, 'x', sizeof(to));
	assert_ptr_equal(xml_utf8_copy(to, size, text), to);
	assert_string_equal(to, wanted);
	assert_int_equal(to[size], 'x');
}

/* Cut between two characters only. */
static void
test_copy(void **state)
{
	(void)state;
	assert_copy("", 1, "");
	assert_copy("abc", 4, "abc");
	assert_copy("abc", 3, "ab");
	assert_copy("a\xc3\xa4", 4, "a\xc3\xa4");
	assert_copy("a\xc3\xa4", 3, "a");
	assert_copy("\xf0\x9f\x98\x80z", 5, "\xf0\x9f\x98\x80");
	assert_copy("\xf0\x9f\x98\x80z", 4, "");
	assert_copy("a\xff\xc3", 9, "a??");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char to[16];

		xml_utf8_copy(to, sizeof(to), wrong[i]);
		assert_int_equal(strlen(to), strlen(wrong[i]));
		assert_true(xml_utf8_valid(to, strlen(to)));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_code_points),
		cmocka_unit_test(test_sequences),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
