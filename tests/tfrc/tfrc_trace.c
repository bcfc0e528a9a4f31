/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs traces of arrivals, or of reports, through the receiver and the sender of TFRC and prints
 * what they make of them. One line an event, times in ns:
 *
 *   receiver SMALL                          a new receiver
 *   packet NOW SEQ SIZE STAMP RTT_US MARKED the feedback timer fires when it is due before that
 *   timer NOW                               nothing but the timer
 *   sender MSS SMALL INTERVAL TIMER_MIN     a new sender
 *   send NOW COUNT SIZE                     packets leave
 *   all NOW                                 all that may be sent has been
 *   rtt NOW SAMPLE
 *   feedback NOW SENT DELAY P RATE SEQ      P in units of 2^-32
 *   poll NOW                                the nofeedback timer, if it is due
 *
 *   f P   inverse F   rate SIZE RTT P       the equation
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tfrc_equation.h"
#include "tfrc_receiver.h"
#include "tfrc_sender.h"

#define FIELDS_MAX 8

static struct tfrc_receiver receiver;
static struct tfrc_sender sender;
static struct tfrc_totals received, sent;
static struct tfrc_arrival noted; /* in order, not told the receiver yet if above its highest */

/* As a link does. */
static void
catch_up(void)
{
	if (noted.seq > receiver.highest)
		tfrc_receiver_catch_up(&receiver, noted.now, noted.seq, noted.stamp, noted.rtt);
}

static bool
may_tell_later(const struct tfrc_arrival *arrival)
{
	uint64_t highest = noted.seq > receiver.highest ? noted.seq : receiver.highest;

	return tfrc_receiver_is_quiet(&receiver) && !arrival->marked && arrival->seq == highest + 1;
}

static void
print_report(uint64_t now)
{
	const struct tfrc_history *h = &receiver.history;
	struct tfrc_report report;

	tfrc_receiver_report(&receiver, now, received.packets, received.bytes, &report);
	printf("report %" PRIu64 " %u %u %u %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " :", now,
		report.stamp, report.delay, report.loss_rate, report.rate, report.seq_highest,
		h->events, h->begin_seq);
	for (int i = 0; i < h->count; i++)
		printf(" %" PRIu64, h->size[i]);
	printf("\n");
}

static void
run_timer(uint64_t now)
{
	while (receiver.expires_at <= now) {
		uint64_t at = receiver.expires_at;

		catch_up();
		if (tfrc_receiver_expire(&receiver, received.packets))
			print_report(at);
		else
			printf("idle %" PRIu64 "\n", at);
	}
}

static void
packet(const uint64_t *v)
{
	struct tfrc_arrival arrival = {.now = v[0],
		.seq = v[1],
		.stamp = (uint32_t)v[3],
		.rtt = (uint32_t)v[4],
		.marked = v[5] != 0};

	run_timer(v[0]);
	arrival.packets = ++received.packets;
	arrival.bytes = received.bytes += v[2];
	/* Seven of eight packets; the eighth tells of them and of itself. */
	if (v[1] % 8 != 0 && may_tell_later(&arrival)) {
		noted = arrival;
		return;
	}
	catch_up();
	if (tfrc_receiver_packet(&receiver, &arrival))
		print_report(v[0]);
}

static void
print_sender(const char *event, uint64_t now)
{
	printf("%s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64 "\n",
		event, now, sender.x, sender.rate, sender.rtt, sender.size,
		sender.nofeedback_at == TFRC_NEVER ? -1 : (int64_t)sender.nofeedback_at);
}

static void
sender_event(const char *event, const uint64_t *v)
{
	if (strcmp(event, "sender") == 0) {
		struct tfrc_params params = {.mss = (uint32_t)v[0],
			.small_packets = v[1] != 0,
			.min_interval = v[2],
			.timer_min = v[3]};

		sent = (struct tfrc_totals){0};
		tfrc_sender_init(&sender, &params);
		print_sender(event, 0);
		return;
	}
	if (strcmp(event, "send") == 0) {
		if (sender.nofeedback_at == TFRC_NEVER)
			tfrc_sender_wake(&sender, sent, v[0]);
		sent.packets += v[1];
		sent.bytes += v[1] * v[2];
		return;
	}
	if (strcmp(event, "all") == 0) {
		tfrc_sender_not_limited(&sender, v[0]);
		return;
	}
	if (strcmp(event, "rtt") == 0) {
		tfrc_sender_rtt(&sender, v[1], v[0]);
	} else if (strcmp(event, "feedback") == 0) {
		struct tfrc_feedback feedback = {.since_sent = v[1],
			.delay = v[2],
			.p = (uint32_t)v[3],
			.rate = v[4],
			.seq_highest = v[5]};

		(void)tfrc_sender_feedback(&sender, &feedback, sent, v[0]);
	} else if (strcmp(event, "poll") == 0) {
		if (sender.nofeedback_at > v[0])
			return;
		tfrc_sender_expire(&sender, sent, v[0]);
	} else {
		fprintf(stderr, "tfrc_trace: no event is named %s\n", event);
		exit(2);
	}
	print_sender(event, v[0]);
}

static void
one_event(const char *event, const uint64_t *v)
{
	if (strcmp(event, "receiver") == 0) {
		received = (struct tfrc_totals){0};
		noted = (struct tfrc_arrival){0};
		tfrc_receiver_init(&receiver, v[0] != 0);
		printf("receiver\n");
	} else if (strcmp(event, "packet") == 0) {
		packet(v);
	} else if (strcmp(event, "timer") == 0) {
		run_timer(v[0]);
	} else if (strcmp(event, "f") == 0) {
		printf("%" PRIu64 "\n", tfrc_equation_f((uint32_t)v[0]));
	} else if (strcmp(event, "inverse") == 0) {
		printf("%u\n", tfrc_equation_p(v[0]));
	} else if (strcmp(event, "rate") == 0) {
		printf("%" PRIu64 "\n", tfrc_equation_rate(v[0], v[1], (uint32_t)v[2]));
	} else {
		sender_event(event, v);
	}
}

int
main(void)
{
	char line[256];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		uint64_t v[FIELDS_MAX] = {0};
		char *rest = NULL, *event = strtok_r(line, " \n", &rest), *field;

		for (int i = 0; i < FIELDS_MAX && (field = strtok_r(NULL, " \n", &rest)) != NULL;
			i++)
			v[i] = strtoull(field, NULL, 10);
		if (event != NULL)
			one_event(event, v);
	}
	return 0;
}
