/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A message's way through a node, in the order in which it is looked at: is it one; who says it,
 * and may they; is it fresh, and new; whom is it for. PROTOCOL.md says the same in words.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "mgmt_private.h"

static void
receive_fault(struct mgmt_conn *conn, const struct message_fault *fault)
{
	struct mgmt_counters *counters = &conn->mgmt->counters;

	if (fault->code == MESSAGE_CODE_UNSUPPORTED) {
		counters->unsupported++;
		mgmt_conn_refuse(conn, NULL, fault->time, fault->code, "%s", fault->text);
		return;
	}
	counters->malformed++;
	mgmt_conn_refuse(
		conn, NULL, fault->time, (enum message_code)fault->code, "%s", fault->text);
	mgmt_conn_close(conn, true, "not understood: %s", fault->text);
}

/* Without TLS the first message says who it is: a hello. False: the connection is closed. */
static bool
introduce(struct mgmt_conn *conn, const struct message *message)
{
	if (message->type == MESSAGE_HELLO &&
		(message->from[0] == 0 || strcmp(message->from, message->info.name) == 0))
		return mgmt_conn_named(conn, message->info.name);
	conn->mgmt->counters.wrong_from++;
	mgmt_conn_refuse(conn, message, 0, MESSAGE_CODE_FORBIDDEN,
		"the first message must be the sender's own hello");
	mgmt_conn_close(conn, true, "its first message was no hello of its own");
	return false;
}

/*
 * Two clocks that are far from each other keep two ends apart for ever, and neither learns it from
 * the other's answers, as they are old too.
 */
static void
tell_old(struct mgmt_conn *conn, const struct message *message)
{
	int64_t ahead = (int64_t)(message->time - mgmt_utc()) / 1000;

	if (conn->old_from[0] != 0)
		return;
	snprintf(conn->old_from, sizeof(conn->old_from), "%s", message->from);
	mgmt_log(conn->mgmt, LOG_WARNING,
		"management: %s %s: what %s says (%s) is %" PRId64
		" s %s our clock, so it is refused: clocks must agree within 5 minutes",
		conn->side == MGMT_ABOVE ? "parent" : "child", conn->name, message->from,
		message_type_name(message->type), ahead < 0 ? -ahead : ahead,
		ahead < 0 ? "behind" : "ahead of");
}

/* Clocks agree again. What we said of ourselves meanwhile was refused. */
static void
tell_new(struct mgmt_conn *conn)
{
	mgmt_log(conn->mgmt, LOG_INFO, "management: the clock of %s agrees with ours again",
		conn->old_from);
	conn->old_from[0] = 0;
	if (conn->side == MGMT_ABOVE)
		mgmt_join_up(conn);
}

static bool
judge(struct mgmt_conn *conn, const struct message *message)
{
	struct mgmt *mgmt = conn->mgmt;
	const char *type = message_type_name(message->type);

	switch (mgmt_judge(message, message->from, conn->name, conn->side, mgmt->name,
		&mgmt->placed, mgmt_utc())) {
	case MGMT_WRONG_FROM:
		mgmt->counters.wrong_from++;
		mgmt_conn_refuse(conn, message, 0, MESSAGE_CODE_FORBIDDEN,
			"%s may not speak as %s here", conn->name, message->from);
		return false;
	case MGMT_FORBIDDEN:
		mgmt->counters.forbidden++;
		mgmt_conn_refuse(conn, message, 0, MESSAGE_CODE_FORBIDDEN,
			"only ^ may say %s%s, not %s", type,
			strcmp(message->to, MESSAGE_EVERYBODY) == 0 ? " to everybody" : "",
			message->from);
		return false;
	case MGMT_OLD:
		mgmt->counters.old++;
		tell_old(conn, message);
		mgmt_conn_refuse(conn, message, 0, MESSAGE_CODE_OLD,
			"its time is more than 5 minutes from ours");
		return false;
	case MGMT_LOOPED:
		mgmt->counters.looped++;
		mgmt_conn_refuse(conn, message, 0, MESSAGE_CODE_LOOP,
			"it passed more than %u nodes", MESSAGE_HOPS_MAX);
		return false;
	case MGMT_FINE:
		break;
	}
	if (message->type == MESSAGE_HELLO && strcmp(message->info.name, message->from) != 0) {
		mgmt->counters.wrong_from++;
		mgmt_conn_refuse(conn, message, 0, MESSAGE_CODE_FORBIDDEN, "a hello of %s names %s",
			message->from, message->info.name);
		return false;
	}
	return true;
}

