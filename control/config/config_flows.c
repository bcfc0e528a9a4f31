/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_private.h"
#include "path_text.h"

static void
read_path(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_flow *flow = object;
	struct path_text_error error;
	const char *value;

	value = config_read_string_value(reader, setting, "a path, as \"5 > (2, 6 > (3, 4))\"");
	if (value == NULL || path_text_parse(value, &flow->tree, &error) == 0)
		return;
	config_reader_fail(
		reader, setting, "path \"%.200s\", column %u: %s", value, error.column, error.text);
}

static void
print_path(struct config_printer *printer, const struct config_key *key, const void *object)
{
	char text[PATH_TEXT_MAX];

	path_text_format(&((const struct config_flow *)object)->tree, text, sizeof(text));
	config_print_string(printer, key, text);
}

#define FIELD(field) offsetof(struct config_flow, field)

/* The default of id is the place in the list; see config_read_flows(). */
static const struct config_key flow_keys[] = {
	{.name = "id",
		.kind = KEY_UINT32,
		.offset = FIELD(id),
		.max = CONFIG_FLOWS_MAX - 1,
		.fallback = UINT32_MAX,
		.no_default = true,
		.help = "default: its place in the list, from 0"},
	{.name = "path",
		.kind = KEY_CUSTOM,
		.flags = KEY_NEEDED,
		.read = read_path,
		.print = print_path},
	{.name = "weight",
		.kind = KEY_UINT32,
		.offset = FIELD(weight),
		.max = PATH_WEIGHT_MAX,
		.fallback = 1},
};

#define FLOW_KEYS (sizeof(flow_keys) / sizeof(flow_keys[0]))

static void
check_flows(struct config_reader *reader, config_setting_t *list, struct config_session *session)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < session->flow_count; i++) {
		sum += session->flows[i].weight;
		for (uint32_t j = 0; j < i; j++) {
			if (session->flows[j].id != session->flows[i].id)
				continue;
			config_reader_fail(reader, config_setting_get_elem(list, i),
				"two flows have the id %u, each must have its own (without one: "
				"its "
				"place in the list, from 0)",
				session->flows[i].id);
			break;
		}
	}
	if (sum == 0)
		config_reader_fail(
			reader, list, "all flows have weight 0, at least one must have more");
}

/* A flow without an id has its place in the list for one. */
static void
flow_label(config_setting_t *group, uint32_t place, char *label, size_t size)
{
	if (config_setting_is_group(group) && config_setting_get_member(group, "id") == NULL)
		snprintf(label, size, "flow %u", place);
	else
		config_reader_label(group, "flow", place, "id", label, size);
}

void
config_read_flows(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_session *session = object;
	size_t before = reader->errors->count;
	int count;

	if (!config_read_sequence(reader, setting, "flows", 1, CONFIG_FLOWS_MAX, true))
		return;
	count = config_setting_length(setting);
	session->flows = config_memory_get(
		reader->source->memory, (size_t)count * sizeof(*session->flows));
	for (int i = 0; i < count; i++) {
		config_setting_t *group = config_setting_get_elem(setting, (unsigned int)i);
		struct config_flow *flow = &session->flows[session->flow_count++];
		char label[64];
		size_t mark;

		flow_label(group, (uint32_t)i, label, sizeof(label));
		mark = config_reader_enter(reader, "%s", label);
		flow->where = config_reader_where(reader, group);
		config_read_group(reader, group, flow_keys, FLOW_KEYS, flow);
		if (flow->id == UINT32_MAX)
			flow->id = (uint32_t)i;
		config_reader_leave(reader, mark);
	}
	if (reader->errors->count == before)
		check_flows(reader, setting, session);
}

void
config_print_flows(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_session *session = object;

	(void)key;
	config_print_open(printer, "flows = (");
	config_print_groups(printer, flow_keys, FLOW_KEYS, session->flows, session->flow_count,
		sizeof(*session->flows));
	config_print_close(printer, ");");
}
