/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_private.h"

#define UDP_WANTED "an address and a UDP port, as \"10.1.0.1:5004\" or \"[fd00::1]:5004\""

static void
read_udp(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_ingress *ingress = object;

	ingress->kind = CONFIG_INGRESS_UDP;
	config_read_endpoint(reader, setting, underlay_addr_is_host, UDP_WANTED, &ingress->udp);
}

static void
print_udp(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_ingress *ingress = object;

	if (ingress->kind == CONFIG_INGRESS_UDP)
		config_print_endpoint(printer, key, &ingress->udp);
}

static void
read_generator(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_ingress *ingress = object;

	ingress->kind = CONFIG_INGRESS_GENERATOR;
	config_read_generator(reader, setting, &ingress->generator);
}

static void
print_generator(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_ingress *ingress = object;

	if (ingress->kind == CONFIG_INGRESS_GENERATOR)
		config_print_generator(printer, key, &ingress->generator);
}

static void
read_file(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_ingress *ingress = object;

	ingress->kind = CONFIG_INGRESS_FILE;
	ingress->file = config_read_path(reader, setting);
}

static void
print_file(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_ingress *ingress = object;

	if (ingress->kind == CONFIG_INGRESS_FILE)
		config_print_string(printer, key, ingress->file);
}

static void
read_size(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_ingress *ingress = object;
	uint64_t value;

	if (config_read_uint(reader, setting, 1, CONFIG_PAYLOAD_MAX, "bytes", &value))
		ingress->size = (uint32_t)value;
}

static void
print_size(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_ingress *ingress = object;

	if (ingress->kind == CONFIG_INGRESS_FILE)
		config_print_line(printer, key->help, "size = %u;", ingress->size);
}

static const struct config_key ingress_keys[] = {
	{.name = "udp", .kind = KEY_CUSTOM, .read = read_udp, .print = print_udp},
	{.name = "generator", .kind = KEY_CUSTOM, .read = read_generator, .print = print_generator},
	{.name = "file", .kind = KEY_CUSTOM, .read = read_file, .print = print_file},
	{.name = "size",
		.kind = KEY_CUSTOM,
		.read = read_size,
		.print = print_size,
		.help = "payload bytes of a packet, default 1200"},
};

void
config_read_ingress(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_session *session = object;
	struct config_ingress *ingress = &session->ingress;
	size_t mark = config_reader_enter(reader, "ingress");
	int kinds = 0;

	ingress->where = config_reader_where(reader, setting);
	ingress->port = CONFIG_INDEX_NONE;
	ingress->local = CONFIG_INDEX_NONE;
	if (config_read_group(reader, setting, ingress_keys,
		    sizeof(ingress_keys) / sizeof(ingress_keys[0]), ingress)) {
		for (size_t i = 0; config_ingress_words[i] != NULL; i++)
			kinds += config_setting_get_member(setting, config_ingress_words[i]) !=
				 NULL;
		if (kinds != 1)
			config_reader_fail(reader, setting,
				"%s of \"udp\", \"generator\" and \"file\" is set, it must be "
				"exactly one",
				kinds == 0 ? "none" : "more than one");
		else if (ingress->kind != CONFIG_INGRESS_FILE && ingress->size != 0)
			config_reader_fail(reader, config_setting_get_member(setting, "size"),
				"size belongs to \"file\", it must be left out here");
		else if (ingress->kind == CONFIG_INGRESS_FILE && ingress->size == 0)
			ingress->size = 1200;
	}
	config_reader_leave(reader, mark);
}

void
config_print_ingress(
	struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_session *session = object;

	(void)key;
	config_print_open(printer, "ingress = {");
	config_print_keys(printer, ingress_keys, sizeof(ingress_keys) / sizeof(ingress_keys[0]),
		&session->ingress);
	config_print_close(printer, "};");
}
