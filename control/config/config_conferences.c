/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>

#include "config_private.h"
#include "feeder_queue.h"

#define FIELD(field) offsetof(struct config_conference, field)

static void
read_participants(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_conference *conference = object;
	uint64_t id;

	if (!config_read_sequence(reader, setting, "NodeIDs", 0, CONFIG_PARTICIPANTS_MAX, false))
		return;
	conference->participants = config_memory_get(reader->source->memory,
		((size_t)config_setting_length(setting) + 1) * sizeof(uint32_t));
	for (int i = 0; i < config_setting_length(setting); i++) {
		config_setting_t *element = config_setting_get_elem(setting, (unsigned int)i);

		if (!config_read_uint(reader, element, 1, NODE_ID_MAX, "(a NodeID)", &id))
			continue;
		if (config_is_participant(conference, (uint32_t)id) &&
			conference->participant_count > 0)
			config_reader_fail(reader, element,
				"participants has %" PRIu64 " twice, it must have each once", id);
		conference->participants[conference->participant_count++] = (uint32_t)id;
	}
}

static void
print_participants(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_conference *conference = object;

	if (conference->participants == NULL) {
		config_print_line(printer, key->help, "# participants not set");
		return;
	}
	config_print_open(printer, "participants = [");
	for (uint32_t i = 0; i < conference->participant_count; i++)
		config_print_line(printer, NULL, "%u%s", conference->participants[i],
			i + 1 < conference->participant_count ? "," : "");
	config_print_close(printer, "];");
}

static const struct config_key conference_keys[] = {
	{.name = "id",
		.kind = KEY_UINT32,
		.flags = KEY_NEEDED,
		.offset = FIELD(id),
		.min = 1,
		.max = UINT32_MAX},
	{.name = "name", .kind = KEY_NAME, .offset = FIELD(name), .help = "default conference-ID"},
	{.name = "priority",
		.kind = KEY_UINT32,
		.offset = FIELD(priority),
		.max = FEEDER_PRIORITIES - 1,
		.fallback = FEEDER_PRIORITY,
		.help = "higher goes first"},
	{.name = "weight",
		.kind = KEY_UINT32,
		.offset = FIELD(weight),
		.min = 1,
		.max = FEEDER_WEIGHT_MAX,
		.fallback = FEEDER_WEIGHT,
		.help = "among conferences of its priority"},
	{.name = "queue_packets",
		.kind = KEY_UINT32,
		.offset = FIELD(queue_packets),
		.min = 1,
		.max = 65536,
		.fallback = FEEDER_LIMIT,
		.help = "that wait for a link"},
	{.name = "queue_bytes",
		.kind = KEY_UINT32,
		.offset = FIELD(queue_bytes),
		.min = 10000,
		.max = 1073741824,
		.fallback = FEEDER_LIMIT_BYTES,
		.unit = "bytes",
		.help = "bytes that wait for a link"},
	{.name = "queue_ms",
		.kind = KEY_UINT32,
		.offset = FIELD(queue_ms),
		.min = 1,
		.max = 60000,
		.fallback = FEEDER_LIMIT_AGE_MS,
		.unit = "ms",
		.help = "ms that a packet may wait"},
	{.name = "participants",
		.kind = KEY_CUSTOM,
		.flags = KEY_ROOT,
		.read = read_participants,
		.print = print_participants,
		.help = "NodeIDs, default: the nodes of its sessions"},
	{.name = "starts",
		.kind = KEY_TIME,
		.flags = KEY_ROOT,
		.offset = FIELD(starts),
		.help = "UTC, default: at once"},
	{.name = "ends",
		.kind = KEY_TIME,
		.flags = KEY_ROOT,
		.offset = FIELD(ends),
		.help = "UTC, default: never"},
	{.name = "sessions",
		.kind = KEY_CUSTOM,
		.flags = KEY_NEEDED,
		.read = config_read_sessions,
		.print = config_print_sessions},
};

