/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The keys of management connections (struct config_connections), which the node's group
 * "management" and the root program's group "root" have alike.
 */
#ifndef FERRY_CONFIG_CONNECTIONS_H
#define FERRY_CONFIG_CONNECTIONS_H

#include "config_private.h"

/* Rows of a table of keys; owner: the structure that has them as its member `connections`. */
/* clang-format off */
#define CONNECTION_TLS_KEYS(owner, whose, signs)                                                   \
	{.name = "certificate",                                                                    \
		.kind = KEY_PATH,                                                                  \
		.offset = offsetof(owner, connections.certificate),                                \
		.help = "PEM file, its name must be " whose},                                      \
	{.name = "key",                                                                            \
		.kind = KEY_PATH,                                                                  \
		.offset = offsetof(owner, connections.key),                                        \
		.help = "PEM file"},                                                               \
	{.name = "authority",                                                                      \
		.kind = KEY_PATH,                                                                  \
		.offset = offsetof(owner, connections.authority),                                  \
		.help = "PEM file: who signs " signs},                                             \
	{.name = "plain",                                                                          \
		.kind = KEY_BOOL,                                                                  \
		.offset = offsetof(owner, connections.plain),                                      \
		.help = "without TLS, on loopback only, default false"}

#define CONNECTION_PING_KEYS(owner)                                                                \
	{.name = "ping_ms",                                                                        \
		.kind = KEY_UINT32,                                                                \
		.offset = offsetof(owner, connections.ping_ms),                                    \
		.min = 100,                                                                        \
		.max = 60000,                                                                      \
		.fallback = 2000,                                                                  \
		.unit = "ms",                                                                      \
		.help = "ms after which a silent connection is tried"},                            \
	{.name = "dead_ms",                                                                        \
		.kind = KEY_UINT32,                                                                \
		.offset = offsetof(owner, connections.dead_ms),                                    \
		.min = 200,                                                                        \
		.max = 600000,                                                                     \
		.fallback = 7000,                                                                  \
		.unit = "ms",                                                                      \
		.help = "ms after which it is given up"}
/* clang-format on */

/* What is between these keys of a group. */
void config_connections_check(struct config_reader *reader, config_setting_t *group,
	const struct config_connections *connections);

#endif
