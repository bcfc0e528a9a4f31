/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sums over payloads. The vectors' multiplication adds neighbouring words of 16 bits into one of
 * 32, but takes them as signed: each word is lowered by 2^15 on its way, and that is added back in
 * the end. Of 64 KiB no sum of 32 bits overflows.
 */
#include <rte_common.h>

#include "checksum.h"

#ifdef __x86_64__
#include <immintrin.h>

#define BIAS INT16_MIN

/* What the words of len bytes, each lowered by 2^15, sum to; then the rest of data. */
static inline uint16_t
finish(int32_t lowered, size_t len, const uint8_t *rest, size_t left)
{
	uint64_t sum = (uint64_t)(lowered + (int64_t)(len / 2) * 0x8000);

	return checksum_fold_long(sum + checksum_short(rest, left));
}

static inline int32_t
add_lanes(__m128i sums)
{
	sums = _mm_add_epi32(sums, _mm_shuffle_epi32(sums, 0x4e));
	return _mm_cvtsi128_si32(_mm_add_epi32(sums, _mm_shuffle_epi32(sums, 0xb1)));
}

static inline __m128i
step_sse2(__m128i sums, const uint8_t *data)
{
	__m128i words = _mm_loadu_si128((const __m128i *)(const void *)data);

	words = _mm_xor_si128(words, _mm_set1_epi16(BIAS));
	return _mm_add_epi32(sums, _mm_madd_epi16(words, _mm_set1_epi16(1)));
}

/* Every x86-64 has it. */
static uint16_t
sum_sse2(const uint8_t *data, size_t len)
{
	const size_t whole = len & ~(size_t)31;
	__m128i a = _mm_setzero_si128(), b = a;

	for (const uint8_t *end = data + whole; data < end; data += 32) {
		a = step_sse2(a, data);
		b = step_sse2(b, data + 16);
	}
	return finish(add_lanes(_mm_add_epi32(a, b)), whole, data, len - whole);
}

__attribute__((target("avx2"))) static inline __m256i
step_avx2(__m256i sums, const uint8_t *data)
{
	__m256i words = _mm256_loadu_si256((const __m256i *)(const void *)data);

	words = _mm256_xor_si256(words, _mm256_set1_epi16(BIAS));
	return _mm256_add_epi32(sums, _mm256_madd_epi16(words, _mm256_set1_epi16(1)));
}

__attribute__((target("avx2"))) static uint16_t
sum_avx2(const uint8_t *data, size_t len)
{
	const size_t whole = len & ~(size_t)31;
	__m256i a = _mm256_setzero_si256(), b = a;
	__m128i sums;

	for (const uint8_t *end = data + (len & ~(size_t)63); data < end; data += 64) {
		a = step_avx2(a, data);
		b = step_avx2(b, data + 32);
	}
	if ((len & 32) != 0) {
		a = step_avx2(a, data);
		data += 32;
	}
	a = _mm256_add_epi32(a, b);
	sums = _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
	return finish(add_lanes(sums), whole, data, len - whole);
}

__attribute__((target("avx512f,avx512bw"))) static inline __m512i
step_avx512(__m512i sums, __m512i words)
{
	words = _mm512_xor_si512(words, _mm512_set1_epi16(BIAS));
	return _mm512_add_epi32(sums, _mm512_madd_epi16(words, _mm512_set1_epi16(1)));
}

/* What the mask leaves out of the last vector is read as 0. */
__attribute__((target("avx512f,avx512bw"))) static uint16_t
sum_avx512(const uint8_t *data, size_t len)
{
	const size_t all = RTE_ALIGN_CEIL(len, 64);
	__m512i a = _mm512_setzero_si512(), b = a;

	for (; len > 128; data += 128, len -= 128) {
		a = step_avx512(a, _mm512_loadu_si512(data));
		b = step_avx512(b, _mm512_loadu_si512(data + 64));
	}
	if (len > 64) {
		a = step_avx512(a, _mm512_loadu_si512(data));
		data += 64;
		len -= 64;
	}
	b = step_avx512(b, _mm512_maskz_loadu_epi8(UINT64_MAX >> (64 - len), data));
	return finish(_mm512_reduce_add_epi32(_mm512_add_epi32(a, b)), all, data, 0);
}

static checksum_kernel *runnable[4];
static checksum_kernel *sum_used = sum_sse2;

/* The compiler's run-time library asks the operating system's half (XCR0) too. */
RTE_INIT(checksum_init)
{
	unsigned int n = 0;

	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx512bw"))
		runnable[n++] = sum_avx512;
	if (__builtin_cpu_supports("avx2"))
		runnable[n++] = sum_avx2;
	runnable[n++] = sum_sse2;
	sum_used = runnable[0];
}
#else
static uint16_t
sum_plain(const uint8_t *data, size_t len)
{
	return rte_raw_cksum(data, len);
}

static checksum_kernel *const runnable[] = {sum_plain, NULL};
static checksum_kernel *const sum_used = sum_plain;
#endif

checksum_kernel *
checksum_kernels(unsigned int i)
{
	return i < RTE_DIM(runnable) ? runnable[i] : NULL;
}

uint16_t
checksum_long(const void *data, size_t len)
{
	/* Less than a vector of them all. */
	if (len < 32)
		return checksum_fold_long(checksum_short(data, len));
	return sum_used(data, len);
}
