/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line of a node: asks it over its Unix socket, and prints what it says. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ca.h"
#include "ctl_client.h"
#include "ctl_request.h"
#include "ctl_table.h"
#include "root_ctl_table.h"
#include "std_files.h"
#include "tables.h"

#define EXIT_REFUSED 1 /* the node refused, or does not answer */
#define EXIT_USAGE   2

/* X(long name, letter, argument or NULL, how getopt takes it, help) */
#define OPTIONS(X)                                                                                 \
	X("socket", 's', "FILE", required_argument, "the node's socket")                           \
	X("node", 'n', "NAME", required_argument,                                                  \
		"the node's name: its socket is " CTL_SOCKET_DIRECTORY "/NAME.sock")               \
	X("root", 'r', NULL, no_argument,                                                          \
		"the root program's socket: " CTL_SOCKET_DIRECTORY "/ferry-root.sock")             \
	X("json", 'j', NULL, no_argument, "print JSON instead of tables")                          \
	X("watch", 'w', "SECONDS", optional_argument, "ask again and again (every second)")        \
	X("help", 'h', NULL, no_argument, "print this")                                            \
	X("version", 'V', NULL, no_argument, "print the version")

struct settings {
	char path[CTL_PATH_MAX];
	bool looks; /* nobody said which: the path is of the only one that runs, or empty */
	bool json;
	bool follow;  /* of "events": the node goes on telling */
	double watch; /* seconds between two, 0 = once */
};

static void
print_help(void)
{
	printf("Usage: ferryctl [OPTION...] COMMAND\n\n"
	       "Shows what a ferryd or the ferry-root does, and steers it. Without -s, -n or -r "
	       "the one that\n"
	       "runs on this machine is meant.\n\nCommands:\n");
#define COMMAND_LINE(function, words, arguments, least, most, help)                                \
	printf("  %s%s%s\n      %s\n", words, (arguments)[0] != 0 ? " " : "", arguments, help);
	CTL_COMMANDS(COMMAND_LINE)
	printf("\nCommands of the root program (ferry-root):\n");
	ROOT_CTL_COMMANDS(COMMAND_LINE)
#undef COMMAND_LINE
	printf("\nCommands that ask nobody:\n  ca DIRECTORY [NAME...]\n"
	       "      make a test authority, and certificates of nodes and of the root\n");
	printf("\nCONF and SESSION are ids, or names of the configuration.\n\nOptions:\n");
#define OPTION_LINE(name, letter, argument, takes, help)                                           \
	printf("  -%c, --%s%s%s%s\n      %s\n", letter, name,                                      \
		(takes) == optional_argument   ? "[="                                              \
		: (takes) == required_argument ? "="                                               \
					       : "",                                               \
		(argument) != NULL ? (const char *)(argument) : "",                                \
		(takes) == optional_argument ? "]" : "", help);
	OPTIONS(OPTION_LINE)
#undef OPTION_LINE
	printf("\nExit status: 0 done, 1 refused or no answer, 2 not understood.\n");
}

static int
usage(const char *what, const char *value)
{
	fprintf(stderr, "ferryctl: %s%s; ferryctl --help tells what is right\n", what, value);
	return EXIT_USAGE;
}

static int
read_watch(const char *text, struct settings *settings)
{
	char *end;

	settings->watch = 1;
	if (text == NULL)
		return 0;
	settings->watch = strtod(text, &end);
	if (end == text || *end != 0 || !(settings->watch >= 0.1 && settings->watch <= 86400))
		return usage("--watch takes seconds, from 0.1 to 86400, not ", text);
	return 0;
}

static int
read_path(const char *format, const char *value, struct settings *settings)
{
	int n;

	if (settings->path[0] != 0)
		return usage(
			"--socket, --node and --root each name a socket: give one of them", "");
	if (format == NULL)
		n = snprintf(settings->path, sizeof(settings->path), "%s", value);
	else
		n = snprintf(settings->path, sizeof(settings->path), "%s/%s.sock", format, value);
	if (n < 1 || (size_t)n >= sizeof(settings->path))
		return usage("this is no path of a socket: ", value);
	return 0;
}

