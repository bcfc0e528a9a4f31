/* SPDX-License-Identifier: BSD-3-Clause */
/* What an impaired wire did, for people and as JSON. */
#ifndef FERRY_IMPAIR_REPORT_H
#define FERRY_IMPAIR_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "impair_wire.h"

struct impair_report {
	const struct impair_wire *wire;
	const char *names[2]; /* of the devices, a and b */
	double seconds;	      /* since the start */
	uint64_t missed[2];   /* by direction: frames that a device lost before we took them */
	uint64_t failed[2];   /* ... and that one lost when it had them to send */
	uint64_t sleeps;
};

/* A table, or one line with a JSON object. 0, or -1: out of memory. */
int impair_report_print(const struct impair_report *report, bool json, FILE *out);

#endif
