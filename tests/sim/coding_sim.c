/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Network coding beside theory (coding_scene.h), as a program: a table, and the figures as JSON.
 *
 *   coding_sim [--json FILE] [--seconds N] [--seed N]
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "coding_scene.h"
#include "sim.h"

static void
row(const char *name, const struct coding_figure *f)
{
	printf("%-34s %8.3f %8.3f %8.3f %8.3f %8.3f\n", name, f->sent, f->rate, f->theory,
		f->rate / f->theory, f->repair);
}

static int
write_json(const char *path, const struct coding_figure *butterfly,
	const struct coding_figure *uncoded, const struct coding_figure *line,
	const struct coding_figure *paths)
{
	FILE *file = fopen(path, "we");

	if (file == NULL)
		return -1;
	fprintf(file,
		"{\"benchmark\": \"coding_sim\", \"figures\": {\"butterfly_rate\": %.6g, "
		"\"butterfly_rate_uncoded\": %.6g, \"line_ratio_to_theory\": %.6g, "
		"\"two_paths_ratio_to_theory\": %.6g}}\n",
		butterfly->rate, uncoded->rate, line->rate / line->theory,
		paths->rate / paths->theory);
	return fclose(file);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {{"json", required_argument, NULL, 'j'},
		{"seconds", required_argument, NULL, 's'}, {"seed", required_argument, NULL, 'r'},
		{0}};
	struct coding_figure butterfly, uncoded, line, paths;
	const char *json = NULL;
	double seconds = 10;
	uint64_t seed = 1;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'j')
			json = optarg;
		else if (c == 's')
			seconds = atof(optarg);
		else if (c == 'r')
			seed = strtoull(optarg, NULL, 0);
		else
			return 2;
	}
	if (optind != argc || seconds <= 0) {
		fprintf(stderr, "usage: coding_sim [--json FILE] [--seconds N] [--seed N]\n");
		return 2;
	}
	sim_eal(1024);
	printf("%-34s %8s %8s %8s %8s %8s\n", "source packets a unit of time", "offered", "rate",
		"theory", "ratio", "repair");
	butterfly = coding_butterfly(seed, seconds, true);
	row("butterfly, each of two receivers", &butterfly);
	uncoded = coding_butterfly(seed, seconds, false);
	row("butterfly, not coded", &uncoded);
	line = coding_line(seed, seconds, 3, 0.1);
	row("line of 3 hops that lose 10 %", &line);
	paths = coding_two_paths(seed, seconds, 0.05, 0.2);
	row("two paths that lose 5 and 20 %", &paths);
	if (butterfly.wrong + uncoded.wrong + line.wrong + paths.wrong != 0) {
		fprintf(stderr, "coding_sim: payloads came damaged or twice\n");
		return 1;
	}
	if (json != NULL && write_json(json, &butterfly, &uncoded, &line, &paths) != 0) {
		perror(json);
		return 1;
	}
	return 0;
}
