/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "bench.h"

static json_t *figures;

void
bench_die(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(EXIT_FAILURE);
}

static void
usage(FILE *to, const char *about, const char *parts)
{
	fprintf(to,
		"usage: %s [OPTION...]\n%s\n"
		"  --json FILE    writes the figures to FILE\n"
		"  --quick        a short form that only proves that the program works\n"
		"  --runs N       measures everything N times (1 to %u; 9)\n"
		"  --commit TEXT  says which commit was built\n",
		program_invocation_short_name, about, BENCH_RUNS_MAX);
	if (parts != NULL)
		fprintf(to, "  --only PART    a part of it:\n%s", parts);
}

static unsigned int
read_runs(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || n < 1 || n > BENCH_RUNS_MAX) {
		fprintf(stderr, "%s: --runs %s: a number from 1 to %u\n",
			program_invocation_short_name, text, BENCH_RUNS_MAX);
		exit(2);
	}
	return (unsigned int)n;
}

/* Who measures for an hour must not learn at its end that the figures have no place. */
static const char *
writable(const char *path)
{
	FILE *file = fopen(path, "ae");

	if (file == NULL) {
		fprintf(stderr, "%s: --json %s: it cannot be written: %s\n",
			program_invocation_short_name, path, strerror(errno));
		exit(2);
	}
	fclose(file);
	return path;
}

void
bench_read_options(
	struct bench_options *options, int argc, char **argv, const char *about, const char *parts)
{
	static const struct option known[] = {
		{"json", required_argument, NULL, 'j'},
		{"commit", required_argument, NULL, 'c'},
		{"runs", required_argument, NULL, 'r'},
		{"only", required_argument, NULL, 'o'},
		{"quick", no_argument, NULL, 'q'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int c;

	*options = (struct bench_options){.commit = "unknown"};
	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'j':
			options->json = writable(optarg);
			break;
		case 'c':
			options->commit = optarg;
			break;
		case 'r':
			options->runs = read_runs(optarg);
			break;
		case 'o':
			options->only = optarg;
			break;
		case 'q':
			options->quick = true;
			break;
		case 'h':
			usage(stdout, about, parts);
			exit(EXIT_SUCCESS);
		default:
			usage(stderr, about, parts);
			exit(2);
		}
	}
	if (options->runs == 0)
		options->runs = options->quick ? 1 : 9;
	if (optind < argc || (options->only != NULL && parts == NULL)) {
		usage(stderr, about, parts);
		exit(2);
	}
}

/* Student's t for a two-sided interval of 95 %. */
static double
student(unsigned int freedom)
{
	static const double few[] = {12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23};

	if (freedom <= sizeof(few) / sizeof(few[0]))
		return few[freedom - 1];
	return 1.96 + 2.5 / freedom; /* 2.23 at 10 (2.19 here), 2.021 at 40, 1.96 far away */
}

struct bench_interval
bench_interval(const struct bench_samples *samples)
{
	double mean = 0, squares = 0, half;

	for (unsigned int i = 0; i < samples->n; i++)
		mean += samples->value[i] / samples->n;
	for (unsigned int i = 0; i < samples->n; i++)
		squares += (samples->value[i] - mean) * (samples->value[i] - mean);
	half = student(samples->n - 1) * sqrt(squares / (samples->n - 1) / samples->n);
	return (struct bench_interval){mean, mean - half, mean + half};
}

void
bench_add(struct bench_samples *samples, double value)
{
	if (samples->n < BENCH_RUNS_MAX)
		samples->value[samples->n++] = value;
}

static int
compare_values(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct bench_stat
bench_stat(const struct bench_samples *samples)
{
	double sorted[BENCH_RUNS_MAX];
	unsigned int n = samples->n;

	if (n == 0)
		bench_die("a measurement without values");
	memcpy(sorted, samples->value, n * sizeof(sorted[0]));
	qsort(sorted, n, sizeof(sorted[0]), compare_values);
	return (struct bench_stat){
		.median = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2,
		.min = sorted[0],
		.max = sorted[n - 1],
	};
}

struct bench_stat
bench_ratio(const struct bench_samples *a, const struct bench_samples *b)
{
	struct bench_samples ratio = {0};

	if (a->n != b->n)
		bench_die("%u values against %u: not measured in turn", a->n, b->n);
	for (unsigned int i = 0; i < a->n; i++)
		bench_add(&ratio, a->value[i] / b->value[i]);
	return bench_stat(&ratio);
}

void
bench_meter_start(struct bench_meter *meter, uint64_t least)
{
	*meter = (struct bench_meter){
		.gap = rte_get_tsc_hz() / 1000 * BENCH_GAP_NS / 1000000 + least * 4,
		.last = rte_rdtsc(),
	};
}

static uint64_t counted, preempted, gaps;

void
bench_meter_end(const struct bench_meter *meter)
{
	counted += meter->cycles;
	preempted += meter->preempted;
	gaps += meter->gaps;
}

/*
 * Four digits behind the point are more than any is worth, but a small one keeps four that count.
 */
static double
shortened(double value)
{
	char text[64];

	snprintf(text, sizeof(text), fabs(value) < 0.1 ? "%.4g" : "%.4f", value);
	return strtod(text, NULL);
}

void
bench_figure(const char *key, double value)
{
	if (figures == NULL)
		figures = json_object();
	if (!isfinite(value))
		bench_die("figure %s: nothing was measured", key);
	if (json_object_get(figures, key) != NULL)
		bench_die("figure %s given twice", key);
	if (json_object_set_new(figures, key, json_real(shortened(value))))
		bench_die("figure %s: out of memory", key);
}

int
bench_finish(const struct bench_options *options, const char *benchmark)
{
	json_t *root;
	int rc;

	if (counted + preempted > 0)
		printf("\nleft out, for the core was taken away: %lu turns, %.2f %% of the time\n",
			(unsigned long)gaps,
			100 * (double)preempted / (double)(counted + preempted));
	if (figures == NULL) {
		fprintf(stderr, "%s: nothing was measured\n", program_invocation_short_name);
		return BENCH_SKIPPED;
	}
	if (options->json == NULL) {
		json_decref(figures);
		return EXIT_SUCCESS;
	}
	root = json_pack("{s:s, s:o}", "benchmark", benchmark, "figures", figures);
	rc = root == NULL ? -1
			  : json_dump_file(
				    root, options->json, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
	json_decref(root);
	if (rc != 0)
		bench_die("%s: cannot be written: %s", options->json, strerror(errno));
	return EXIT_SUCCESS;
}
