/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets of a coded session, one after the other, into a destination's decoders: coding headers as
 * they come, sources and combinations of any length, generations and windows of any number. Input:
 * the code and k, then packets: two bytes of length, one of what moves the first sequence on, the
 * packet from its coding header on. Sums and bounds hold at any time, memory is read where packets
 * are, and all of it is given back.
 */
#include <stdlib.h>
#include <string.h>

#include "rlnc_block.h"
#include "rlnc_window.h"

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

#define PACKET_MAX 2048

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t living;

static void
release(struct rte_mbuf *m)
{
	while (m != NULL) {
		struct rte_mbuf *next = m->next;

		free(m->buf_addr);
		free(m);
		living--;
		m = next;
	}
}

static void
release_all(struct rte_mbuf **packets, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		release(packets[i]);
}

static struct rte_mbuf *
segment(const uint8_t *data, uint32_t len)
{
	struct rte_mbuf *m = calloc(1, sizeof(*m));

	m->buf_addr = malloc(len > 0 ? len : 1);
	if (len > 0)
		memcpy(m->buf_addr, data, len);
	m->nb_segs = 1;
	m->data_len = (uint16_t)len;
	m->pkt_len = len;
	living++;
	return m;
}

/* In two pieces where cut lies within. */
static struct rte_mbuf *
packet(const uint8_t *data, uint32_t len, uint32_t cut)
{
	struct rte_mbuf *m;

	if (cut >= len)
		return segment(data, len);
	m = segment(data, cut);
	m->next = segment(data + cut, len - cut);
	m->nb_segs = 2;
	m->pkt_len = len;
	return m;
}

/* The first that is not sound is refused. */
static bool
refuse(struct rlnc_decoder *d, const struct rlnc_found *found, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++) {
		REQUIRE(rlnc_decoder_in_play(d, found[i].seq));
		REQUIRE(!rlnc_decoder_knows(d, found[i].seq));
		if (found[i].sound)
			continue;
		rlnc_decoder_refuse(d, found[i].seq);
		return true;
	}
	return false;
}

static void
compute(struct rlnc_decoder *d)
{
	static struct rlnc_found found[RLNC_SOLVER_SLOTS_MAX];
	static struct rlnc_parts parts;
	struct rte_mbuf *packets[RLNC_SOLVER_SLOTS_MAX];
	uint8_t *rooms[RLNC_SOLVER_SLOTS_MAX], *payloads[RLNC_SOLVER_SLOTS_MAX];
	bool again = true;
	uint16_t n = 0;

	while (again && (n = rlnc_decoder_find(d, found, &parts)) > 0) {
		uint32_t len = 0;

		if (refuse(d, found, n))
			continue;
		for (uint16_t i = 0; i < n; i++)
			len = RTE_MAX(len, (uint32_t)found[i].len);
		REQUIRE(len <= PACKET_MAX);
		for (uint16_t i = 0; i < n; i++) {
			rooms[i] = malloc(sizeof(struct rlnc_symbol_head) + len);
			payloads[i] = rooms[i] + sizeof(struct rlnc_symbol_head);
		}
		rlnc_decoder_compute(d, found, n, &parts, len, payloads);
		again = refuse(d, found, n);
		for (uint16_t i = 0; i < n; i++) {
			REQUIRE(again || found[i].len <= len);
			if (!again)
				packets[i] = segment(payloads[i], found[i].len);
			free(rooms[i]);
		}
	}
	rlnc_decoder_keep(d, found, n, packets);
}

/* Is the combination in this slot in any row? What is in none is held for nothing. */
static bool
is_of_use(const struct rlnc_solver *s, uint16_t slot)
{
	for (uint16_t r = 0; r < s->nb_rows; r++)
		if (rlnc_solver_row(s, r)[s->columns + slot] != 0)
			return true;
	return false;
}

static void
check(const struct rlnc_decoder *d)
{
	const struct rlnc_solver *s = &d->solver;

	REQUIRE(s->nb_rows <= s->nb_used && s->nb_used <= s->slots);
	REQUIRE(d->held == s->nb_known + s->nb_used);
	for (uint16_t j = 0; j < s->slots; j++)
		REQUIRE(rlnc_solver_uses(s, j) == is_of_use(s, j));
	for (uint16_t r = 0; r < s->nb_rows; r++) {
		uint16_t pivot = s->pivots[r];

		REQUIRE(s->row_of[pivot] == r && !s->known[pivot] && s->open[pivot] == 0);
		for (uint16_t other = 0; other < s->nb_rows; other++)
			REQUIRE(rlnc_solver_row(s, other)[pivot] == (other == r));
	}
}

