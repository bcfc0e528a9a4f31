/* SPDX-License-Identifier: BSD-3-Clause */
/* No two sessions of one ingress: those of a file against all others. */
#include <err.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "config_private.h"
#include "root_hash.h"
#include "root_nodes.h"

struct ingress {
	struct root_link link;
	const struct config_session *session;
};

static bool
is_same(const struct config_session *a, const struct config_session *b)
{
	return a->source == b->source && a->ingress.udp.udp_port == b->ingress.udp.udp_port &&
	       underlay_addr_equal(&a->ingress.udp.address, &b->ingress.udp.address);
}

static uint64_t
find_key(const struct config_session *session)
{
	uint64_t half[2], key = (uint64_t)session->source << 16 | session->ingress.udp.udp_port;

	memcpy(half, session->ingress.udp.address.bytes, sizeof(half));
	key = (key ^ half[0]) * UINT64_C(0x9e3779b97f4a7c15);
	return (key ^ key >> 32 ^ half[1]) * UINT64_C(0x9e3779b97f4a7c15);
}

static int
compare_ids(const void *a, const void *b)
{
	const uint32_t *first = a, *second = b;

	return *first < *second ? -1 : *first > *second;
}

/* Ascending; for free(). */
static uint32_t *
list_ids(const struct config *file)
{
	uint32_t *ids = calloc((size_t)file->conference_count + 1, sizeof(*ids));

	if (ids == NULL)
		err(1, "conferences");
	for (uint32_t i = 0; i < file->conference_count; i++)
		ids[i] = file->conferences[i].id;
	qsort(ids, file->conference_count, sizeof(*ids), compare_ids);
	return ids;
}

/* For free(). */
static struct ingress *
list_ingresses(const struct config *file, struct root_hash *hash)
{
	struct ingress *list, *next;
	size_t room = 1;

	for (uint32_t i = 0; i < file->conference_count; i++)
		room += file->conferences[i].session_count;
	next = list = calloc(room, sizeof(*list));
	if (list == NULL)
		err(1, "conferences");
	for (uint32_t i = 0; i < file->conference_count; i++) {
		const struct config_conference *conference = &file->conferences[i];

		for (uint32_t j = 0; j < conference->session_count; j++) {
			const struct config_session *session = &conference->sessions[j];

			if (session->ingress.kind != CONFIG_INGRESS_UDP)
				continue;
			next->session = session;
			root_hash_add(hash, &next->link, find_key(session));
			next++;
		}
	}
	return list;
}

static void
check_other(struct root_hash *hash, const struct config_conference *conference,
	const struct config_session *other, struct config_errors *errs)
{
	char text[CONFIG_ADDRESS_TEXT];

	for (const struct root_link *link = root_hash_find(hash, find_key(other)); link != NULL;
		link = root_hash_next(hash, link)) {
		const struct config_session *session =
			((const struct ingress *)((const char *)link -
						  offsetof(struct ingress, link)))
				->session;

		if (!is_same(session, other))
			continue;
		config_errors_add(errs, &session->ingress.where,
			"conference %u session %u: ingress %s is that of session %u of "
			"conference %u already, it must be another",
			session->conference, session->id,
			config_endpoint_text(&session->ingress.udp, text), other->id,
			conference->id);
	}
}

void
root_ingresses_check(
	const struct root_book *book, const struct config *file, struct config_errors *errs)
{
	struct root_hash hash = {0};
	struct ingress *list;
	uint32_t *ids;

	if (book->count == 0)
		return;
	list = list_ingresses(file, &hash);
	ids = list_ids(file);
	for (uint32_t i = 0; i < book->count && hash.count > 0; i++) {
		const struct config_conference *other = book->conferences[i]->config;

		/* The file's takes its place. */
		if (bsearch(&other->id, ids, file->conference_count, sizeof(*ids), compare_ids) !=
			NULL)
			continue;
		for (uint32_t j = 0; j < other->session_count; j++) {
			if (other->sessions[j].ingress.kind == CONFIG_INGRESS_UDP)
				check_other(&hash, other, &other->sessions[j], errs);
		}
	}
	root_hash_free(&hash);
	free(ids);
	free(list);
}
