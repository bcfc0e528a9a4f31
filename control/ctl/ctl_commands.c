/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include <event2/buffer.h>

#include "control_lock.h"
#include "ctl_commands.h"
#include "ctl_dispatch.h"
#include "ctl_functions.h"
#include "ctl_table.h"
#include "ctl_values.h"
#include "metrics.h"
#include "path_text.h"

/* "show (one of node, ...)" for an item that does not exist. */
static json_t *
unknown_item(const char *what, char *error)
{
	int n = snprintf(error, CTL_ERROR_MAX,
		CTL_USAGE_MARK "nothing called \"%.32s\" can be shown, but", what);

	for (const struct show_item *item = show_items; item->name != NULL; item++)
		n += snprintf(error + n, CTL_ERROR_MAX - (size_t)n, "%s %s",
			item == show_items ? "" : ",", item->name);
	return NULL;
}

/* What can be shown. */
static json_t *
list_items(void)
{
	json_t *array = json_array();

	for (const struct show_item *item = show_items; item->name != NULL; item++)
		json_array_append_new(
			array, json_pack("{s:s, s:s}", "what", item->name, "text", item->text));
	return array;
}

json_t *
do_show(const struct ctl_context *ctx, unsigned int argc, const char *const *argv, char *error)
{
	const struct show_item *item;
	const struct session_entry *entry;
	struct show_filter filter = {0};
	const char *names[2];
	unsigned int nb_names = 0;

	if (argc == 0)
		return list_items();
	item = show_find(argv[0]);
	if (item == NULL)
		return unknown_item(argv[0], error);
	for (unsigned int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--all") == 0) {
			filter.all = true;
		} else if (!item->by_session || nb_names == 2) {
			snprintf(error, CTL_ERROR_MAX,
				CTL_USAGE_MARK "show %s: \"%.64s\" is one word too many",
				item->name, argv[i]);
			return NULL;
		} else {
			names[nb_names++] = argv[i];
		}
	}
	if (nb_names == 0)
		return item->show(ctx->view, &filter);
	filter.by_conference = true;
	if (nb_names == 1) {
		if (ctl_find_conference(ctx->view->sessions, names[0], &filter.conference, error))
			return NULL;
	} else {
		entry = ctl_find_session(ctx->view->sessions, names[0], names[1], error);
		if (entry == NULL)
			return NULL;
		filter.by_session = true;
		filter.conference = entry->config->conference;
		filter.session = entry->config->id;
	}
	return item->show(ctx->view, &filter);
}

json_t *
do_weights(const struct ctl_context *ctx, unsigned int argc, const char *const *argv, char *error)
{
	const struct session_entry *entry = ctl_find_session(
		ctx->view->sessions, argv[0], argv[1], error);
	uint32_t weights[SOURCE_FLOWS_MAX];
	int n;

	(void)argc;
	if (entry == NULL)
		return NULL;
	n = path_weights_parse(argv[2], weights, SOURCE_FLOWS_MAX, error, CTL_ERROR_MAX);
	if (n < 0 ||
		ctx->ops->set_weights(ctx->ops_ctx, entry->config->conference, entry->config->id,
			weights, (unsigned int)n, error, CTL_ERROR_MAX) != 0)
		return NULL;
	return json_pack("{s:I, s:I, s:s}", "conference", (json_int_t)entry->config->conference,
		"session", (json_int_t)entry->config->id, "weights", argv[2]);
}

json_t *
do_flow_add(const struct ctl_context *ctx, unsigned int argc, const char *const *argv, char *error)
{
	const struct session_entry *entry = ctl_find_session(
		ctx->view->sessions, argv[0], argv[1], error);
	struct path_text_error fault;
	struct pathlet_tree tree;
	uint64_t weight;
	uint8_t flow = 0;

	(void)argc;
	if (entry == NULL ||
		ctl_read_number(argv[2], "WEIGHT", PATH_WEIGHT_MAX, &weight, error) != 0)
		return NULL;
	if (path_text_parse(argv[3], &tree, &fault) != 0) {
		snprintf(error, CTL_ERROR_MAX, "PATH is \"%.128s\", column %u: %s", argv[3],
			fault.column, fault.text);
		return NULL;
	}
	if (ctx->ops->flow_add(ctx->ops_ctx, entry->config->conference, entry->config->id,
		    (uint32_t)weight, &tree, &flow, error, CTL_ERROR_MAX) != 0)
		return NULL;
	return json_pack("{s:I, s:I, s:i, s:I, s:s}", "conference",
		(json_int_t)entry->config->conference, "session", (json_int_t)entry->config->id,
		"flow", (int)flow, "weight", (json_int_t)weight, "path", argv[3]);
}

