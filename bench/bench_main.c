/* SPDX-License-Identifier: BSD-3-Clause */
/* A benchmark's program from its table: options, DPDK, the parts, the figures. */
#include <stdio.h>
#include <string.h>

#include "bench.h"

static bool
is_wanted(const struct bench_options *options, const struct bench_part *part)
{
	return part->measure != NULL &&
	       (options->only == NULL || strcmp(options->only, part->name) == 0);
}

/* A line each, for --help. */
static void
describe(const struct bench_part *parts, char *text, size_t size)
{
	text[0] = '\0';
	for (; parts->name != NULL; parts++)
		snprintf(text + strlen(text), size - strlen(text), "    %-12s %s\n", parts->name,
			parts->text);
}

/* Ends the program if --only names no part. */
static void
check_only(const struct bench_options *options, const struct bench_part *parts)
{
	char names[256] = "";
	bool found = options->only == NULL;

	for (unsigned int i = 0; parts[i].name != NULL; i++) {
		const char *before = parts[i + 1].name == NULL ? " and " : ", ";

		found |= is_wanted(options, &parts[i]);
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
			i == 0 ? "" : before, parts[i].name);
	}
	if (!found)
		bench_die("--only %s: the parts are %s", options->only, names);
}

static void
start_dpdk(const struct bench_program *program, const struct bench_options *options,
	const char *called)
{
	char lcores[64];

	bench_eal(called, options->quick ? program->memory_quick : program->memory,
		program->two_lcores ? bench_two_lcores(lcores, sizeof(lcores)) : NULL);
	bench_print_machine(options);
	if (program->begin != NULL)
		program->begin();
}

int
bench_main(const struct bench_program *program, int argc, char **argv)
{
	struct bench_options options;
	bool started = false;
	char text[1024];

	describe(program->parts, text, sizeof(text));
	bench_read_options(&options, argc, argv, program->about, text);
	check_only(&options, program->parts);
	for (const struct bench_part *part = program->parts; part->name != NULL; part++) {
		if (!is_wanted(&options, part))
			continue;
		if (!part->bare && !started) {
			start_dpdk(program, &options, argv[0]);
			started = true;
		}
		part->measure(&options);
	}
	return bench_finish(&options, program->name);
}
