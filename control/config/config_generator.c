/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>

#include "config_private.h"

#define FPS_MAX 1000u

static void
read_ms(struct config_reader *reader, config_setting_t *setting, uint32_t *field)
{
	uint64_t value;

	if (config_read_uint(reader, setting, 1, 3600000, "ms", &value))
		*field = (uint32_t)value;
}

static void
read_on_ms(struct config_reader *reader, config_setting_t *setting, void *object)
{
	read_ms(reader, setting, &((struct config_generator *)object)->on_ms);
}

static void
read_off_ms(struct config_reader *reader, config_setting_t *setting, void *object)
{
	read_ms(reader, setting, &((struct config_generator *)object)->off_ms);
}

static void
print_on_ms(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_generator *g = object;

	if (g->kind == CONFIG_GENERATOR_ONOFF)
		config_print_line(printer, key->help, "on_ms = %u;", g->on_ms);
}

static void
print_off_ms(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_generator *g = object;

	if (g->kind == CONFIG_GENERATOR_ONOFF)
		config_print_line(printer, key->help, "off_ms = %u;", g->off_ms);
}

static void
read_trace(struct config_reader *reader, config_setting_t *setting, void *object)
{
	((struct config_generator *)object)->trace = config_read_path(reader, setting);
}

static void
print_trace(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_generator *g = object;

	if (g->kind == CONFIG_GENERATOR_TRACE)
		config_print_string(printer, key, g->trace);
}

static void
read_fps(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_generator *g = object;
	double value = 0;

	if (setting->type == CONFIG_TYPE_INT)
		value = setting->value.ival;
	else if (setting->type == CONFIG_TYPE_FLOAT)
		value = setting->value.fval;
	if (value >= 0.001 && value <= FPS_MAX)
		g->fps = (uint32_t)lround(value * 1000);
	else
		config_reader_want(reader, setting, "a number of frames a second, 0.001 to 1000");
}

static void
print_fps(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_generator *g = object;

	if (g->kind == CONFIG_GENERATOR_TRACE)
		config_print_line(
			printer, key->help, "fps = %u.%03u;", g->fps / 1000, g->fps % 1000);
}

#define FIELD(field) offsetof(struct config_generator, field)

static const struct config_key generator_keys[] = {
	{.name = "kind",
		.kind = KEY_CHOICE,
		.offset = FIELD(kind),
		.choices = config_generator_words,
		.help = "constant, poisson, onoff or trace, default constant"},
	{.name = "size",
		.kind = KEY_UINT32,
		.offset = FIELD(size),
		.min = 1,
		.max = CONFIG_PAYLOAD_MAX,
		.fallback = 1200,
		.unit = "bytes",
		.help = "payload bytes of a packet"},
	{.name = "on_ms",
		.kind = KEY_CUSTOM,
		.read = read_on_ms,
		.print = print_on_ms,
		.help = "mean, default 1000"},
	{.name = "off_ms",
		.kind = KEY_CUSTOM,
		.read = read_off_ms,
		.print = print_off_ms,
		.help = "mean, default 1000"},
	{.name = "trace",
		.kind = KEY_CUSTOM,
		.read = read_trace,
		.print = print_trace,
		.help = "file of frame sizes"},
	{.name = "fps",
		.kind = KEY_CUSTOM,
		.read = read_fps,
		.print = print_fps,
		.help = "frames a second, default 25"},
	{.name = "seed",
		.kind = KEY_UINT64,
		.offset = FIELD(seed),
		.max = INT64_MAX,
		.fallback = 1},
	{.name = "count",
		.kind = KEY_UINT64,
		.offset = FIELD(count),
		.max = INT64_MAX,
		.help = "packets, 0 = no end"},
};

#define GENERATOR_KEYS (sizeof(generator_keys) / sizeof(generator_keys[0]))

/* Keys of one kind are a mistake with another: they would do nothing. */
static void
refuse_keys(struct config_reader *reader, config_setting_t *group, uint32_t kind, uint32_t owner,
	const char *const *names)
{
	for (; kind != owner && *names != NULL; names++) {
		config_setting_t *setting = config_setting_get_member(group, *names);

		if (setting != NULL)
			config_reader_fail(reader, setting,
				"%s belongs to kind \"%s\", it must be left out with kind \"%s\"",
				*names, config_generator_words[owner],
				config_generator_words[kind]);
	}
}

void
config_read_generator(struct config_reader *reader, config_setting_t *setting, void *object)
{
	static const char *const onoff_names[] = {"on_ms", "off_ms", NULL};
	static const char *const trace_names[] = {"trace", "fps", NULL};
	struct config_generator *g = object;
	size_t mark = config_reader_enter(reader, "generator");

	if (config_read_group(reader, setting, generator_keys, GENERATOR_KEYS, g)) {
		refuse_keys(reader, setting, g->kind, CONFIG_GENERATOR_ONOFF, onoff_names);
		refuse_keys(reader, setting, g->kind, CONFIG_GENERATOR_TRACE, trace_names);
		if (g->kind == CONFIG_GENERATOR_TRACE && g->trace == NULL)
			config_reader_fail(reader, setting,
				"the key \"trace\" is missing, it must be set with kind \"trace\"");
		if (g->kind == CONFIG_GENERATOR_ONOFF) {
			g->on_ms = g->on_ms == 0 ? 1000 : g->on_ms;
			g->off_ms = g->off_ms == 0 ? 1000 : g->off_ms;
		}
		if (g->kind == CONFIG_GENERATOR_TRACE && g->fps == 0)
			g->fps = 25000;
	}
	config_reader_leave(reader, mark);
}

void
config_print_generator(
	struct config_printer *printer, const struct config_key *key, const void *object)
{
	(void)key;
	config_print_open(printer, "generator = {");
	config_print_keys(printer, generator_keys, GENERATOR_KEYS, object);
	config_print_close(printer, "};");
}
