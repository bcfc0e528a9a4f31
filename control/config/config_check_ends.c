/* SPDX-License-Identifier: BSD-3-Clause */
/* Cross checks of ingress and egress, of those ends only that are on this node. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config_private.h"

static void
check_udp_ingress(struct config_reader *reader, struct config_ingress *ingress)
{
	const struct config *config = reader->config;
	char text[CONFIG_ADDRESS_TEXT];

	config_endpoint_text(&ingress->udp, text);
	for (uint32_t i = 0; i < config->port_count; i++) {
		const struct config_port *port = &config->ports[i];

		for (uint32_t j = 0; j < port->address_count; j++) {
			if (!underlay_addr_equal(&port->addresses[j].addr, &ingress->udp.address))
				continue;
			ingress->port = i;
			ingress->local = j;
			if (port->udp_port == ingress->udp.udp_port)
				config_check_fail(reader, &ingress->where,
					"ingress %s is where the links of port \"%s\" receive, it "
					"must "
					"be another UDP port",
					text, port->name);
			return;
		}
	}
	config_check_fail(reader, &ingress->where,
		"ingress %s is not an address of this node, it must be that of one of its ports",
		text);
}

static void
check_ingress_file(struct config_reader *reader, const struct config_where *where, const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0 || access(path, R_OK) < 0)
		config_check_fail(
			reader, where, "ingress: cannot read \"%s\": %s", path, strerror(errno));
	else if (!S_ISREG(status.st_mode))
		config_check_fail(reader, where,
			"ingress: \"%s\" is not a regular file, it must be one", path);
	else if (status.st_size == 0)
		config_check_fail(reader, where,
			"ingress: \"%s\" is empty, it must have at least one byte", path);
}

static void
check_ingress(struct config_reader *reader, struct config_session *session)
{
	struct config_ingress *ingress = &session->ingress;
	struct config_generator *generator = &ingress->generator;

	if (ingress->kind == CONFIG_INGRESS_UDP && !(reader->broken & BROKEN_PORTS))
		check_udp_ingress(reader, ingress);
	if (!reader->source->files)
		return;
	if (ingress->kind == CONFIG_INGRESS_FILE)
		check_ingress_file(reader, &ingress->where, ingress->file);
	if (ingress->kind == CONFIG_INGRESS_GENERATOR && generator->kind == CONFIG_GENERATOR_TRACE)
		config_trace_read(reader, &ingress->where, generator);
}

/* Nothing is wrong with the address, but no port leads there. */
static bool
is_nowhere(int error)
{
	return error == -ENETUNREACH || error == -EAFNOSUPPORT;
}

static void
check_udp_egress(struct config_reader *reader, struct config_egress *egress)
{
	const struct config *config = reader->config;
	const struct underlay_addr *address = &egress->udp.address;
	struct config_route route = {0};
	int error = config_route(config, CONFIG_INDEX_NONE, address, &route);
	char text[CONFIG_ADDRESS_TEXT];

	egress->port = route.port;
	egress->local = route.local;
	config_endpoint_text(&egress->udp, text);
	if (is_nowhere(error))
		config_check_fail(reader, &egress->where,
			"egress %s is in no subnet of a port and no port has a gateway of its "
			"family; it must be reachable",
			text);
	else if (error != 0)
		config_check_fail(reader, &egress->where, "egress %s %s", text,
			config_route_fault(config, CONFIG_INDEX_NONE, address, error));
}

static void
check_egress_file(struct config_reader *reader, const struct config_where *where, const char *path)
{
	char *directory = config_memory_copy(reader->source->memory, path);
	char *slash = strrchr(directory, '/');
	struct stat status;

	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISCHR(status.st_mode)) {
		config_check_fail(reader, where,
			S_ISDIR(status.st_mode)
				? "egress: \"%s\" is a directory, it must be a file"
				: "egress: \"%s\" is not a regular file, it must be one",
			path);
		return;
	}
	slash[slash == directory] = 0;
	if (access(directory, W_OK) < 0)
		config_check_fail(reader, where, "egress: cannot write to the directory \"%s\": %s",
			directory, strerror(errno));
}

static void
check_egress(struct config_reader *reader, struct config_egress *egress)
{
	if (egress->kind == CONFIG_EGRESS_UDP && !(reader->broken & BROKEN_PORTS))
		check_udp_egress(reader, egress);
	if (egress->kind == CONFIG_EGRESS_FILE && reader->source->files)
		check_egress_file(reader, &egress->where, egress->file);
}

/* By the port that reaches it; what none does, and this machine, by the kernel. */
static void
check_rate_to(struct config_reader *reader, struct config_rate_to *to)
{
	const struct config *config = reader->config;
	const struct underlay_addr *address = &to->udp.address;
	struct config_route route = {0};
	char text[CONFIG_ADDRESS_TEXT];
	int error;

	to->port = CONFIG_INDEX_NONE;
	if (address->family == 0 || underlay_addr_is_loopback(address))
		return;
	error = config_route(config, CONFIG_INDEX_NONE, address, &route);
	if (is_nowhere(error))
		return;
	/* The kernel may have what the ports lack; but it would have to be told of which link. */
	if (error == -EADDRNOTAVAIL && !underlay_addr_is_link_local(address))
		return;
	to->port = route.port;
	to->local = route.local;
	if (error != 0)
		config_check_fail(reader, &to->where, "rate_to %s %s",
			config_endpoint_text(&to->udp, text),
			config_route_fault(config, CONFIG_INDEX_NONE, address, error));
}

void
config_check_ends(struct config_reader *reader, struct config_session *session)
{
	uint32_t self = reader->config->node.id;
	struct config_egress *egress;

	if (reader->broken & BROKEN_NODE)
		return;
	if (session->source == self)
		check_ingress(reader, session);
	if (session->source == self && !(reader->broken & BROKEN_PORTS))
		check_rate_to(reader, &session->rate_to);
	egress = config_egress_at(session, self);
	if (egress != NULL)
		check_egress(reader, egress);
}
