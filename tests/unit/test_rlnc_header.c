/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The coding header, and the generator behind a seed: TinyMT32 against the numbers of RFC 8682
 * (2.1, figure 2) and the bytes of RFC 8681 (appendix A), headers against bytes put together here.
 */
#include "unit.h"

#include "rlnc_header.h"
#include "rlnc_seeds.h"
#include "rlnc_symbol.h"
#include "rng.h"
#include "tinymt32.h"

static const uint32_t rfc8682[50] = {2545341989u, 981918433u, 3715302833u, 2387538352u, 3591001365u,
	3820442102u, 2114400566u, 2196103051u, 2783359912u, 764534509u, 643179475u, 1822416315u,
	881558334u, 4207026366u, 3690273640u, 3240535687u, 2921447122u, 3984931427u, 4092394160u,
	44209675u, 2188315343u, 2908663843u, 1834519336u, 3774670961u, 3019990707u, 4065554902u,
	1239765502u, 4035716197u, 3412127188u, 552822483u, 161364450u, 353727785u, 140085994u,
	149132008u, 2547770827u, 4064042525u, 4078297538u, 2057335507u, 622384752u, 2041665899u,
	2193913817u, 1080849512u, 33160901u, 662956935u, 642999063u, 3384709977u, 1723175122u,
	3866752252u, 521822317u, 2292524454u};

static const uint8_t rfc8681[50] = {37, 225, 177, 176, 21, 246, 54, 139, 168, 237, 211, 187, 62,
	190, 104, 135, 210, 99, 176, 11, 207, 35, 40, 113, 179, 214, 254, 101, 212, 211, 226, 41,
	234, 232, 203, 29, 194, 211, 112, 107, 217, 104, 197, 135, 23, 89, 210, 252, 109, 166};

static void
test_tinymt32(void **state)
{
	struct tinymt32 t;

	(void)state;
	tinymt32_init(&t, 1);
	for (int i = 0; i < 50; i++)
		assert_int_equal(tinymt32_next(&t), rfc8682[i]);
}

/* No 16-bit seed leads into the state of zeros, which the generator never leaves. */
static void
test_seeds(void **state)
{
	(void)state;
	for (uint32_t seed = 0; seed <= UINT16_MAX; seed++) {
		struct tinymt32 t;

		tinymt32_init(&t, seed);
		if (((t.state[0] & 0x7fffffff) | t.state[1] | t.state[2] | t.state[3]) == 0)
			fail_msg("seed %u", seed);
	}
}

/* The bytes of RFC 8681 have no 0 among the first 50; of many seeds, those with one skip it. */
static void
test_coefficients(void **state)
{
	uint8_t coeffs[RLNC_SPAN_MAX];
	uint32_t skipped = 0;

	(void)state;
	rlnc_seed_coeffs(1, coeffs, 50);
	assert_memory_equal(coeffs, rfc8681, 50);
	for (uint32_t seed = 0; seed < 500; seed++) {
		struct tinymt32 t;

		rlnc_seed_coeffs((uint16_t)seed, coeffs, RLNC_SPAN_MAX);
		tinymt32_init(&t, seed);
		for (int i = 0; i < RLNC_SPAN_MAX; i++) {
			uint8_t byte;

			while ((byte = (uint8_t)tinymt32_next(&t)) == 0)
				skipped++;
			assert_int_equal(coeffs[i], byte);
		}
	}
	assert_true(skipped > 100);
}

/* Those of seeds drawn together, in any order and of any length, are those of each seed alone. */
static void
test_seeds_together(void **state)
{
	struct rlnc_seeds seeds = {.n = 0};
	uint8_t coeffs[RLNC_SPAN_MAX + 1], alone[RLNC_SPAN_MAX];

	(void)state;
	for (uint32_t i = 0; i <= 3 * (uint32_t)UINT16_MAX; i++) {
		/* In order, then all over the place, with many lengths. */
		uint16_t seed = (uint16_t)(i <= UINT16_MAX ? i : i * 40503 / 3);
		uint8_t n = (uint8_t)(1 + (i / 7 * 31) % RLNC_SPAN_MAX);

		coeffs[n] = 0;
		rlnc_seeds_coeffs(&seeds, seed, coeffs, n);
		rlnc_seed_coeffs(seed, alone, n);
		assert_memory_equal(coeffs, alone, n);
		assert_int_equal(coeffs[n], 0);
	}
}

static enum drop_reason
parse(const void *data, uint32_t len)
{
	struct rlnc_header h;

	return rlnc_header_parse(data, len, &h);
}

