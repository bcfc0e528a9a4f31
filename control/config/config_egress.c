/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_private.h"

#define UDP_WANTED "an address and a UDP port, as \"10.2.0.100:5004\" or \"[fd00::2]:5004\""

static void
read_udp(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_egress *egress = object;

	egress->kind = CONFIG_EGRESS_UDP;
	config_read_endpoint(reader, setting, underlay_addr_is_host, UDP_WANTED, &egress->udp);
}

static void
print_udp(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_egress *egress = object;

	if (egress->kind == CONFIG_EGRESS_UDP)
		config_print_endpoint(printer, key, &egress->udp);
}

static void
read_file(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_egress *egress = object;

	egress->kind = CONFIG_EGRESS_FILE;
	egress->file = config_read_path(reader, setting);
}

static void
print_file(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_egress *egress = object;

	if (egress->kind == CONFIG_EGRESS_FILE)
		config_print_string(printer, key, egress->file);
}

static void
read_sink(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_egress *egress = object;

	egress->kind = CONFIG_EGRESS_SINK;
	if (setting->type != CONFIG_TYPE_BOOL || !setting->value.ival)
		config_reader_want(reader, setting, "true, or left out");
}

static void
print_sink(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_egress *egress = object;

	if (egress->kind == CONFIG_EGRESS_SINK)
		config_print_line(printer, key->help, "sink = true;");
}

static const struct config_key egress_keys[] = {
	{.name = "node",
		.kind = KEY_UINT32,
		.flags = KEY_NEEDED,
		.offset = offsetof(struct config_egress, node),
		.min = 1,
		.max = NODE_ID_MAX,
		.help = "destination"},
	{.name = "udp", .kind = KEY_CUSTOM, .read = read_udp, .print = print_udp},
	{.name = "file", .kind = KEY_CUSTOM, .read = read_file, .print = print_file},
	{.name = "sink",
		.kind = KEY_CUSTOM,
		.read = read_sink,
		.print = print_sink,
		.help = "counts only"},
};

/* One entry a destination, a sink until the file says more. */
static void
egress_begin(
	struct config_reader *reader, config_setting_t *setting, struct config_session *session)
{
	session->egress = config_memory_get(reader->source->memory,
		(session->destination_count + 1) * sizeof(*session->egress));
	for (uint32_t i = 0; i < session->destination_count; i++) {
		session->egress[i].where = config_reader_where(reader, setting);
		session->egress[i].node = session->destinations[i];
		session->egress[i].port = CONFIG_INDEX_NONE;
		session->egress[i].local = CONFIG_INDEX_NONE;
	}
}

void
config_egress_default(
	struct config_reader *reader, config_setting_t *group, struct config_session *session)
{
	egress_begin(reader, group, session);
}

static void
egress_place(struct config_reader *reader, config_setting_t *group, struct config_session *session,
	const struct config_egress *egress, bool *taken)
{
	for (uint32_t i = 0; i < session->destination_count; i++) {
		if (session->destinations[i] != egress->node)
			continue;
		if (taken[i])
			config_reader_fail(reader, group,
				"node %u has two entries, it must have at most one", egress->node);
		taken[i] = true;
		session->egress[i] = *egress;
		return;
	}
	config_reader_fail(reader, config_setting_get_member(group, "node"),
		"node is %u, it must be one of the session's destinations", egress->node);
}

void
config_read_egress(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_session *session = object;
	bool taken[PATHLET_TREE_MAX_NODES] = {false};

	egress_begin(reader, setting, session);
	if (!config_read_sequence(reader, setting, "entries", 0, CONFIG_DESTINATIONS_MAX, true))
		return;
	for (int i = 0; i < config_setting_length(setting); i++) {
		config_setting_t *group = config_setting_get_elem(setting, (unsigned int)i);
		struct config_egress egress = {
			.port = CONFIG_INDEX_NONE,
			.local = CONFIG_INDEX_NONE,
		};
		size_t mark = config_reader_enter(reader, "egress number %d", i + 1);
		int kinds = 0;

		egress.where = config_reader_where(reader, group);
		if (config_read_group(reader, group, egress_keys,
			    sizeof(egress_keys) / sizeof(egress_keys[0]), &egress)) {
			for (size_t j = 0; config_egress_words[j] != NULL; j++)
				kinds += config_setting_get_member(group, config_egress_words[j]) !=
					 NULL;
			if (kinds != 1)
				config_reader_fail(reader, group,
					"%s of \"udp\", \"file\" and \"sink\" is set, it must be "
					"exactly one",
					kinds == 0 ? "none" : "more than one");
			else if (session->destination_count > 0)
				egress_place(reader, group, session, &egress, taken);
		}
		config_reader_leave(reader, mark);
	}
}

struct config_egress *
config_egress_at(const struct config_session *session, uint32_t node)
{
	for (uint32_t i = 0; i < session->destination_count; i++)
		if (session->egress[i].node == node)
			return &session->egress[i];
	return NULL;
}

void
config_print_egress(
	struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_session *session = object;

	config_print_line(printer, key->help, "egress = (");
	printer->indent++;
	config_print_groups(printer, egress_keys, sizeof(egress_keys) / sizeof(egress_keys[0]),
		session->egress, session->destination_count, sizeof(*session->egress));
	config_print_close(printer, ");");
}
