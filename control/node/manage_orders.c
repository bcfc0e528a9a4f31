/* SPDX-License-Identifier: BSD-3-Clause */
/* What the root told last is kept in a file, and carried out again by a node that starts. */
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include <event2/event.h>

#include "clock.h"
#include "ferryd.h"
#include "forward_actions.h"
#include "log.h"
#include "manage.h"
#include "mgmt.h"

#define TRY_AGAIN_US 1000000 /* what could not be saved */

static const char *
path_of(const struct ferryd *f, char *buf, size_t size)
{
	if (f->config->management.state != NULL)
		return f->config->management.state;
	snprintf(buf, size, "/var/lib/ferry/%s.state", f->config->node.name);
	return buf;
}

static void
save_later(struct ferryd *f, uint64_t us)
{
	const struct timeval later = {
		.tv_sec = (time_t)(us / 1000000), .tv_usec = (suseconds_t)(us % 1000000)};

	if (f->orders_event != NULL && !evtimer_pending(f->orders_event, NULL))
		event_add(f->orders_event, &later);
}

/* Told when it begins to fail, and when it works again. */
static void
tell_saved(struct ferryd *f, int ret, const char *path, const char *error)
{
	if (ret != 0 && !f->orders_failed)
		log_line(LOG_WARNING,
			"%s: %s; it stays as it was, and a start while the root is away knows only "
			"the orders in it; it is tried again",
			path, error);
	else if (ret == 0 && f->orders_failed)
		log_line(LOG_INFO, "%s has the orders of the root again", path);
	f->orders_failed = ret != 0;
}

static void
save(struct ferryd *f)
{
	char error[ORDERS_ERROR_MAX], buf[256];
	uint64_t begin = clock_us(CLOCK_MONOTONIC);
	int ret;

	if (!f->orders_new)
		return;
	ret = orders_save(path_of(f, buf, sizeof(buf)), f->orders_root, &f->orders, error);
	f->orders_new = ret != 0;
	f->orders_took = clock_us(CLOCK_MONOTONIC) - begin;
	tell_saved(f, ret, path_of(f, buf, sizeof(buf)), error);
	if (ret != 0)
		save_later(f, RTE_MAX(orders_pause(f->orders_took), (uint64_t)TRY_AGAIN_US));
}

static void
on_save(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	save(arg);
}

void
manage_orders_note(struct ferryd *f, const struct message *message)
{
	int ret = orders_note(&f->orders, message);

	if (ret < 0)
		log_line(LOG_WARNING, "out of memory: an order of the root is not kept");
	f->orders_new |= ret != 0;
	if (ret != 0)
		save_later(f, orders_pause(f->orders_took));
}

/* What is wrong with the place; NULL: nothing. */
static const char *
fault_of(const struct ferryd *f, const struct message *place, char *error, size_t size)
{
	if (place == NULL)
		return "it has no place";
	if (place->to[0] != 0 && strcmp(place->to, f->config->node.name) != 0) {
		snprintf(error, size, "it is that of the node \"%s\"", place->to);
		return error;
	}
	return manage_place_check(f, place, error, size) != 0 ? error : NULL;
}

int
manage_orders_begin(struct ferryd *f)
{
	const struct config_management *own = &f->config->management;
	char error[ORDERS_ERROR_MAX], buf[256], address[CONFIG_ADDRESS_TEXT];
	const char *path = path_of(f, buf, sizeof(buf)), *fault = error;
	int ret;

	f->orders_event = evtimer_new(f->base, on_save, f);
	if (f->orders_event == NULL) {
		log_line(LOG_ERR, "out of memory for the orders of the root");
		return -1;
	}
	config_endpoint_text(&own->root, address);
	if (orders_root(address, own->connections.plain ? NULL : own->connections.authority,
		    f->orders_root, error) != 0) {
		log_line(LOG_ERR, "%s", error);
		return -1;
	}
	ret = orders_load(path, f->orders_root, &f->orders, error);
	if (ret == 1)
		return 0;
	if (ret == 0) {
		f->place = orders_place(&f->orders);
		fault = fault_of(f, f->place, error, sizeof(error));
	}
	if (fault != NULL) {
		log_line(LOG_WARNING, "%s is ignored: %s", path, fault);
		message_free(f->place);
		f->place = NULL;
		orders_free(&f->orders);
		return 0;
	}
	log_line(LOG_INFO, "%s: what the root told last holds until it is heard", path);
	mgmt_take_place(f->mgmt, f->place);
	return 0;
}

static void
carry_out(struct ferryd *f, const struct order *order)
{
	char error[MANAGE_ERROR_MAX] = "it failed";
	struct message_fault fault;
	struct message *message;

	if (order->type == MESSAGE_PLACE)
		return;
	message = message_parse(order->text, order->size, &fault);
	/* That nobody is there to be told that it is done does not matter. */
	if (message == NULL)
		log_line(LOG_WARNING, "a kept order of the root: %s", fault.text);
	else if (manage_actions[order->type](f, message, error, sizeof(error)) != 0 &&
		 session_book_find(&f->book, message->pipeline.conference,
			 message->pipeline.session) == NULL &&
		 !forward_is(&f->book, message->pipeline.conference, message->pipeline.session))
		log_line(LOG_WARNING, "session %u/%u, as the root told it last: %s",
			message->pipeline.conference, message->pipeline.session, error);
	message_free(message);
}

void
manage_orders_again(struct ferryd *f)
{
	const struct order *order = TAILQ_FIRST(&f->orders.list);

	while (order != NULL) {
		size_t before = f->orders.count;

		/*
		 * One that can neither be had nor leave what was there is forgotten, with all of
		 * its stream. What was carried out already is the same once more.
		 */
		carry_out(f, order);
		order = orders_after(&f->orders, order, before);
	}
}

void
manage_orders_end(struct ferryd *f)
{
	save(f);
	if (f->orders_event != NULL)
		event_free(f->orders_event);
	f->orders_event = NULL;
	orders_free(&f->orders);
}
