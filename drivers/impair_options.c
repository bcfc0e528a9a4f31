/* SPDX-License-Identifier: BSD-3-Clause */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_version.h>

#include "impair_list.h"
#include "impair_options.h"
#include "std_files.h"

#define EXIT_MISTAKE 2
#define EVERY_MAX    86400
#define MTU_MIN	     68
#define MTU_MAX	     9000

static const char usage[] =
	"Usage: ferry-impair [OPTION...] DEVICE DEVICE\n"
	"An artificial line between two devices: what one receives, the other sends, later.\n"
	"\n"
	"A DEVICE is a kernel interface (veth0), or a DPDK device with its arguments\n"
	"(0000:3b:00.1, net_memif0,role=server).\n"
	"\n"
	"  -t, --there=LIST   what happens from the first device to the second\n"
	"  -b, --back=LIST    ... from the second to the first\n"
	"      --both=LIST    ... both ways\n"
	"      --every=N      report every N seconds\n"
	"      --json         reports are JSON objects, one a line\n"
	"      --mtu=N        of both devices, default 1500\n"
	"      --no-realtime  do not ask for real-time scheduling\n"
	"      --eal=ARG      an argument of DPDK's EAL; may be repeated\n"
	"  -V, --version      print the version and exit\n"
	"  -h, --help         print this help and exit\n"
	"\n"
	"A LIST is KEY=VALUE[,KEY=VALUE...], as delay=25ms,rate=10Mbit,queue=62500. The keys:\n";

enum {
	OPT_BOTH = 256,
	OPT_EVERY,
	OPT_JSON,
	OPT_MTU,
	OPT_NO_REALTIME,
	OPT_EAL
};

static const struct option long_options[] = {
	{"there", required_argument, NULL, 't'},
	{"back", required_argument, NULL, 'b'},
	{"both", required_argument, NULL, OPT_BOTH},
	{"every", required_argument, NULL, OPT_EVERY},
	{"json", no_argument, NULL, OPT_JSON},
	{"mtu", required_argument, NULL, OPT_MTU},
	{"no-realtime", no_argument, NULL, OPT_NO_REALTIME},
	{"eal", required_argument, NULL, OPT_EAL},
	{"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static void
print_help(void)
{
	fputs(usage, stdout);
	for (size_t i = 0; i < IMPAIR_KEYS; i++)
		printf("  %-14s %s\n", impair_keys[i].name, impair_keys[i].help);
	fputs("\nSIGUSR1 asks for a report; SIGINT and SIGTERM end with one.\n", stdout);
}

static void
add_list(struct impair_options *options, uint32_t given[2], const char *option, const char *text,
	bool there, bool back)
{
	const bool wanted[2] = {there, back};
	char reason[IMPAIR_LIST_REASON];

	for (unsigned int i = 0; i < 2; i++)
		if (wanted[i] &&
			impair_list_parse(text, &options->settings[i], &given[i], reason) < 0)
			errx(EXIT_MISTAKE, "--%s: %s", option, reason);
}

static uint32_t
parse_number(const char *option, const char *text, uint32_t min, uint32_t max)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno != 0 || end == text || *end != 0 || text[0] == '-' || value < min || value > max)
		errx(EXIT_MISTAKE, "--%s is \"%s\", it must be an integer from %u to %u", option,
			text, min, max);
	return (uint32_t)value;
}

static void
parse_one(struct impair_options *options, uint32_t given[2], int c)
{
	switch (c) {
	case 't':
		add_list(options, given, "there", optarg, true, false);
		break;
	case 'b':
		add_list(options, given, "back", optarg, false, true);
		break;
	case OPT_BOTH:
		add_list(options, given, "both", optarg, true, true);
		break;
	case OPT_EVERY:
		options->every = parse_number("every", optarg, 1, EVERY_MAX);
		break;
	case OPT_JSON:
		options->json = true;
		break;
	case OPT_MTU:
		options->mtu = (uint16_t)parse_number("mtu", optarg, MTU_MIN, MTU_MAX);
		break;
	case OPT_NO_REALTIME:
		options->realtime = false;
		break;
	case OPT_EAL:
		if (options->nb_eal == IMPAIR_EAL_MAX)
			errx(EXIT_MISTAKE, "--eal is there more than %d times", IMPAIR_EAL_MAX);
		options->eal[options->nb_eal++] = optarg;
		break;
	case 'V':
		printf("ferry-impair %s (%s)\n", FERRY_VERSION, rte_version());
		exit(std_files_end("ferry-impair", EXIT_SUCCESS));
	case 'h':
		print_help();
		exit(std_files_end("ferry-impair", EXIT_SUCCESS));
	default:
		fputs("Try 'ferry-impair --help'.\n", stderr);
		exit(EXIT_MISTAKE);
	}
}

/* A kernel interface is reached through DPDK's af_packet driver. */
static void
name_device(struct impair_options *options, unsigned int i)
{
	const char *name = options->names[i];
	size_t room = sizeof(options->devices[i]);
	int used;

	if (strpbrk(name, ":,") != NULL || strncmp(name, "net_", 4) == 0)
		used = snprintf(options->devices[i], room, "%s", name);
	else if (if_nametoindex(name) != 0)
		used = snprintf(options->devices[i], room, "net_af_packet%u,iface=%s", i, name);
	else
		errx(EXIT_MISTAKE,
			"\"%s\" is no interface here; a device must be a kernel interface, as "
			"veth0, or a DPDK device, as 0000:3b:00.1 or net_memif0,role=server",
			name);
	if ((size_t)used >= room)
		errx(EXIT_MISTAKE, "\"%.40s...\" is too long for a device, at most %zu bytes", name,
			room - 1);
}

static void
finish(struct impair_options *options, const uint32_t given[2])
{
	static const char *const names[] = {"there", "back"};
	char reason[256];

	for (unsigned int i = 0; i < 2; i++)
		if (impair_settings_finish(
			    &options->settings[i], given[i], reason, sizeof(reason)) != NULL)
			errx(EXIT_MISTAKE, "--%s: %s", names[i], reason);
}

void
impair_options_parse(int argc, char **argv, struct impair_options *options)
{
	uint32_t given[2] = {0, 0};
	int c;

	*options = (struct impair_options){.mtu = 1500, .realtime = true};
	impair_settings_init(&options->settings[0]);
	impair_settings_init(&options->settings[1]);
	while ((c = getopt_long(argc, argv, "t:b:Vh", long_options, NULL)) != -1)
		parse_one(options, given, c);
	if (argc - optind != 2)
		errx(EXIT_MISTAKE, "%d devices, there must be two; try 'ferry-impair --help'",
			argc - optind);
	finish(options, given);
	for (unsigned int i = 0; i < 2; i++) {
		options->names[i] = argv[optind + (int)i];
		name_device(options, i);
	}
	if (strcmp(options->names[0], options->names[1]) == 0)
		errx(EXIT_MISTAKE, "\"%s\" is there twice, there must be two devices",
			options->names[0]);
}
