/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line of ferry-impair(8). */
#ifndef FERRY_IMPAIR_OPTIONS_H
#define FERRY_IMPAIR_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "impair_settings.h"

#define IMPAIR_EAL_MAX 32

struct impair_options {
	const char *names[2];		    /* as given */
	char devices[2][256];		    /* for DPDK: name or PCI address, then arguments */
	struct impair_settings settings[2]; /* from first to second device, and back */
	uint16_t mtu;
	uint32_t every; /* seconds; 0 = report at the end only */
	bool json;
	bool realtime;
	const char *eal[IMPAIR_EAL_MAX];
	unsigned int nb_eal;
};

/* Ends the program with a message and status 2 if there is a mistake. */
void impair_options_parse(int argc, char **argv, struct impair_options *options);

#endif
