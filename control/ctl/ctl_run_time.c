/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands for what comes and goes at run time. */
#include <stdio.h>
#include <string.h>

#include "ctl_functions.h"
#include "ctl_values.h"

static json_t *
peer_reply(uint32_t id, const char *what)
{
	return json_pack("{s:I, s:s}", "peer", (json_int_t)id, "state", what);
}

/* By its id or its name, if it is the only one of that name. */
static int
find_peer(const struct ctl_context *ctx, const char *text, uint32_t *id, char *error)
{
	const struct config *config = ctx->view->config;
	const struct config_peer *found = NULL;
	uint64_t number;
	char ignored[CTL_ERROR_MAX];

	for (uint32_t i = 0; i < config->peer_count; i++) {
		const struct config_peer *peer = &config->peers[i];

		if (strcmp(peer->name, text) != 0 &&
			(ctl_read_number(text, "", UINT32_MAX, &number, ignored) != 0 ||
				number != peer->id))
			continue;
		if (found != NULL) {
			snprintf(error, CTL_ERROR_MAX,
				"peers %u and %u are both called \"%.64s\": say which by its id",
				found->id, peer->id, text);
			return -1;
		}
		found = peer;
	}
	if (found != NULL) {
		*id = found->id;
		return 0;
	}
	snprintf(error, CTL_ERROR_MAX,
		"there is no peer \"%.64s\": \"show links\" tells which there are", text);
	return -1;
}

json_t *
do_peer_add(const struct ctl_context *ctx, unsigned int argc, const char *const *argv, char *error)
{
	uint32_t id = 0;

	(void)argc;
	if (ctx->ops->peer_add(ctx->ops_ctx, argv[0], &id, error, CTL_ERROR_MAX) != 0)
		return NULL;
	return peer_reply(id, "added");
}

/* Something to change; what it is worth is judged where it is read. */
static int
need_keys(const char *text, char *error)
{
	if (text[strspn(text, " \t\r\n")] != 0)
		return 0;
	snprintf(error, CTL_ERROR_MAX, "KEYS is empty, it must have at least one KEY = VALUE");
	return -1;
}

json_t *
do_peer_change(
	const struct ctl_context *ctx, unsigned int argc, const char *const *argv, char *error)
{
	uint32_t id;

	(void)argc;
	if (find_peer(ctx, argv[0], &id, error) != 0 || need_keys(argv[1], error) != 0 ||
		ctx->ops->peer_change(ctx->ops_ctx, id, argv[1], error, CTL_ERROR_MAX) != 0)
		return NULL;
	return peer_reply(id, "changed");
}

json_t *
do_peer_remove(
	const struct ctl_context *ctx, unsigned int argc, const char *const *argv, char *error)
{
	uint32_t id;

	(void)argc;
	if (find_peer(ctx, argv[0], &id, error) != 0 ||
		ctx->ops->peer_remove(ctx->ops_ctx, id, error, CTL_ERROR_MAX) != 0)
		return NULL;
	return peer_reply(id, "removed");
}

static json_t *
session_reply(uint32_t conference, uint32_t session, const char *what)
{
	return json_pack("{s:I, s:I, s:s}", "conference", (json_int_t)conference, "session",
		(json_int_t)session, "state", what);
}

/* The id of a conference that is known, or a number. */
static int
find_or_new(const struct ctl_context *ctx, const char *text, uint32_t *conference, char *error)
{
	if (ctl_find_conference(ctx->view->sessions, text, conference, error) == 0)
		return 0;
	if (text[0] == 0 || text[strspn(text, "0123456789")] != 0)
		return -1;
	return ctl_read_id(text, "CONF", conference, error);
}

json_t *
do_session_add(
	const struct ctl_context *ctx, unsigned int argc, const char *const *argv, char *error)
{
	uint32_t conference, session;

	(void)argc;
	if (find_or_new(ctx, argv[0], &conference, error) != 0 ||
		ctx->ops->session_add(
			ctx->ops_ctx, conference, argv[1], &session, error, CTL_ERROR_MAX) != 0)
		return NULL;
	return session_reply(conference, session, "defined");
}

json_t *
do_session_remove(
	const struct ctl_context *ctx, unsigned int argc, const char *const *argv, char *error)
{
	const struct session_entry *entry = ctl_find_session(
		ctx->view->sessions, argv[0], argv[1], error);
	uint32_t conference, session;

	(void)argc;
	if (entry == NULL)
		return NULL;
	/* The entry goes. */
	conference = entry->config->conference;
	session = entry->config->id;
	if (ctx->ops->session_remove(ctx->ops_ctx, conference, session, error, CTL_ERROR_MAX) != 0)
		return NULL;
	return session_reply(conference, session, "removed");
}