/* -1: go on with the command at argv[optind]; else the exit status. */
static int
read_options(int argc, char **argv, struct settings *settings)
{
	static const struct option options[] = {
#define OPTION_ROW(name, letter, argument, takes, help) {name, takes, NULL, letter},
		OPTIONS(OPTION_ROW)
#undef OPTION_ROW
			{NULL, 0, NULL, 0}};
	int option, ret = 0;

	/* Words after the command are the node's, but for --json and --watch also there. */
	while (ret == 0 &&
		(option = getopt_long(argc, argv, "+s:n:rjw::hV", options, NULL)) != -1) {
		switch (option) {
		case 's':
			ret = read_path(NULL, optarg, settings);
			break;
		case 'n':
			ret = read_path(CTL_SOCKET_DIRECTORY, optarg, settings);
			break;
		case 'r':
			ret = read_path(CTL_SOCKET_DIRECTORY, "ferry-root", settings);
			break;
		case 'j':
			settings->json = true;
			break;
		case 'w':
			ret = read_watch(optarg, settings);
			break;
		case 'h':
			print_help();
			return std_files_end("ferryctl", 0);
		case 'V':
			printf("ferryctl %s\n", FERRY_VERSION);
			return std_files_end("ferryctl", 0);
		default:
			return usage("that was not understood", "");
		}
	}
	return ret != 0 ? ret : -1;
}

/* Takes ferryctl's own options out of the command's words; returns how many words are left. */
static int
take_trailing(int argc, char **argv, struct settings *settings, int *ret)
{
	int n = 0;

	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			settings->json = true;
		else if (strcmp(argv[i], "--watch") == 0)
			*ret |= read_watch(NULL, settings);
		else if (strncmp(argv[i], "--watch=", 8) == 0)
			*ret |= read_watch(argv[i] + 8, settings);
		else
			argv[n++] = argv[i];
	}
	argv[n] = NULL;
	return n;
}

/* False: it is not what a node of this version says. */
static bool
print_metrics(const json_t *data)
{
	const char *text = json_string_value(json_object_get(data, "openmetrics"));

	return text != NULL && fputs(text, stdout) != EOF;
}

static int
print_data(const struct settings *settings, char *const *argv, const json_t *data)
{
	int ret = 0;

	if (strcmp(argv[0], "events") == 0)
		tables_print_events(stdout, data, settings->json);
	else if (settings->json)
		ret = json_dumpf(data, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) != 0 ||
		      putchar('\n') == EOF;
	else if (tables_is_root(argv[0]))
		ret = tables_print_root(stdout, argv[0], data);
	else if (strcmp(argv[0], "show") == 0)
		ret = tables_print(stdout, argv[1] != NULL ? argv[1] : argv[0], data);
	else if (strcmp(argv[0], "metrics") == 0)
		ret = !print_metrics(data);
	else if (strcmp(argv[0], "help") == 0)
		ret = tables_print(stdout, argv[0], data);
	else
		tables_print_result(stdout, data);
	if (fflush(stdout) != 0 || ret != 0) {
		fprintf(stderr, "ferryctl: cannot print: %s\n", strerror(errno));
		return EXIT_REFUSED;
	}
	return 0;
}

static int
ask_once(const struct settings *settings, int fd, int argc, char *const *argv)
{
	char error[CTL_ERROR_MAX];
	bool usage;
	json_t *data = ctl_client_ask(fd, argc, argv, &usage, error, sizeof(error));
	int ret;

	if (data == NULL) {
		fprintf(stderr, "ferryctl: %s\n", error);
		return usage ? EXIT_USAGE : EXIT_REFUSED;
	}
	if (settings->watch > 0 && isatty(STDOUT_FILENO))
		printf("\033[H\033[2J\033[3J");
	ret = print_data(settings, argv, data);
	json_decref(data);
	return ret;
}

/*
 * Until the node says something (fd; -1: no node is asked) or the time is over. Where nobody reads
 * what we print any more we end, as if we had printed something.
 */
static int
wait_for(int fd, int ms)
{
	struct pollfd waits[] = {{.fd = STDOUT_FILENO}, {.fd = fd, .events = POLLIN}};

	while (poll(waits, 2, ms) < 0)
		if (errno != EINTR)
			return 0; /* what follows tells */
	if ((waits[0].revents & (POLLERR | POLLHUP)) == 0)
		return 0;
	raise(SIGPIPE);
	fprintf(stderr, "ferryctl: cannot print: %s\n", strerror(EPIPE));
	return EXIT_REFUSED;
}

