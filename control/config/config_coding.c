/* SPDX-License-Identifier: BSD-3-Clause */
/* The group "coding" of a session: random network coding. */
#include <string.h>

#include "config_private.h"

#define MS	   UINT64_C(1000000) /* ns */
#define SHARE_ONE  UINT64_C(1000000) /* shares are millionths */
#define K_DEFAULT  32
#define W_DEFAULT  24
#define RATIO_MAX  (4 * SHARE_ONE)
#define FIELD(key) offsetof(struct config_coding, key)

/* Values with units are those of impaired lines: "5ms", "0.1%". */
static const struct impair_key ratio_value = {
	.name = "repair", .kind = IMPAIR_SHARE, .min = 1, .max = RATIO_MAX};
static const struct impair_key residual_value = {
	.name = "residual", .kind = IMPAIR_SHARE, .min = 1, .max = SHARE_ONE / 10};
static const struct impair_key bound_value = {
	.name = "bound", .kind = IMPAIR_SHARE, .min = 1, .max = 100 * SHARE_ONE};
static const struct impair_key close_value = {
	.name = "close", .kind = IMPAIR_TIME, .min = MS / 10, .max = 10000 * MS};
static const struct impair_key deadline_value = {
	.name = "deadline", .kind = IMPAIR_TIME, .min = MS, .max = 60000 * MS};

static const char *const code_names[] = {
	[CONFIG_CODE_BLOCK] = "block", [CONFIG_CODE_WINDOW] = "window", NULL};
static const char *const repair_names[] = {
	[CONFIG_REPAIR_ADAPTIVE] = "adaptive", [CONFIG_REPAIR_RATELESS] = "rateless"};
const char *const config_recode_names[] = {[CONFIG_RECODE_NEVER] = "never",
	[CONFIG_RECODE_LOSSY] = "lossy",
	[CONFIG_RECODE_ALWAYS] = "always",
	NULL};

static bool
read_united(struct config_reader *reader, config_setting_t *setting, const struct impair_key *value,
	uint64_t *field)
{
	char wanted[IMPAIR_TEXT];

	if (setting->type == CONFIG_TYPE_STRING && setting->value.sval != NULL &&
		impair_value_parse(value, setting->value.sval, field))
		return true;
	config_reader_want(reader, setting, "%s", impair_value_wanted(value, wanted));
	return false;
}

static void
print_united(struct config_printer *printer, const struct config_key *key,
	const struct impair_key *value, uint64_t field)
{
	char text[IMPAIR_TEXT];

	config_print_string(printer, key, impair_value_text(value, field, text));
}

/* One of "k" and "window" has a meaning, as the code says. */
static void
read_symbols(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_coding *coding = object;
	bool is_k = strcmp(setting->name, "k") == 0;
	uint64_t value;

	if (is_k != (coding->code == CONFIG_CODE_BLOCK))
		config_reader_fail(reader, setting,
			"%s is set, but with code \"%s\" it is the key \"%s\" that must be set",
			setting->name, code_names[coding->code], is_k ? "window" : "k");
	else if (config_read_uint(
			 reader, setting, is_k ? 1 : 2, RLNC_SPAN_MAX, "source packets", &value))
		coding->k = (uint32_t)value;
}

static void
print_symbols(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_coding *coding = object;

	if ((strcmp(key->name, "k") == 0) == (coding->code == CONFIG_CODE_BLOCK))
		config_print_line(printer, key->help, "%s = %u;", key->name, coding->k);
}

static void
read_repair(struct config_reader *reader, config_setting_t *setting, void *object)
{
	static const char wanted[] = "a share of the source packets from 0.0001%% to 400%%, as "
				     "\"25%%\", or \"adaptive\", or \"rateless\"";
	struct config_coding *coding = object;
	const char *value = setting->type == CONFIG_TYPE_STRING && setting->value.sval != NULL
				    ? setting->value.sval
				    : "";

	for (uint32_t i = CONFIG_REPAIR_ADAPTIVE; i <= CONFIG_REPAIR_RATELESS; i++) {
		if (strcmp(value, repair_names[i]) != 0)
			continue;
		coding->repair = i;
		return;
	}
	coding->repair = CONFIG_REPAIR_RATIO;
	if (!impair_value_parse(&ratio_value, value, &coding->ratio))
		config_reader_want(reader, setting, wanted);
}

static void
print_repair(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_coding *coding = object;

	if (coding->repair == CONFIG_REPAIR_RATIO)
		print_united(printer, key, &ratio_value, coding->ratio);
	else
		config_print_string(printer, key, repair_names[coding->repair]);
}

static void
read_residual(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_coding *coding = object;

	if (coding->repair != CONFIG_REPAIR_ADAPTIVE)
		config_reader_fail(
			reader, setting, "residual is set, repair must be \"adaptive\" then");
	else
		(void)read_united(reader, setting, &residual_value, &coding->residual);
}

static void
print_residual(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_coding *coding = object;

	if (coding->repair == CONFIG_REPAIR_ADAPTIVE)
		print_united(printer, key, &residual_value, coding->residual);
}

