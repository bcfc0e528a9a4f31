/* SPDX-License-Identifier: BSD-3-Clause */
/* A live view of a node on this machine, from its statistics in shared memory. */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "std_files.h"
#include "top_screen.h"
#include "top_views.h"

#define EXIT_NOTHING 1 /* no node, or no statistics of it */
#define EXIT_USAGE   2

/* X(long name, letter, argument or NULL, how getopt takes it, help) */
#define OPTIONS(X)                                                                                 \
	X("file", 'f', "FILE", required_argument, "the node's statistics file")                    \
	X("node", 'n', "NAME", required_argument,                                                  \
		"the node's name: its file is " TOP_DIRECTORY "/NAME.stats")                       \
	X("view", 'v', "VIEW", required_argument,                                                  \
		"ports, links, feeders, sessions, coding, workers or drops")                       \
	X("delay", 'd', "SECONDS", required_argument, "between two looks (1)")                     \
	X("once", 'o', NULL, no_argument, "print all tables (or VIEW), and end")                   \
	X("help", 'h', NULL, no_argument, "print this")                                            \
	X("version", 'V', NULL, no_argument, "print the version")

struct settings {
	char path[TOP_PATH_MAX];
	size_t view;
	bool one_view, once;
	double delay;
};

static void
print_help(void)
{
	printf("Usage: ferrytop [OPTION...]\n\nShows what a ferryd on this machine does, as it "
	       "does it. Without -f or -n the only node\nthat runs here is meant.\n\nOptions:\n");
#define OPTION_LINE(name, letter, argument, takes, help)                                           \
	printf("  -%c, --%s%s%s\n      %s\n", letter, name, (argument) != NULL ? "=" : "",         \
		(argument) != NULL ? (const char *)(argument) : "", help);
	OPTIONS(OPTION_LINE)
#undef OPTION_LINE
	printf("\nExit status: 0 done, 1 no node or no statistics, 2 not understood.\n");
}

static int
usage(const char *what, const char *value)
{
	fprintf(stderr, "ferrytop: %s%s; ferrytop --help tells what is right\n", what, value);
	return EXIT_USAGE;
}

static int
read_path(const char *before, const char *value, const char *after, struct settings *settings)
{
	int n = snprintf(settings->path, sizeof(settings->path), "%s%s%s", before, value, after);

	if (value[0] == 0 || n < 1 || (size_t)n >= sizeof(settings->path))
		return usage("this is no file: ", value);
	return -1;
}

static int
read_view(const char *name, struct settings *settings)
{
	for (size_t i = 0; i < top_nb_views; i++) {
		if (strcmp(top_views[i].name, name) == 0) {
			settings->view = i;
			settings->one_view = true;
			return -1;
		}
	}
	return usage("there is no view ", name);
}

static int
read_delay(const char *text, struct settings *settings)
{
	char *end;

	settings->delay = strtod(text, &end);
	if (end == text || *end != 0 || !(settings->delay >= 0.1 && settings->delay <= 3600))
		return usage("--delay takes seconds, from 0.1 to 3600, not ", text);
	return -1;
}

/* -1: go on; else the exit status. */
static int
read_options(int argc, char **argv, struct settings *settings)
{
	static const struct option options[] = {
#define OPTION_ROW(name, letter, argument, takes, help) {name, takes, NULL, letter},
		OPTIONS(OPTION_ROW)
#undef OPTION_ROW
			{NULL, 0, NULL, 0}};
	int option, ret = -1;

	while (ret == -1 &&
		(option = getopt_long(argc, argv, "f:n:v:d:ohV", options, NULL)) != -1) {
		switch (option) {
		case 'f':
			ret = read_path("", optarg, "", settings);
			break;
		case 'n':
			ret = read_path(TOP_DIRECTORY "/", optarg, ".stats", settings);
			break;
		case 'v':
			ret = read_view(optarg, settings);
			break;
		case 'd':
			ret = read_delay(optarg, settings);
			break;
		case 'o':
			settings->once = true;
			break;
		case 'h':
			print_help();
			return std_files_end("ferrytop", 0);
		case 'V':
			printf("ferrytop %s\n", FERRY_VERSION);
			return std_files_end("ferrytop", 0);
		default:
			return usage("that was not understood", "");
		}
	}
	if (ret == -1 && optind < argc)
		return usage("this is one word too many: ", argv[optind]);
	return ret;
}

static void
print_row(const struct top_view *view, const union ferry_stats_record *record, const int *widths)
{
	for (size_t i = 0; i < view->nb_columns; i++) {
		char text[TOP_TEXT];

		top_cell(&view->columns[i], record, widths[i], text);
		printf("%s ", text);
	}
	putchar('\n');
}

static int
print_view(const struct top_view *view, const struct ferry_stats_snapshot *snapshot)
{
	const union ferry_stats_record **rows;
	size_t n = top_rows(view, snapshot, view->sort, false, &rows);
	int widths[TOP_COLUMNS_MAX];

	if (n == SIZE_MAX)
		return EXIT_NOTHING;
	top_widths(view, rows, n, INT_MAX, widths);
	printf("\n%s\n", view->name);
	print_row(view, NULL, widths);
	for (size_t r = 0; r < n; r++)
		print_row(view, rows[r], widths);
	free(rows);
	return 0;
}

/* For scripts and tests: nothing is cut. */
static int
print_once(struct top_source *source, const struct settings *settings)
{
	char text[256];
	int ret = 0;

	(void)top_source_read(source);
	if (source->snapshot.count == 0) {
		fprintf(stderr, "ferrytop: %s%s%s\n", source->stats != NULL ? source->path : "",
			source->stats != NULL ? ": " : "", source->state);
		return EXIT_NOTHING;
	}
	top_headline(&source->snapshot, source->state, text, sizeof(text));
	printf("%s\n", text);
	for (size_t i = 0; i < top_nb_views && ret == 0; i++)
		if (!settings->one_view || i == settings->view)
			ret = print_view(&top_views[i], &source->snapshot);
	return std_files_end("ferrytop", ret);
}

int
main(int argc, char **argv)
{
	struct settings settings = {.view = 1, .delay = 1};
	struct top_source source = {0};
	char error[512];
	int ret;

	std_files_open();
	ret = read_options(argc, argv, &settings);
	if (ret >= 0)
		return ret;
	if (!settings.once && !(isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)))
		return usage("this is no terminal: --once prints tables without one", "");
	if (settings.path[0] == 0 &&
		top_source_find(TOP_DIRECTORY, settings.path, error, sizeof(error)) != 0) {
		fprintf(stderr, "ferrytop: %s\n", error);
		return EXIT_NOTHING;
	}
	strcpy(source.path, settings.path);
	if (settings.once) {
		ret = print_once(&source, &settings);
	} else if (!top_source_read(&source) && source.stats == NULL) {
		fprintf(stderr, "ferrytop: %s\n", source.state);
		ret = EXIT_NOTHING;
	} else {
		ret = top_screen(&source, settings.view, (int)(settings.delay * 1000));
	}
	top_source_close(&source);
	return ret;
}
