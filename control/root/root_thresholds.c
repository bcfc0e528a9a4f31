/* SPDX-License-Identifier: BSD-3-Clause */
/* The thresholds of the root program's configuration. */
#include <string.h>

#include "root_config_private.h"
#include "stats_tree.h"

#define NUMBER_WANTED "a number, as 0.05"

static void
read_number(struct config_reader *reader, config_setting_t *setting, double *number)
{
	if (setting->type == CONFIG_TYPE_INT)
		*number = setting->value.ival;
	else if (setting->type == CONFIG_TYPE_INT64)
		*number = (double)setting->value.llval;
	else if (setting->type == CONFIG_TYPE_FLOAT)
		*number = setting->value.fval;
	else
		config_reader_want(reader, setting, NUMBER_WANTED);
}

static void
print_number(struct config_printer *printer, const struct config_key *key, double number)
{
	/* A number without a point is none with a fraction to libconfig: fine too. */
	config_print_line(printer, key->help, "%s = %.17g%s;", key->name, number,
		number == (double)(int64_t)number && number < 1e15 && number > -1e15 ? ".0" : "");
}

static void
read_warning(struct config_reader *reader, config_setting_t *setting, void *object)
{
	read_number(reader, setting, &((struct root_threshold *)object)->warning);
}

static void
print_warning(struct config_printer *printer, const struct config_key *key, const void *object)
{
	print_number(printer, key, ((const struct root_threshold *)object)->warning);
}

static void
read_danger(struct config_reader *reader, config_setting_t *setting, void *object)
{
	read_number(reader, setting, &((struct root_threshold *)object)->danger);
}

static void
print_danger(struct config_printer *printer, const struct config_key *key, const void *object)
{
	print_number(printer, key, ((const struct root_threshold *)object)->danger);
}

static const struct config_key threshold_keys[] = {
	{.name = "name",
		.kind = KEY_NAME,
		.flags = KEY_NEEDED,
		.offset = offsetof(struct root_threshold, name)},
	{.name = "warning",
		.kind = KEY_CUSTOM,
		.flags = KEY_NEEDED,
		.read = read_warning,
		.print = print_warning},
	{.name = "danger",
		.kind = KEY_CUSTOM,
		.flags = KEY_NEEDED,
		.read = read_danger,
		.print = print_danger},
};

#define THRESHOLD_KEYS (sizeof(threshold_keys) / sizeof(threshold_keys[0]))

/* What no value can ever be is no threshold: 5 for five percent, say. */
static void
check_number(struct config_reader *reader, config_setting_t *setting, enum stats_name name,
	double number)
{
	bool share = name == STATS_CPULOAD || name == STATS_FRACLOST;

	if (!(number >= 0) || (share && number > 1))
		config_reader_want(reader, setting,
			share ? "a share from 0 to 1, as 0.05" : "a number of at least 0");
}

static void
check_threshold(struct config_reader *reader, config_setting_t *group,
	const struct root_config *config, const struct root_threshold *threshold)
{
	enum stats_name name;

	if (!stats_name_find(threshold->name, &name)) {
		config_reader_want(reader, config_setting_get_member(group, "name"),
			"cpuload, injitter, cumpktlost, fraclost or rate");
	} else {
		check_number(reader, config_setting_get_member(group, "warning"), name,
			threshold->warning);
		check_number(reader, config_setting_get_member(group, "danger"), name,
			threshold->danger);
	}
	if (threshold->danger < threshold->warning)
		config_reader_fail(reader, config_setting_get_member(group, "danger"),
			"danger is %.15g, it must be at least warning, %.15g", threshold->danger,
			threshold->warning);
	for (const struct root_threshold *other = config->thresholds; other < threshold; other++) {
		if (strcmp(other->name, threshold->name) != 0)
			continue;
		config_reader_fail(reader, group,
			"there are two thresholds for %s, there must be one", threshold->name);
		return;
	}
}

void
root_read_thresholds(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct root_config *config = object;

	if (!config_read_sequence(reader, setting, "thresholds", 0, ROOT_THRESHOLDS_MAX, true))
		return;
	config->thresholds = config_memory_get(reader->source->memory,
		(size_t)config_setting_length(setting) * sizeof(*config->thresholds));
	for (int i = 0; i < config_setting_length(setting); i++) {
		size_t mark;
		config_setting_t *group = config_reader_item(
			reader, setting, i, "threshold", "name", &mark);
		struct root_threshold *threshold = &config->thresholds[config->threshold_count++];

		threshold->where = config_reader_where(reader, group);
		if (config_read_group(reader, group, threshold_keys, THRESHOLD_KEYS, threshold))
			check_threshold(reader, group, config, threshold);
		config_reader_leave(reader, mark);
	}
}

void
root_print_thresholds(struct config_printer *printer, const struct root_config *config)
{
	config_print_open(printer, "thresholds = (");
	config_print_groups(printer, threshold_keys, THRESHOLD_KEYS, config->thresholds,
		config->threshold_count, sizeof(*config->thresholds));
	config_print_close(printer, ");");
}
