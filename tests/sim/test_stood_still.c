/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Machines that are paused, and then see at once all that came meanwhile: probes were answered in
 * time, and only nobody looked.
 */
#include "small.h"

#define INTERVAL (200 * SIM_MS)
#define PAUSES	 20

struct told {
	uint32_t up, others;
};

static void
on_event(void *arg, struct sim *sim, uint32_t node, const struct worker_event *event)
{
	struct told *told = arg;

	(void)sim;
	(void)node;
	if (event->kind == EVENT_link_up)
		told->up++;
	else
		told->others++;
}

/* Two nodes with so many workers, the wire between them takes so long each way. */
static void
stand_still(uint64_t delay, uint16_t workers)
{
	struct sim *sim = small_new(2);
	struct sim_line line = small_line();
	struct told told = {0};

	sim->probe = INTERVAL;
	sim->hooks = (struct sim_hooks){.arg = &told, .event = on_event};
	sim->nodes[0].workers = sim->nodes[1].workers = workers;
	line.lane.delay = delay;
	line.queues = workers;
	small_connect(sim, 1, 2, &line);
	sim_build(sim);
	sim_run_until(sim, sim->now + 20 * SIM_S);
	assert_int_equal(told.up, 2);
	for (uint32_t i = 0; i < PAUSES; i++) {
		sim->now += 10 * SIM_S;
		/* At another moment between two probes each time. */
		sim_run_until(sim, sim->now + 20 * SIM_S + i * 13 * SIM_MS);
	}
	assert_int_equal(told.up, 2);
	assert_int_equal(told.others, 0);
	small_finish(sim, NULL, (enum drop_reason[]){DROP_probe_unexpected, DROP_none});
}

static void
test_one_worker(void **state)
{
	(void)state;
	stand_still(SIM_MS, 1);
	stand_still(300 * SIM_MS, 1);
	stand_still(700 * SIM_MS, 1);
}

static void
test_workers(void **state)
{
	(void)state;
	stand_still(SIM_MS, 3);
	stand_still(300 * SIM_MS, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_worker),
		cmocka_unit_test(test_workers),
	};

	sim_eal(256);
	return cmocka_run_group_tests_name("stood_still", tests, NULL, NULL);
}