static void
read_bound(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_coding *coding = object;

	if (coding->repair == CONFIG_REPAIR_RATIO)
		config_reader_fail(reader, setting,
			"bound is set, repair must be \"adaptive\" or \"rateless\" then");
	else
		(void)read_united(reader, setting, &bound_value, &coding->bound);
}

static void
print_bound(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_coding *coding = object;

	if (coding->repair != CONFIG_REPAIR_RATIO)
		print_united(printer, key, &bound_value, coding->bound);
}

static void
read_close(struct config_reader *reader, config_setting_t *setting, void *object)
{
	(void)read_united(reader, setting, &close_value, &((struct config_coding *)object)->close);
}

static void
print_close(struct config_printer *printer, const struct config_key *key, const void *object)
{
	print_united(printer, key, &close_value, ((const struct config_coding *)object)->close);
}

static void
read_deadline(struct config_reader *reader, config_setting_t *setting, void *object)
{
	(void)read_united(
		reader, setting, &deadline_value, &((struct config_coding *)object)->deadline);
}

static void
print_deadline(struct config_printer *printer, const struct config_key *key, const void *object)
{
	print_united(
		printer, key, &deadline_value, ((const struct config_coding *)object)->deadline);
}

static const struct config_key relay_keys[] = {
	{.name = "node",
		.kind = KEY_UINT32,
		.flags = KEY_NEEDED,
		.offset = offsetof(struct config_coding_relay, node),
		.min = 1,
		.max = NODE_ID_MAX,
		.help = "NodeID"},
	{.name = "recode",
		.kind = KEY_CHOICE,
		.offset = offsetof(struct config_coding_relay, recode),
		.choices = config_recode_names,
		.fallback = CONFIG_RECODE_ALWAYS},
};

#define RELAY_KEYS (sizeof(relay_keys) / sizeof(relay_keys[0]))

static void
read_relay(struct config_reader *reader, config_setting_t *group, struct config_coding *coding)
{
	struct config_coding_relay *relay = &coding->relays[coding->relay_count];

	relay->where = config_reader_where(reader, group);
	if (!config_read_group(reader, group, relay_keys, RELAY_KEYS, relay))
		return;
	for (uint32_t i = 0; i < coding->relay_count; i++)
		if (coding->relays[i].node == relay->node)
			config_reader_fail(reader, group,
				"node %u has two entries, it must have at most one", relay->node);
	coding->relay_count++;
}

static void
read_relays(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_coding *coding = object;

	if (!config_read_sequence(
		    reader, setting, "relays", 0, (unsigned int)PATHLET_TREE_MAX_NODES, true))
		return;
	coding->relays = config_memory_get(reader->source->memory,
		((size_t)config_setting_length(setting) + 1) * sizeof(*coding->relays));
	for (int i = 0; i < config_setting_length(setting); i++) {
		size_t mark = config_reader_enter(reader, "relay number %d", i + 1);

		read_relay(reader, config_setting_get_elem(setting, (unsigned int)i), coding);
		config_reader_leave(reader, mark);
	}
}

static void
print_relays(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_coding *coding = object;

	config_print_line(printer, key->help, "relays = (");
	printer->indent++;
	config_print_groups(printer, relay_keys, RELAY_KEYS, coding->relays, coding->relay_count,
		sizeof(*coding->relays));
	config_print_close(printer, ");");
}

/* The order matters: a key's reader looks at what the keys above it said. */
static const struct config_key coding_keys[] = {
	{.name = "code", .kind = KEY_CHOICE, .offset = FIELD(code), .choices = code_names},
	{.name = "k",
		.kind = KEY_CUSTOM,
		.read = read_symbols,
		.print = print_symbols,
		.help = "source packets of a generation, default 32"},
	{.name = "window",
		.kind = KEY_CUSTOM,
		.read = read_symbols,
		.print = print_symbols,
		.help = "source packets that a repair covers, default 24"},
	{.name = "systematic",
		.kind = KEY_BOOL,
		.offset = FIELD(systematic),
		.fallback = true,
		.help = "source packets go as they are, default true"},
	{.name = "repair",
		.kind = KEY_CUSTOM,
		.flags = KEY_NEEDED,
		.read = read_repair,
		.print = print_repair,
		.help = "share of the source packets, or how it is found"},
	{.name = "residual",
		.kind = KEY_CUSTOM,
		.read = read_residual,
		.print = print_residual,
		.help = "loss that may remain, default 0.1%"},
	{.name = "bound",
		.kind = KEY_CUSTOM,
		.read = read_bound,
		.print = print_bound,
		.help = "most repair, share of the source packets, default 100%"},
	{.name = "close",
		.kind = KEY_CUSTOM,
		.read = read_close,
		.print = print_close,
		.help = "a generation waits for its next packet so long, default 5ms"},
	{.name = "deadline",
		.kind = KEY_CUSTOM,
		.read = read_deadline,
		.print = print_deadline,
		.help = "a destination waits for repair so long, default 200ms"},
	{.name = "relays",
		.kind = KEY_CUSTOM,
		.read = read_relays,
		.print = print_relays,
		.help = "default: relays send on what comes"},
};

