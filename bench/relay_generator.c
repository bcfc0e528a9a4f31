/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The generator and sink of bench/relay and bench/destination: reads commands, one a line, and
 * answers each with one line of JSON. Arguments are the EAL's; every device that it finds is a
 * port, in that order. A port is opened by the first command that names it: memif's client starts
 * only when its server is there.
 *
 *   ready port=N seat=ferry|macswap|io [mac=XX:..] ns=N   until a frame came back
 *   trial port=N seat=... payload=N burst=N rate=N ns=N   (relay_trial.h)
 *   deliver port=N kind=plain|loss0|loss5 egress=udp|sink ns=N   (destination_trial.h)
 *   round_trip lcore=N                                    of a cache line, TSC cycles
 *   quit
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>

#include "bench.h"
#include "destination_trial.h"
#include "packet.h"
#include "relay_trial.h"

#define PORTS_MAX  8
#define LINE_BYTES 512

/* How often a frame is sent to a seat that may not be there yet. */
#define TRY_NS 20000000

static struct relay_port ports[PORTS_MAX];
static bool opened[PORTS_MAX];
static uint16_t nb_ports;
static uint32_t trials;
static uint16_t epoch;

struct command {
	const char *verb;
	uint16_t port;
	unsigned int lcore;
	struct relay_params params;
	enum destination_kind kind;
	bool sink;
	bool mac_known;
	struct rte_ether_addr mac;
};

static void __attribute__((format(printf, 1, 2))) fail(const char *format, ...)
{
	va_list args;

	printf("{\"error\": \"");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\"}\n");
}

static bool
read_number(const char *text, uint64_t most, uint64_t *number)
{
	char *end;

	*number = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && *number <= most;
}

/* Which of some names. */
static bool
read_name(const char *text, const char *const names[], unsigned int n, unsigned int *which)
{
	for (*which = 0; *which < n; ++*which)
		if (strcmp(text, names[*which]) == 0)
			return true;
	return false;
}

static bool
read_value(struct command *c, const char *key, const char *value)
{
	static const char *const seats[] = {"ferry", "macswap", "io"};
	static const char *const kinds[] = {"plain", "loss0", "loss5"};
	static const char *const egresses[] = {"udp", "sink"};
	struct relay_params *p = &c->params;
	unsigned int which;
	uint64_t n = 0;

	if (strcmp(key, "seat") == 0 && read_name(value, seats, RTE_DIM(seats), &which)) {
		p->seat = (enum relay_seat)which;
		return true;
	}
	if (strcmp(key, "kind") == 0 && read_name(value, kinds, RTE_DIM(kinds), &which)) {
		c->kind = (enum destination_kind)which;
		return true;
	}
	if (strcmp(key, "egress") == 0 && read_name(value, egresses, RTE_DIM(egresses), &which)) {
		c->sink = which == 1;
		return true;
	}
	if (strcmp(key, "mac") == 0) {
		c->mac_known = true;
		return rte_ether_unformat_addr(value, &c->mac) == 0;
	}
	if (!read_number(value, UINT64_MAX, &n))
		return false;
	if (strcmp(key, "port") == 0 && n < nb_ports)
		c->port = (uint16_t)n;
	else if (strcmp(key, "lcore") == 0 && n < RTE_MAX_LCORE)
		c->lcore = (unsigned int)n;
	else if (strcmp(key, "payload") == 0 && n >= RELAY_PAYLOAD_MIN && n <= RELAY_PAYLOAD_MAX)
		p->payload = (uint16_t)n;
	else if (strcmp(key, "burst") == 0 && n >= 1 && n <= RELAY_BURST_MAX)
		p->burst = (uint16_t)n;
	else if (strcmp(key, "rate") == 0 && n <= 1000000000)
		p->rate = n;
	else if (strcmp(key, "ns") == 0 && n <= UINT64_C(3600000000000))
		p->ns = n;
	else
		return false;
	return true;
}

static bool
read_command(struct command *c, char *line)
{
	char *rest, *word = strtok_r(line, " \n", &rest), *value;

	*c = (struct command){
		.verb = word, .params = {.payload = 64, .burst = BURST_MAX, .epoch = epoch}};
	if (word == NULL)
		return false;
	while ((word = strtok_r(NULL, " \n", &rest)) != NULL) {
		value = strchr(word, '=');
		if (value != NULL)
			*value++ = '\0';
		if (value == NULL || !read_value(c, word, value)) {
			fail("%s: not understood", word);
			return false;
		}
	}
	return true;
}

static bool
is_open(uint16_t port)
{
	if (!opened[port])
		opened[port] = relay_port_open(&ports[port], ports[port].id) == 0;
	if (!opened[port])
		fail("port %u does not start", port);
	return opened[port];
}

static double
microseconds(double cycles)
{
	return cycles * 1e6 / (double)rte_get_tsc_hz();
}

struct count {
	const char *key;
	uint64_t value;
};

static void
print_counts(double seconds, const struct count *counts, size_t n)
{
	printf("{\"seconds\": %.9f", seconds);
	for (size_t i = 0; i < n; i++)
		printf(", \"%s\": %" PRIu64, counts[i].key, counts[i].value);
}

