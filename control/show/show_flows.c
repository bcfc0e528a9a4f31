/* SPDX-License-Identifier: BSD-3-Clause */
#include "path_text.h"
#include "show_private.h"

static json_t *
show_path(const struct pathlet_tree *tree)
{
	char text[PATH_TEXT_MAX];

	return path_text_format(tree, text, sizeof(text)) > 0 ? json_string(text) : json_null();
}

/* Share of the packets since the weights were last set. */
static json_t *
show_source_flows(const struct session_entry *entry)
{
	json_t *array = json_array();
	uint64_t sent[SOURCE_FLOWS_MAX], weights = 0, packets = 0;

	for (uint16_t i = 0; i < entry->nb_flows; i++) {
		sent[i] = counter_read(&entry->flows[i].state->packets);
		weights += entry->flows[i].weight;
		packets += sent[i] - entry->flows[i].base;
	}
	for (uint16_t i = 0; i < entry->nb_flows; i++) {
		const struct session_flow *flow = &entry->flows[i];
		json_t *object = json_object();

		json_object_set_new(object, "flow", show_number(flow->id));
		json_object_set_new(object, "weight", show_number(flow->weight));
		json_object_set_new(object, "share_configured", show_share(flow->weight, weights));
		json_object_set_new(
			object, "share_measured", show_share(sent[i] - flow->base, packets));
		json_object_set_new(object, "packets", show_number(sent[i]));
		json_object_set_new(object, "bytes", show_count(&flow->state->bytes));
		json_object_set_new(object, "path", show_path(&flow->tree));
		json_array_append_new(array, object);
	}
	return array;
}

/* Only flows that were heard of. The last one counts all higher ids too. */
static json_t *
show_destination_flows(const struct destination *dst)
{
	json_t *array = json_array();

	for (uint16_t i = 0; i < dst->params.nb_flows; i++) {
		const struct destination_flow *flow = destination_flow_const(dst, i);
		uint64_t received = destination_flow_received(dst, i);
		uint64_t lost = counter_read(&flow->lost);
		json_t *object;

		if (received == 0 && lost == 0)
			continue;
		object = json_object();
		json_object_set_new(object, "flow", show_number(i));
		json_object_set_new(object, "received", show_number(received));
		json_object_set_new(object, "lost", show_number(lost));
		json_object_set_new(object, "loss", show_share(lost, lost + received));
		json_array_append_new(array, object);
	}
	return array;
}

json_t *
show_session_flows(const struct show_view *view, const struct session_entry *entry)
{
	json_t *object = json_object();

	(void)view;
	show_session_keys(object, entry);
	json_object_set_new(
		object, "source", entry->source != NULL ? show_source_flows(entry) : json_null());
	json_object_set_new(object, "destination",
		entry->destination != NULL ? show_destination_flows(entry->destination)
					   : json_null());
	return object;
}

json_t *
show_flows(const struct show_view *view, const struct show_filter *filter)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < view->sessions->nb_entries; i++) {
		const struct session_entry *entry = view->sessions->entries[i];

		if (show_wanted(filter, entry))
			json_array_append_new(array, show_session_flows(view, entry));
	}
	return array;
}
