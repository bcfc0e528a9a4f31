/* SPDX-License-Identifier: BSD-3-Clause */
/* For the tests of configuration files: texts, and what becomes of them. */
#ifndef FERRY_TEST_CONFIG_HARNESS_H
#define FERRY_TEST_CONFIG_HARNESS_H

#include "config.h"

/* Parts of a text. */
#define NODE "node = { id = 1; name = \"toronto\"; };\n"
#define PORTS                                                                                      \
	"ports = ( { name = \"wan0\"; device = \"net_null0\";\n\
	addresses = [ \"10.0.1.1/24\", \"fd00::1/64\" ]; gateways = [ \"10.0.1.254\" ]; } );\n"
#define PEERS                                                                                      \
	"peers = ( { id = 5; address = \"10.0.5.5\"; }, { id = 6; address = \"fd00::6\"; } );\n"

/* The text read, with no mistake in it; the caller frees it. */
struct config *harness_load(const char *text);

/* The text is refused with this one message. */
void harness_expect_message(const char *text, const char *message);

/* What is printed reads as the same: printed again it is equal, byte by byte. */
void harness_expect_alike(struct config *config);

#endif
