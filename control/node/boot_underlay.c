/* SPDX-License-Identifier: BSD-3-Clause */
/* The underlay's ports, and whether they are up. */
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ferryd.h"
#include "log.h"

static void
underlay_log(void *ctx, int priority, const char *text)
{
	(void)ctx;
	log_line(priority, "%s", text);
}

/* Nobody has set the interface up: that is not the cable's fault, and easily forgotten. */
static bool
is_set_down(unsigned int if_index, char name[IF_NAMESIZE])
{
	struct ifreq request = {0};
	int fd;
	bool down;

	if (if_index == 0 || if_indextoname(if_index, name) == NULL)
		return false;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	down = ioctl(fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP) == 0;
	close(fd);
	return down;
}

static void
tell_port(const struct ferryd *f, uint32_t index, bool up)
{
	const char *port = f->ports[index].port.name;
	char name[IF_NAMESIZE];

	if (!up && is_set_down(f->ports[index].dev.if_index, name))
		log_line(LOG_WARNING,
			"port %s is down: its interface is not up (ip link set %s up)", port, name);
	else
		log_line(LOG_INFO, "port %s is %s", port, up ? "up" : "down");
}

static void
set_port_up(struct ferryd *f, uint32_t index, bool up)
{
	struct port *port = &f->ports[index].port;
	bool changed = port_is_up(port) != up;

	if (changed || !f->ports[index].told)
		tell_port(f, index, up);
	f->ports[index].told = true;
	if (!changed)
		return;
	port_set_up(port, up);
	underlay_set_up(&f->underlay, ferryd_now(f), index, up);
}

/* The kernel takes frames that are too large for an interface, and loses them without a count. */
static void
tell_mtu(struct ferryd *f, uint32_t index, uint32_t mtu)
{
	const struct port *port = &f->ports[index].port;
	bool small = mtu < port->mtu;
	char name[IF_NAMESIZE];

	if (mtu == 0 || small == f->ports[index].small)
		return;
	f->ports[index].small = small;
	if (!small)
		log_line(LOG_INFO, "port %s: the MTU of its interface is no longer too small",
			port->name);
	else if (if_indextoname(f->ports[index].dev.if_index, name) != NULL)
		log_line(LOG_WARNING,
			"port %s: the MTU of its interface is %u now: what is larger is lost "
			"there, and counted nowhere, as the node sends up to %u (ip link set %s "
			"mtu %u, or mtu in the node's file)",
			port->name, mtu, port->mtu, name, port->mtu);
}

static void
kernel_link_changed(void *ctx, int ifindex, bool up, uint32_t mtu)
{
	struct ferryd *f = ctx;

	for (uint32_t i = 0; i < f->config->port_count; i++) {
		if (f->ports[i].dev.if_index != (unsigned int)ifindex)
			continue;
		set_port_up(f, i, up);
		tell_mtu(f, i, mtu);
	}
}

/* Devices over a kernel interface do not tell: netlink does. All others are asked. */
void
port_states_poll(struct ferryd *f)
{
	for (uint32_t i = 0; i < f->config->port_count; i++)
		if (f->ports[i].dev.if_index == 0)
			set_port_up(f, i, ethdev_link_up(&f->ports[i].device));
}

static int
add_port(struct ferryd *f, uint32_t index)
{
	const struct config_port *config = &f->config->ports[index];
	const struct port *port = &f->ports[index].port;
	struct underlay_if interface;
	const char *wrong;

	config_port_underlay(f->config, index, &interface);
	interface.mac = port->mac;
	interface.vlan = port->vlan;
	/* frame.c let this VLAN only pass, with its tag or without */
	interface.vlan_stripped = true;
	interface.mtu = port->mtu;
	interface.send = punts_send;
	interface.send_ctx = f;
	wrong = underlay_add_port(&f->underlay, &interface);
	if (wrong != NULL) {
		log_line(LOG_ERR, "%s:%u: port %s: %s", config->where.file, config->where.line,
			config->name, wrong);
		return -1;
	}
	return 0;
}

/* As a file says it of a port; false if it is of another family. */
static bool
address_of(const struct sockaddr *from, struct underlay_addr *address)
{
	*address = (struct underlay_addr){0};
	if (from == NULL)
		return false;
	address->family = (uint8_t)from->sa_family;
	if (from->sa_family == AF_INET)
		memcpy(address->bytes, &((const struct sockaddr_in *)from)->sin_addr, 4);
	else if (from->sa_family == AF_INET6)
		memcpy(address->bytes, &((const struct sockaddr_in6 *)from)->sin6_addr, 16);
	return from->sa_family == AF_INET || from->sa_family == AF_INET6;
}

/* Whoever gives an interface to a node easily leaves its address with the kernel. */
static void
tell_kernel_address(const struct config_port *port, const struct ifaddrs *kernel)
{
	struct underlay_addr address;
	char text[UNDERLAY_ADDR_TEXT_MAX];

	if (!address_of(kernel->ifa_addr, &address))
		return;
	for (uint32_t i = 0; i < port->address_count; i++)
		if (underlay_addr_equal(&port->addresses[i].addr, &address))
			log_line(LOG_WARNING,
				"port %s: the kernel has %s on %s too, and answers beside this "
				"node; it must not have it (ip address del)",
				port->name, underlay_addr_text(&address, text), kernel->ifa_name);
}

static void
tell_kernel_addresses(struct ferryd *f)
{
	struct ifaddrs *all;

	if (getifaddrs(&all) != 0)
		return;
	for (const struct ifaddrs *kernel = all; kernel != NULL; kernel = kernel->ifa_next)
		for (uint32_t i = 0; i < f->config->port_count; i++)
			if (f->ports[i].dev.if_index != 0 &&
				f->ports[i].dev.if_index == if_nametoindex(kernel->ifa_name))
				tell_kernel_address(&f->config->ports[i], kernel);
	freeifaddrs(all);
}

static int
watch_port(struct ferryd *f, uint32_t index)
{
	unsigned int if_index = f->ports[index].dev.if_index;
	int rc;

	if (if_index == 0)
		return 0;
	if (f->watch == NULL)
		f->watch = link_watch_open(kernel_link_changed, f);
	rc = f->watch != NULL ? link_watch_add(f->watch, (int)if_index) : -errno;
	if (rc < 0)
		log_line(LOG_ERR, "port %s: its kernel interface cannot be followed: %s",
			f->ports[index].port.name, strerror(-rc));
	return rc;
}

int
boot_underlay(void *ctx)
{
	struct ferryd *f = ctx;
	struct underlay_ops ops = {.ctx = f,
		.changed = adjacency_changed,
		.alive = adjacency_alive,
		.log = underlay_log};

	underlay_init(&f->underlay, &ops, f->config->node.id);
	for (uint32_t i = 0; i < f->config->port_count; i++)
		if (add_port(f, i) < 0 || watch_port(f, i) < 0)
			return -1;
	port_states_poll(f);
	tell_kernel_addresses(f);
	return 0;
}

void
undo_underlay(void *ctx)
{
	struct ferryd *f = ctx;

	underlay_fini(&f->underlay);
	if (f->watch != NULL)
		link_watch_close(f->watch);
	f->watch = NULL;
	free(f->adjacencies);
	f->adjacencies = NULL;
	f->nb_adjacencies = 0;
}
