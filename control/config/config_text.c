/* SPDX-License-Identifier: BSD-3-Clause */
/* Groups that come one by one, at run time. */
#include <string.h>

#include "config_private.h"
#include "config_text.h"

#define TEXT_NAME "-"

/* A text that is being read, and what is wrong with it. */
struct text {
	struct config_source source;
	struct config_errors errors;
	struct config_reader reader;
	config_t parsed;
	bool is_parsed;
	bool lines; /* more than one: messages say which */
};

static bool
text_open(
	struct text *t, const struct config *config, struct config_memory *memory, const char *text)
{
	memset(t, 0, sizeof(*t));
	t->source.memory = memory;
	t->source.errors = &t->errors;
	t->source.later = true;
	t->reader.source = &t->source;
	t->reader.errors = &t->errors;
	/* Readers of one group only look at it. */
	t->reader.config = (struct config *)(uintptr_t)config;
	if (!config_source_string(&t->source, TEXT_NAME, text, strlen(text)))
		return false;
	config_init(&t->parsed);
	t->is_parsed = true;
	t->source.files = true;
	if (config_read_string(&t->parsed, t->source.text) == CONFIG_TRUE)
		return true;
	config_load_syntax(&t->reader, &t->parsed);
	return false;
}

static void
tell(const struct text *t, char *error, size_t size)
{
	size_t used = 0;

	error[0] = 0;
	for (size_t i = 0; i < t->errors.count && used < size; i++) {
		const struct config_error *e = &t->errors.list[i];

		if (t->lines && e->where.line != 0)
			used += (size_t)snprintf(error + used, size - used, "%sline %u: %s",
				i == 0 ? "" : "; ", e->where.line, e->text);
		else
			used += (size_t)snprintf(
				error + used, size - used, "%s%s", i == 0 ? "" : "; ", e->text);
	}
}

/* 0, or -1 with what was wrong in error. */
static int
text_close(struct text *t, char *error, size_t size)
{
	int ret = t->errors.count == 0 ? 0 : -1;

	if (ret < 0) {
		config_errors_sort(&t->errors);
		tell(t, error, size);
	}
	config_errors_free(&t->errors);
	if (t->is_parsed)
		config_destroy(&t->parsed);
	config_source_free(&t->source);
	return ret;
}

/* Text with the keys of what there was, one of both; NULL with error: it cannot be read at all. */
static char *
completed(const struct config *config, struct config_memory *memory, const char *text,
	const struct config_peer *peer, const struct config_conference *conference, char *error,
	size_t size)
{
	char *more = NULL;
	struct text t;

	if (text_open(&t, config, memory, text)) {
		config_setting_t *root = config_root_setting(&t.parsed);
		const char *kept = peer != NULL
					   ? config_peer_missing(memory, config, root, peer)
					   : config_terms_missing(memory, config, root, conference);

		/* After the last line, so that lines keep their numbers. */
		more = config_memory_printf(memory, "%s\n%s", text, kept);
	}
	t.lines = strchr(text, '\n') != NULL;
	if (text_close(&t, error, size) < 0)
		return NULL;
	return more;
}

/* What would be there twice. */
static void
check_others(struct text *t, const struct config *config, const struct config_peer *old,
	const struct config_peer *peer)
{
	char text[CONFIG_ADDRESS_TEXT];

	for (uint32_t i = 0; i < config->peer_count; i++) {
		const struct config_peer *other = &config->peers[i];

		if (old != NULL && other->id == old->id)
			continue;
		if (other->id == peer->id)
			config_check_fail(&t->reader, &peer->where,
				"there is a peer %u (%s) already: change it, or remove it first",
				other->id, other->name);
		else if (other->port == peer->port &&
			 underlay_addr_equal(&other->address, &peer->address))
			config_check_fail(&t->reader, &peer->where,
				"address %s on port \"%s\" is that of peer %u, each must have its "
				"own",
				underlay_addr_text(&peer->address, text),
				config->ports[peer->port].name, other->id);
	}
}

int
config_text_peer(const struct config *config, const char *text, const struct config_peer *old,
	struct config_peer *peer, char *error, size_t size)
{
	struct config_memory *memory = config_memory_new();
	bool lines = strchr(text, '\n') != NULL;
	struct text t;
	int ret = -1;

	memset(peer, 0, sizeof(*peer));
	if (old != NULL)
		text = completed(config, memory, text, old, NULL, error, size);
	if (text != NULL) {
		if (text_open(&t, config, memory, text)) {
			config_read_peer(&t.reader, config_root_setting(&t.parsed), peer);
			if (old != NULL && peer->id != old->id)
				config_check_fail(&t.reader, &peer->where,
					"id is %u, it must stay %u: another NodeID is another peer",
					peer->id, old->id);
			if (t.errors.count == 0) {
				config_check_peer(&t.reader, peer);
				check_others(&t, config, old, peer);
			}
		}
		t.lines = lines;
		ret = text_close(&t, error, size);
	}
	config_memory_free(memory);
	peer->where = (struct config_where){"run time", 0, 0};
	return ret;
}

int
config_text_conference(const struct config *config, const char *text,
	const struct config_conference *old, struct config_conference *conference, char *error,
	size_t size)
{
	struct config_memory *memory = config_memory_new();
	bool lines = strchr(text, '\n') != NULL;
	struct text t;
	int ret = -1;

	memset(conference, 0, sizeof(*conference));
	if (old != NULL)
		text = completed(config, memory, text, NULL, old, error, size);
	if (text != NULL) {
		if (text_open(&t, config, memory, text))
			config_read_terms(&t.reader, config_root_setting(&t.parsed), conference);
		t.lines = lines;
		ret = text_close(&t, error, size);
	}
	config_memory_free(memory);
	conference->where = (struct config_where){"run time", 0, 0};
	return ret;
}

struct config_session *
config_text_session(const struct config *config, uint32_t conference, const char *text,
	struct config_memory **memory, char *error, size_t size)
{
	struct config_conference parent = {.id = conference};
	struct config_session *session;
	struct text t;

	*memory = config_memory_new();
	session = config_memory_get(*memory, sizeof(*session));
	if (text_open(&t, config, *memory, text)) {
		config_read_session(&t.reader, config_root_setting(&t.parsed), &parent, session);
		if (t.errors.count == 0) {
			config_reader_enter(&t.reader, "session %u", session->id);
			config_check_session(&t.reader, session);
		}
	}
	t.lines = strchr(text, '\n') != NULL;
	if (text_close(&t, error, size) < 0) {
		config_memory_free(*memory);
		*memory = NULL;
		return NULL;
	}
	session->where = (struct config_where){"run time", 0, 0};
	return session;
}

struct config_session *
config_text_coding(const struct config *config, const char *text, struct config_memory **memory,
	char *error, size_t size)
{
	struct config_session *session;
	config_setting_t *group;
	char *whole;
	struct text t;

	*memory = config_memory_new();
	session = config_memory_get(*memory, sizeof(*session));
	whole = config_memory_get(*memory, strlen(text) + sizeof("coding = ;"));
	sprintf(whole, "coding = %s;", text);
	if (text_open(&t, config, *memory, whole)) {
		group = config_setting_get_member(config_root_setting(&t.parsed), "coding");
		config_read_coding(&t.reader, group, session);
	}
	if (text_close(&t, error, size) == 0)
		return session;
	config_memory_free(*memory);
	*memory = NULL;
	return NULL;
}
