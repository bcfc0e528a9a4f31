/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every set of kernels bit for bit against products by logarithms that this test makes itself, and
 * against ISA-L called directly. Vectors lie at the very end and the very beginning of accessible
 * memory, so that a read or write outside them ends the test.
 */
#include "unit.h"

#include <sys/mman.h>

#include <isa-l/erasure_code.h>

#include "gf256.h"
#include "rng.h"

#define PAGE	     4096
#define SLOT_PAGES   3 /* after one that is not accessible */
#define SLOT	     ((size_t)(SLOT_PAGES + 1) * PAGE)
#define ROOM	     ((size_t)SLOT_PAGES * PAGE)
#define OUTPUTS_MAX  32
#define VECTORS	     (GF256_SOURCES_MAX + OUTPUTS_MAX)
#define LENGTH_MAX   9000
#define SHORT_LENGTH 300

static uint8_t product[256][256];

static uint8_t *guarded; /* VECTORS slots and a last page that is not accessible */
static uint8_t data[GF256_SOURCES_MAX][LENGTH_MAX];
static uint8_t before[OUTPUTS_MAX][LENGTH_MAX];	  /* what outputs hold that are added to */
static uint8_t expected[OUTPUTS_MAX][LENGTH_MAX]; /* the sums alone */
static uint8_t coeffs[OUTPUTS_MAX * GF256_SOURCES_MAX];

/* Multiplication as school has it. */
static uint8_t
school(uint8_t a, uint8_t b)
{
	unsigned int sum = 0;

	for (unsigned int bit = 0; bit < 8; bit++)
		sum ^= (b >> bit & 1) != 0 ? (unsigned int)a << bit : 0;
	for (unsigned int bit = 15; bit >= 8; bit--)
		sum ^= (sum >> bit & 1) != 0 ? 0x11dU << (bit - 8) : 0;
	return (uint8_t)sum;
}

/* By logarithms, to the least base other than the 2 of the code under test. */
static void
make_products(void)
{
	static int logs[256], powers[255];

	for (unsigned int base = 3, seen = 0; seen < 255; base++) {
		uint8_t x = 1;

		memset(logs, -1, sizeof(logs));
		for (seen = 0; logs[x] < 0; seen++) {
			logs[x] = (int)seen;
			powers[seen] = x;
			x = school(x, (uint8_t)base);
		}
	}
	for (unsigned int a = 1; a < 256; a++)
		for (unsigned int b = 1; b < 256; b++)
			product[a][b] = (uint8_t)powers[(logs[a] + logs[b]) % 255];
}

