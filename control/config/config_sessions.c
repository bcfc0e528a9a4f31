/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>

#include "config_private.h"
#include "path_text.h"

#define BURST_MIN  64u
#define BURST_MAX  (1u << 30)
#define WINDOW_MIN 64
#define RATE_WANTED                                                                                \
	"bit/s from 1000 to 1000000000000: an integer, or a string as \"2.5M\" (k, M, G)"

static void
read_rate(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_session *session = object;
	uint64_t rate = 0;

	if (setting->type == CONFIG_TYPE_INT && setting->value.ival > 0)
		rate = (uint64_t)setting->value.ival;
	else if (setting->type == CONFIG_TYPE_INT64 && setting->value.llval > 0)
		rate = (uint64_t)setting->value.llval;
	else if (setting->type == CONFIG_TYPE_STRING &&
		 !config_rate_parse(setting->value.sval, &rate))
		rate = 0;
	if (rate < CONFIG_RATE_MIN || rate > CONFIG_RATE_MAX)
		config_reader_want(reader, setting, RATE_WANTED);
	else
		session->rate = rate;
}

static void
print_rate(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_session *session = object;

	if (session->rate == 0)
		config_print_line(printer, key->help, "# rate not set");
	else
		config_print_line(printer, key->help, "rate = %" PRIu64 "%s;", session->rate,
			session->rate > INT32_MAX ? "L" : "");
}

static void
read_burst(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_session *session = object;

	config_read_uint(reader, setting, BURST_MIN, BURST_MAX, "bytes", &session->burst);
}

static void
print_burst(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_session *session = object;

	if (session->rate != 0)
		config_print_line(printer, key->help, "burst = %" PRIu64 ";", session->burst);
}

static void
read_payload(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_session *session = object;
	uint64_t value;

	if (config_read_uint(reader, setting, 1, CONFIG_PAYLOAD_MAX, "bytes", &value))
		session->payload = (uint32_t)value;
}

static void
print_payload(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_session *session = object;

	if (session->payload == 0)
		config_print_line(printer, key->help, "# payload not set");
	else
		config_print_line(printer, key->help, "payload = %u;", session->payload);
}

static void
read_destinations(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_session *session = object;
	uint64_t id;

	if (!config_read_sequence(reader, setting, "NodeIDs", 1, CONFIG_DESTINATIONS_MAX, false))
		return;
	for (int i = 0; i < config_setting_length(setting); i++) {
		config_setting_t *element = config_setting_get_elem(setting, (unsigned int)i);

		if (!config_read_uint(reader, element, 1, NODE_ID_MAX, "(a NodeID)", &id))
			continue;
		if (id == session->source)
			config_reader_fail(reader, element,
				"destinations has %" PRIu64
				", the source of the session; it must not",
				id);
		for (uint32_t j = 0; j < session->destination_count; j++) {
			if (session->destinations[j] == id)
				config_reader_fail(reader, element,
					"destinations has %" PRIu64
					" twice, it must have each once",
					id);
		}
		session->destinations[session->destination_count++] = (uint32_t)id;
	}
}

static void
print_destinations(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_session *session = object;
	char list[PATHLET_TREE_MAX_NODES * 12] = "";
	size_t used = 0;

	for (uint32_t i = 0; i < session->destination_count; i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%u",
			i == 0 ? "" : ", ", session->destinations[i]);
	config_print_line(printer, key->help, "destinations = [ %s ];", list);
}

#define REORDER_FIELD(field) offsetof(struct config_reorder, field)

static const struct config_key reorder_keys[] = {
	{.name = "packets",
		.kind = KEY_UINT32,
		.offset = REORDER_FIELD(packets),
		.min = 1,
		.max = 32768,
		.fallback = 256,
		.unit = "packets",
		.help = "packets held at most"},
	{.name = "ms",
		.kind = KEY_UINT32,
		.offset = REORDER_FIELD(ms),
		.min = 1,
		.max = 60000,
		.fallback = 50,
		.unit = "ms",
		.help = "ms waited at most"},
};

