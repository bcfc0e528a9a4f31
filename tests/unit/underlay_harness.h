/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For the tests of the underlay: one node with one or two ports, whose frames are kept, and frames
 * as hexadecimal text. The literal frames of the tests were made with scapy, not with the code
 * under test.
 */
#ifndef FERRY_TEST_UNDERLAY_HARNESS_H
#define FERRY_TEST_UNDERLAY_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "underlay.h"

#define MS 1000000ull
#define S  1000000000ull

#define HARNESS_FRAMES 64

struct harness {
	struct underlay u;
	unsigned int n_sent; /* all; the last HARNESS_FRAMES are kept */
	size_t sent_len[HARNESS_FRAMES];
	unsigned int sent_port[HARNESS_FRAMES];
	uint8_t sent[HARNESS_FRAMES][UNDERLAY_FRAME_MAX];
	unsigned int n_changed;
	unsigned int n_log;
	int log_priority;
	char log[512]; /* the last line */
};

struct frame_bytes {
	size_t len;
	uint8_t bytes[UNDERLAY_FRAME_MAX];
};

struct underlay_addr address(const char *text);
struct underlay_prefix prefix(const char *text, uint8_t len);
struct rte_ether_addr mac(const char *text);

/* Hexadecimal digits; spaces are passed over. */
struct frame_bytes hex(const char *text);

/*
 * Port 3, "wan", 02:00:00:00:00:01, 192.0.2.1/24 and 2001:db8::1/64, gateways .254 and ::fe,
 * MTU 1500. As configured, not yet finished.
 */
struct underlay_if harness_port(struct harness *h);

/* The node with that port up at time 0, its announcements sent and forgotten. */
struct harness *harness_new(void);
struct harness *harness_new_with(const struct underlay_if *(*change)(struct underlay_if *port));
void harness_free(struct harness *h);

/* Forgets what was sent and logged so far. */
void harness_clear(struct harness *h);

/* Hands in a frame by port 3 and asserts that it is counted under this counter and no other. */
void harness_input(struct harness *h, uint64_t now, const struct frame_bytes *frame,
	enum underlay_counter counter);
void
harness_input_hex(struct harness *h, uint64_t now, const char *text, enum underlay_counter counter);

/* Asserts that the i-th frame since the last clearing is this one, and that it left by port 3. */
void harness_expect(const struct harness *h, unsigned int i, const char *text);

/* The Internet checksum, byte by byte as RFC 1071 describes it: an oracle. Host order. */
uint16_t oracle_sum(const uint8_t *data, size_t len, uint32_t start);

/* Sets the ICMPv6 checksum of an untagged IPv6 frame without extension headers. */
void oracle_fix_icmp6(struct frame_bytes *frame);
/* Sets the header checksum and the ICMP checksum of an untagged IPv4 frame. */
void oracle_fix_icmp4(struct frame_bytes *frame);

#endif
