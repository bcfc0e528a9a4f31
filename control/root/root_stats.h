/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Statistics at the root: what the tree says, summed; alerts where a threshold is passed, the worst
 * node then asked itself; a report to a file. One thread.
 */
#ifndef FERRY_ROOT_STATS_H
#define FERRY_ROOT_STATS_H

#include <stdio.h>

#include <jansson.h>

#include "boot_table.h"
#include "message.h"
#include "root_config.h"
#include "stats_alert.h"

#define ROOT_STATS_AGE_MS    300000 /* what a node said so long ago is forgotten */
#define ROOT_STATS_ANSWER_MS 10000  /* a node may answer so long */

struct root;
struct root_node;

struct root_stats {
	struct stats_tree *tree;
	struct stats_alerts *alerts;
	bool news;		/* since the last look */
	int64_t looked;		/* by root_clock */
	int64_t report;		/* when the next one is due */
	uint64_t report_number; /* messages of children, with the one that is taken now */
};

/* Lack of memory ends the program. */
boot_step root_stats_begin;
undo_step root_stats_end;
/* The configuration may have other thresholds: what passes them is looked for again. */
void root_stats_thresholds(struct root *root);

/* `stats` of a child. False with a sentence in error (MESSAGE_ERROR_MAX bytes). */
bool root_stats_take(struct root *root, const struct message *message, char *error);
/* Asks a node for all that it has of a stream (0: of all). As root_send. */
int root_stats_ask(struct root *root, struct root_node *node, uint64_t stream);
/*
 * `fullstats`: an event. 0; or why not, with a sentence in error (MESSAGE_ERROR_MAX bytes): it was
 * not asked, or a value cannot be.
 */
enum message_code root_stats_full(struct root *root, const struct message *message, char *error);
/* A child's connection ended. */
void root_stats_away(struct root *root, const char *name);

/* Alerts and report, if it is time. When to look again (ms). */
int64_t root_stats_step(struct root *root, int64_t now);

/* For ferryctl; new references. */
json_t *root_stats_alerts(const struct root *root);
json_t *root_stats_show(const struct root *root);

#endif