static void
read_reorder(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_session *session = object;
	size_t mark = config_reader_enter(reader, "reorder");

	config_read_group(reader, setting, reorder_keys,
		sizeof(reorder_keys) / sizeof(reorder_keys[0]), &session->reorder);
	config_reader_leave(reader, mark);
}

static void
print_reorder(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_session *session = object;

	if (session->reorder.packets == 0) {
		config_print_line(printer, key->help, "# reorder not set");
		return;
	}
	config_print_line(printer, key->help, "reorder = {");
	printer->indent++;
	config_print_keys(printer, reorder_keys, sizeof(reorder_keys) / sizeof(reorder_keys[0]),
		&session->reorder);
	config_print_close(printer, "};");
}

/* The kernel reaches a listener on this machine. */
static bool
takes_rates(const struct underlay_addr *address)
{
	return underlay_addr_is_host(address) || underlay_addr_is_loopback(address);
}

static void
read_rate_to(struct config_reader *reader, config_setting_t *setting, void *object)
{
	static const char wanted[] = "one host's address and a UDP port, as \"10.0.1.9:7000\" "
				     "or \"[fd00::9]:7000\"";
	struct config_rate_to *to = &((struct config_session *)object)->rate_to;

	to->where = config_reader_where(reader, setting);
	config_read_endpoint(reader, setting, takes_rates, wanted, &to->udp);
}

static void
print_rate_to(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_session *session = object;

	config_print_endpoint(printer, key, &session->rate_to.udp);
}

#define FIELD(field) offsetof(struct config_session, field)

static const struct config_key session_keys[] = {
	{.name = "id",
		.kind = KEY_UINT32,
		.flags = KEY_NEEDED,
		.offset = FIELD(id),
		.min = 1,
		.max = UINT32_MAX},
	{.name = "name", .kind = KEY_NAME, .offset = FIELD(name), .help = "default session-ID"},
	{.name = "source",
		.kind = KEY_UINT32,
		.flags = KEY_NEEDED,
		.offset = FIELD(source),
		.min = 1,
		.max = NODE_ID_MAX,
		.help = "NodeID"},
	{.name = "destinations",
		.kind = KEY_CUSTOM,
		.flags = KEY_NEEDED,
		.read = read_destinations,
		.print = print_destinations,
		.help = "NodeIDs"},
	{.name = "rate",
		.kind = KEY_CUSTOM,
		.read = read_rate,
		.print = print_rate,
		.help = "payload bit/s, default: not limited"},
	{.name = "burst",
		.kind = KEY_CUSTOM,
		.read = read_burst,
		.print = print_burst,
		.help = "payload bytes, default 10 ms of the rate, at least 65536"},
	{.name = "payload",
		.kind = KEY_CUSTOM,
		.read = read_payload,
		.print = print_payload,
		.help = "bytes of a packet at most, default: what the links carry"},
	{.name = "delay_sensitive",
		.kind = KEY_BOOL,
		.offset = FIELD(delay_sensitive),
		.help = "default false"},
	{.name = "window",
		.kind = KEY_UINT32,
		.flags = KEY_POWER_OF_TWO,
		.offset = FIELD(window),
		.min = WINDOW_MIN,
		.max = 65536,
		.fallback = 2048,
		.help = "packets in which duplicates are seen, a power of two"},
	{.name = "reorder",
		.kind = KEY_CUSTOM,
		.read = read_reorder,
		.print = print_reorder,
		.help = "default: delivered as they come"},
	{.name = "coding",
		.kind = KEY_CUSTOM,
		.read = config_read_coding,
		.print = config_print_coding,
		.help = "default: packets go as they are"},
	{.name = "start",
		.kind = KEY_BOOL,
		.offset = FIELD(start),
		.fallback = true,
		.help = "with the node, default true"},
	{.name = "starts",
		.kind = KEY_TIME,
		.flags = KEY_ROOT,
		.offset = FIELD(starts),
		.help = "UTC, default: with its conference"},
	{.name = "ends",
		.kind = KEY_TIME,
		.flags = KEY_ROOT,
		.offset = FIELD(ends),
		.help = "UTC, default: with its conference"},
	{.name = "flows",
		.kind = KEY_CUSTOM,
		.flags = KEY_NEEDED,
		.read = config_read_flows,
		.print = config_print_flows},
	{.name = "ingress",
		.kind = KEY_CUSTOM,
		.flags = KEY_NEEDED,
		.read = config_read_ingress,
		.print = config_print_ingress},
	{.name = "rate_to",
		.kind = KEY_CUSTOM,
		.read = read_rate_to,
		.print = print_rate_to,
		.help = "ADDRESS:PORT that is told the rate allowed, default none"},
	{.name = "egress",
		.kind = KEY_CUSTOM,
		.read = config_read_egress,
		.print = config_print_egress,
		.help = "default of a destination: sink"},
};