/*
 * Is it new. What the root says to one below, that one looks at. What is no harm to hear twice
 * counts where it begins: all of it together would make those above a large tree deaf.
 */
static enum mgmt_seen_result
look(struct mgmt_conn *conn, const struct message *message, const struct mgmt_seen_key *key)
{
	struct mgmt *mgmt = conn->mgmt;
	bool above = conn->side == MGMT_ABOVE;
	bool of_root = above && strcmp(message->from, MESSAGE_ROOT) == 0;
	struct mgmt_seen_from from = {
		.share = of_root ? &mgmt->seen.root : &conn->share,
		.own = above ? NULL : mgmt_placed_seen(&mgmt->placed, message->from),
		.stranger = !above && mgmt_placed_find(&mgmt->placed, conn->name) == NULL,
	};

	if (above && message->to[0] != 0 && strcmp(message->to, mgmt->name) != 0 &&
		strcmp(message->to, MESSAGE_EVERYBODY) != 0)
		return MGMT_SEEN_NEW;
	if ((message_type_rules(message->type) & MESSAGE_TWICE) == 0)
		return mgmt_seen_add(&mgmt->seen, &from, key, mgmt_now());
	if (of_root || strcmp(message->from, conn->name) != 0 ||
		mgmt_seen_count(&mgmt->seen, &from, mgmt_now()))
		return MGMT_SEEN_NEW;
	return MGMT_SEEN_FULL;
}

/* Is it new. One without an id gets its key as one, for those who pass it on. */
static bool
remember(struct mgmt_conn *conn, struct message *message, const char *text, size_t size)
{
	struct mgmt *mgmt = conn->mgmt;
	enum mgmt_seen_result result = MGMT_SEEN_FULL;
	struct mgmt_seen_key key;
	char id[33];

	if (mgmt_seen_key(&key, message->from, message->id, text, size))
		result = look(conn, message, &key);
	if (result == MGMT_SEEN_BEFORE) {
		mgmt->counters.replayed++;
		mgmt_conn_refuse(conn, message, 0, MESSAGE_CODE_REPLAYED, "it was seen before");
		return false;
	}
	if (result == MGMT_SEEN_FULL) {
		mgmt->counters.flooded++;
		mgmt_conn_refuse(
			conn, message, 0, MESSAGE_CODE_BUSY, "too many messages within 5 minutes");
		return false;
	}
	if (message->id[0] == 0) {
		mgmt_seen_id(&key, id);
		snprintf(message->id, sizeof(message->id), "%s", id);
	}
	return true;
}

static void
handle(struct mgmt_conn *conn, const struct message *message)
{
	struct mgmt *mgmt = conn->mgmt;
	mgmt_handler *handler = mgmt->ops->handlers[message->type];
	char via[MESSAGE_NAME_MAX + 1];
	bool own = mgmt_own(conn, message);

	snprintf(via, sizeof(via), "%s", conn->name);
	if (handler != NULL) {
		handler(mgmt->ctx, message, via);
	} else if (!own) {
		mgmt->counters.unsupported++;
		(void)mgmt_fail(mgmt, message, MESSAGE_CODE_UNSUPPORTED, "%s does nothing for a %s",
			mgmt->name, message_type_name(message->type));
	}
}

/* 0, or the code of the error that goes back. */
static uint32_t
pass_on(struct mgmt_conn *from, struct mgmt_conn *to, const char *text, size_t size)
{
	if (to == NULL || to == from)
		return MESSAGE_CODE_UNKNOWN;
	if (mgmt_conn_put(to, text, size) != 0)
		return MESSAGE_CODE_BUSY;
	from->mgmt->counters.passed_on++;
	return 0;
}

