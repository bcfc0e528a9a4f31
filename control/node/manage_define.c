/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pipelines come, change and go. A node that is told of a session to which it is neither source nor
 * destination only forwards it. What is told twice is done once: the root tells all again whenever
 * it may be that a node does not know.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_text.h"
#include "ferryd.h"
#include "forward_actions.h"
#include "log.h"
#include "manage.h"
#include "manage_text.h"
#include "mgmt.h"
#include "path_text.h"
#include "recode_actions.h"
#include "session_actions.h"

static bool
ends_here(const struct ferryd *f, const struct message_pipeline *pipeline)
{
	uint32_t own = f->config->node.id;

	if (pipeline->source == own)
		return true;
	for (size_t i = 0; i < pipeline->nb_destinations; i++) {
		if (pipeline->destinations[i] == own)
			return true;
	}
	return false;
}

/* The terms of its conference, as they are said. */
static int
set_terms(struct ferryd *f, const struct message_pipeline *pipeline, char *error, size_t size)
{
	uint32_t id = pipeline->conference;
	bool known = session_book_conference(&f->book, id) != NULL;
	char *text = manage_text_conference(pipeline);
	int ret = conference_define(&f->book, known ? id : 0, text, &id, error, size);

	free(text);
	return ret;
}

static int
set_routes(struct ferryd *f, struct session_entry *entry, const struct message_pipeline *pipeline,
	char *error, size_t size)
{
	struct session_route *routes = calloc(pipeline->nb_flows + 1, sizeof(*routes));
	struct path_text_error fault;
	int ret = routes != NULL ? 0 : -ENOMEM;

	if (ret != 0)
		snprintf(error, size, "out of memory");
	if (pipeline->nb_flows == 0 || pipeline->nb_flows > SOURCE_FLOWS_MAX) {
		snprintf(error, size, "there are %zu flows, it must be 1 to %d", pipeline->nb_flows,
			SOURCE_FLOWS_MAX);
		ret = -EINVAL;
	}
	for (size_t i = 0; ret == 0 && i < pipeline->nb_flows; i++) {
		const struct message_flow *flow = &pipeline->flows[i];

		routes[i].weight = flow->weight;
		if (path_text_parse(flow->path, &routes[i].tree, &fault) == 0)
			continue;
		snprintf(error, size, "path \"%.100s\", column %u: %s", flow->path, fault.column,
			fault.text);
		ret = -EINVAL;
	}
	if (ret == 0)
		ret = session_set_routes(
			&f->book, entry, routes, (unsigned int)pipeline->nb_flows, error, size);
	free(routes);
	return ret;
}

/* Do the same destinations stand in the configuration that it has? */
static bool
same_ends(const struct session_entry *entry, const struct message_pipeline *pipeline)
{
	return entry->config->destination_count == pipeline->nb_destinations &&
	       memcmp(entry->config->destinations, pipeline->destinations,
		       pipeline->nb_destinations * sizeof(pipeline->destinations[0])) == 0;
}

static int
set_ends(struct ferryd *f, struct session_entry *entry, const struct message_pipeline *pipeline,
	char *error, size_t size)
{
	char *text = manage_text_session(pipeline);
	int ret = session_set_ends(&f->book, entry, text, error, size);

	free(text);
	if (ret == 0)
		log_line(LOG_INFO, "session %u/%u has %zu destination%s now", pipeline->conference,
			pipeline->session, pipeline->nb_destinations,
			pipeline->nb_destinations == 1 ? "" : "s");
	return ret;
}

/* It is there as it is to be, but for where it goes and whether it sends. */
static int
update(struct ferryd *f, struct session_entry *entry, const struct message_pipeline *pipeline,
	char *error, size_t size)
{
	bool changed;
	int ret;

	if (entry->source == NULL)
		return 0;
	ret = (same_ends(entry, pipeline) ? set_routes : set_ends)(f, entry, pipeline, error, size);
	if (ret != 0 || __atomic_load_n(&entry->source->finished, __ATOMIC_ACQUIRE))
		return ret;
	return (pipeline->play ? session_start : session_stop)(
		&f->book, entry, &changed, error, size);
}

static int
define(struct ferryd *f, const struct message_pipeline *pipeline, struct session_entry **entry,
	char *error, size_t size)
{
	uint64_t mark = manage_text_mark(pipeline, f->config->node.id);
	char *text;
	int ret;

	if (*entry != NULL && (*entry)->mark == mark)
		return update(f, *entry, pipeline, error, size);
	text = manage_text_session(pipeline);
	ret = *entry != NULL
		      ? session_redefine(&f->book, entry, text, error, size)
		      : session_define(&f->book, pipeline->conference, text, entry, error, size);
	free(text);
	if (ret == 0)
		(*entry)->mark = mark;
	return ret;
}