#define SESSION_KEYS (sizeof(session_keys) / sizeof(session_keys[0]))

/* The window holds what is still computed. */
static void
check_coding(struct config_reader *reader, config_setting_t *setting,
	const struct config_session *session)
{
	struct rlnc_params params = config_coding_params(session);
	uint32_t least = rlnc_sequences(&params), window = WINDOW_MIN;

	if (session->window >= least)
		return;
	while (window < least)
		window *= 2;
	if (params.repair == RLNC_REPAIR_RATELESS)
		config_reader_fail(reader, setting,
			"k is %u, with repair \"rateless\" and the session's window of %u it "
			"must be at most %u, or window at least %u",
			params.k, session->window, session->window / (least / params.k), window);
	else
		config_reader_fail(reader, setting,
			"%u source packets are coded together, with the session's window of %u "
			"they must be at most %u",
			params.k, session->window, session->window / (least / params.k));
}

/* What is between the keys of one session. */
static void
finish_session(
	struct config_reader *reader, config_setting_t *group, struct config_session *session)
{
	if (session->name[0] == 0)
		snprintf(session->name, sizeof(session->name), "session-%u", session->id);
	if (session->rate == 0 && session->burst != 0)
		config_reader_fail(reader, config_setting_get_member(group, "burst"),
			"burst is set without rate, rate must be set too");
	if (session->rate != 0 && session->burst == 0) {
		session->burst = session->rate / 8 / 100;
		if (session->burst < 65536)
			session->burst = 65536;
		if (session->burst > BURST_MAX)
			session->burst = BURST_MAX;
	}
	if (session->reorder.packets > session->window)
		config_reader_fail(reader, config_setting_get_member(group, "reorder"),
			"reorder holds %u packets, it must be at most window, which is %u",
			session->reorder.packets, session->window);
	if (session->coding != NULL)
		check_coding(reader, config_setting_get_member(group, "coding"), session);
	config_check_times(reader, group, session->starts, session->ends);
	if (session->egress == NULL)
		config_egress_default(reader, group, session);
}

void
config_read_session(struct config_reader *reader, config_setting_t *group,
	const struct config_conference *conference, struct config_session *session)
{
	size_t before = reader->errors->count;

	session->where = config_reader_where(reader, group);
	session->conference = conference->id;
	if (config_read_group(reader, group, session_keys, SESSION_KEYS, session))
		finish_session(reader, group, session);
	if (reader->errors->count != before)
		session->flow_count = 0;
}

void
config_read_sessions(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_conference *conference = object;
	struct config_memory *memory = reader->source->memory;
	int count;

	if (!config_read_sequence(reader, setting, "sessions", 0, CONFIG_SESSIONS_MAX, true))
		return;
	count = config_setting_length(setting);
	conference->sessions = config_memory_get(
		memory, (size_t)count * sizeof(*conference->sessions));
	for (int i = 0; i < count; i++) {
		size_t mark;
		config_setting_t *group = config_reader_item(
			reader, setting, i, "session", "id", &mark);

		config_read_session(reader, group, conference,
			&conference->sessions[conference->session_count++]);
		config_reader_leave(reader, mark);
	}
}

void
config_print_sessions(
	struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_conference *conference = object;

	(void)key;
	config_print_open(printer, "sessions = (");
	config_print_groups(printer, session_keys, SESSION_KEYS, conference->sessions,
		conference->session_count, sizeof(*conference->sessions));
	config_print_close(printer, ");");
}