static void
test_bytes(void **state)
{
	uint8_t room[RLNC_HEADER_MAX], coeffs[3] = {7, 0, 9};
	struct rlnc_header h = {.kind = RLNC_SYSTEMATIC, .n = 32, .index = 5};

	(void)state;
	assert_int_equal(rlnc_header_write(&h, room), 4);
	assert_memory_equal(room, "\x00\x20\x05\x00", 4);
	h = (struct rlnc_header){.kind = RLNC_SEEDED, .final = true, .n = 32, .seed = 0xabcd};
	assert_int_equal(rlnc_header_write(&h, room), 4);
	assert_memory_equal(room, "\x12\x20\xab\xcd", 4);
	h = (struct rlnc_header){
		.kind = RLNC_RECODED, .code = RLNC_WINDOW, .n = 3, .coeffs = coeffs};
	assert_int_equal(rlnc_header_write(&h, room), 7);
	assert_memory_equal(room, "\x21\x03\x00\x00\x07\x00\x09", 7);
	assert_int_equal(parse(room, 7), DROP_none);
	assert_int_equal(parse(room, 6), DROP_coding_truncated);
}

static void
test_lies(void **state)
{
	(void)state;
	assert_int_equal(parse("\x00\x01\x00", 3), DROP_coding_truncated);
	assert_int_equal(parse("", 0), DROP_coding_truncated);
	assert_int_equal(parse("\x30\x01\x00\x00", 4), DROP_coding_malformed); /* kind */
	assert_int_equal(parse("\x04\x01\x00\x00", 4), DROP_coding_malformed); /* bits */
	assert_int_equal(parse("\x08\x01\x00\x00", 4), DROP_coding_malformed);
	assert_int_equal(parse("\x13\x01\x00\x00", 4), DROP_coding_malformed); /* final window */
	assert_int_equal(parse("\x10\x00\x00\x00", 4), DROP_coding_malformed); /* span 0 */
	assert_int_equal(parse("\x10\x81\x00\x00", 4), DROP_coding_malformed); /* span 129 */
	assert_int_equal(parse("\x10\x80\x00\x00", 4), DROP_none);
	assert_int_equal(parse("\x00\x05\x05\x00", 4), DROP_coding_malformed); /* index 5 of 5 */
	assert_int_equal(parse("\x00\x05\x04\xff", 4), DROP_none);
	assert_int_equal(parse("\x01\x02\x00\x00", 4), DROP_coding_malformed); /* window, 2 */
	assert_int_equal(parse("\x01\x02\x01\x00", 4), DROP_coding_malformed);
	assert_int_equal(parse("\x01\x01\x01\x00", 4), DROP_coding_malformed);
	assert_int_equal(parse("\x01\x01\x00\xff", 4), DROP_none);
	assert_int_equal(parse("\x20\x02\x00\x00\x00\x00", 6), DROP_coding_zero);
	assert_int_equal(parse("\x20\x02\x00\x00\x00\x01", 6), DROP_none);
	assert_int_equal(parse("\x20\x02\x00\x00\x00", 5), DROP_coding_truncated);
}

/*
 * What is written is read, and all bytes there are make a header that can be used or are refused.
 */
static void
test_random(void **state)
{
	struct rng rng;

	(void)state;
	rng_seed(&rng, unit_seed());
	for (int round = 0; round < 100000; round++) {
		uint8_t data[RLNC_HEADER_MAX], again[RLNC_HEADER_MAX], coeffs[RLNC_SPAN_MAX];
		uint32_t len = (uint32_t)rng_next(&rng) % (sizeof(data) + 1);
		struct rlnc_header h;

		for (uint32_t i = 0; i < len; i++)
			data[i] = (uint8_t)rng_next(&rng);
		if (len > 0)
			data[0] &= 0x23;
		if (rlnc_header_parse(data, len, &h) != DROP_none)
			continue;
		assert_true(rlnc_header_bytes(&h) <= len && h.n >= 1 && h.n <= RLNC_SPAN_MAX);
		rlnc_header_coeffs(&h, coeffs);
		if (h.kind == RLNC_SYSTEMATIC)
			assert_true(coeffs[h.index] == 1);
		assert_int_equal(rlnc_header_write(&h, again), rlnc_header_bytes(&h));
		if (h.kind != RLNC_SEEDED)
			data[3] = 0;
		if (h.kind == RLNC_RECODED)
			data[2] = 0;
		assert_memory_equal(data, again, rlnc_header_bytes(&h));
	}
}

static void
test_symbol(void **state)
{
	struct session_hdr session = {.flags = 0xff, .stamp = RTE_BE32(0x01020304)};
	struct rlnc_symbol_head head = rlnc_symbol_head(&session, 1400);

	(void)state;
	assert_memory_equal(&head, "\x05\x78\x0e\x00\x01\x02\x03\x04", sizeof(head));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tinymt32),
		cmocka_unit_test(test_seeds),
		cmocka_unit_test(test_coefficients),
		cmocka_unit_test(test_seeds_together),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_symbol),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
