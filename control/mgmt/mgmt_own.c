/* SPDX-License-Identifier: BSD-3-Clause */
/* What a node does by itself: liveness, its place, its children. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "clock.h"
#include "fnv.h"
#include "mgmt_private.h"

#define UPDATE_US      20000  /* several changes at once are told together */
#define UPDATE_MAX_US  200000 /* the root takes who is nowhere for a second to be away */
#define ERROR_AGAIN_MS 60000  /* the same one is told as often */
#define UPDATE_AGAIN_S 30     /* it is told again: one that was refused is not lost for good */

void
mgmt_ping(struct mgmt_conn *conn)
{
	struct message ping = {.type = MESSAGE_PING};

	conn->pinged_at = mgmt_now();
	conn->ping_us = clock_us(CLOCK_MONOTONIC);
	(void)mgmt_conn_send(conn, &ping);
}

static void
own_ping(struct mgmt_conn *conn, const struct message *message)
{
	struct message pong = {.type = MESSAGE_PONG};

	(void)mgmt_answer(conn->mgmt, message, &pong);
}

/* Of the one that was pinged: one below it may say pong too. */
static void
own_pong(struct mgmt_conn *conn, const struct message *message)
{
	if (conn->ping_us == 0 || strcmp(message->from, conn->name) != 0)
		return;
	conn->rtt_us = clock_us(CLOCK_MONOTONIC) - conn->ping_us;
	conn->ping_us = 0;
}

/* To where it is already: the root has no hello of this node, and asks for it. */
static void
own_redirect(struct mgmt_conn *conn, const struct message *message)
{
	const struct message_redirect *to = &message->redirect;
	bool here = conn->side == MGMT_ABOVE && strcmp(conn->name, to->name) == 0;

	if (!here || to->server.host != NULL || strcmp(to->name, MESSAGE_ROOT) == 0)
		mgmt_join(conn->mgmt, to->name, to->server.host, to->server.port);
	if (here && conn == conn->mgmt->above && conn->state == MGMT_NAMED)
		mgmt_join_up(conn);
}

static void
own_place(struct mgmt_conn *conn, const struct message *message)
{
	mgmt_take_place(conn->mgmt, message);
}

void
mgmt_take_place(struct mgmt *mgmt, const struct message *message)
{
	const struct message_redirect *parent = &message->place.parent;

	if (mgmt_set_below(mgmt, message->place.below, message->place.nb_below) != 0)
		mgmt_log(mgmt, LOG_ERR, "management: out of memory for the list of nodes below");
	if (strcmp(parent->name, MESSAGE_ROOT) == 0 || parent->server.host != NULL)
		mgmt_join(mgmt, parent->name, parent->server.host, parent->server.port);
}

/* Kept as it came: the root's word on who may be below may come later (is_below). */
static void
own_childsupdate(struct mgmt_conn *conn, const struct message *message)
{
	struct message *copy;
	char error[MESSAGE_ERROR_MAX];
	struct message_fault fault;
	size_t size;
	char *text;

	if (conn->side != MGMT_BELOW || strcmp(message->from, conn->name) != 0)
		return;
	text = message_write(message, &size, error);
	copy = text != NULL ? message_parse(text, size, &fault) : NULL;
	free(text);
	if (copy == NULL)
		return;
	message_free(conn->below);
	conn->below = copy;
	mgmt_update_soon(conn->mgmt);
}

static void
own_bye(struct mgmt_conn *conn, const struct message *message)
{
	if (conn->side == MGMT_BELOW && strcmp(message->from, conn->name) == 0)
		mgmt_conn_close(conn, false, "it says bye");
}

/* What was told of such an error, or the place of the one that was told longest ago. */
static struct mgmt_told *
told_of(struct mgmt_conn *conn, uint64_t sum)
{
	struct mgmt_told *oldest = &conn->told[0];

	for (unsigned int i = 0; i < MGMT_TOLD; i++) {
		if (conn->told[i].sum == sum)
			return &conn->told[i];
		if (conn->told[i].at < oldest->at)
			oldest = &conn->told[i];
	}
	return oldest;
}

/*
 * What nodes say again and again is refused as often: while the root is away, that nobody takes it
 * there. One line a minute has it all, for each of a few.
 */