static void
take(struct rlnc_decoder *d, const struct rlnc_header *h, uint32_t first, struct rte_mbuf *m)
{
	struct rlnc_symbol_head head = {0};
	uint16_t skip = rlnc_header_bytes(h);

	if (h->kind == RLNC_SYSTEMATIC) {
		uint32_t seq = first + h->index;

		if (!rlnc_decoder_in_play(d, seq) || rlnc_decoder_knows(d, seq)) {
			release(m);
			return;
		}
		/* As a destination takes the header off; here it is part of the payload. */
		head.length = rte_cpu_to_be_16((uint16_t)m->pkt_len);
		(void)rlnc_decoder_source(d, seq, head, m);
	} else if (rlnc_decoder_combination(d, h, first, m, skip) != RLNC_HELD) {
		release(m);
	}
	check(d);
	compute(d);
	check(d);
}

struct session {
	struct rlnc_blocks blocks;
	struct rlnc_window window;
	struct rlnc_params params;
	bool sliding;
	uint8_t k;
	uint32_t first;
	uint64_t now;
};

static void
input(struct session *s, const uint8_t *data, uint32_t len)
{
	struct rte_mbuf *m = packet(data, len, len > 0 ? data[0] % 61 : 0);
	uint8_t room[RLNC_HEADER_MAX];
	struct rlnc_block *block = NULL;
	struct rlnc_decoder *d = NULL;
	struct rlnc_header h;
	uint32_t gone = 0;

	if (rlnc_header_read(m, room, &h) != DROP_none || h.n > s->k) {
		release(m);
		return;
	}
	if (s->sliding) {
		(void)rlnc_window_reach(&s->window, s->first, h.n, s->now);
		d = &s->window.d;
	} else {
		block = rlnc_blocks_find(&s->blocks, s->first, s->now, &gone);
		if (block != NULL && block->state == RLNC_BLOCK_OPEN &&
			rlnc_block_learn(block, &h) &&
			rlnc_blocks_make_room(&s->blocks, block, &gone))
			d = &block->d;
	}
	if (d == NULL) {
		release(m);
		return;
	}
	take(d, &h, s->first, m);
	if (block != NULL)
		(void)rlnc_blocks_close(&s->blocks, block);
	REQUIRE(s->sliding ? d->held <= rlnc_window_hold(s->k)
			   : s->blocks.held <= rlnc_blocks_hold(&s->params));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct session s = {0};
	void *memory;
	size_t at = 2;

	if (size < 2)
		return 0;
	s.sliding = (data[0] & 1) != 0;
	s.k = (uint8_t)(1 + data[1] % RLNC_SPAN_MAX);
	s.params = (struct rlnc_params){.code = RLNC_BLOCK,
		.k = s.k,
		.repair = (data[0] & 2) != 0 ? RLNC_REPAIR_RATELESS : RLNC_REPAIR_RATIO};
	memory = aligned_alloc(
		64, RTE_ALIGN_CEIL(
			    s.sliding ? rlnc_window_bytes(s.k) : rlnc_blocks_bytes(&s.params), 64));
	if (s.sliding)
		rlnc_window_init(&s.window, memory, s.k, 1000, release_all);
	else
		rlnc_blocks_init(&s.blocks, memory, &s.params, release_all);
	while (size - at >= 3) {
		uint32_t len = (uint32_t)(data[at] << 8 | data[at + 1]) % PACKET_MAX;

		s.first += (uint32_t)(int32_t)(int8_t)data[at + 2];
		at += 3;
		len = RTE_MIN(len, (uint32_t)(size - at));
		input(&s, data + at, len);
		at += len;
		s.now++;
	}
	if (s.sliding)
		(void)rlnc_window_reset(&s.window);
	else
		(void)rlnc_blocks_reset(&s.blocks);
	REQUIRE(living == 0);
	free(memory);
	return 0;
}
