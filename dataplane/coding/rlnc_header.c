/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "rlnc_header.h"
#include "rlnc_symbol.h"
#include "tinymt32.h"

#define BITS_KNOWN  (RLNC_HEADER_WINDOW | RLNC_HEADER_FINAL)
#define KIND_SHIFT  4
#define SECOND_PART 2 /* offset of index or seed */

static bool
all_zero(const uint8_t *p, uint8_t n)
{
	uint8_t any = 0;

	for (uint8_t i = 0; i < n; i++)
		any |= p[i];
	return any == 0;
}

enum drop_reason
rlnc_header_parse(const uint8_t *data, uint32_t len, struct rlnc_header *h)
{
	if (unlikely(len < RLNC_HEADER_BYTES))
		return DROP_coding_truncated;
	*h = (struct rlnc_header){.kind = data[0] >> KIND_SHIFT,
		.code = (data[0] & RLNC_HEADER_WINDOW) ? RLNC_WINDOW : RLNC_BLOCK,
		.final = (data[0] & RLNC_HEADER_FINAL) != 0,
		.n = data[1]};
	if (unlikely(h->kind > RLNC_RECODED || (data[0] & 0x0f & ~BITS_KNOWN) != 0 || h->n == 0 ||
		     h->n > RLNC_SPAN_MAX || (h->final && h->code == RLNC_WINDOW)))
		return DROP_coding_malformed;
	switch (h->kind) {
	case RLNC_SYSTEMATIC:
		h->index = data[SECOND_PART];
		if (unlikely(h->index >= h->n || (h->code == RLNC_WINDOW && h->n != 1)))
			return DROP_coding_malformed;
		return DROP_none;
	case RLNC_SEEDED:
		h->seed = (uint16_t)(data[SECOND_PART] << 8 | data[SECOND_PART + 1]);
		return DROP_none;
	default:
		if (unlikely(len < RLNC_HEADER_BYTES + (uint32_t)h->n))
			return DROP_coding_truncated;
		h->coeffs = data + RLNC_HEADER_BYTES;
		return likely(!all_zero(h->coeffs, h->n)) ? DROP_none : DROP_coding_zero;
	}
}

enum drop_reason
rlnc_header_read(const struct rte_mbuf *m, uint8_t room[RLNC_HEADER_MAX], struct rlnc_header *h)
{
	uint32_t len = RTE_MIN(m->pkt_len, (uint32_t)RLNC_HEADER_MAX);
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	enum drop_reason reason;

	if (unlikely(m->data_len < len))
		data = rte_pktmbuf_read(m, 0, len, room);
	reason = rlnc_header_parse(data, len, h);
	if (likely(reason == DROP_none) && h->kind != RLNC_SYSTEMATIC &&
		unlikely(m->pkt_len < rlnc_header_bytes(h) + sizeof(struct rlnc_symbol_head)))
		return DROP_coding_truncated;
	return reason;
}

uint16_t
rlnc_header_write(const struct rlnc_header *h, uint8_t *data)
{
	data[0] = (uint8_t)(h->kind << KIND_SHIFT |
			    (h->code == RLNC_WINDOW ? RLNC_HEADER_WINDOW : 0) |
			    (h->final ? RLNC_HEADER_FINAL : 0));
	data[1] = h->n;
	data[SECOND_PART] = 0;
	data[SECOND_PART + 1] = 0;
	if (h->kind == RLNC_SYSTEMATIC) {
		data[SECOND_PART] = h->index;
	} else if (h->kind == RLNC_SEEDED) {
		data[SECOND_PART] = (uint8_t)(h->seed >> 8);
		data[SECOND_PART + 1] = (uint8_t)h->seed;
	} else {
		memcpy(data + RLNC_HEADER_BYTES, h->coeffs, h->n);
	}
	return rlnc_header_bytes(h);
}

/* The low byte of each number; 0 is passed over. */
void
rlnc_seed_coeffs(uint16_t seed, uint8_t *coeffs, uint8_t n)
{
	struct tinymt32 t;
	uint8_t have = 0;

	tinymt32_init(&t, seed);
	while (have < n) {
		uint8_t drawn = have;

		tinymt32_bytes(&t, coeffs + have, (uint32_t)(n - have));
		if (memchr(coeffs + have, 0, (size_t)(n - have)) == NULL)
			return;
		for (uint8_t i = have; i < n; i++) {
			coeffs[drawn] = coeffs[i];
			drawn = (uint8_t)(drawn + (coeffs[i] != 0));
		}
		have = drawn;
	}
}

void
rlnc_header_coeffs(const struct rlnc_header *h, uint8_t *coeffs)
{
	switch (h->kind) {
	case RLNC_SYSTEMATIC:
		memset(coeffs, 0, h->n);
		coeffs[h->index] = 1;
		return;
	case RLNC_SEEDED:
		rlnc_seed_coeffs(h->seed, coeffs, h->n);
		return;
	default:
		memcpy(coeffs, h->coeffs, h->n);
	}
}
