/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tables whose old memory is reclaimed, in a unit test of one thread: there is no reader to wait
 * for, so what is deferred is free at the next reclaim_poll(). A group of tests that leaves memory
 * behind fails.
 */
#ifndef FERRY_TEST_UNIT_RECLAIM_H
#define FERRY_TEST_UNIT_RECLAIM_H

#include <stdio.h>
#include <stdlib.h>

#include <rte_malloc.h>

#include "../harness/test_eal.h"
#include "reclaim.h"

static struct reclaim reclaim;
static struct rte_rcu_qsbr *unit_qsbr;
static unsigned int unit_pieces; /* of memory, before the first test */

static inline unsigned int
unit_count_pieces(void)
{
	struct rte_malloc_socket_stats stats;
	unsigned int n = 0;

	for (unsigned int i = 0; i < rte_socket_count(); i++)
		if (rte_malloc_get_socket_stats(rte_socket_id_by_idx(i), &stats) == 0)
			n += stats.alloc_count;
	return n;
}

/* Set-up of a group of tests, DPDK's environment too; 0, or -1. */
static inline int
unit_reclaim_begin(void **state)
{
	(void)state;
	if (test_eal(64, false) < 0)
		return -1;
	unit_qsbr = rte_zmalloc(NULL, rte_rcu_qsbr_get_memsize(1), RTE_CACHE_LINE_SIZE);
	if (unit_qsbr == NULL || rte_rcu_qsbr_init(unit_qsbr, 1) != 0)
		return -1;
	reclaim_init(&reclaim, unit_qsbr);
	unit_pieces = unit_count_pieces();
	return 0;
}

static inline int
unit_reclaim_end(void **state)
{
	unsigned int left;

	(void)state;
	reclaim_drain(&reclaim);
	left = unit_count_pieces();
	rte_free(unit_qsbr);
	if (left != unit_pieces) {
		fprintf(stderr, "%u pieces of memory are left, there were %u\n", left, unit_pieces);
		exit(EXIT_FAILURE); /* for cmocka a failed end of a group is no failure */
	}
	return rte_eal_cleanup();
}

#endif
