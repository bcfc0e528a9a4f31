/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The slow-path underlay under arbitrary frames and arbitrary time. The input is a sequence of
 * records: length (2 bytes), what to do besides (1: port, port state, right checksums), time to
 * pass in 64 ms (1), the frame.
 *
 * What must hold: each frame is counted once; nothing that is sent is malformed by the plainest
 * measure; no entry is made for a stranger; sums and memory are sound (sanitizers).
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "underlay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
on_send(void *ctx, unsigned int port, const uint8_t *frame, size_t len)
{
	const struct underlay *u = ctx;
	const struct underlay_if *from = underlay_port(u, port);

	if (from == NULL || len < 60 || len > from->mtu + 18u ||
		memcmp(frame + 6, &from->mac, 6) != 0)
		abort();
	if (from->vlan != 0 && (frame[12] != 0x81 || frame[13] != 0))
		abort();
}

static void
on_changed(void *ctx, const struct neighbour *n)
{
	(void)ctx;
	if (n->has_mac && !rte_is_valid_assigned_ether_addr(&n->mac))
		abort();
}

static void
on_log(void *ctx, int priority, const char *text)
{
	(void)ctx;
	(void)priority;
	if (strlen(text) == 0 || strchr(text, '\n') != NULL)
		abort();
}

static void
add_port(struct underlay *u, unsigned int index, uint16_t vlan)
{
	struct underlay_if port = {
		.index = index,
		.name = "wan",
		.mac = {.addr_bytes = {2, 0, 0, 0, 0, (uint8_t)(index + 1)}},
		.vlan = vlan,
		.mtu = index == 0 ? 1500 : 9000,
		.n_addresses = 2,
		.send = on_send,
		.send_ctx = u,
	};

	port.addresses[0].len = 24;
	port.addresses[1].len = 64;
	if (!underlay_addr_parse(
		    index == 0 ? "192.0.2.1" : "198.51.100.1", &port.addresses[0].addr) ||
		!underlay_addr_parse(
			index == 0 ? "2001:db8::1" : "2001:db8:1::1", &port.addresses[1].addr) ||
		underlay_add_port(u, &port) != NULL)
		abort();
	underlay_set_up(u, 0, index, true);
}

static struct neighbour *
need(struct underlay *u, const char *text)
{
	struct underlay_addr addr;
	struct underlay_hop hop;
	struct neighbour *n;

	if (!underlay_addr_parse(text, &addr) ||
		underlay_need(u, 0, UNDERLAY_ANY_PORT, &addr, &hop, &n) != 0)
		abort();
	return n;
}

static void
store_sum(uint8_t *at, uint16_t sum)
{
	at[0] = (uint8_t)(sum >> 8);
	at[1] = (uint8_t)sum;
}

/* The Internet checksum of two pieces, the first of even length. */
static uint16_t
sum_of(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len, uint32_t start)
{
	uint64_t sum = start;
	size_t i;

	for (i = 0; i < a_len; i++)
		sum += (uint32_t)a[i] << (i % 2 == 0 ? 8 : 0);
	for (i = 0; i < b_len; i++)
		sum += (uint32_t)b[i] << (i % 2 == 0 ? 8 : 0);
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Makes the checksums right, where there are any: a mutation alone would hardly ever do that. */
static void
fix_sums(uint8_t *frame, size_t len)
{
	const size_t l2 = len > 14 && frame[12] == 0x81 ? 18 : 14;
	uint8_t *ip = frame + l2, *icmp;
	size_t header, total;

	if (len < l2 + 20)
		return;
	if (ip[0] >> 4 == 4) {
		header = (ip[0] & 15u) * 4;
		total = (size_t)ip[2] << 8 | ip[3];
		if (header < 20 || total < header + 4 || total > len - l2)
			return;
		icmp = ip + header;
		store_sum(ip + 10, 0);
		store_sum(ip + 10, sum_of(ip, header, NULL, 0, 0));
		store_sum(icmp + 2, 0);
		store_sum(icmp + 2, sum_of(icmp, total - header, NULL, 0, 0));
	} else if (ip[0] >> 4 == 6 && len >= l2 + 44) {
		header = 40 + (ip[6] == 0 ? (ip[41] + 1u) * 8 : 0);
		total = 40 + ((size_t)ip[4] << 8 | ip[5]);
		if (total < header + 4 || total > len - l2)
			return;
		icmp = ip + header;
		store_sum(icmp + 2, 0);
		store_sum(icmp + 2,
			sum_of(ip + 8, 32, icmp, total - header, (uint32_t)(total - header) + 58));
	}
}

static void
check(struct underlay *u)
{
	uint64_t sum = 0;
	unsigned int i, entries = 0;
	const struct neighbour *n;

	for (i = 0; i < UNDERLAY_N_COUNTERS; i++)
		if (underlay_counter_info[i].kind != UNDERLAY_KIND_SENT)
			sum += u->counters[i];
	for (n = neighbour_next(&u->neighbours, NULL); n != NULL;
		n = neighbour_next(&u->neighbours, n))
		entries++;
	if (sum != u->frames_in || entries != 3)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct underlay u;
	const struct underlay_ops ops = {.ctx = &u, .changed = on_changed, .log = on_log};
	uint64_t now = 0;

	underlay_init(&u, &ops, 1);
	add_port(&u, 0, 0);
	add_port(&u, 1, 100);
	need(&u, "192.0.2.2");
	need(&u, "2001:db8::2");
	need(&u, "198.51.100.2");
	while (size >= 4) {
		size_t len = (size_t)data[0] << 8 | data[1];
		const uint8_t what = data[2];
		uint8_t *frame;

		now += (uint64_t)data[3] * 64000000;
		data += 4;
		size -= 4;
		len = len < size ? len : size;
		frame = malloc(len); /* so that a read beyond the frame is seen */
		if (len > 0 && frame == NULL)
			abort();
		if (len > 0)
			memcpy(frame, data, len);
		if (what & 8)
			fix_sums(frame, len);
		if (what & 2)
			underlay_set_up(&u, now, what & 1, (what & 4) != 0);
		underlay_input(&u, now, what & 1, frame, len);
		underlay_tick(&u, now);
		free(frame);
		data += len;
		size -= len;
	}
	check(&u);
	underlay_fini(&u);
	return 0;
}