json_t *
do_session_route(
	const struct ctl_context *ctx, unsigned int argc, const char *const *argv, char *error)
{
	const struct session_entry *entry = ctl_find_session(
		ctx->view->sessions, argv[0], argv[1], error);

	(void)argc;
	if (entry == NULL || ctx->ops->set_routes(ctx->ops_ctx, entry->config->conference,
				     entry->config->id, argv[2], error, CTL_ERROR_MAX) != 0)
		return NULL;
	return json_pack("{s:I, s:I, s:s}", "conference", (json_int_t)entry->config->conference,
		"session", (json_int_t)entry->config->id, "routes", argv[2]);
}

json_t *
do_conference_add(
	const struct ctl_context *ctx, unsigned int argc, const char *const *argv, char *error)
{
	uint32_t conference;

	(void)argc;
	if (ctx->ops->conference_define(
		    ctx->ops_ctx, 0, argv[0], &conference, error, CTL_ERROR_MAX) != 0)
		return NULL;
	return json_pack("{s:I, s:s}", "conference", (json_int_t)conference, "state", "defined");
}

json_t *
do_conference_change(
	const struct ctl_context *ctx, unsigned int argc, const char *const *argv, char *error)
{
	uint32_t conference;

	(void)argc;
	if (ctl_find_conference(ctx->view->sessions, argv[0], &conference, error) != 0 ||
		need_keys(argv[1], error) != 0 ||
		ctx->ops->conference_define(
			ctx->ops_ctx, conference, argv[1], &conference, error, CTL_ERROR_MAX) != 0)
		return NULL;
	return json_pack("{s:I, s:s}", "conference", (json_int_t)conference, "state", "changed");
}

json_t *
do_conference_remove(
	const struct ctl_context *ctx, unsigned int argc, const char *const *argv, char *error)
{
	uint32_t conference;

	(void)argc;
	if (ctl_find_conference(ctx->view->sessions, argv[0], &conference, error) != 0 ||
		ctx->ops->conference_remove(ctx->ops_ctx, conference, error, CTL_ERROR_MAX) != 0)
		return NULL;
	return json_pack("{s:I, s:s}", "conference", (json_int_t)conference, "state", "removed");
}

static json_t *
forward(const struct ctl_context *ctx, const char *const *argv, bool add, char *error)
{
	uint32_t conference, session;
	bool changed;

	if (ctl_read_id(argv[0], "CONF", &conference, error) != 0 ||
		ctl_read_id(argv[1], "SESSION", &session, error) != 0 ||
		ctx->ops->forward(ctx->ops_ctx, conference, session, add, &changed, error,
			CTL_ERROR_MAX) != 0)
		return NULL;
	return json_pack("{s:I, s:I, s:b, s:b}", "conference", (json_int_t)conference, "session",
		(json_int_t)session, "forwarded", (int)add, "changed", (int)changed);
}

json_t *
do_forward_add(
	const struct ctl_context *ctx, unsigned int argc, const char *const *argv, char *error)
{
	(void)argc;
	return forward(ctx, argv, true, error);
}

json_t *
do_forward_remove(
	const struct ctl_context *ctx, unsigned int argc, const char *const *argv, char *error)
{
	(void)argc;
	return forward(ctx, argv, false, error);
}

/* "always" ... as in the configuration, or "off". */
static int
read_how(const char *text, uint32_t *how, char *error)
{
	*how = 0;
	while (config_recode_names[*how] != NULL && strcmp(config_recode_names[*how], text) != 0)
		(*how)++;
	if (config_recode_names[*how] != NULL)
		return 0;
	*how = CTL_RECODE_OFF;
	if (strcmp(text, "off") == 0)
		return 0;
	snprintf(error, CTL_ERROR_MAX,
		"\"%.32s\" must be \"always\", \"lossy\", \"never\" or \"off\"", text);
	return -1;
}

json_t *
do_recode(const struct ctl_context *ctx, unsigned int argc, const char *const *argv, char *error)
{
	uint32_t conference, session, how;
	json_t *reply;
	bool changed;

	(void)argc;
	if (ctl_read_id(argv[0], "CONF", &conference, error) != 0 ||
		ctl_read_id(argv[1], "SESSION", &session, error) != 0 ||
		read_how(argv[2], &how, error) != 0 ||
		ctx->ops->recode(ctx->ops_ctx, conference, session, how, &changed, error,
			CTL_ERROR_MAX) != 0)
		return NULL;
	reply = json_pack("{s:I, s:I, s:s, s:b}", "conference", (json_int_t)conference, "session",
		(json_int_t)session, "recode", argv[2], "changed", (int)changed);
	/* What it reckons of the loss on the way leaves this out (ferry.cfg(5), CODING). */
	if (changed && ctx->view->config->management.present)
		json_object_set_new(reply, "note",
			json_string(
				"the root is not told: adaptive repair does not reckon with it"));
	return reply;
}
