/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages that begin here, and which way they go. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "mgmt_private.h"
#include "xml_utf8.h"

/* Where a message to somebody leaves; NULL: nowhere. */
struct mgmt_conn *
mgmt_route(struct mgmt *mgmt, const char *to)
{
	const struct mgmt_placed_entry *entry;
	struct mgmt_conn *conn = mgmt_conn_find(mgmt, to);

	if (conn != NULL)
		return conn;
	entry = mgmt_placed_find(&mgmt->placed, to);
	if (entry == NULL && mgmt->above != NULL && mgmt->above->state == MGMT_NAMED)
		return mgmt->above;
	while (entry != NULL && conn == NULL) {
		entry = mgmt_placed_parent(&mgmt->placed, entry);
		if (entry != NULL)
			conn = mgmt_conn_find(mgmt, entry->name);
	}
	return conn;
}

/* What was not said. */
static void
fill_in(struct mgmt *mgmt, struct message *message)
{
	if (message->time == 0)
		message->time = mgmt_utc();
	if (message->from[0] == 0)
		snprintf(message->from, sizeof(message->from), "%s", mgmt->name);
	if (message->id[0] == 0)
		snprintf(message->id, sizeof(message->id), "%" PRIx64 ".%" PRIu64, mgmt->start,
			++mgmt->sent);
}

int
mgmt_conn_send(struct mgmt_conn *conn, struct message *message)
{
	char error[MESSAGE_ERROR_MAX];
	size_t size;
	char *text;
	int ret;

	fill_in(conn->mgmt, message);
	text = message_write(message, &size, error);
	if (text == NULL)
		return -errno;
	ret = mgmt_conn_put(conn, text, size);
	free(text);
	if (ret == 0 && message->type == MESSAGE_ERROR)
		conn->mgmt->counters.errors_out++;
	return ret;
}

void
mgmt_tell_large(struct mgmt *mgmt, const struct message *message, int ret)
{
	uint32_t bit = UINT32_C(1) << message->type;

	_Static_assert(MESSAGE_TYPE_COUNT <= 32, "a bit each");
	if (ret == -EMSGSIZE && (mgmt->too_large & bit) == 0)
		mgmt_log(mgmt, LOG_ERR,
			"management: our %s is larger than a message may be and was not sent: who "
			"is above knows of us what we said before",
			message_type_name(message->type));
	if (ret == -EMSGSIZE)
		mgmt->too_large |= bit;
	else
		mgmt->too_large &= ~bit;
}

/* To all children but the one that it came from. 0, or -ENOTCONN if there is none. */
static int
send_down(struct mgmt *mgmt, struct message *message)
{
	struct mgmt_conn *conn, *next;
	char error[MESSAGE_ERROR_MAX];
	int ret = -ENOTCONN;
	size_t size;
	char *text;

	fill_in(mgmt, message);
	text = message_write(message, &size, error);
	if (text == NULL)
		return -errno;
	for (conn = LIST_FIRST(&mgmt->conns); conn != NULL; conn = next) {
		next = LIST_NEXT(conn, chain);
		if (conn->side == MGMT_BELOW && conn->state == MGMT_NAMED &&
			mgmt_conn_put(conn, text, size) == 0)
			ret = 0;
	}
	free(text);
	return ret;
}

int
mgmt_send(struct mgmt *mgmt, struct message *message)
{
	struct mgmt_conn *conn = mgmt->above;

	if (strcmp(message->to, MESSAGE_EVERYBODY) == 0)
		return mgmt->root ? send_down(mgmt, message) : -EINVAL;
	if (message->to[0] != 0)
		conn = mgmt_route(mgmt, message->to);
	if (conn == NULL || conn->state != MGMT_NAMED)
		return -ENOTCONN;
	return mgmt_conn_send(conn, message);
}

bool
mgmt_has_room(struct mgmt *mgmt, const char *to)
{
	const struct mgmt_conn *conn;

	if (mgmt->root && mgmt->nb_holds == 0)
		return true;
	conn = mgmt_route(mgmt, to);
	return conn == NULL || conn->full_at == 0;
}

/* What an answer says of its request. */
static struct message_request
request_of(const struct message *request)
{
	return (struct message_request){
		.time = request->time,
		.type = message_type_name(request->type),
		.id = request->id[0] != 0 ? request->id : NULL,
	};
}

int
mgmt_answer(struct mgmt *mgmt, const struct message *request, struct message *answer)
{
	snprintf(answer->to, sizeof(answer->to), "%s", request->from);
	if (answer->type == MESSAGE_PONG)
		answer->pong = request_of(request);
	else if (answer->type == MESSAGE_ERROR)
		answer->error.request = request_of(request);
	else if (answer->type == MESSAGE_PIPEDEFINFO)
		answer->pipelines.request = request_of(request);
	else if (answer->type == MESSAGE_CONFLIST)
		answer->conflist.request = request_of(request);
	else if (answer->type == MESSAGE_FULLSTATS)
		answer->time = request->time;
	return mgmt_send(mgmt, answer);
}

int
mgmt_fail(struct mgmt *mgmt, const struct message *request, enum message_code code,
	const char *format, ...)
{
	struct message answer = {.type = MESSAGE_ERROR};
	char whole[2 * MESSAGE_ERROR_MAX], text[MESSAGE_ERROR_MAX];
	va_list args;

	if (request->type == MESSAGE_ERROR)
		return 0;
	va_start(args, format);
	vsnprintf(whole, sizeof(whole), format, args);
	va_end(args);
	answer.error.code = code;
	answer.error.text = xml_utf8_copy(text, sizeof(text), whole);
	return mgmt_answer(mgmt, request, &answer);
}

/* Parts of what strangers sent may stand in a reason; an XML text cannot hold all bytes. */
static void
make_plain(char *text)
{
	for (; *text != 0; text++) {
		if ((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f)
			*text = '?';
	}
}

void
mgmt_conn_refuse(struct mgmt_conn *conn, const struct message *request, uint64_t time,
	enum message_code code, const char *format, ...)
{
	struct message answer = {.type = MESSAGE_ERROR};
	char text[MESSAGE_ERROR_MAX];
	va_list args;

	if (request != NULL && request->type == MESSAGE_ERROR)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	make_plain(text);
	answer.error.code = code;
	answer.error.text = text;
	if (request != NULL)
		answer.error.request = request_of(request);
	else
		answer.error.request.time = time;
	snprintf(answer.to, sizeof(answer.to), "%s", conn->name);
	(void)mgmt_conn_send(conn, &answer);
}
