/* SPDX-License-Identifier: BSD-3-Clause */
/* Sessions and conferences that come and go at run time. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "capacity.h"
#include "config_text.h"
#include "forward_actions.h"
#include "recode_actions.h"
#include "refuse.h"
#include "session_actions.h"

static const struct config_egress *
egress_at(const struct config_session *session, uint32_t node)
{
	for (uint32_t i = 0; i < session->destination_count; i++)
		if (session->egress[i].node == node)
			return &session->egress[i];
	return NULL;
}

/* Two sessions cannot take the same datagrams, nor write one file. */
static int
check_ends(const struct session_book *book, const struct config_session *session, char *error,
	size_t size)
{
	const uint32_t self = book->node->id;
	const struct config_egress *egress = egress_at(session, self);
	char text[CONFIG_ADDRESS_TEXT];

	for (uint32_t i = 0; i < book->nb_entries; i++) {
		const struct config_session *other = book->entries[i]->config;
		const struct config_egress *theirs = egress_at(other, self);

		if (session->source == self && other->source == self &&
			session->ingress.kind == CONFIG_INGRESS_UDP &&
			other->ingress.kind == CONFIG_INGRESS_UDP &&
			session->ingress.udp.udp_port == other->ingress.udp.udp_port &&
			underlay_addr_equal(
				&session->ingress.udp.address, &other->ingress.udp.address))
			return refuse(EEXIST, error, size,
				"ingress %s is that of session %u of conference %u: each session "
				"must have its own",
				config_endpoint_text(&session->ingress.udp, text), other->id,
				other->conference);
		if (egress != NULL && theirs != NULL && egress->kind == CONFIG_EGRESS_FILE &&
			theirs->kind == CONFIG_EGRESS_FILE &&
			strcmp(egress->file, theirs->file) == 0)
			return refuse(EEXIST, error, size,
				"egress file \"%.256s\" is that of session %u of conference %u: "
				"each "
				"session must have its own",
				egress->file, other->id, other->conference);
	}
	return 0;
}

static int
check(const struct session_book *book, const struct config_session *session, char *error,
	size_t size)
{
	const struct config_capacity more = {
		.sessions = 1, .packets = capacity_of_session(book->config, session)};
	int ret;

	if (session_book_find(book, session->conference, session->id) != NULL)
		return refuse(EEXIST, error, size,
			"there is a session %u of conference %u already: remove it first, or "
			"change "
			"its flows",
			session->id, session->conference);
	ret = check_ends(book, session, error, size);
	return ret != 0 ? ret : capacity_check(book, &more, error, size);
}

static int
publish_terms(struct session_book *book, const struct config_conference *conference)
{
	struct feeder_terms terms = session_terms(conference);

	return node_set_conference(book->node, conference->id, &terms);
}

struct feeder_terms
session_terms(const struct config_conference *conference)
{
	return (struct feeder_terms){
		.priority = (uint8_t)conference->priority,
		.weight = (uint16_t)conference->weight,
		.packets = conference->queue_packets,
		.bytes = conference->queue_bytes,
		.age = (uint64_t)conference->queue_ms * 1000000,
	};
}

int
conference_define(struct session_book *book, uint32_t id, const char *text, uint32_t *defined,
	char *error, size_t size)
{
	const struct config_conference *old = id != 0 ? session_book_conference(book, id) : NULL;
	struct config_conference conference;

	if (id != 0 && old == NULL)
		return refuse(ENOENT, error, size, "there is no conference %u", id);
	if (config_text_conference(book->config, text, old, &conference, error, size) < 0)
		return -EINVAL;
	if (old != NULL && conference.id != old->id)
		return refuse(EINVAL, error, size,
			"id is %u, it must stay %u: another id is another conference",
			conference.id, old->id);
	if (old == NULL && session_book_conference(book, conference.id) != NULL)
		return refuse(EEXIST, error, size,
			"there is a conference %u already: change it, or remove it first",
			conference.id);
	if (old != NULL)
		conference.where = old->where;
	else if (book->nb_conferences >= CONFIG_CONFERENCES_MAX)
		return refuse(ENOSPC, error, size, "there are %u conferences, which is the most",
			book->nb_conferences);
	/* No message can come of an implicit one any more that its owner did not ask for. */
	if (conference.where.file == NULL)
		conference.where.file = "run time";
	if (publish_terms(book, &conference) < 0 ||
		session_book_put_conference(book, &conference) == NULL)
		return refuse(ENOMEM, error, size, "out of memory");
	*defined = conference.id;
	return 0;
}

