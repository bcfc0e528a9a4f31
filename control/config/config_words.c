/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>

#include "config_words.h"

const char *const config_pacing_words[] = {
	[CONFIG_PACING_TFRC] = "tfrc",
	[CONFIG_PACING_TFRC_SP] = "tfrc-sp",
	[CONFIG_PACING_RATE] = "rate",
	[CONFIG_PACING_NONE] = "none",
	NULL,
};

const char *const config_ingress_words[] = {
	[CONFIG_INGRESS_UDP] = "udp",
	[CONFIG_INGRESS_GENERATOR] = "generator",
	[CONFIG_INGRESS_FILE] = "file",
	NULL,
};

const char *const config_generator_words[] = {
	[CONFIG_GENERATOR_CONSTANT] = "constant",
	[CONFIG_GENERATOR_POISSON] = "poisson",
	[CONFIG_GENERATOR_ONOFF] = "onoff",
	[CONFIG_GENERATOR_TRACE] = "trace",
	NULL,
};

const char *const config_egress_words[] = {
	[CONFIG_EGRESS_SINK] = "sink",
	[CONFIG_EGRESS_UDP] = "udp",
	[CONFIG_EGRESS_FILE] = "file",
	NULL,
};
