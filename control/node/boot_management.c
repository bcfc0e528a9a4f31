/* SPDX-License-Identifier: BSD-3-Clause */
/* The node's way into the root's tree: first of all, as its NodeID may come from there. */
#include <event2/event.h>

#include "control_lock.h"
#include "ferryd.h"
#include "log.h"
#include "manage.h"
#include "mgmt.h"

static int
join(struct ferryd *f)
{
	const struct config_management *own = &f->config->management;
	struct mgmt_settings settings = {
		.name = f->config->node.name,
		.certificate = own->connections.certificate,
		.key = own->connections.key,
		.authority = own->connections.authority,
		.plain = own->connections.plain,
		.ping = own->connections.ping_ms,
		.dead = own->connections.dead_ms,
	};
	char error[1024];

	config_endpoint_sockaddr(&own->address, &settings.listen);
	config_endpoint_sockaddr(&own->root, &settings.root);
	f->mgmt = mgmt_new(f->base, &settings, manage_ops(), f, error, sizeof(error));
	if (f->mgmt == NULL)
		log_line(LOG_ERR, "%s:%u: management: %s", own->where.file, own->where.line, error);
	return f->mgmt != NULL ? 0 : -1;
}

static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	struct ferryd *f = arg;

	(void)number;
	(void)what;
	f->ended_early = true;
	event_base_loopbreak(f->base);
}

/* Until the root has given a place, or somebody ends the node. */
static int
wait_for_place(struct ferryd *f)
{
	char error[MANAGE_ERROR_MAX];
	int ret = ferryd_add_signals(f, on_signal);

	if (f->place == NULL)
		log_line(LOG_INFO, "the node has no NodeID yet: it waits for the root's word");
	while (ret == 0 && f->place == NULL && !ferryd_ends_early(f))
		ret = event_base_dispatch(f->base);
	ferryd_free_signals(f);
	if (ret != 0 || f->ended_early)
		return ret == 0 ? 0 : -1;
	if (manage_place_check(f, f->place, error, sizeof(error)) != 0) {
		log_line(LOG_ERR, "%s", error);
		return -1;
	}
	f->config->node.id = f->place->place.node_id;
	f->numbered = true;
	log_line(LOG_INFO, "the root gives the NodeID %u", f->config->node.id);
	return 0;
}

int
boot_management(void *ctx)
{
	struct ferryd *f = ctx;

	if (!f->config->management.present)
		return 0;
	if (join(f) != 0 || manage_orders_begin(f) != 0)
		return -1;
	return f->config->node.id == 0 ? wait_for_place(f) : 0;
}

/* The node is up. What came meanwhile is carried out now, the place first. */
int
boot_orders(void *ctx)
{
	struct ferryd *f = ctx;
	char error[MANAGE_ERROR_MAX];

	f->up = true;
	if (f->mgmt == NULL)
		return 0;
	control_lock();
	if (f->place != NULL &&
		manage_actions[MESSAGE_PLACE](f, f->place, error, sizeof(error)) != 0)
		log_line(LOG_ERR, "%s", error);
	manage_orders_again(f);
	control_unlock();
	mgmt_resume(f->mgmt);
	return 0;
}

void
undo_orders(void *ctx)
{
	struct ferryd *f = ctx;

	if (f->mgmt != NULL)
		mgmt_pause(f->mgmt);
	f->up = false;
}

void
undo_management(void *ctx)
{
	struct ferryd *f = ctx;

	if (!f->config->management.present)
		return;
	mgmt_free(f->mgmt);
	f->mgmt = NULL;
	manage_orders_end(f);
	message_free(f->place);
	f->place = NULL;
}