#define CODING_KEYS (sizeof(coding_keys) / sizeof(coding_keys[0]))

/* The value as a file would say it, and that it is none of the file's. */
static const char *
time_told(config_setting_t *setting, const struct impair_key *key, uint64_t value,
	char buf[2 * IMPAIR_TEXT])
{
	char text[IMPAIR_TEXT];

	snprintf(buf, (size_t)2 * IMPAIR_TEXT, "%s%s", impair_value_text(key, value, text),
		setting != NULL ? "" : " by default");
	return buf;
}

/* Told of the one that is written; both cannot be defaults. */
static void
check_times(
	struct config_reader *reader, config_setting_t *group, const struct config_coding *coding)
{
	config_setting_t *deadline = config_setting_get_member(group, "deadline");
	config_setting_t *close = config_setting_get_member(group, "close");
	char longer[2 * IMPAIR_TEXT], shorter[2 * IMPAIR_TEXT];

	if (coding->deadline >= coding->close)
		return;
	(void)time_told(deadline, &deadline_value, coding->deadline, shorter);
	(void)time_told(close, &close_value, coding->close, longer);
	if (deadline != NULL)
		config_reader_fail(reader, deadline,
			"deadline is %s, it must be at least close, which is %s", shorter, longer);
	else
		config_reader_fail(reader, close,
			"close is %s, it must be at most deadline, which is %s", longer, shorter);
}

/* What is between the keys. */
static void
finish(struct config_reader *reader, config_setting_t *group, struct config_coding *coding)
{
	check_times(reader, group, coding);
	if (coding->code != CONFIG_CODE_WINDOW)
		return;
	if (!coding->systematic)
		config_reader_fail(reader, config_setting_get_member(group, "systematic"),
			"systematic is false, it must be true with code \"window\"");
	if (coding->repair == CONFIG_REPAIR_RATELESS)
		config_reader_fail(reader, config_setting_get_member(group, "repair"),
			"repair is \"rateless\", with code \"window\" it must be \"adaptive\" or a "
			"share, as \"25%%\"");
	if (coding->relay_count > 0)
		config_reader_fail(reader, config_setting_get_member(group, "relays"),
			"relays is set, with code \"window\" it must be left out: only "
			"generations are recoded");
}

void
config_read_coding(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_session *session = object;
	struct config_coding *coding = config_memory_get(reader->source->memory, sizeof(*coding));
	config_setting_t *code = NULL;
	size_t mark = config_reader_enter(reader, "coding");

	if (config_setting_is_group(setting))
		code = config_setting_get_member(setting, "code");
	coding->where = config_reader_where(reader, setting);
	coding->k = code != NULL && code->type == CONFIG_TYPE_STRING &&
				    strcmp(code->value.sval, "window") == 0
			    ? W_DEFAULT
			    : K_DEFAULT;
	coding->residual = SHARE_ONE / 1000;
	coding->bound = SHARE_ONE;
	coding->close = 5 * MS;
	coding->deadline = 200 * MS;
	if (config_read_group(reader, setting, coding_keys, CODING_KEYS, coding))
		finish(reader, setting, coding);
	session->coding = coding;
	config_reader_leave(reader, mark);
}

void
config_print_coding(
	struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_session *session = object;

	if (session->coding == NULL) {
		config_print_line(printer, key->help, "# coding not set");
		return;
	}
	config_print_open(printer, "coding = {");
	config_print_keys(printer, coding_keys, CODING_KEYS, session->coding);
	config_print_close(printer, "};");
}

struct rlnc_params
config_coding_params(const struct config_session *session)
{
	static const uint8_t codes[] = {
		[CONFIG_CODE_BLOCK] = RLNC_BLOCK, [CONFIG_CODE_WINDOW] = RLNC_WINDOW};
	static const uint8_t repairs[] = {[CONFIG_REPAIR_RATIO] = RLNC_REPAIR_RATIO,
		[CONFIG_REPAIR_ADAPTIVE] = RLNC_REPAIR_ADAPTIVE,
		[CONFIG_REPAIR_RATELESS] = RLNC_REPAIR_RATELESS};
	const struct config_coding *coding = session->coding;

	return (struct rlnc_params){.code = codes[coding->code],
		.k = (uint8_t)coding->k,
		.systematic = coding->systematic,
		.repair = repairs[coding->repair],
		.ratio = (uint32_t)coding->ratio,
		.residual = (uint32_t)coding->residual,
		.bound = (uint32_t)coding->bound,
		.close = coding->close,
		.deadline = coding->deadline};
}

uint32_t
config_recode_at(const struct config_session *session, uint32_t node)
{
	const struct config_coding *coding = session->coding;

	for (uint32_t i = 0; coding != NULL && i < coding->relay_count; i++)
		if (coding->relays[i].node == node)
			return coding->relays[i].recode;
	return CONFIG_RECODE_NEVER;
}