json_t *
do_flow_remove(
	const struct ctl_context *ctx, unsigned int argc, const char *const *argv, char *error)
{
	const struct session_entry *entry = ctl_find_session(
		ctx->view->sessions, argv[0], argv[1], error);
	uint64_t flow;

	(void)argc;
	if (entry == NULL ||
		ctl_read_number(argv[2], "FLOW", SOURCE_FLOWS_MAX - 1, &flow, error) != 0 ||
		ctx->ops->flow_remove(ctx->ops_ctx, entry->config->conference, entry->config->id,
			(uint8_t)flow, error, CTL_ERROR_MAX) != 0)
		return NULL;
	return json_pack("{s:I, s:I, s:I}", "conference", (json_int_t)entry->config->conference,
		"session", (json_int_t)entry->config->id, "removed", (json_int_t)flow);
}

static json_t *
session_run(const struct ctl_context *ctx, const char *const *argv, bool run, char *error)
{
	const struct session_entry *entry = ctl_find_session(
		ctx->view->sessions, argv[0], argv[1], error);
	bool changed = false;

	if (entry == NULL || ctx->ops->session_run(ctx->ops_ctx, entry->config->conference,
				     entry->config->id, run, &changed, error, CTL_ERROR_MAX) != 0)
		return NULL;
	return json_pack("{s:I, s:I, s:s, s:b}", "conference",
		(json_int_t)entry->config->conference, "session", (json_int_t)entry->config->id,
		"state", run ? "running" : "stopped", "changed", (int)changed);
}

json_t *
do_session_start(
	const struct ctl_context *ctx, unsigned int argc, const char *const *argv, char *error)
{
	(void)argc;
	return session_run(ctx, argv, true, error);
}

json_t *
do_session_stop(
	const struct ctl_context *ctx, unsigned int argc, const char *const *argv, char *error)
{
	(void)argc;
	return session_run(ctx, argv, false, error);
}

json_t *
do_events(const struct ctl_context *ctx, unsigned int argc, const char *const *argv, char *error)
{
	uint64_t last;

	if (ctl_read_events(argc, argv, HISTORY_MAX, &last, error) != 0)
		return NULL;
	return show_events(ctx->view, (uint32_t)last);
}

json_t *
do_conference_end(
	const struct ctl_context *ctx, unsigned int argc, const char *const *argv, char *error)
{
	uint32_t conference, stopped = 0;

	(void)argc;
	if (ctl_find_conference(ctx->view->sessions, argv[0], &conference, error) != 0 ||
		ctx->ops->conference_end(
			ctx->ops_ctx, conference, &stopped, error, CTL_ERROR_MAX) != 0)
		return NULL;
	return json_pack("{s:I, s:I}", "conference", (json_int_t)conference, "sources_stopped",
		(json_int_t)stopped);
}

/* In one piece: the client asks for it once, and waits. */
json_t *
do_metrics(const struct ctl_context *ctx, unsigned int argc, const char *const *argv, char *error)
{
	struct evbuffer *text = ctx->statistics != NULL ? evbuffer_new() : NULL;
	struct metrics_cursor cursor = {0};
	json_t *data = NULL;

	(void)argc;
	(void)argv;
	if (ctx->statistics == NULL) {
		snprintf(error, CTL_ERROR_MAX, "this node has no statistics yet");
		return NULL;
	}
	while (text != NULL && !cursor.done)
		if (!metrics_write(text, &ctx->statistics->latest, &cursor))
			break;
	if (text != NULL && cursor.done)
		data = json_pack("{s:o}", "openmetrics",
			json_stringn((const char *)evbuffer_pullup(text, -1),
				evbuffer_get_length(text)));
	if (text != NULL)
		evbuffer_free(text);
	return data;
}

static const struct ctl_command commands[] = {CTL_COMMANDS(CTL_COMMAND)};

#define CTL_FUNCTION(function, words, arguments, least, most, help) do_##function,
static ctl_function *const functions[] = {CTL_COMMANDS(CTL_FUNCTION)};
#undef CTL_FUNCTION

static json_t *
call(void *ctx, size_t command, unsigned int argc, const char *const *argv, char *error)
{
	json_t *data;

	control_lock();
	data = functions[command](ctx, argc, argv, error);
	control_unlock();
	return data;
}

static const struct ctl_dispatch dispatch = {.program = "this node",
	.commands = commands,
	.nb_commands = sizeof(commands) / sizeof(commands[0]),
	.call = call};

json_t *
do_help(const struct ctl_context *ctx, unsigned int argc, const char *const *argv, char *error)
{
	(void)ctx;
	(void)argc;
	(void)argv;
	(void)error;
	return ctl_dispatch_help(&dispatch);
}

json_t *
ctl_execute_line(struct ctl_context *ctx, const char *line, size_t len, bool *follow)
{
	return ctl_dispatch_line(&dispatch, ctx, line, len, follow);
}
