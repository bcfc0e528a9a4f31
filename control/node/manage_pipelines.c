/* SPDX-License-Identifier: BSD-3-Clause */
/* Pipelines, as sessions are called in the protocol: which are there, start and stop. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "ferryd.h"
#include "forward_actions.h"
#include "manage.h"
#include "mgmt.h"
#include "path_text.h"
#include "session_actions.h"

#define AT_ONCE 64 /* pipelines in one message; with all their paths it stays far below 1 MiB */

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

static int
answer_entries(struct ferryd *f, const struct message *request, uint32_t first, uint32_t count)
{
	struct message answer = {.type = MESSAGE_PIPEDEFINFO};
	struct message_pipeline pipelines[AT_ONCE];
	struct told told[AT_ONCE] = {{0}};
	int ret = 0;

	for (uint32_t i = 0; i < count && ret == 0; i++)
		ret = tell(f->book.entries[first + i], &pipelines[i], &told[i]);
	answer.pipelines.pipelines = pipelines;
	answer.pipelines.nb_pipelines = count;
	if (ret == 0)
		(void)mgmt_answer(f->mgmt, request, &answer);
	for (uint32_t i = 0; i < count; i++)
		told_free(&told[i]);
	return ret;
}

/* Those that only pass here; of one that is an entry too it was said more. */
static void
answer_forwards(struct ferryd *f, const struct message *request, uint32_t first, uint32_t count)
{
	struct message answer = {.type = MESSAGE_PIPEDEFINFO};
	struct message_pipeline pipelines[AT_ONCE];
	size_t n = 0;

	for (uint32_t i = first; i < first + count; i++) {
		uint32_t conference = message_stream_conference(f->book.forwards[i]),
			 session = message_stream_session(f->book.forwards[i]);

		if (session_book_find(&f->book, conference, session) == NULL)
			pipelines[n++] = (struct message_pipeline){.conference = conference,
				.session = session,
				.state = "forwarding"};
	}
	answer.pipelines.pipelines = pipelines;
	answer.pipelines.nb_pipelines = n;
	if (n > 0)
		(void)mgmt_answer(f->mgmt, request, &answer);
}

/* What is defined? Of the root, which alone may ask (manage.c). */
int
manage_pipelines_tell(struct ferryd *f, const struct message *message, char *error, size_t size)
{
	uint32_t at = 0, count;
	int ret;

	if (message->pipelines.nb_pipelines != 0 || message->pipelines.request.time != 0) {
		snprintf(error, size, "a node does nothing for an answer");
		return -ENOTSUP;
	}
	do {
		count = RTE_MIN(f->book.nb_entries - at, (uint32_t)AT_ONCE);
		ret = answer_entries(f, message, at, count);
		at += count;
	} while (ret == 0 && at < f->book.nb_entries);
	if (ret != 0)
		snprintf(error, size, "out of memory");
	for (at = 0; ret == 0 && at < f->book.nb_forwards; at += count) {
		count = RTE_MIN(f->book.nb_forwards - at, (uint32_t)AT_ONCE);
		answer_forwards(f, message, at, count);
	}
	return ret;
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