/* Everything that the node tells from now on, until it ends or we are interrupted. */
static int
follow(const struct settings *settings, int fd, char *const *argv)
{
	char error[CTL_ERROR_MAX];
	json_t *data;
	int ret;

	while ((ret = wait_for(fd, -1)) == 0 &&
		(data = ctl_client_next(fd, error, sizeof(error))) != NULL) {
		ret = print_data(settings, argv, data);
		json_decref(data);
		if (ret != 0)
			return ret;
	}
	if (ret != 0)
		return ret;
	fprintf(stderr, "ferryctl: %s\n", error);
	return EXIT_REFUSED;
}

static int
run(struct settings *settings, int argc, char *const *argv)
{
	char error[CTL_ERROR_MAX];
	int fd = -1, ret;

	if (settings->path[0] != 0 || ctl_client_find(settings->path, error, sizeof(error)) == 0)
		fd = ctl_client_connect(settings->path, error, sizeof(error));
	if (fd < 0) {
		fprintf(stderr, "ferryctl: %s\n", error);
		/* The next time it may be another that runs. */
		if (settings->looks)
			settings->path[0] = 0;
		return EXIT_REFUSED;
	}
	ret = ask_once(settings, fd, argc, argv);
	if (ret == 0 && settings->follow)
		ret = follow(settings, fd, argv);
	close(fd);
	return ret;
}

/*
 * Until interrupted, or nobody reads it, or what is asked is no question. Each look is a connection
 * of its own: a node ends one that asks nothing for long, and may itself begin anew meanwhile.
 */
static int
watch(struct settings *settings, int argc, char *const *argv)
{
	while (true) {
		int ret = run(settings, argc, argv);

		if (ret == EXIT_USAGE || ferror(stdout))
			return ret;
		ret = wait_for(-1, (int)(settings->watch * 1000));
		if (ret != 0)
			return ret;
	}
}

/* The root program reads the file itself: it must know where it is. */
static void
make_absolute(int argc, char **argv)
{
	static char path[PATH_MAX];

	if (argc == 2 && strcmp(argv[0], "add") == 0 && realpath(argv[1], path) != NULL)
		argv[1] = path;
}

/* A test authority, and what it certifies: files alone. */
static int
make_certificates(const struct settings *settings, int argc, char *const *argv)
{
	char error[CTL_ERROR_MAX];

	if (argc < 2)
		return usage("ca where? right is: ca DIRECTORY [NAME...]", "");
	if (settings->json || settings->watch > 0)
		return usage("ca prints nothing: --json and --watch do not go with it", "");
	if (ca_make(argv[1], (const char *const *)argv + 2, (size_t)argc - 2, error,
		    sizeof(error)) == 0)
		return 0;
	fprintf(stderr, "ferryctl: %s\n", error);
	return EXIT_REFUSED;
}

/* Commands that change nothing, however often they are sent. */
static bool
only_asks(const char *command)
{
	return strcmp(command, "show") == 0 || strcmp(command, "events") == 0 ||
	       strcmp(command, "metrics") == 0 || strcmp(command, "help") == 0 ||
	       tables_is_root(command);
}

int
main(int argc, char **argv)
{
	static char show[] = "show", sessions[] = "sessions";
	struct settings settings = {0};
	int ret;

	std_files_open();
	/* What characters can be printed as they are; numbers stay as they are in a file. */
	setlocale(LC_CTYPE, "");
	ret = read_options(argc, argv, &settings);
	if (ret >= 0)
		return ret;
	argv += optind;
	ret = 0;
	argc = take_trailing(argc - optind, argv, &settings, &ret);
	if (ret != 0)
		return ret;
	if (argc == 0)
		return usage("a command is missing", "");
	if (strcmp(argv[0], "ca") == 0)
		return make_certificates(&settings, argc, argv);
	if (argc > 1 && strcmp(argv[0], "session") == 0 && strcmp(argv[1], "show") == 0) {
		argv[0] = show;
		argv[1] = sessions;
	}
	make_absolute(argc, argv);
	for (int i = 1; i < argc && strcmp(argv[0], "events") == 0; i++)
		settings.follow |= strcmp(argv[i], "--follow") == 0;
	if (settings.follow && settings.watch > 0)
		return usage("--watch and --follow exclude each other", "");
	if (settings.watch > 0 && !only_asks(argv[0]))
		return usage("--watch goes with what shows something, it would repeat the command ",
			argv[0]);
	settings.looks = settings.path[0] == 0;
	return settings.watch > 0 ? watch(&settings, argc, argv) : run(&settings, argc, argv);
}
