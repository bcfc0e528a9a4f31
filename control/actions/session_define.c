/* SPDX-License-Identifier: BSD-3-Clause */
/* Sessions and conferences that come and go at run time. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "capacity.h"
#include "config_text.h"
#include "epoch.h"
#include "forward_actions.h"
#include "recode_actions.h"
#include "refuse.h"
#include "session_actions.h"

/* Two sessions cannot take the same datagrams, nor write one file. old: it goes. */
static int
check_ends(struct session_book *book, const struct config_session *session,
	const struct session_entry *old, char *error, size_t size)
{
	const struct session_entry *other = session_ends_ingress(book, session, old);
	char text[CONFIG_ADDRESS_TEXT];

	if (other != NULL)
		return refuse(EEXIST, error, size,
			"ingress %s is that of session %u of conference %u: each session must have "
			"its own",
			config_endpoint_text(&session->ingress.udp, text), other->config->id,
			other->config->conference);
	other = session_ends_file(book, session, old);
	if (other != NULL)
		return refuse(EEXIST, error, size,
			"egress file \"%.256s\" is that of session %u of conference %u: each "
			"session must have its own",
			config_egress_at(session, book->node->id)->file, other->config->id,
			other->config->conference);
	return 0;
}

/* All that can be known before anything is done. old: what goes for it; NULL: nothing. */
static int
check(struct session_book *book, const struct config_session *session,
	const struct session_entry *old, char *error, size_t size)
{
	struct config_capacity more = {
		.sessions = 1, .packets = capacity_of_session(book->config, session)};
	int ret;

	if (old == NULL && session_book_find(book, session->conference, session->id) != NULL)
		return refuse(EEXIST, error, size,
			"there is a session %u of conference %u already: remove it first, or "
			"change "
			"its flows",
			session->id, session->conference);
	if (old != NULL && capacity_is_later(&old->config->where)) {
		uint32_t given = capacity_of_session(book->config, old->config);

		more.sessions = 0;
		more.packets -= given < more.packets ? given : more.packets;
	}
	ret = check_ends(book, session, old, error, size);
	if (ret == 0)
		ret = recode_check(book, session, true, error, size);
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

int
conference_remove(struct session_book *book, uint32_t id, char *error, size_t size)
{
	if (session_book_conference(book, id) == NULL)
		return refuse(ENOENT, error, size, "there is no conference %u", id);
	if (session_book_has_sessions(book, id))
		return refuse(
			EBUSY, error, size, "conference %u has sessions: remove these first", id);
	if (node_set_conference(book->node, id, NULL) < 0 ||
		node_end_conference(book->node, id) < 0)
		return refuse(ENOMEM, error, size, "out of memory");
	session_book_drop_conference(book, id);
	return 0;
}

void
conference_restore(struct session_book *book, uint32_t id, const struct config_conference *before)
{
	char error[64];

	if (before == NULL)
		(void)conference_remove(book, id, error, sizeof(error));
	/* Without memory both have the new terms. */
	else if (publish_terms(book, before) == 0)
		(void)session_book_put_conference(book, before);
}

/* A session of a conference that nobody defined has one of default terms, as long as it lasts. */
static int
need_conference(struct session_book *book, uint32_t id, char *error, size_t size)
{
	struct config_conference *conference;
	char text[32];
	int ret;

	if (session_book_conference(book, id) != NULL)
		return 0;
	snprintf(text, sizeof(text), "id = %u", id);
	ret = conference_define(book, 0, text, &id, error, size);
	if (ret != 0)
		return ret;
	conference = session_book_conference(book, id);
	conference->where.file = NULL;
	return 0;
}

static void
drop_implicit(struct session_book *book, uint32_t id)
{
	const struct config_conference *conference = session_book_conference(book, id);
	char error[64];

	if (conference->where.file == NULL && !session_book_has_sessions(book, id))
		(void)conference_remove(book, id, error, sizeof(error));
}

/* What a failure leaves is as before, but that the node may know of the session. Takes memory. */
static int
install(struct session_book *book, const struct config_session *config,
	struct config_memory *memory, struct session_entry **added, char *error, size_t size)
{
	struct session_entry *entry = session_book_add(book, config, memory);
	int ret = -ENOSYS;

	if (entry == NULL) {
		ret = -errno;
		config_memory_free(memory);
		return refuse(-ret, error, size, "the session cannot be kept: %s", strerror(-ret));
	}
	if (book->open != NULL)
		ret = book->open(book->ends_ctx, entry, error, size);
	else
		snprintf(error, size, "this node takes no sessions at run time");
	if (ret == 0) {
		ret = node_know_session(book->node, config->conference, config->id);
		if (ret < 0)
			snprintf(error, size, "out of memory");
		/* The last, as what was recoded before is to be so still if anything fails. */
		if (ret == 0)
			ret = recode_configure(book, config, true, error, size);
		if (ret != 0)
			session_close(book, entry);
	}
	if (ret != 0) {
		session_book_remove(book, entry);
		return ret;
	}
	*added = entry;
	return 0;
}

/* It has no entry any more. */
static void
forget(struct session_book *book, uint32_t conference, uint32_t session)
{
	if (!forward_is(book, conference, session))
		node_forget_session(book->node, conference, session);
	drop_implicit(book, conference);
}

static void
begin(struct session_book *book, struct session_entry *entry)
{
	char error[256];
	bool changed;

	if (entry->source == NULL || !entry->config->start)
		return;
	entry->begun = true;
	(void)session_start(book, entry, &changed, error, sizeof(error));
}

int
session_define(struct session_book *book, uint32_t conference, const char *text,
	struct session_entry **added, char *error, size_t size)
{
	struct config_memory *memory;
	struct config_session *config;
	uint32_t id;
	int ret;

	if (conference == 0)
		return refuse(EINVAL, error, size, "conference is 0, it must be 1 to 4294967295");
	config = config_text_session(book->config, conference, text, &memory, error, size);
	if (config == NULL)
		return -EINVAL;
	ret = check(book, config, NULL, error, size);
	if (ret == 0)
		ret = need_conference(book, conference, error, size);
	if (ret != 0) {
		config_memory_free(memory);
		return ret;
	}
	id = config->id;
	ret = install(book, config, memory, added, error, size);
	if (ret != 0) {
		forget(book, conference, id);
		return ret;
	}
	begin(book, *added);
	return 0;
}

/* The old definition, whose ends are gone, has them again. NULL: it cannot, and is gone too. */
static struct session_entry *
put_back(struct session_book *book, struct session_entry *old, bool running, char *error,
	size_t size)
{
	uint32_t conference = old->config->conference, session = old->config->id;
	size_t used = strnlen(error, size);
	char reason[256];
	bool changed;

	session_book_put_back(book, old);
	/* Those were the old source's. */
	for (uint16_t i = 0; i < old->nb_flows; i++)
		old->flows[i].state = NULL;
	old->file_failed = false;
	if (book->open(book->ends_ctx, old, reason, sizeof(reason)) == 0) {
		snprintf(error + used, size - used, "; the session begins anew as it was");
		if (running)
			(void)session_start(book, old, &changed, reason, sizeof(reason));
		return old;
	}
	snprintf(error + used, size - used, "; nor can the session go on as it was: %s", reason);
	session_book_remove(book, old);
	(void)recode_remove(book, conference, session, &changed, reason, sizeof(reason));
	forget(book, conference, session);
	return NULL;
}

int
session_redefine(struct session_book *book, struct session_entry **entry, const char *text,
	char *error, size_t size)
{
	struct session_entry *old = *entry;
	struct config_memory *memory;
	struct config_session *config = config_text_session(
		book->config, old->config->conference, text, &memory, error, size);
	bool running;
	int ret;

	if (config == NULL)
		return -EINVAL;
	if (config->id != old->config->id)
		ret = refuse(EINVAL, error, size,
			"id is %u, it must stay %u: another id is another session", config->id,
			old->config->id);
	else
		ret = check(book, config, old, error, size);
	if (ret != 0) {
		config_memory_free(memory);
		return ret;
	}
	running = old->source != NULL && source_is_running(old->source) &&
		  !__atomic_load_n(&old->source->finished, __ATOMIC_ACQUIRE);
	session_close(book, old);
	session_book_take(book, old);
	ret = install(book, config, memory, entry, error, size);
	if (ret != 0) {
		*entry = put_back(book, old, running, error, size);
		return ret;
	}
	session_book_discard(book, old);
	begin(book, *entry);
	return 0;
}

void
session_close(struct session_book *book, struct session_entry *entry)
{
	if (book->close != NULL)
		book->close(book->ends_ctx, entry);
	if (entry->source != NULL) {
		/* Of very many that came since its own; who defines it anew takes the next. */
		book->epoch = epoch_after(book->epoch, entry->source->epoch);
		node_remove_source(book->node, entry->source);
	}
	if (entry->destination != NULL)
		node_remove_destination(book->node, entry->destination);
	entry->source = NULL;
	entry->destination = NULL;
}

void
session_hand_over(struct session_book *book, struct session_entry *entry)
{
	uint32_t conference = entry->config->conference, session = entry->config->id;

	session_close(book, entry);
	session_book_remove(book, entry);
	forget(book, conference, session);
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
	forget(book, conference, session);
}