static int
setup(void **state)
{
	struct rng rng;

	(void)state;
	rng_seed(&rng, unit_seed());
	make_products();
	guarded = mmap(NULL, VECTORS * SLOT + PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (guarded == MAP_FAILED)
		return -1;
	for (unsigned int v = 0; v < VECTORS; v++)
		if (mprotect(guarded + v * SLOT + PAGE, ROOM, PROT_READ | PROT_WRITE) != 0)
			return -1;
	for (unsigned int v = 0; v < GF256_SOURCES_MAX; v++)
		for (unsigned int i = 0; i < LENGTH_MAX; i++)
			data[v][i] = (uint8_t)rng_next(&rng);
	for (unsigned int v = 0; v < OUTPUTS_MAX; v++)
		for (unsigned int i = 0; i < LENGTH_MAX; i++)
			before[v][i] = (uint8_t)rng_next(&rng);
	for (size_t i = 0; i < sizeof(coeffs); i++)
		coeffs[i] = (uint8_t)rng_next(&rng);
	/* Those that a careless kernel treats apart. */
	for (size_t i = 0; i < sizeof(coeffs); i += 5)
		coeffs[i] = (uint8_t)(i % 3 == 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	return munmap(guarded, VECTORS * SLOT + PAGE);
}

/* Where a vector lies. */
enum place {
	AT_END,	  /* ends with the accessible memory */
	AT_BEGIN, /* begins with it */
	APART,	  /* each with an alignment of its own, and no multiple of anything */
	PLACES,
};

static uint8_t *
vector(unsigned int v, size_t len, enum place place)
{
	uint8_t *room = guarded + v * SLOT + PAGE;

	switch (place) {
	case AT_END:
		return room + ROOM - len;
	case AT_BEGIN:
		return room;
	default:
		return room + 64 + (v * 37 + len * 11 + 1) % 64;
	}
}

/* Fills the room around an output, so that a write outside it shows. */
static uint8_t *
put_output(unsigned int o, size_t len, enum place place)
{
	uint8_t *at = vector(GF256_SOURCES_MAX + o, len, place);
	uint8_t *room = guarded + (GF256_SOURCES_MAX + o) * SLOT + PAGE;
	uint8_t *from = at - room > 128 ? at - 128 : room;
	uint8_t *to = at + len + 128 < room + ROOM ? at + len + 128 : room + ROOM;

	memset(from, 0xa5, (size_t)(to - from));
	memcpy(at, before[o], len);
	return at;
}

static void
check_output(const char *name, unsigned int o, size_t len, enum place place, bool add)
{
	const uint8_t *at = vector(GF256_SOURCES_MAX + o, len, place);
	const uint8_t *room = guarded + (GF256_SOURCES_MAX + o) * SLOT + PAGE;

	for (size_t i = 0; i < len; i++)
		if (at[i] != (uint8_t)(expected[o][i] ^ (add ? before[o][i] : 0)))
			fail_msg("%s: output %u, length %zu, place %d: byte %zu is %02x", name, o,
				len, place, i, at[i]);
	for (size_t i = 1; i <= 128 && at - i >= room; i++)
		if (at[-(ptrdiff_t)i] != 0xa5)
			fail_msg("%s: wrote %zu before an output", name, i);
	for (size_t i = 0; i < 128 && at + len + i < room + ROOM; i++)
		if (at[len + i] != 0xa5)
			fail_msg("%s: wrote %zu behind an output", name, i);
}

static void
expect(unsigned int n_src, unsigned int n_out, size_t stride, size_t len)
{
	for (unsigned int o = 0; o < n_out; o++) {
		memset(expected[o], 0, len);
		for (unsigned int s = 0; s < n_src; s++)
			for (size_t i = 0; i < len; i++)
				expected[o][i] ^= product[coeffs[o * stride + s]][data[s][i]];
	}
}

static void
check_combine(const struct gf256_kernels *k, size_t len, unsigned int n_src, unsigned int n_out,
	size_t stride, enum place place, bool add)
{
	const uint8_t *src[GF256_SOURCES_MAX];
	uint8_t *dst[OUTPUTS_MAX];

	for (unsigned int s = 0; s < n_src; s++) {
		uint8_t *at = vector(s, len, place);

		memcpy(at, data[s], len);
		src[s] = at;
	}
	for (unsigned int o = 0; o < n_out; o++)
		dst[o] = put_output(o, len, place);
	k->combine(len, n_src, n_out, coeffs, stride, src, dst, add);
	for (unsigned int o = 0; o < n_out; o++)
		check_output(k->name, o, len, place, add);
}

static void
check_everywhere(size_t len, unsigned int n_src, unsigned int n_out, size_t stride)
{
	const struct gf256_kernels *k;

	for (unsigned int i = 0; (k = gf256_kernels(i)) != NULL; i++)
		for (enum place place = 0; place < PLACES; place++)
			for (unsigned int add = 0; add < 2; add++)
				check_combine(k, len, n_src, n_out, stride, place, add != 0);
}

static void
test_products(void **state)
{
	(void)state;
	for (unsigned int a = 0; a < 256; a++) {
		for (unsigned int b = 0; b < 256; b++) {
			assert_int_equal(product[a][b], school((uint8_t)a, (uint8_t)b));
			assert_int_equal(product[a][b], gf256_mul((uint8_t)a, (uint8_t)b));
			assert_int_equal(product[a][b], gf_mul((uint8_t)a, (uint8_t)b));
		}
		assert_int_equal(gf256_inv((uint8_t)a), gf_inv((uint8_t)a));
		if (a != 0)
			assert_int_equal(product[a][gf256_inv((uint8_t)a)], 1);
	}
}

/* All 256 x 256 products by each kernel's three functions. */
static void
test_products_of_vectors(void **state)
{
	const struct gf256_kernels *k;
	uint8_t elements[256], out[256];
	const uint8_t *src = elements;
	uint8_t *dst = out;

	(void)state;
	for (unsigned int b = 0; b < 256; b++)
		elements[b] = (uint8_t)b;
	for (unsigned int i = 0; (k = gf256_kernels(i)) != NULL; i++)
		for (unsigned int c = 0; c < 256; c++) {
			uint8_t coeff = (uint8_t)c;

			k->combine(256, 1, 1, &coeff, 1, &src, &dst, false);
			assert_memory_equal(out, product[c], 256);
			memset(out, 0, 256);
			k->mul_add(out, coeff, elements, 256);
			assert_memory_equal(out, product[c], 256);
			memcpy(out, elements, 256);
			k->scale(out, coeff, 256);
			assert_memory_equal(out, product[c], 256);
		}
}

/* Every short length. */
static void
test_short(void **state)
{
	static const unsigned int sources[] = {1, 2, 3, 4, 7, 32};

	(void)state;
	for (unsigned int i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		expect(sources[i], 8, sources[i], SHORT_LENGTH);
		for (unsigned int n_out = 1; n_out <= 8; n_out++)
			for (size_t len = 0; len <= SHORT_LENGTH; len++)
				check_everywhere(len, sources[i], n_out, sources[i]);
	}
}

/* Lengths of packets, and as many sources and outputs as there may be. */
static void
test_long(void **state)
{
	static const size_t lengths[] = {
		511, 512, 513, 1023, 1024, 1025, 1400, 1499, 2048, 2049, 9000};
	static const unsigned int sources[] = {1, 5, 31, 32, 64, 65, 128, 129, 256};
	static const unsigned int outputs[] = {1, 2, 3, 4, 5, 6, 7, 13, 32};

	(void)state;
	for (unsigned int i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		size_t stride = i % 2 == 0 ? GF256_SOURCES_MAX : sources[i];

		expect(sources[i], OUTPUTS_MAX, stride, LENGTH_MAX);
		for (unsigned int l = 0; l < sizeof(lengths) / sizeof(lengths[0]); l++)
			check_everywhere(lengths[l], sources[i],
				outputs[(i + l) % (sizeof(outputs) / sizeof(outputs[0]))], stride);
	}
}

/* A vector by a constant, added to another or by itself. */
static void
test_mul_add_and_scale(void **state)
{
	const struct gf256_kernels *k;

	(void)state;
	expect(1, OUTPUTS_MAX, 1, LENGTH_MAX);
	for (unsigned int i = 0; (k = gf256_kernels(i)) != NULL; i++)
		for (size_t len = 0; len <= LENGTH_MAX; len += len < SHORT_LENGTH ? 1 : 1237)
			for (enum place place = 0; place < PLACES; place++) {
				unsigned int o = (unsigned int)len % OUTPUTS_MAX;
				uint8_t *src = vector(0, len, place), *dst;

				memcpy(src, data[0], len);
				dst = put_output(o, len, place);
				k->mul_add(dst, coeffs[o], src, len);
				check_output(k->name, o, len, place, true);
				dst = put_output(o, len, place);
				memcpy(dst, data[0], len);
				k->scale(dst, coeffs[o], len);
				check_output(k->name, o, len, place, false);
			}
}

/* Elimination steps beside a plain loop, with rows of all lengths and any number of them. */
static void
test_rows(void **state)
{
	static uint8_t rows[40 * GF256_ROW_MAX], plain[40 * GF256_ROW_MAX];
	const struct gf256_kernels *k;
	struct rng rng;

	(void)state;
	rng_seed(&rng, unit_seed());
	for (unsigned int i = 0; (k = gf256_kernels(i)) != NULL; i++)
		for (unsigned int round = 0; round < 2000; round++) {
			size_t stride = GF256_ROW *
					(1 + rng_below(&rng, GF256_ROW_MAX / GF256_ROW));
			unsigned int n = rng_below(&rng, 39), one = rng_below(&rng, n + 1);
			size_t at = rng_below(&rng, (uint32_t)stride);
			size_t zero = rng_below(&rng, (uint32_t)stride);
			size_t unit = rng_below(&rng, (uint32_t)stride);
			uint16_t pivots[40];
			uint8_t factors[40], scale;

			for (size_t b = 0; b < 40 * stride; b++)
				plain[b] = rows[b] = (uint8_t)rng_next(&rng);
			plain[n * stride + zero] = rows[n * stride + zero] = 0;
			for (unsigned int r = 0; r < 40; r++) {
				pivots[r] = (uint16_t)(r < n ? rng_below(&rng, (uint32_t)stride)
							     : zero);
				factors[r] = plain[n * stride + pivots[r]];
			}
			for (size_t b = 0; b < n * stride; b++)
				plain[n * stride + b % stride] ^=
					product[factors[b / stride]][plain[b]];
			plain[n * stride + unit] ^= 1;
			k->reduce(rows + n * stride, rows, stride, n, pivots, unit);
			assert_memory_equal(rows, plain, 40 * stride);
			if (plain[one * stride + at] == 0)
				continue;
			scale = gf_inv(plain[one * stride + at]);
			for (size_t b = one * stride; b < (one + 1) * stride; b++)
				plain[b] = product[scale][plain[b]];
			for (unsigned int r = 0; r <= n; r++)
				factors[r] = r == one ? 0 : plain[r * stride + at];
			for (size_t b = 0; b < (n + 1) * stride; b++)
				plain[b] ^= product[factors[b / stride]]
						   [plain[one * stride + b % stride]];
			k->pivot(rows, stride, n + 1, one, at);
			assert_memory_equal(rows, plain, (n + 1) * stride);
		}
}

/* The public names do what the kernels in use do, whichever these are. */
static void
test_use(void **state)
{
	const struct gf256_kernels *k;
	const uint8_t *src[] = {data[0], data[1]};
	uint8_t sum[100], *dst[] = {sum};

	(void)state;
	assert_ptr_equal(gf256_used, gf256_kernels(0));
	expect(2, 1, 2, 100);
	for (unsigned int i = 0; (k = gf256_kernels(i)) != NULL; i++) {
		gf256_use(k);
		assert_ptr_equal(gf256_used, k);
		gf256_combine(100, 2, 1, coeffs, src, dst);
		assert_memory_equal(sum, expected[0], 100);
		gf256_combine_rows(100, 2, 1, coeffs, 2, src, dst, true);
		for (unsigned int b = 0; b < 100; b++)
			assert_int_equal(sum[b], 0);
		gf256_mul_add(sum, coeffs[0], data[0], 100);
		gf256_mul_add(sum, coeffs[1], data[1], 100);
		assert_memory_equal(sum, expected[0], 100);
		assert_true(strcmp(k->name, "isal") != 0 || gf256_kernels(i + 1) == NULL);
	}
	gf256_use(NULL);
	assert_ptr_equal(gf256_used, gf256_kernels(0));
}

/* What ISA-L itself says of the same vectors. */
static void
test_isal_itself(void **state)
{
	static uint8_t tables[8 * 32 * 32];
	unsigned char *src[32], *dst[8];

	(void)state;
	expect(32, 8, 32, 1499);
	for (unsigned int s = 0; s < 32; s++)
		src[s] = data[s];
	for (unsigned int o = 0; o < 8; o++)
		dst[o] = guarded + (GF256_SOURCES_MAX + o) * SLOT + PAGE;
	ec_init_tables(32, 8, coeffs, tables);
	ec_encode_data(1499, 32, 8, tables, src, dst);
	for (unsigned int o = 0; o < 8; o++)
		assert_memory_equal(dst[o], expected[o], 1499);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_products),
		cmocka_unit_test(test_products_of_vectors),
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_mul_add_and_scale),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_use),
		cmocka_unit_test(test_isal_itself),
	};

	for (unsigned int i = 0; gf256_kernels(i) != NULL; i++)
		printf("kernels %u: %s\n", i, gf256_kernels(i)->name);
	return cmocka_run_group_tests(tests, setup, teardown);
}
