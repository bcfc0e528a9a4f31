/* SPDX-License-Identifier: BSD-3-Clause */
/* What became of ARP, neighbour discovery and ICMP that came, and what of it the node sent. */
#include "show_private.h"
#include "underlay.h"

static json_t *
show_underlay_counter(enum underlay_counter counter, uint64_t count)
{
	const struct underlay_counter_info *info = &underlay_counter_info[counter];
	json_t *object = json_object();

	json_object_set_new(object, "counter", json_string(info->name));
	json_object_set_new(object, "count", show_number(count));
	json_object_set_new(object, "kind", json_string(underlay_kind_name(info->kind)));
	json_object_set_new(object, "text", json_string(info->text));
	return object;
}

json_t *
show_underlay(const struct show_view *view, const struct show_filter *filter)
{
	json_t *array = json_array();

	for (int i = 0; view->underlay != NULL && i < UNDERLAY_N_COUNTERS; i++) {
		uint64_t count = view->underlay->counters[i];

		if (count != 0 || filter->all)
			json_array_append_new(
				array, show_underlay_counter((enum underlay_counter)i, count));
	}
	return array;
}