static void
print_result(const struct relay_result *r, const struct relay_latency *latency)
{
	const struct count counts[] = {
		{"sent", r->sent},
		{"refused", r->refused},
		{"skipped", r->skipped},
		{"full_bursts", r->full_bursts},
		{"bursts", r->bursts},
		{"received", r->received},
		{"received_sending", r->received_sending},
		{"lost", r->lost},
		{"duplicates", r->duplicates},
		{"reordered", r->reordered},
		{"too_old", r->too_old},
		{"wrong", r->wrong},
		{"stray", r->stray},
		{"link_gaps", r->link_gaps},
		{"stall_ns", r->stall_ns},
	};

	print_counts(r->seconds, counts, RTE_DIM(counts));
	printf(", \"p50_us\": %.3f, \"p99_us\": %.3f, \"p999_us\": %.3f, \"max_us\": %.3f}\n",
		microseconds(relay_latency_quantile(latency, 0.5)),
		microseconds(relay_latency_quantile(latency, 0.99)),
		microseconds(relay_latency_quantile(latency, 0.999)),
		microseconds((double)latency->max));
}

static void
print_delivery(const struct destination_result *r)
{
	const struct count counts[] = {
		{"cycles", r->cycles},
		{"idle_cycles", r->idle_cycles},
		{"stall_cycles", r->stall_cycles},
		{"sources", r->sources},
		{"frames", r->frames},
		{"received", r->received},
		{"received_sending", r->received_sending},
		{"lost", r->lost},
		{"duplicates", r->duplicates},
		{"too_old", r->too_old},
		{"wrong", r->wrong},
		{"stray", r->stray},
	};

	print_counts((double)r->cycles / (double)rte_get_tsc_hz(), counts, RTE_DIM(counts));
	printf("}\n");
}

static void
deliver(struct command *c)
{
	struct destination_params params = {
		.kind = c->kind, .sink = c->sink, .ns = c->params.ns, .epoch = epoch};
	struct destination_result result;

	if (destination_trial_run(&ports[c->port], &params, &result) < 0)
		fail("the seat takes no more frames");
	else
		print_delivery(&result);
}

static void
trial(struct command *c)
{
	static struct relay_latency latency;
	struct relay_result result;

	c->params.trial = ++trials;
	relay_trial_run(&ports[c->port], &c->params, &result, &latency);
	print_result(&result, &latency);
}

/* A frame now and then until one comes back. */
static void
ready(struct command *c)
{
	static struct relay_latency latency;
	struct relay_port *port = &ports[c->port];
	uint64_t end = rte_rdtsc() +
		       (uint64_t)((double)c->params.ns * 1e-9 * (double)rte_get_tsc_hz());
	struct relay_params params = c->params;
	struct relay_result result;

	if (c->mac_known)
		port->seat_mac = c->mac;
	port->seat_known = c->mac_known;
	params.count = 1;
	params.ns = TRY_NS;
	do {
		if (!port->seat_known && relay_port_is_up(port))
			relay_port_ask(port);
		params.trial = ++trials;
		relay_trial_run(port, &params, &result, &latency);
		if (result.received == 1) {
			print_result(&result, &latency);
			return;
		}
	} while (rte_rdtsc() < end);
	fail("port %u is %s, the seat's MAC address is %s, no frame came back (sent %" PRIu64
	     ", wrong %" PRIu64 ", others %" PRIu64 ", ARP requests answered %" PRIu64 ")",
		c->port, relay_port_is_up(port) ? "up" : "down",
		port->seat_known ? "known" : "not known", result.sent, result.wrong,
		result.not_ours, port->arps);
}

static void
round_trip(struct command *c)
{
	struct bench_stat trip;

	if (!rte_lcore_is_enabled(c->lcore) || c->lcore == rte_get_main_lcore()) {
		fail("lcore %u is none of the others", c->lcore);
		return;
	}
	trip = bench_round_trip(c->lcore);
	printf("{\"median\": %.0f, \"min\": %.0f, \"max\": %.0f}\n", trip.median, trip.min,
		trip.max);
}

static const struct verb {
	const char *name;
	void (*run)(struct command *);
	bool of_port;
} verbs[] = {
	{"ready", ready, true},
	{"trial", trial, true},
	{"deliver", deliver, true},
	{"round_trip", round_trip, false},
};

static void
obey(struct command *c)
{
	for (size_t i = 0; i < RTE_DIM(verbs); i++)
		if (strcmp(c->verb, verbs[i].name) == 0) {
			if (!verbs[i].of_port || is_open(c->port))
				verbs[i].run(c);
			return;
		}
	fail("%s: not understood", c->verb);
}

static void
serve(void)
{
	char line[LINE_BYTES];
	struct command c;

	while (fgets(line, sizeof(line), stdin) != NULL) {
		if (!read_command(&c, line)) {
			if (c.verb == NULL)
				fail("an empty line");
			continue;
		}
		if (strcmp(c.verb, "quit") == 0)
			return;
		obey(&c);
	}
}

int
main(int argc, char **argv)
{
	uint16_t id;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (rte_eal_init(argc, argv) < 0) {
		fprintf(stderr, "DPDK's environment does not start\n");
		return EXIT_FAILURE;
	}
	epoch = (uint16_t)time(NULL);
	trials = (uint32_t)rte_rdtsc() & 0x7fffffff;
	RTE_ETH_FOREACH_DEV(id)
	{
		if (nb_ports == PORTS_MAX) {
			fprintf(stderr, "more than %u devices\n", PORTS_MAX);
			return EXIT_FAILURE;
		}
		ports[nb_ports++].id = id;
	}
	printf("{\"ports\": %u, \"burst\": %u, \"tsc_hz\": %" PRIu64 ", \"sent_headers\": %zu, "
	       "\"ferry_headers\": %zu}\n",
		nb_ports, BURST_MAX, rte_get_tsc_hz(), sizeof(struct relay_sent),
		sizeof(struct relay_returned));
	serve();
	for (uint16_t i = 0; i < nb_ports; i++)
		if (opened[i])
			relay_port_close(&ports[i]);
	(void)rte_eal_cleanup();
	return EXIT_SUCCESS;
}
