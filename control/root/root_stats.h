/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Statistics at the root: what the tree says, summed; alerts where a threshold is passed, the worst
 * node then asked itself; a report to a file. One thread.
 */
#ifndef FERRY_ROOT_STATS_H
#define FERRY_ROOT_STATS_H

#include <stdio.h>

#include <jansson.h>

#include "message.h"
#include "root_config.h"
#include "stats_alert.h"

#define ROOT_STATS_AGE_MS 300000 /* what a node said so long ago is forgotten */

struct root;

struct root_stats {
	struct stats_tree *tree;
	struct stats_alerts *alerts;
	bool news;	/* since the last look */
	int64_t report; /* when the next one is due */
};

/* Lack of memory ends the program. */
void root_stats_begin(struct root *root);
void root_stats_end(struct root *root);
/* The configuration may have other thresholds: what passes them is looked for again. */
void root_stats_thresholds(struct root *root);

/* `stats` of a child. False with a sentence in error (MESSAGE_ERROR_MAX bytes). */
bool root_stats_take(struct root *root, const struct message *message, char *error);
/* `fullstats`: an event. */
void root_stats_full(struct root *root, const struct message *message);
/* A child's connection ended. */
void root_stats_away(struct root *root, const char *name);

/* Alerts and report, if it is time. When to look again (ms). */
int64_t root_stats_step(struct root *root, int64_t now);

/* For ferryctl; new references. */
json_t *root_stats_alerts(const struct root *root);
json_t *root_stats_show(const struct root *root);

#endif