static void
not_passed(struct mgmt_conn *conn, const struct message *message, uint32_t code)
{
	struct mgmt *mgmt = conn->mgmt;
	struct message answer = {.type = MESSAGE_ERROR};
	char text[MESSAGE_ERROR_MAX];

	if (code == MESSAGE_CODE_UNKNOWN)
		mgmt->counters.unknown_node++;
	else if (code == MESSAGE_CODE_LOOP)
		mgmt->counters.looped++;
	if (message->type == MESSAGE_ERROR)
		return;
	snprintf(text, sizeof(text), "%s cannot pass it on to %s: %s", mgmt->name, message->to,
		code == MESSAGE_CODE_UNKNOWN ? "there is no such node below, or above, that can "
					       "be reached"
		: code == MESSAGE_CODE_LOOP  ? "it passed too many nodes"
		: code == MESSAGE_CODE_LARGE ? "it is too large"
					     : "the way there is full");
	answer.error.code = code;
	answer.error.text = text;
	answer.error.request = (struct message_request){
		.time = message->time, .type = message_type_name(message->type), .id = message->id};
	snprintf(answer.to, sizeof(answer.to), "%s", message->from);
	(void)mgmt_conn_send(conn, &answer);
}

static bool
has_children(const struct mgmt *mgmt)
{
	const struct mgmt_conn *conn;

	LIST_FOREACH (conn, &mgmt->conns, chain)
		if (conn->side == MGMT_BELOW && conn->state == MGMT_NAMED)
			return true;
	return false;
}

/* Down to everybody, or towards one. */
static void
forward(struct mgmt_conn *conn, const struct message *message, bool everybody)
{
	struct mgmt *mgmt = conn->mgmt;
	struct message copy = *message;
	struct mgmt_conn *next, *other;
	char error[MESSAGE_ERROR_MAX];
	uint32_t code = 0;
	size_t size;
	char *text;

	if (everybody && !has_children(mgmt))
		return;
	if (message->hops >= MESSAGE_HOPS_MAX) {
		not_passed(conn, message, MESSAGE_CODE_LOOP);
		return;
	}
	copy.hops++;
	text = message_write(&copy, &size, error);
	if (text == NULL) {
		not_passed(conn, message, MESSAGE_CODE_LARGE);
		return;
	}
	if (!everybody)
		code = pass_on(conn, mgmt_route(mgmt, message->to), text, size);
	for (other = LIST_FIRST(&mgmt->conns); other != NULL && everybody; other = next) {
		next = LIST_NEXT(other, chain);
		if (other->side == MGMT_BELOW && other->state == MGMT_NAMED)
			(void)pass_on(conn, other, text, size);
	}
	free(text);
	if (code != 0 && conn->state == MGMT_NAMED)
		not_passed(conn, message, code);
}

static void
receive_parsed(struct mgmt_conn *conn, struct message *message, const char *text, size_t size)
{
	struct mgmt *mgmt = conn->mgmt;
	bool everybody = strcmp(message->to, MESSAGE_EVERYBODY) == 0;

	if (conn->state == MGMT_NAMELESS && !introduce(conn, message))
		return;
	if (message->from[0] == 0)
		snprintf(message->from, sizeof(message->from), "%s", conn->name);
	if (!judge(conn, message) || !remember(conn, message, text, size))
		return;
	/* One that takes us says more than that it does not. */
	if (message->type != MESSAGE_ERROR) {
		if (conn->side == MGMT_ABOVE)
			mgmt_join_heard(conn);
		conn->heard = true;
	}
	if (strcmp(conn->old_from, message->from) == 0)
		tell_new(conn);
	if (message->type == MESSAGE_ERROR)
		mgmt->counters.errors_in++;
	if (everybody || (message->to[0] != 0 && strcmp(message->to, mgmt->name) != 0))
		forward(conn, message, everybody);
	if ((everybody || message->to[0] == 0 || strcmp(message->to, mgmt->name) == 0) &&
		conn->state == MGMT_NAMED)
		handle(conn, message);
}

void
mgmt_receive(struct mgmt_conn *conn, const char *text, size_t size)
{
	struct message_fault fault;
	struct message *message = message_parse(text, size, &fault);

	if (message == NULL) {
		receive_fault(conn, &fault);
		return;
	}
	receive_parsed(conn, message, text, size);
	message_free(message);
}
