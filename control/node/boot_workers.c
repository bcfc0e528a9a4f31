/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_launch.h>

#include "ferryd.h"
#include "idle_wait.h"
#include "log.h"

/* Worker i runs on lcore i + 1; lcore 0 is the control thread. */
#define LCORE_OF(i) ((i) + 1u)

int
boot_workers(void *ctx)
{
	struct ferryd *f = ctx;

	for (uint16_t i = 0; i < f->node->nb_workers; i++) {
		if (rte_eal_remote_launch(worker_loop, f->node->workers[i], LCORE_OF(i)) < 0) {
			log_line(LOG_ERR, "worker %u did not start on lcore %u", i, LCORE_OF(i));
			return -1;
		}
		f->workers_running++;
	}
	source_starts_begin(f);
	return 0;
}

void
undo_workers(void *ctx)
{
	struct ferryd *f = ctx;

	for (uint16_t i = 0; i < f->workers_running; i++) {
		__atomic_store_n(&f->node->workers[i]->stop, true, __ATOMIC_RELAXED);
		idle_wake(f->node->workers[i]);
	}
	for (uint16_t i = 0; i < f->workers_running; i++)
		(void)rte_eal_wait_lcore(LCORE_OF(i));
	f->workers_running = 0;
}
