/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Statistics up the tree: what children say is added to the node's own (stats_tree.h), and goes to
 * the parent at an interval; the root may ask for all of the node's own. Control thread.
 */
#ifndef FERRY_MANAGE_STATS_H
#define FERRY_MANAGE_STATS_H

#include "manage.h"

/* `stats` of a child, `reqfullstats` of the root. */
manage_action manage_stats_take, manage_stats_full;

/* Those below are as f->place says now. 0 or -ENOMEM, then they are as before. */
int manage_stats_placed(struct ferryd *f);

/* A child's connection ended. */
void manage_stats_away(struct ferryd *f, const char *child);

#endif