static bool
has_sessions(const struct session_book *book, uint32_t conference)
{
	for (uint32_t i = 0; i < book->nb_entries; i++)
		if (book->entries[i]->config->conference == conference)
			return true;
	return false;
}

int
conference_remove(struct session_book *book, uint32_t id, char *error, size_t size)
{
	if (session_book_conference(book, id) == NULL)
		return refuse(ENOENT, error, size, "there is no conference %u", id);
	if (has_sessions(book, id))
		return refuse(
			EBUSY, error, size, "conference %u has sessions: remove these first", id);
	if (node_set_conference(book->node, id, NULL) < 0 ||
		node_end_conference(book->node, id) < 0)
		return refuse(ENOMEM, error, size, "out of memory");
	session_book_drop_conference(book, id);
	return 0;
}

/* A session of a conference that nobody defined has one of default terms, as long as it lasts. */
static int
need_conference(struct session_book *book, uint32_t id, bool *made, char *error, size_t size)
{
	struct config_conference *conference;
	char text[32];
	int ret;

	*made = false;
	if (session_book_conference(book, id) != NULL)
		return 0;
	snprintf(text, sizeof(text), "id = %u", id);
	ret = conference_define(book, 0, text, &id, error, size);
	if (ret != 0)
		return ret;
	conference = session_book_conference(book, id);
	conference->where.file = NULL;
	*made = true;
	return 0;
}

static void
drop_implicit(struct session_book *book, uint32_t id)
{
	const struct config_conference *conference = session_book_conference(book, id);
	char error[64];

	if (conference->where.file == NULL && !has_sessions(book, id))
		(void)conference_remove(book, id, error, sizeof(error));
}

static int
install(struct session_book *book, const struct config_session *config,
	struct config_memory *memory, struct session_entry **added, char *error, size_t size)
{
	struct session_entry *entry = session_book_add(book, config, memory);
	int ret = -ENOSYS;

	if (entry == NULL)
		return refuse(
			errno, error, size, "the session cannot be kept: %s", strerror(errno));
	if (book->open != NULL)
		ret = book->open(book->ends_ctx, entry, error, size);
	else
		snprintf(error, size, "this node takes no sessions at run time");
	if (ret == 0 && node_know_session(book->node, config->conference, config->id) < 0) {
		ret = -ENOMEM;
		snprintf(error, size, "out of memory");
		session_close(book, entry);
	}
	if (ret != 0) {
		session_book_remove(book, entry);
		return ret;
	}
	*added = entry;
	return 0;
}

int
session_define(struct session_book *book, uint32_t conference, const char *text,
	struct session_entry **added, char *error, size_t size)
{
	struct config_memory *memory;
	struct config_session *config;
	char ignored[64];
	bool made, changed;
	uint32_t id;
	int ret;

	if (conference == 0)
		return refuse(EINVAL, error, size, "conference is 0, it must be 1 to 4294967295");
	config = config_text_session(book->config, conference, text, &memory, error, size);
	if (config == NULL)
		return -EINVAL;
	ret = check(book, config, error, size);
	if (ret == 0)
		ret = need_conference(book, conference, &made, error, size);
	if (ret != 0) {
		config_memory_free(memory);
		return ret;
	}
	id = config->id;
	ret = recode_configure(book, config, true, error, size);
	if (ret != 0)
		config_memory_free(memory);
	else
		ret = install(book, config, memory, added, error, size);
	if (ret != 0) {
		(void)recode_remove(book, conference, id, &changed, ignored, sizeof(ignored));
		drop_implicit(book, conference);
		return ret;
	}
	if ((*added)->source != NULL && config->start) {
		(*added)->begun = true;
		(void)session_start(book, *added, &changed, error, size);
	}
	return 0;
}

void
session_close(struct session_book *book, struct session_entry *entry)
{
	if (book->close != NULL)
		book->close(book->ends_ctx, entry);
	if (entry->source != NULL)
		node_remove_source(book->node, entry->source);
	if (entry->destination != NULL)
		node_remove_destination(book->node, entry->destination);
	entry->source = NULL;
	entry->destination = NULL;
}

void
session_remove(struct session_book *book, struct session_entry *entry)
{
	uint32_t conference = entry->config->conference, session = entry->config->id;
	char error[64];
	bool changed;

	session_close(book, entry);
	(void)recode_remove(book, conference, session, &changed, error, sizeof(error));
	session_book_remove(book, entry);
	if (!forward_is(book, conference, session))
		node_forget_session(book->node, conference, session);
	drop_implicit(book, conference);
}
