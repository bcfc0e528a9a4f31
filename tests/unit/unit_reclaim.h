/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tables whose old memory is reclaimed, in a unit test of one thread: there is no reader to wait
 * for, so what is deferred is free at the next reclaim_poll().
 */
#ifndef FERRY_TEST_UNIT_RECLAIM_H
#define FERRY_TEST_UNIT_RECLAIM_H

#include <rte_malloc.h>

#include "../harness/test_eal.h"
#include "reclaim.h"

static struct reclaim reclaim;
static struct rte_rcu_qsbr *unit_qsbr;

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
	return 0;
}

static inline int
unit_reclaim_end(void **state)
{
	(void)state;
	reclaim_drain(&reclaim);
	rte_free(unit_qsbr);
	return rte_eal_cleanup();
}

#endif
