/* SPDX-License-Identifier: BSD-3-Clause */
/* The key "capacity" of the node: room for what comes at run time, had at start. */
#include "config_private.h"

#define FIELD(field) offsetof(struct config_capacity, field)

static const struct config_key capacity_keys[] = {
	{.name = "peers",
		.kind = KEY_UINT32,
		.offset = FIELD(peers),
		.max = CONFIG_PEERS_MAX,
		.fallback = 16,
		.help = "peers that may be added"},
	{.name = "sessions",
		.kind = KEY_UINT32,
		.offset = FIELD(sessions),
		.max = CONFIG_SESSIONS_MAX,
		.fallback = 256,
		.help = "sessions that may be added"},
	{.name = "forwards",
		.kind = KEY_UINT32,
		.offset = FIELD(forwards),
		.max = 1048576,
		.fallback = 16384,
		.help = "sessions that are only forwarded"},
	{.name = "packets",
		.kind = KEY_UINT32,
		.offset = FIELD(packets),
		.max = 4194304,
		.fallback = 8192,
		.help = "in their rings, reorder windows and files"},
	{.name = "recodes",
		.kind = KEY_UINT32,
		.offset = FIELD(recodes),
		.max = 65536,
		.fallback = CONFIG_RECODES_UNSET,
		.no_default = true,
		.help = "sessions that are recoded; default 0, with a root 16"},
	{.name = "recode_k",
		.kind = KEY_UINT32,
		.offset = FIELD(recode_k),
		.min = 1,
		.max = 128,
		.fallback = 64,
		.help = "source packets of their longest generation"},
};

#define CAPACITY_KEYS (sizeof(capacity_keys) / sizeof(capacity_keys[0]))

void
config_capacity_default(struct config_capacity *capacity)
{
	for (size_t i = 0; i < CAPACITY_KEYS; i++)
		*(uint32_t *)((char *)capacity +
			      capacity_keys[i].offset) = (uint32_t)capacity_keys[i].fallback;
}

void
config_read_capacity(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_node *node = object;
	size_t mark = config_reader_enter(reader, "capacity");

	node->has_capacity = true;
	config_read_group(reader, setting, capacity_keys, CAPACITY_KEYS, &node->capacity);
	config_reader_leave(reader, mark);
}

void
config_print_capacity(
	struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_node *node = object;

	config_print_line(printer, key->help, "capacity = {");
	printer->indent++;
	config_print_keys(printer, capacity_keys, CAPACITY_KEYS, &node->capacity);
	config_print_close(printer, "};");
}
