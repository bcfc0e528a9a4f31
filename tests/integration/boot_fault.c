/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Linked into ferryd or ferry-root: a step of the start goes wrong. FERRY_FAULT_STEP is its number
 * in the table; FERRY_FAULT what happens: "before" (it fails and has done nothing), "after" (it
 * fails and has done all), or a signal's number (which comes when it has done all). Without them
 * the table is told.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot_table.h"

#define ROWS_MAX 64

int __real_boot_table_up(
	const struct boot_row *rows, size_t count, bool (*ends)(void *ctx), void *ctx, size_t *up);
int __wrap_boot_table_up(
	const struct boot_row *rows, size_t count, bool (*ends)(void *ctx), void *ctx, size_t *up);

static boot_step *real;
static const char *fault;

static int
faulty(void *ctx)
{
	int ret = strcmp(fault, "before") != 0 && real != NULL ? real(ctx) : 0;

	if (ret != 0)
		return ret;
	fprintf(stderr, "fault\n");
	return atoi(fault) == 0 ? -1 : raise(atoi(fault));
}

int
__wrap_boot_table_up(
	const struct boot_row *rows, size_t count, bool (*ends)(void *ctx), void *ctx, size_t *up)
{
	const char *step = getenv("FERRY_FAULT_STEP");
	struct boot_row copy[ROWS_MAX];
	size_t at;

	fault = getenv("FERRY_FAULT");
	if (step == NULL || fault == NULL || count > ROWS_MAX) {
		for (size_t i = 0; i < count; i++)
			printf("%s\n", rows[i].what);
		exit(0);
	}
	memcpy(copy, rows, count * sizeof(*rows));
	at = strtoul(step, NULL, 10);
	if (at >= count)
		exit(3);
	real = copy[at].boot;
	copy[at].boot = faulty;
	return __real_boot_table_up(copy, count, ends, ctx, up);
}
