/* SPDX-License-Identifier: BSD-3-Clause */
/* Where children of nodes connect, and how that is kept. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "root_nodes.h"

/* In the store: "HOST PORT". */
#define SERVER "server:"

#define KEY_MAX (CONFIG_NAME_MAX + sizeof(SERVER))

static void
server_key(const struct root_node *node, char key[KEY_MAX])
{
	snprintf(key, KEY_MAX, SERVER "%s", node->name);
}

void
root_nodes_load_server(const struct root_nodes *nodes, struct root_node *node)
{
	char key[KEY_MAX], *value;
	unsigned int port;

	server_key(node, key);
	if (root_store_get(nodes->store, key, &value) != 0 || value == NULL)
		return;
	if (sscanf(value, "%63s %u", node->server, &port) == 2 && port <= UINT16_MAX &&
		root_host_valid(node->server))
		node->server_port = (uint16_t)port;
	else
		node->server[0] = 0;
	free(value);
}

void
root_nodes_set_server(
	struct root_nodes *nodes, struct root_node *node, const char *host, uint16_t port)
{
	if (strcmp(node->server, host) == 0 && node->server_port == port)
		return;
	snprintf(node->server, sizeof(node->server), "%s", host);
	node->server_port = port;
	node->server_due = nodes->servers_due = true;
}

static int
keep(const struct root_nodes *nodes)
{
	for (uint32_t i = 0; i < nodes->count; i++) {
		const struct root_node *node = nodes->list[i];
		char key[KEY_MAX], value[ROOT_HOST_MAX + 16];

		if (!node->server_due)
			continue;
		server_key(node, key);
		snprintf(value, sizeof(value), "%s %u", node->server, node->server_port);
		if (root_store_set(nodes->store, key, value) != 0)
			return -1;
	}
	return 0;
}

int
root_nodes_keep(struct root_nodes *nodes, char *error)
{
	int ret;

	if (!nodes->servers_due)
		return 0;
	ret = root_store_begin(nodes->store);
	if (ret == 0) {
		ret = keep(nodes);
		if (ret == 0)
			ret = root_store_commit(nodes->store);
		else
			root_store_rollback(nodes->store);
	}
	if (ret != 0) {
		snprintf(error, ROOT_ERROR_MAX, "%s", root_store_error(nodes->store));
		return -1;
	}
	for (uint32_t i = 0; i < nodes->count; i++)
		nodes->list[i]->server_due = false;
	nodes->servers_due = false;
	return 0;
}