static void
own_error(struct mgmt_conn *conn, const struct message *message)
{
	const char *request = message->error.request.type;
	char text[384], more[48] = "";
	uint64_t now = mgmt_now(), sum;
	struct mgmt_told *told;

	snprintf(text, sizeof(text), "%s says about a %s: %u %s", message->from,
		request != NULL ? request : "message", message->error.code, message->error.text);
	sum = fnv_add(FNV_BEGIN, text, strlen(text));
	told = told_of(conn, sum);
	if (told->sum == sum && now < told->at + ERROR_AGAIN_MS) {
		told->again++;
		return;
	}
	if (told->sum == sum && told->again > 0)
		snprintf(more, sizeof(more), " (%u times more meanwhile)", told->again);
	*told = (struct mgmt_told){.sum = sum, .at = now};
	mgmt_log(conn->mgmt, LOG_WARNING, "management: %s%s", text, more);
}

bool
mgmt_own(struct mgmt_conn *conn, const struct message *message)
{
	switch (message->type) {
	case MESSAGE_PING:
		own_ping(conn, message);
		return true;
	case MESSAGE_PONG:
		own_pong(conn, message);
		return true;
	case MESSAGE_REDIRECT:
		own_redirect(conn, message);
		return true;
	case MESSAGE_PLACE:
		own_place(conn, message);
		return true;
	case MESSAGE_CHILDSUPDATE:
		own_childsupdate(conn, message);
		return true;
	case MESSAGE_BYE:
		own_bye(conn, message);
		return true;
	case MESSAGE_ERROR:
		own_error(conn, message);
		return true;
	case MESSAGE_HELLO:
		/* For the parent itself: the connection says all that it needs. */
		return true;
	default:
		return false;
	}
}

void
mgmt_update_soon(struct mgmt *mgmt)
{
	uint64_t pause = 10 * mgmt->update_took;
	struct timeval soon;

	if (mgmt->root || mgmt->update_due)
		return;
	/* A tenth of the time at most goes into it, however many there are below. */
	if (pause < UPDATE_US)
		pause = UPDATE_US;
	else if (pause > UPDATE_MAX_US)
		pause = UPDATE_MAX_US;
	soon = (struct timeval){(time_t)(pause / 1000000), (suseconds_t)(pause % 1000000)};
	mgmt->update_due = true;
	event_add(mgmt->update, &soon);
}

/* Did the root place it below this child? */
static bool
is_below(const struct mgmt_conn *conn, const struct message_below *node)
{
	return mgmt_placed_below(&conn->mgmt->placed, node->name, conn->name);
}

size_t
mgmt_conn_below(const struct mgmt_conn *conn)
{
	size_t count = 0;

	for (size_t i = 0; conn->below != NULL && i < conn->below->children.nb_children; i++)
		count += is_below(conn, &conn->below->children.children[i]);
	return count;
}

int
mgmt_below(const struct mgmt *mgmt, struct message_below **list, size_t *count)
{
	const struct mgmt_conn *conn;
	size_t room = 1, n = 0;

	LIST_FOREACH (conn, &mgmt->conns, chain)
		room += 1 + (conn->below != NULL ? conn->below->children.nb_children : 0);
	*list = calloc(room, sizeof(**list));
	if (*list == NULL)
		return -ENOMEM;
	LIST_FOREACH (conn, &mgmt->conns, chain) {
		if (conn->side == MGMT_BELOW && conn->state == MGMT_NAMED)
			(*list)[n++] = (struct message_below){.name = conn->name};
	}
	LIST_FOREACH (conn, &mgmt->conns, chain) {
		if (conn->side != MGMT_BELOW || conn->state != MGMT_NAMED || conn->below == NULL)
			continue;
		for (size_t i = 0; i < conn->below->children.nb_children; i++) {
			if (!is_below(conn, &conn->below->children.children[i]))
				continue;
			(*list)[n] = conn->below->children.children[i];
			if ((*list)[n].parent == NULL)
				(*list)[n].parent = conn->name;
			n++;
		}
	}
	*count = n;
	return 0;
}

void
mgmt_update_send(struct mgmt *mgmt)
{
	const struct timeval again = {.tv_sec = UPDATE_AGAIN_S};
	struct message update = {.type = MESSAGE_CHILDSUPDATE};
	struct message_below *list = NULL;
	uint64_t began = clock_us(CLOCK_MONOTONIC);
	size_t count = 0;

	mgmt->update_due = false;
	event_add(mgmt->update, &again);
	if (mgmt->above == NULL || mgmt->above->state != MGMT_NAMED)
		return;
	if (mgmt_below(mgmt, &list, &count) != 0) {
		mgmt_log(mgmt, LOG_ERR, "management: out of memory for the list of descendants");
		return;
	}
	update.children.nb_descendants = count;
	update.children.children = list;
	update.children.nb_children = count;
	mgmt_tell_large(mgmt, &update, mgmt_conn_send(mgmt->above, &update));
	free(list);
	mgmt->update_took = clock_us(CLOCK_MONOTONIC) - began;
}
