/* SPDX-License-Identifier: BSD-3-Clause */
/* Pipelines, as sessions are called in the protocol: which are there, start and stop. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ferryd.h"
#include "forward_actions.h"
#include "manage.h"
#include "mgmt.h"
#include "path_text.h"
#include "session_actions.h"

#define AT_ONCE 256 /* pipelines in one message */

/* What one pipelinedefinfo points to. */
struct told {
	struct message_flow *flows;
	char (*paths)[PATH_TEXT_MAX];
};

/* "playing", "stopped", "finished"; "defined" of one that does not start here. */
static const char *
state_of(const struct session_entry *entry)
{
	if (entry->source == NULL)
		return "defined";
	if (__atomic_load_n(&entry->source->finished, __ATOMIC_ACQUIRE))
		return "finished";
	return source_is_running(entry->source) ? "playing" : "stopped";
}

static void
told_free(struct told *told)
{
	free(told->flows);
	free(told->paths);
	*told = (struct told){0};
}

/* 0 or -ENOMEM. */
static int
tell(const struct session_entry *entry, struct message_pipeline *pipeline, struct told *told)
{
	const struct config_session *session = entry->config;

	told->flows = calloc((size_t)entry->nb_flows + 1, sizeof(*told->flows));
	told->paths = calloc((size_t)entry->nb_flows + 1, sizeof(*told->paths));
	if (told->flows == NULL || told->paths == NULL)
		return -ENOMEM;
	for (uint16_t i = 0; i < entry->nb_flows; i++) {
		path_text_format(&entry->flows[i].tree, told->paths[i], PATH_TEXT_MAX);
		told->flows[i] = (struct message_flow){
			entry->flows[i].id, entry->flows[i].weight, told->paths[i]};
	}
	*pipeline = (struct message_pipeline){
		.conference = session->conference,
		.session = session->id,
		.name = session->name,
		.state = state_of(entry),
		.source = session->source,
		.destinations = session->destinations,
		.nb_destinations = session->destination_count,
		.flows = told->flows,
		.nb_flows = entry->nb_flows,
		.rate = session->rate,
		.burst = session->burst,
		.payload = session->payload,
	};
	return 0;
}

/* What goes into the next message. */
struct list {
	struct message_pipeline pipelines[AT_ONCE];
	size_t count;
	int ret; /* of the messages so far: after one that failed there are no more */
};

static void
list_say(struct ferryd *f, const struct message *request, struct list *list)
{
	struct message answer = {.type = MESSAGE_PIPEDEFINFO};

	answer.pipelines.pipelines = list->pipelines;
	answer.pipelines.nb_pipelines = list->count;
	if (list->ret == 0)
		list->ret = mgmt_answer(f->mgmt, request, &answer);
	list->count = 0;
}

/* By its ids alone: so 65,535 of them may wait for the parent at once (PROTOCOL.md). */
static void
list_add(struct ferryd *f, const struct message *request, struct list *list, uint32_t conference,
	uint32_t session)
{
	if (list->count == AT_ONCE)
		list_say(f, request, list);
	list->pipelines[list->count++] = (struct message_pipeline){
		.conference = conference, .session = session};
}

/* What is defined? Of the root, which alone may ask (manage.c). */
int
manage_pipelines_tell(struct ferryd *f, const struct message *message, char *error, size_t size)
{
	struct list list;

	if (message->pipelines.nb_pipelines != 0 || message->pipelines.request.time != 0) {
		snprintf(error, size, "a node does nothing for an answer");
		return -ENOTSUP;
	}
	list.count = 0;
	list.ret = 0;
	for (uint32_t i = 0; i < f->book.nb_entries; i++) {
		const struct config_session *session = f->book.entries[i]->config;

		list_add(f, message, &list, session->conference, session->id);
	}
	for (uint32_t i = 0; i < f->book.nb_forwards; i++) {
		uint32_t conference = message_stream_conference(f->book.forwards[i]),
			 session = message_stream_session(f->book.forwards[i]);

		if (session_book_find(&f->book, conference, session) == NULL)
			list_add(f, message, &list, conference, session);
	}
	list_say(f, message, &list);
	if (list.ret != 0)
		snprintf(error, size, "not all streams could be told: %s", strerror(-list.ret));
	return list.ret;
}

int
manage_pipeline_answer(
	struct ferryd *f, const struct message *request, uint32_t conference, uint32_t session)
{
	const struct session_entry *entry = session_book_find(&f->book, conference, session);
	struct message answer = {.type = MESSAGE_PIPEDEFINFO};
	struct message_pipeline pipeline = {.conference = conference,
		.session = session,
		.state = forward_is(&f->book, conference, session) ? "forwarding" : "removed"};
	struct told told = {0};
	int ret = entry != NULL ? tell(entry, &pipeline, &told) : 0;

	answer.pipelines.pipelines = &pipeline;
	answer.pipelines.nb_pipelines = 1;
	if (ret == 0)
		(void)mgmt_answer(f->mgmt, request, &answer);
	told_free(&told);
	return ret;
}

/* Where the session does not start there is nothing to do, and nothing wrong. */
static int
run(struct ferryd *f, const struct message *message, bool play, char *error, size_t size)
{
	const struct message_pipeline *named = &message->pipeline;
	struct session_entry *entry = session_book_find(
		&f->book, named->conference, named->session);
	bool changed;
	int ret = 0;

	if (entry == NULL) {
		snprintf(error, size, "there is no session %u of conference %u here",
			named->session, named->conference);
		return -ENOENT;
	}
	if (entry->source != NULL)
		ret = (play ? session_start : session_stop)(&f->book, entry, &changed, error, size);
	if (ret == 0)
		ret = manage_pipeline_answer(f, message, named->conference, named->session);
	return ret;
}

int
manage_pipeline_play(struct ferryd *f, const struct message *message, char *error, size_t size)
{
	return run(f, message, true, error, size);
}

int
manage_pipeline_stop(struct ferryd *f, const struct message *message, char *error, size_t size)
{
	return run(f, message, false, error, size);
}