#define CONFERENCE_KEYS (sizeof(conference_keys) / sizeof(conference_keys[0]))
/* Sessions come one by one at run time; they are the last key. */
#define TERMS_KEYS (CONFERENCE_KEYS - 1)

bool
config_is_participant(const struct config_conference *conference, uint32_t node)
{
	if (conference->participants == NULL)
		return true;
	for (uint32_t i = 0; i < conference->participant_count; i++) {
		if (conference->participants[i] == node)
			return true;
	}
	return false;
}

void
config_check_times(
	struct config_reader *reader, config_setting_t *group, int64_t starts, int64_t ends)
{
	char texts[2][CONFIG_TIME_TEXT];

	if (ends != 0 && ends <= starts)
		config_reader_fail(reader, config_setting_get_member(group, "ends"),
			"ends is \"%s\", it must be after starts, \"%s\"",
			config_time_text(ends, texts[0]), config_time_text(starts, texts[1]));
}

/* What is between the keys of one conference. */
static void
finish_conference(
	struct config_reader *reader, config_setting_t *group, struct config_conference *conference)
{
	if (conference->name[0] == 0)
		snprintf(conference->name, sizeof(conference->name), "conference-%u",
			conference->id);
	config_check_times(reader, group, conference->starts, conference->ends);
	for (uint32_t i = 0; i < conference->session_count; i++) {
		const struct config_session *session = &conference->sessions[i];

		if (session->flow_count > 0 && !config_is_participant(conference, session->source))
			config_check_fail(reader, &session->where,
				"session %u: source %u is not one of the participants, it must be",
				session->id, session->source);
		for (uint32_t j = 0; session->flow_count > 0 && j < session->destination_count; j++)
			if (!config_is_participant(conference, session->destinations[j]))
				config_check_fail(reader, &session->where,
					"session %u: destination %u is not one of the "
					"participants, it must be",
					session->id, session->destinations[j]);
	}
}

void
config_read_terms(
	struct config_reader *reader, config_setting_t *group, struct config_conference *conference)
{
	if (config_read_group(reader, group, conference_keys, TERMS_KEYS, conference) &&
		conference->name[0] == 0)
		snprintf(conference->name, sizeof(conference->name), "conference-%u",
			conference->id);
}

char *
config_terms_missing(struct config_memory *memory, const struct config *config,
	config_setting_t *group, const struct config_conference *conference)
{
	return config_print_missing(memory, config, group, conference_keys, TERMS_KEYS, conference);
}

void
config_read_conferences(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config *config = object;
	int count;

	if (!config_read_sequence(reader, setting, "conferences", 0, CONFIG_CONFERENCES_MAX, true))
		return;
	count = config_setting_length(setting);
	config->conferences = config_memory_get(
		reader->source->memory, (size_t)count * sizeof(*config->conferences));
	for (int i = 0; i < count; i++) {
		size_t mark;
		config_setting_t *group = config_reader_item(
			reader, setting, i, "conference", "id", &mark);
		struct config_conference *conference =
			&config->conferences[config->conference_count++];

		conference->where = config_reader_where(reader, group);
		if (config_read_group(reader, group, conference_keys, CONFERENCE_KEYS, conference))
			finish_conference(reader, group, conference);
		config_reader_leave(reader, mark);
	}
}

void
config_print_conferences(
	struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config *config = object;

	(void)key;
	config_print_open(printer, "conferences = (");
	config_print_groups(printer, conference_keys, CONFERENCE_KEYS, config->conferences,
		config->conference_count, sizeof(*config->conferences));
	config_print_close(printer, ");");
}

void
config_print_conference(const struct config_conference *conference, FILE *out)
{
	struct config_printer printer = {.out = out, .root = true};

	config_print_open(&printer, "conferences = ( {");
	config_print_keys(&printer, conference_keys, CONFERENCE_KEYS, conference);
	config_print_close(&printer, "} );");
}
