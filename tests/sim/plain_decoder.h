/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Network coding as slowly and plainly as it can be: multiplication bit by bit, and Gaussian
 * elimination over whole rows. It shares nothing with the data plane.
 */
#ifndef FERRY_SIM_PLAIN_DECODER_H
#define FERRY_SIM_PLAIN_DECODER_H

#include <stdbool.h>
#include <stdint.h>

#define PLAIN_SPAN   128
#define PLAIN_SYMBOL 2048

struct plain_decoder {
	uint32_t n;					     /* unknown symbols */
	uint32_t rank;					     /* rows */
	uint8_t rows[PLAIN_SPAN][PLAIN_SPAN + PLAIN_SYMBOL]; /* reduced: coefficients, symbol */
	bool pivot[PLAIN_SPAN]; /* rows[i] is the one whose first coefficient is that of i */
};

/* In the field modulo x^8 + x^4 + x^3 + x^2 + 1. */
uint8_t plain_mul(uint8_t a, uint8_t b);

void plain_begin(struct plain_decoder *d, uint32_t n);

/* Takes a combination of the n symbols; len bytes. True: the rank has grown. */
bool
plain_take(struct plain_decoder *d, const uint8_t *coeffs, const uint8_t *symbol, uint32_t len);

/* The symbol (PLAIN_SYMBOL bytes) if it is known by itself, else NULL. */
const uint8_t *plain_symbol(const struct plain_decoder *d, uint32_t i);

#endif
