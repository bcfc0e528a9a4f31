/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The words of the configuration that messages of the management protocol say too. Each table is
 * by its enum, and NULL follows the last.
 */
#ifndef FERRY_CONFIG_WORDS_H
#define FERRY_CONFIG_WORDS_H

enum config_pacing {
	CONFIG_PACING_TFRC, /* the default */
	CONFIG_PACING_TFRC_SP,
	CONFIG_PACING_RATE,
	CONFIG_PACING_NONE,
};
extern const char *const config_pacing_words[];

enum config_ingress_kind {
	CONFIG_INGRESS_UDP,
	CONFIG_INGRESS_GENERATOR,
	CONFIG_INGRESS_FILE,
};
extern const char *const config_ingress_words[]; /* the keys of an ingress, too */

enum config_generator_kind {
	CONFIG_GENERATOR_CONSTANT,
	CONFIG_GENERATOR_POISSON,
	CONFIG_GENERATOR_ONOFF,
	CONFIG_GENERATOR_TRACE,
};
extern const char *const config_generator_words[];

enum config_egress_kind {
	CONFIG_EGRESS_SINK,
	CONFIG_EGRESS_UDP,
	CONFIG_EGRESS_FILE,
};
extern const char *const config_egress_words[]; /* the keys of an egress, too */

#endif
