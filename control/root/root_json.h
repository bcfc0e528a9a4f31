/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Conferences from JSON as the Bellini framework had it; ferry-root.cfg(5), CONFERENCES IN JSON,
 * has its keys. It is made into the text form of ferry.cfg(5), each group on the line of its
 * object, and read as that: the checks, and the lines in their messages, are the same.
 */
#ifndef FERRY_ROOT_JSON_H
#define FERRY_ROOT_JSON_H

#include "config.h"

/*
 * As config_load_conferences(). udp_for_tcp: sessions with "Protocol": "TCP" are taken as UDP,
 * otherwise they are mistakes.
 */
struct config *root_json_load(const char *path, bool udp_for_tcp, struct config_errors *errs);
struct config *root_json_load_string(const char *name, const char *text, size_t size,
	bool udp_for_tcp, struct config_errors *errs);

#endif
