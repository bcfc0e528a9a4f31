/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "allowed.h"
#include "rlnc_encoder.h"
#include "rlnc_header.h"
#include "rlnc_symbol.h"
#include "show_private.h"

/* Mean payloads are taken in steps of so many bytes, so that rates stand still when sources do. */
#define PAYLOAD_STEP 16

int
allowed_init(struct allowed *allowed, const struct session_book *book)
{
	size_t links = book->node->max_links;

	*allowed = (struct allowed){.book = book,
		.bps = calloc(book->room + 1, sizeof(uint64_t)),
		.sessions = calloc(links, sizeof(uint32_t)),
		.weights = calloc(links * FEEDER_PRIORITIES, sizeof(uint64_t)),
		.seen = calloc(links, sizeof(uint64_t))};
	if (allowed->bps == NULL || allowed->sessions == NULL || allowed->weights == NULL ||
		allowed->seen == NULL)
		return -ENOMEM;
	return 0;
}

void
allowed_free(struct allowed *allowed)
{
	free(allowed->bps);
	free(allowed->sessions);
	free(allowed->weights);
	free(allowed->seen);
}

static const struct flow_plan *
running_plan(const struct session_entry *entry)
{
	const struct source *source = entry->source;

	if (source == NULL || !source_is_running(source) ||
		__atomic_load_n(&source->finished, __ATOMIC_RELAXED))
		return NULL;
	return source->plan;
}

static uint32_t
branches_of(const struct flow_plan *plan)
{
	const struct flow *last = &plan->flows[plan->nb_flows - 1];

	return last->first_branch + (uint32_t)last->nb_branches;
}

/* The first of the entries of the next conference. */
static uint32_t
conference_end(const struct session_book *book, uint32_t begin)
{
	uint32_t end = begin + 1;

	while (end < book->nb_entries &&
		book->entries[end]->config->conference == book->entries[begin]->config->conference)
		end++;
	return end;
}

/*
 * How many running sessions of a conference send first over each link, each session once a link; at
 * the first one the conference's weight may be added to the link's.
 */
static void
count_sessions(struct allowed *a, uint32_t begin, uint32_t end, bool weigh)
{
	const struct config_conference *conference = a->book->entries[begin]->conference;

	for (uint32_t i = begin; i < end; i++) {
		const struct flow_plan *plan = running_plan(a->book->entries[i]);

		a->stamp++;
		for (uint32_t b = 0; plan != NULL && b < branches_of(plan); b++) {
			uint16_t link = plan->branches[b].link->index;

			if (a->seen[link] == a->stamp)
				continue;
			a->seen[link] = a->stamp;
			if (a->sessions[link]++ == 0 && weigh)
				a->weights[link * FEEDER_PRIORITIES + conference->priority] +=
					conference->weight;
		}
	}
}

static void
forget_sessions(struct allowed *a, uint32_t begin, uint32_t end)
{
	for (uint32_t i = begin; i < end; i++) {
		const struct source *source = a->book->entries[i]->source;

		for (uint32_t b = 0; source != NULL && b < branches_of(source->plan); b++)
			a->sessions[source->plan->branches[b].link->index] = 0;
	}
}

static bool
any_paced(const struct node *node)
{
	for (uint16_t i = 0; i < node->max_links; i++)
		if (node->links[i] != NULL && counter_read(&node->links[i]->tx.pacer.rate) != 0)
			return true;
	return false;
}

#define MILLION 1000000

/* Packets that a source sends for a million of its payloads: with their repair. */
static uint64_t
packets_for_million(const struct source *source)
{
	double repair = source->encoder != NULL ? show_repair(source) : 0;

	return MILLION + (repair > 0 ? (uint64_t)(repair * MILLION) : 0);
}

/* What of the bytes that the pacer counts is payload of the source's. */
static uint64_t
payload_part(uint64_t bps, const struct source *source, const struct flow_plan *plan,
	const struct flow_branch *branch)
{
	const struct flow_state sent = source_sent(source);
	uint64_t packets = sent.packets, bytes = sent.bytes;
	uint64_t payload = packets > 0 ? bytes / packets / PAYLOAD_STEP * PAYLOAD_STEP
				       : plan->payload_max;
	uint64_t headers = sizeof(struct link_hdr) + branch->pathlet_len +
			   sizeof(struct session_hdr);

	if (source->encoder != NULL)
		headers += RLNC_HEADER_BYTES + sizeof(struct rlnc_symbol_head);
	payload = payload > 0 ? payload : PAYLOAD_STEP;
	return (uint64_t)((unsigned __int128)bps * payload * MILLION /
			  ((unsigned __int128)(payload + headers) * packets_for_million(source)));
}

static uint64_t
session_bps(const struct allowed *a, const struct session_entry *entry)
{
	const struct flow_plan *plan = running_plan(entry);
	uint64_t least = entry->config->rate != 0 ? entry->config->rate : UINT64_MAX;
	bool limited = false;

	for (uint32_t b = 0; plan != NULL && b < branches_of(plan); b++) {
		const struct link *link = plan->branches[b].link;
		const struct config_conference *conference = entry->conference;
		uint64_t rate = counter_read(&link->tx.pacer.rate) * 8, bps;

		if (rate == 0)
			continue;
		limited = true;
		rate = (uint64_t)((unsigned __int128)rate * conference->weight /
				  a->weights[link->index * FEEDER_PRIORITIES +
					     conference->priority] /
				  a->sessions[link->index]);
		bps = payload_part(rate, entry->source, plan, &plan->branches[b]);
		least = bps < least ? bps : least;
	}
	return limited ? least : 0;
}

void
allowed_tick(struct allowed *a)
{
	const struct session_book *book = a->book;
	size_t places = (size_t)book->node->max_links * FEEDER_PRIORITIES;

	memset(a->bps, 0, book->room * sizeof(*a->bps));
	if (!any_paced(book->node))
		return;
	memset(a->weights, 0, places * sizeof(*a->weights));
	for (uint32_t i = 0, end; i < book->nb_entries; i = end) {
		end = conference_end(book, i);
		count_sessions(a, i, end, true);
		forget_sessions(a, i, end);
	}
	for (uint32_t i = 0, end; i < book->nb_entries; i = end) {
		end = conference_end(book, i);
		count_sessions(a, i, end, false);
		for (uint32_t k = i; k < end; k++)
			a->bps[book->entries[k]->index] = session_bps(a, book->entries[k]);
		forget_sessions(a, i, end);
	}
}

uint64_t
allowed_bps(const struct allowed *allowed, const struct session_entry *entry)
{
	return allowed != NULL ? allowed->bps[entry->index] : 0;
}
