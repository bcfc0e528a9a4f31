/* SPDX-License-Identifier: BSD-3-Clause */
#include "underlay_harness.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct underlay_addr
address(const char *text)
{
	struct underlay_addr addr;

	assert_true(underlay_addr_parse(text, &addr));
	return addr;
}

struct underlay_prefix
prefix(const char *text, uint8_t len)
{
	return (struct underlay_prefix){.addr = address(text), .len = len};
}

struct rte_ether_addr
mac(const char *text)
{
	struct rte_ether_addr addr;
	uint8_t *b = addr.addr_bytes;

	assert_int_equal(
		sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", b, b + 1, b + 2, b + 3, b + 4, b + 5),
		6);
	return addr;
}

struct frame_bytes
hex(const char *text)
{
	struct frame_bytes frame = {0};
	unsigned int digits = 0;

	for (; *text != '\0'; text++) {
		const char digit[2] = {*text, '\0'};

		if (*text == ' ')
			continue;
		assert_true(isxdigit((unsigned char)*text));
		frame.bytes[digits / 2] = (uint8_t)(frame.bytes[digits / 2] << 4 |
						    strtoul(digit, NULL, 16));
		digits++;
	}
	assert_int_equal(digits % 2, 0);
	frame.len = digits / 2;
	return frame;
}

static void
on_send(void *ctx, unsigned int port, const uint8_t *frame, size_t len)
{
	struct harness *h = ctx;
	const unsigned int at = h->n_sent++ % HARNESS_FRAMES;

	assert_true(len >= 60 && len <= UNDERLAY_FRAME_MAX);
	memcpy(h->sent[at], frame, len);
	h->sent_len[at] = len;
	h->sent_port[at] = port;
}

static void
on_changed(void *ctx, const struct neighbour *n)
{
	struct harness *h = ctx;

	(void)n;
	h->n_changed++;
}

static void
on_log(void *ctx, int priority, const char *text)
{
	struct harness *h = ctx;

	h->n_log++;
	h->log_priority = priority;
	snprintf(h->log, sizeof(h->log), "%s", text);
}

struct underlay_if
harness_port(struct harness *h)
{
	return (struct underlay_if){
		.index = 3,
		.name = "wan",
		.mac = mac("02:00:00:00:00:01"),
		.mtu = 1500,
		.n_addresses = 2,
		.addresses = {prefix("192.0.2.1", 24), prefix("2001:db8::1", 64)},
		.gateway4 = address("192.0.2.254"),
		.gateway6 = address("2001:db8::fe"),
		.send = on_send,
		.send_ctx = h,
	};
}

struct harness *
harness_new_with(const struct underlay_if *(*change)(struct underlay_if *port))
{
	struct harness *h = calloc(1, sizeof(*h));
	const struct underlay_ops ops = {.ctx = h, .changed = on_changed, .log = on_log};
	struct underlay_if port;

	assert_non_null(h);
	port = harness_port(h);
	underlay_init(&h->u, &ops, 1);
	assert_null(underlay_add_port(&h->u, change != NULL ? change(&port) : &port));
	underlay_set_up(&h->u, 0, 3, true);
	underlay_tick(&h->u, 0);
	underlay_tick(&h->u, 2 * S);
	harness_clear(h);
	return h;
}

struct harness *
harness_new(void)
{
	return harness_new_with(NULL);
}

void
harness_free(struct harness *h)
{
	underlay_fini(&h->u);
	free(h);
}

void
harness_clear(struct harness *h)
{
	h->n_sent = 0;
	h->n_changed = 0;
	h->n_log = 0;
	h->log[0] = '\0';
}

static uint64_t
sum_of_inputs(const struct underlay *u)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < UNDERLAY_N_COUNTERS; i++)
		if (underlay_counter_info[i].kind != UNDERLAY_KIND_SENT)
			sum += u->counters[i];
	return sum;
}

void
harness_input(struct harness *h, uint64_t now, const struct frame_bytes *frame,
	enum underlay_counter counter)
{
	const uint64_t before = h->u.counters[counter];
	const uint64_t sum = sum_of_inputs(&h->u);
	unsigned int i;

	assert_int_equal(sum, h->u.frames_in);
	underlay_input(&h->u, now, 3, frame->bytes, frame->len);
	assert_int_equal(sum_of_inputs(&h->u), sum + 1);
	if (h->u.counters[counter] == before + 1)
		return;
	for (i = 0; i < UNDERLAY_N_COUNTERS; i++)
		if (h->u.counters[i] != 0)
			print_error("%s %lu\n", underlay_counter_info[i].name,
				(unsigned long)h->u.counters[i]);
	fail_msg("not counted as %s", underlay_counter_info[counter].name);
}

void
harness_input_hex(struct harness *h, uint64_t now, const char *text, enum underlay_counter counter)
{
	const struct frame_bytes frame = hex(text);

	harness_input(h, now, &frame, counter);
}

void
harness_expect(const struct harness *h, unsigned int i, const char *text)
{
	const struct frame_bytes frame = hex(text);

	assert_true(i < h->n_sent);
	assert_int_equal(h->sent_port[i], 3);
	assert_int_equal(h->sent_len[i], frame.len);
	assert_memory_equal(h->sent[i], frame.bytes, frame.len);
}

uint16_t
oracle_sum(const uint8_t *data, size_t len, uint32_t start)
{
	uint32_t sum = start;
	size_t i;

	for (i = 0; i < len; i++) {
		sum += i % 2 == 0 ? (uint32_t)data[i] << 8 : data[i];
		if (sum > 0xffff)
			sum = sum - 0x10000 + 1;
	}
	return (uint16_t)~sum;
}

void
oracle_fix_icmp6(struct frame_bytes *frame)
{
	uint8_t *ip = frame->bytes + 14, *icmp = ip + 40;
	const size_t len = (size_t)ip[4] << 8 | ip[5];
	uint16_t pseudo, sum;

	icmp[2] = icmp[3] = 0;
	pseudo = (uint16_t)~oracle_sum(ip + 8, 32, (uint32_t)len + 58);
	sum = oracle_sum(icmp, len, pseudo);
	icmp[2] = (uint8_t)(sum >> 8);
	icmp[3] = (uint8_t)sum;
}

void
oracle_fix_icmp4(struct frame_bytes *frame)
{
	uint8_t *ip = frame->bytes + 14;
	const size_t header = (ip[0] & 15u) * 4;
	uint8_t *icmp = ip + header;
	const size_t len = ((size_t)ip[2] << 8 | ip[3]) - header;
	uint16_t sum;

	icmp[2] = icmp[3] = 0;
	sum = oracle_sum(icmp, len, 0);
	icmp[2] = (uint8_t)(sum >> 8);
	icmp[3] = (uint8_t)sum;
	ip[10] = ip[11] = 0;
	sum = oracle_sum(ip, header, 0);
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
}
