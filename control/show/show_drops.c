/* SPDX-License-Identifier: BSD-3-Clause */
#include "show_private.h"

json_t *
show_drops(const struct show_view *view, const struct show_filter *filter)
{
	struct worker_counters sum;
	json_t *array = json_array();

	node_counters(view->node, &sum);
	for (int i = DROP_none + 1; i < DROP_COUNT; i++) {
		json_t *object;

		if (sum.drops[i] == 0 && !filter->all)
			continue;
		object = json_object();
		json_object_set_new(object, "reason", json_string(drop_name((enum drop_reason)i)));
		json_object_set_new(object, "packets", show_number(sum.drops[i]));
		json_object_set_new(object, "text", json_string(drop_text((enum drop_reason)i)));
		json_array_append_new(array, object);
	}
	return array;
}
