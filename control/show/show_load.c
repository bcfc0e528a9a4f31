/* SPDX-License-Identifier: BSD-3-Clause */
/* How workers spend their time: how full their bursts are, how long turns take, cycles by stage. */
#include "show_private.h"

static const struct {
	const char *name;
	const char *text;
} stages[STAGE_COUNT] = {
#define STAGE_ROW(name, text) [STAGE_##name] = {#name, text},
	OBSERVE_STAGES(STAGE_ROW)
#undef STAGE_ROW
};

static json_t *
show_stages(const struct worker_load *load)
{
	json_t *array = json_array();

	for (int i = 0; i < STAGE_COUNT; i++) {
		uint64_t packets = counter_read(&load->stage_packets[i]);
		json_t *object = json_object();

		json_object_set_new(object, "stage", json_string(stages[i].name));
		json_object_set_new(object, "sampled_packets", show_number(packets));
		json_object_set_new(object, "cycles_a_packet",
			show_share(counter_read(&load->stage_cycles[i]), packets));
		json_object_set_new(object, "text", json_string(stages[i].text));
		json_array_append_new(array, object);
	}
	return array;
}

/* Turns below 1, 2, 4, ... microseconds; only bins that hold some. */
static json_t *
show_turns(const struct worker_load *load)
{
	json_t *array = json_array();

	for (int i = 0; i < OBSERVE_TURN_BINS; i++) {
		uint64_t turns = counter_read(&load->turns[i]);
		bool last = i == OBSERVE_TURN_BINS - 1;
		json_t *object;

		if (turns == 0)
			continue;
		object = json_object();
		json_object_set_new(
			object, "below_us", last ? json_null() : show_number(UINT64_C(1) << i));
		json_object_set_new(object, "turns", show_number(turns));
		json_array_append_new(array, object);
	}
	return array;
}

json_t *
show_load(const struct show_view *view, const struct show_filter *filter)
{
	json_t *array = json_array();

	(void)filter;
	for (uint16_t i = 0; i < view->node->nb_workers; i++) {
		const struct worker_load *load = &view->node->workers[i]->load;
		json_t *object = json_object();

		json_object_set_new(object, "worker", show_number(i));
		json_object_set_new(object, "polls", show_count(&load->polls));
		json_object_set_new(object, "polls_busy", show_count(&load->polls_busy));
		json_object_set_new(object, "sleeps", show_count(&load->sleeps));
		json_object_set_new(object, "bursts_empty", show_count(&load->bursts[BURST_EMPTY]));
		json_object_set_new(object, "bursts_half", show_count(&load->bursts[BURST_HALF]));
		json_object_set_new(object, "bursts_more", show_count(&load->bursts[BURST_MORE]));
		json_object_set_new(object, "bursts_full", show_count(&load->bursts[BURST_FULL]));
		json_object_set_new(object, "stages", show_stages(load));
		json_object_set_new(object, "turns", show_turns(load));
		json_array_append_new(array, object);
	}
	return array;
}
