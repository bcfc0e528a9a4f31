/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What every unit test begins with: cmocka and what it wants included before it. A test that draws
 * random numbers takes its seed from unit_seed, so that the environment can repeat a run.
 */
#ifndef FERRY_TEST_UNIT_H
#define FERRY_TEST_UNIT_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* FERRY_TEST_SEED, or 1. */
static inline uint64_t
unit_seed(void)
{
	const char *text = getenv("FERRY_TEST_SEED");
	uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : 1;

	if (text != NULL)
		printf("seed %" PRIu64 "\n", seed);
	return seed;
}

/* FERRY_PATIENCE, or 1: slow builds and busy machines stretch every limit by so much. */
static inline double
unit_patience(void)
{
	const char *text = getenv("FERRY_PATIENCE");

	return text != NULL ? strtod(text, NULL) : 1;
}

#endif