/* There is neither the old session nor the new one: nor is there one after a restart. */
static void
forget_order(struct ferryd *f, const struct message_pipeline *pipeline)
{
	struct message gone = {.type = MESSAGE_REMOVEPIPELINE};
	char ignored[MANAGE_ERROR_MAX];

	gone.pipeline.conference = pipeline->conference;
	gone.pipeline.session = pipeline->session;
	manage_orders_note(f, &gone);
	(void)conference_remove(&f->book, pipeline->conference, ignored, sizeof(ignored));
}

static int
define_here(struct ferryd *f, const struct message_pipeline *pipeline, char *error, size_t size)
{
	uint32_t id = pipeline->conference;
	const struct config_conference *there = session_book_conference(&f->book, id);
	struct session_entry *entry = session_book_find(&f->book, id, pipeline->session);
	bool known = there != NULL, had = entry != NULL;
	struct config_conference before = {0};
	int ret;

	if (known)
		before = *there;
	ret = set_terms(f, pipeline, error, size);
	if (ret != 0)
		return ret;
	ret = define(f, pipeline, &entry, error, size);
	if (ret == 0)
		return 0;
	if (had)
		log_line(LOG_WARNING, "session %u/%u, as the root tells it: %s", id,
			pipeline->session, error);
	conference_restore(&f->book, id, known ? &before : NULL);
	if (had && entry == NULL)
		forget_order(f, pipeline);
	return ret;
}

/* What its coding wants of relays, this one among them. */
static int
recode_here(struct ferryd *f, const struct message_pipeline *pipeline, char *error, size_t size)
{
	struct config_memory *memory;
	struct config_session *session;
	bool changed;
	int ret;

	if (pipeline->coding == NULL)
		return recode_remove(
			&f->book, pipeline->conference, pipeline->session, &changed, error, size);
	session = config_text_coding(f->config, pipeline->coding, &memory, error, size);
	if (session == NULL)
		return -EINVAL;
	session->conference = pipeline->conference;
	session->id = pipeline->session;
	session->source = pipeline->source;
	ret = recode_configure(&f->book, session, true, error, size);
	config_memory_free(memory);
	return ret;
}

/* It only passes here. */
static int
forward_here(struct ferryd *f, const struct message_pipeline *pipeline, char *error, size_t size)
{
	uint32_t conference = pipeline->conference, session = pipeline->session;
	struct session_entry *entry = session_book_find(&f->book, conference, session);
	char ignored[MANAGE_ERROR_MAX];
	bool changed;
	/* Forwarded before its end here goes: nothing of it is dropped between. */
	int ret = forward_add(&f->book, conference, session, &changed, error, size);

	if (ret != 0)
		return ret;
	ret = recode_here(f, pipeline, error, size);
	if (ret == 0 && entry != NULL)
		session_hand_over(&f->book, entry);
	if (ret != 0 && changed)
		(void)forward_remove(
			&f->book, conference, session, &changed, ignored, sizeof(ignored));
	return ret;
}

int
manage_pipedef(struct ferryd *f, const struct message *message, char *error, size_t size)
{
	const struct message_pipeline *pipeline = &message->pipeline;
	int ret = (ends_here(f, pipeline) ? define_here : forward_here)(f, pipeline, error, size);

	return ret == 0
		       ? manage_pipeline_answer(f, message, pipeline->conference, pipeline->session)
		       : ret;
}

int
manage_routepipeline(struct ferryd *f, const struct message *message, char *error, size_t size)
{
	const struct message_pipeline *pipeline = &message->pipeline;
	struct session_entry *entry = session_book_find(
		&f->book, pipeline->conference, pipeline->session);
	int ret;

	if (entry == NULL || entry->source == NULL) {
		snprintf(error, size, "session %u of conference %u does not start here",
			pipeline->session, pipeline->conference);
		return -ENOENT;
	}
	ret = set_routes(f, entry, pipeline, error, size);
	return ret == 0
		       ? manage_pipeline_answer(f, message, pipeline->conference, pipeline->session)
		       : ret;
}

int
manage_removepipeline(struct ferryd *f, const struct message *message, char *error, size_t size)
{
	uint32_t conference = message->pipeline.conference, session = message->pipeline.session;
	struct session_entry *entry = session_book_find(&f->book, conference, session);
	char ignored[MANAGE_ERROR_MAX];
	bool changed = false, recoded = false;
	int ret;

	if (entry != NULL)
		session_remove(&f->book, entry);
	(void)recode_remove(&f->book, conference, session, &recoded, error, size);
	ret = forward_remove(&f->book, conference, session, &changed, error, size);
	if (ret == 0 && entry == NULL && !changed && !recoded) {
		snprintf(error, size, "there is no session %u of conference %u here", session,
			conference);
		return -ENOENT;
	}
	/* The last one takes its conference with it. */
	(void)conference_remove(&f->book, conference, ignored, sizeof(ignored));
	return ret == 0 ? manage_pipeline_answer(f, message, conference, session) : ret;
}
