/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fnv.h"
#include "session_book.h"

/* Who defines sessions at this node is its operator, or the root: not whoever likes. */
static struct session_end_chain *
chain(struct session_end_chain *chains, uint32_t mask, uint64_t sum)
{
	return &chains[(sum ^ sum >> 32) & mask];
}

static struct session_end_chain *
chain_of_ingress(const struct session_ends *ends, const struct config_endpoint *udp)
{
	uint64_t sum = fnv_add(FNV_BEGIN, udp->address.bytes, sizeof(udp->address.bytes));

	return chain(
		ends->ingresses, ends->mask, fnv_add(sum, &udp->udp_port, sizeof(udp->udp_port)));
}

static struct session_end_chain *
chain_of_file(const struct session_ends *ends, const char *path)
{
	return chain(ends->files, ends->mask, fnv_add(FNV_BEGIN, path, strlen(path)));
}

int
session_ends_init(struct session_ends *ends, uint32_t entries)
{
	uint32_t chains = 1;

	while (chains < entries && chains < UINT32_C(1) << 20)
		chains *= 2;
	ends->mask = chains - 1;
	ends->ingresses = calloc(chains, sizeof(*ends->ingresses));
	ends->files = calloc(chains, sizeof(*ends->files));
	return ends->ingresses != NULL && ends->files != NULL ? 0 : -ENOMEM;
}

void
session_ends_free(struct session_ends *ends)
{
	free(ends->ingresses);
	free(ends->files);
	*ends = (struct session_ends){0};
}

/* Where datagrams of the session come in here; NULL: nowhere. */
static const struct config_endpoint *
ingress_of(const struct session_book *book, const struct config_session *session)
{
	return session->source == book->node->id && session->ingress.kind == CONFIG_INGRESS_UDP
		       ? &session->ingress.udp
		       : NULL;
}

/* What is written of it here; NULL: nothing. */
static const char *
file_of(const struct session_book *book, const struct config_session *session)
{
	const struct config_egress *egress = config_egress_at(session, book->node->id);

	return egress != NULL && egress->kind == CONFIG_EGRESS_FILE ? egress->file : NULL;
}

void
session_ends_drop(struct session_entry *entry)
{
	struct session_end *const both[] = {&entry->ingress_end, &entry->file_end};

	for (unsigned int i = 0; i < 2; i++) {
		if (both[i]->entry != NULL)
			LIST_REMOVE(both[i], alike);
		both[i]->entry = NULL;
	}
}

void
session_ends_note(struct session_book *book, struct session_entry *entry)
{
	const struct config_endpoint *ingress = ingress_of(book, entry->config);
	const char *file = file_of(book, entry->config);

	session_ends_drop(entry);
	if (ingress != NULL) {
		entry->ingress_end.entry = entry;
		LIST_INSERT_HEAD(
			chain_of_ingress(&book->ends, ingress), &entry->ingress_end, alike);
	}
	if (file != NULL) {
		entry->file_end.entry = entry;
		LIST_INSERT_HEAD(chain_of_file(&book->ends, file), &entry->file_end, alike);
	}
}

const struct session_entry *
session_ends_ingress(struct session_book *book, const struct config_session *session,
	const struct session_entry *old)
{
	const struct config_endpoint *own = ingress_of(book, session), *their;
	const struct session_end *end;

	if (own == NULL)
		return NULL;
	LIST_FOREACH (end, chain_of_ingress(&book->ends, own), alike) {
		book->ends.steps++;
		their = ingress_of(book, end->entry->config);
		if (end->entry != old && their->udp_port == own->udp_port &&
			underlay_addr_equal(&their->address, &own->address))
			return end->entry;
	}
	return NULL;
}

const struct session_entry *
session_ends_file(struct session_book *book, const struct config_session *session,
	const struct session_entry *old)
{
	const char *own = file_of(book, session);
	const struct session_end *end;

	if (own == NULL)
		return NULL;
	LIST_FOREACH (end, chain_of_file(&book->ends, own), alike) {
		book->ends.steps++;
		if (end->entry != old && strcmp(file_of(book, end->entry->config), own) == 0)
			return end->entry;
	}
	return NULL;
}
