/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "rlnc_decoder.h"
#include "rlnc_gather.h"

static uint16_t
ring_of(uint16_t columns)
{
	return (uint16_t)rte_align32pow2(RTE_MAX(columns, (uint16_t)8));
}

static uint16_t
slots_of(uint16_t slots)
{
	return (uint16_t)RTE_ALIGN_CEIL(slots, 8);
}

size_t
rlnc_decoder_bytes(uint16_t columns, uint16_t slots)
{
	size_t held = (size_t)ring_of(columns) + slots_of(slots);

	return RTE_ALIGN_CEIL(rlnc_solver_bytes(ring_of(columns), slots), 64) +
	       RTE_ALIGN_CEIL(held * sizeof(struct rlnc_held), 64);
}

void
rlnc_decoder_init(struct rlnc_decoder *d, void *memory, uint16_t columns, uint16_t slots,
	rlnc_release *release)
{
	uint16_t ring = ring_of(columns);
	uint8_t *p = memory;

	rlnc_solver_init(&d->solver, p, ring, slots);
	d->sources = (void *)(p + RTE_ALIGN_CEIL(rlnc_solver_bytes(ring, slots), 64));
	d->slots = d->sources + ring;
	memset(d->sources, 0, ((size_t)ring + d->solver.slots) * sizeof(*d->sources));
	d->mask = (uint16_t)(ring - 1);
	d->held = 0;
	d->all_held = NULL;
	d->seeds = NULL;
	d->base = 0;
	d->release = release;
}

/* The slots in use. */
struct slots {
	uint64_t bits[RLNC_SOLVER_SLOTS_MAX / 64];
};

static struct slots
used_slots(const struct rlnc_solver *s)
{
	struct slots used;

	memcpy(used.bits, s->used, sizeof(used.bits));
	return used;
}

/* The next of them, which is taken out; RLNC_SOLVER_NONE: that was all. */
static inline uint16_t
next_slot(struct slots *slots)
{
	for (uint16_t i = 0; i < RTE_DIM(slots->bits); i++) {
		uint64_t bits = slots->bits[i];

		slots->bits[i] &= bits - 1;
		if (bits != 0)
			return (uint16_t)(64 * i + __builtin_ctzll(bits));
	}
	return RLNC_SOLVER_NONE;
}

static void
let_go(struct rlnc_decoder *d, struct rlnc_held *held)
{
	if (held->m == NULL)
		return;
	d->release(&held->m, 1);
	held->m = NULL;
	rlnc_decoder_count(d, -1);
}

#define TOGETHER 64

/* Combinations, of those in slots that were in use, that no row needs any more. */
static void
let_go_unused(struct rlnc_decoder *d, struct slots before)
{
	struct rte_mbuf *packets[TOGETHER];
	unsigned int n = 0;

	for (uint16_t j; (j = next_slot(&before)) != RLNC_SOLVER_NONE;) {
		if (rlnc_solver_uses(&d->solver, j))
			continue;
		packets[n++] = d->slots[j].m;
		d->slots[j].m = NULL;
		if (n == TOGETHER) {
			d->release(packets, n);
			rlnc_decoder_count(d, -TOGETHER);
			n = 0;
		}
	}
	if (n > 0)
		d->release(packets, n);
	rlnc_decoder_count(d, -(int)n);
}

static void
let_go_all(struct rlnc_decoder *d)
{
	struct rte_mbuf *packets[TOGETHER];
	unsigned int left = d->held, n = 0;

	for (struct rlnc_held *held = d->sources; left > 0; held++) {
		if (held->m == NULL)
			continue;
		packets[n++] = held->m;
		held->m = NULL;
		left--;
		if (n == TOGETHER || left == 0) {
			d->release(packets, n);
			n = 0;
		}
	}
	rlnc_decoder_count(d, -d->held);
}

void
rlnc_decoder_begin(struct rlnc_decoder *d, uint32_t base)
{
	let_go_all(d);
	rlnc_solver_reset(&d->solver);
	d->base = base;
}

uint16_t
rlnc_decoder_source(
	struct rlnc_decoder *d, uint32_t seq, struct rlnc_symbol_head head, struct rte_mbuf *m)
{
	struct slots before = used_slots(&d->solver);
	uint16_t gone = rlnc_solver_learn(&d->solver, seq & d->mask);

	rlnc_held_set(&d->sources[seq & d->mask], head, m, 0);
	rlnc_decoder_count(d, 1);
	if (unlikely(gone > 0))
		let_go_unused(d, before);
	return gone;
}

static void
read_coeffs(const struct rlnc_decoder *d, const struct rlnc_header *h, uint8_t *coeffs)
{
	if (h->kind == RLNC_SEEDED && d->seeds != NULL)
		rlnc_seeds_coeffs(d->seeds, h->seed, coeffs, h->n);
	else
		rlnc_header_coeffs(h, coeffs);
}

/* The coefficients of a packet, by column, else 0; false: one's sequence is not in play. */
static bool
place_coeffs(
	const struct rlnc_decoder *d, const struct rlnc_header *h, uint32_t first, uint8_t *columns)
{
	uint8_t coeffs[RLNC_SPAN_MAX];
	uint32_t at = first & d->mask;

	/* In one piece, and all in play. */
	if (likely(first - d->base <= (uint32_t)(d->mask + 1 - h->n) &&
		    at <= (uint32_t)(d->mask + 1 - h->n))) {
		read_coeffs(d, h, columns + at);
		return true;
	}
	read_coeffs(d, h, coeffs);
	for (uint16_t i = 0; i < h->n; i++) {
		if (coeffs[i] == 0)
			continue;
		if (!rlnc_decoder_in_play(d, first + i))
			return false;
		columns[(first + i) & d->mask] = coeffs[i];
	}
	return true;
}

enum rlnc_verdict
rlnc_decoder_combination(struct rlnc_decoder *d, const struct rlnc_header *h, uint32_t first,
	struct rte_mbuf *m, uint16_t skip)
{
	struct rlnc_symbol_head head;
	const void *p;
	uint16_t slot;

	if (!place_coeffs(d, h, first, rlnc_solver_candidate(&d->solver)))
		return RLNC_OUTSIDE;
	slot = rlnc_solver_free_slot(&d->solver);
	if (unlikely(slot == RLNC_SOLVER_NONE))
		return RLNC_FULL;
	if (!rlnc_solver_add(&d->solver, slot))
		return RLNC_DEPENDENT;
	p = rte_pktmbuf_read(m, skip, sizeof(head), &head);
	if (likely(p != &head))
		memcpy(&head, p, sizeof(head));
	rlnc_held_set(&d->slots[slot], head, m, (uint32_t)(skip + sizeof(head)));
	d->slots[slot].led = (const uint8_t *)p + sizeof(head) == d->slots[slot].at;
	rlnc_decoder_count(d, 1);
	return RLNC_HELD;
}

#define ANY_BYTES (RLNC_SOLVER_COLUMNS_MAX + RLNC_SOLVER_SLOTS_MAX + 64)

static void
or_into(uint8_t *restrict any, const uint8_t *restrict row, size_t n)
{
	for (size_t k = 0; k < n; k++)
		any[k] |= row[k];
}

/* In any[], by column or slot: which of those that somebody holds are in one of the rows. */
static void
find_any(const struct rlnc_decoder *d, const struct rlnc_found *found, uint16_t n,
	uint8_t any[ANY_BYTES])
{
	const struct rlnc_solver *s = &d->solver;

	memset(any, 0, ANY_BYTES);
	for (uint16_t i = 0; i < n; i++)
		or_into(any, rlnc_solver_row(s, found[i].row), s->stride);
	for (uint16_t k = 0; k < s->columns; k++)
		any[k] &= (uint8_t)-s->known[k];
}

/* All rows, and nobody holds a source: each combination is in one of them. */
static void
take_all_slots(const struct rlnc_decoder *d, struct rlnc_parts *parts)
{
	struct slots used = used_slots(&d->solver);

	parts->n = 0;
	for (uint16_t j; (j = next_slot(&used)) != RLNC_SOLVER_NONE; parts->n++) {
		parts->held[parts->n] = &d->slots[j];
		parts->at[parts->n] = (uint16_t)(d->solver.columns + j);
	}
}

static void
find_parts(const struct rlnc_decoder *d, const struct rlnc_found *found, uint16_t n,
	struct rlnc_parts *parts)
{
	const struct rlnc_solver *s = &d->solver;
	uint8_t any[ANY_BYTES];
	unsigned int parts_n = 0;

	parts->to = NULL;
	if (n == s->nb_rows && s->nb_known == 0) {
		take_all_slots(d, parts);
		return;
	}
	find_any(d, found, n, any);
	/* Most slots are in no row; which columns are not is anybody's guess: no branch. */
	for (uint16_t k = 0; k < s->columns + s->slots; k = (uint16_t)(k + 8)) {
		uint64_t word;

		memcpy(&word, any + k, 8);
		if (word == 0)
			continue;
		for (uint16_t i = 0; i < 8; i++) {
			parts->held[parts_n] = &d->sources[k + i];
			parts->at[parts_n] = (uint16_t)(k + i);
			parts_n += any[k + i] != 0;
		}
	}
	parts->n = parts_n;
}

/* Rows one after the other, and of each what is in one piece: as it often is in a block code. */
static bool
in_one_piece(const struct rlnc_found *found, unsigned int n, const struct rlnc_parts *parts,
	unsigned int from, unsigned int n_src)
{
	for (unsigned int i = 1; i < n; i++)
		if (found[i].row != found[0].row + i)
			return false;
	return parts->at[from + n_src - 1] == parts->at[from] + n_src - 1;
}

/* The pass from some parts on to some outputs; mostly there is one, and it is used twice. */
static const struct rlnc_gather *
prepare(const struct rlnc_decoder *d, struct rlnc_parts *parts, const struct rlnc_found *to,
	unsigned int n, unsigned int from)
{
	struct rlnc_gather *pass = &parts->pass;
	uint8_t *coeffs = parts->coeffs;

	if (parts->to == to && parts->from == from)
		return pass;
	parts->to = to;
	parts->from = from;
	*pass = (struct rlnc_gather){
		.n_src = RTE_MIN(parts->n - from, (unsigned int)GF256_SOURCES_MAX),
		.n_out = n,
		.add = from > 0,
		.led = parts->led,
		.coeffs = coeffs,
		.src = parts->held + from};
	pass->stride = pass->n_src;
	if (in_one_piece(to, n, parts, from, pass->n_src)) {
		pass->stride = d->solver.stride;
		pass->coeffs = rlnc_solver_row(&d->solver, to[0].row) + parts->at[from];
		return pass;
	}
	for (unsigned int i = 0; i < n; i++) {
		const uint8_t *row = rlnc_solver_row(&d->solver, to[i].row);

		for (unsigned int k = 0; k < pass->n_src; k++)
			*coeffs++ = row[parts->at[from + k]];
	}
	return pass;
}

static void
find_heads(const struct rlnc_decoder *d, struct rlnc_found *found, uint16_t n,
	struct rlnc_parts *parts)
{
	struct rlnc_symbol_head *heads[RLNC_GATHER_OUTPUTS];

	for (uint16_t i = 0; i < n; i = (uint16_t)(i + RLNC_GATHER_OUTPUTS)) {
		unsigned int some = RTE_MIN(n - i, RLNC_GATHER_OUTPUTS);

		for (unsigned int o = 0; o < some; o++)
			heads[o] = &found[i + o].head;
		for (unsigned int from = 0; from < parts->n; from += GF256_SOURCES_MAX)
			rlnc_gather_heads(prepare(d, parts, found + i, some, from), heads);
	}
}

/* The sequence of a column: the one in play. */
static uint32_t
seq_of(const struct rlnc_decoder *d, uint16_t column)
{
	return d->base + ((column - d->base) & d->mask);
}

/* The shortest of all combinations that are needed. */
static uint32_t
shortest_len(const struct rlnc_decoder *d)
{
	struct slots used = used_slots(&d->solver);
	uint32_t len = UINT32_MAX;

	for (uint16_t j; (j = next_slot(&used)) != RLNC_SOLVER_NONE;)
		len = RTE_MIN(len, d->slots[j].len);
	return len;
}

/* The longest symbol of those that a row is made of, without its head. */
static uint32_t
row_len(const struct rlnc_decoder *d, const uint8_t *row)
{
	const uint8_t *slots = row + d->solver.columns;
	uint32_t len = 0;

	for (uint16_t j = 0; j < d->solver.slots; j++)
		if (slots[j] != 0)
			len = RTE_MAX(len, d->slots[j].len);
	return len;
}

/* All that is combined are combinations, of one length and each in one piece, the head too. */
static bool
all_led(const struct rlnc_parts *parts)
{
	uint32_t len = parts->held[0]->len;
	bool led = true;

	for (unsigned int i = 0; i < parts->n; i++) {
		const struct rlnc_held *held = parts->held[i];

		led &= held->led && held->len == len && held->piece == len;
	}
	return led;
}

/* What a head says, now that it is known. */
static void
judge(const struct rlnc_decoder *d, struct rlnc_found *f, uint32_t shortest)
{
	f->len = rte_be_to_cpu_16(f->head.length);
	f->sound = (f->len <= shortest ||
			   f->len <= row_len(d, rlnc_solver_row(&d->solver, f->row))) &&
		   (f->head.flags & ~RLNC_SYMBOL_FLAGS) == 0 && f->head.reserved == 0;
}

uint16_t
rlnc_decoder_find(const struct rlnc_decoder *d, struct rlnc_found found[RLNC_SOLVER_SLOTS_MAX],
	struct rlnc_parts *parts)
{
	uint16_t rows[RLNC_SOLVER_SLOTS_MAX], n = rlnc_solver_solved(&d->solver, rows);

	parts->led = false;
	if (n == 0)
		return 0;
	for (uint16_t i = 0; i < n; i++)
		found[i] = (struct rlnc_found){
			.row = rows[i], .seq = seq_of(d, d->solver.pivots[rows[i]])};
	find_parts(d, found, n, parts);
	parts->shortest = shortest_len(d);
	parts->led = all_led(parts);
	if (!parts->led)
		find_heads(d, found, n, parts);
	for (uint16_t i = 0; i < n && !parts->led; i++)
		judge(d, &found[i], parts->shortest);
	for (uint16_t i = 0; i < n && parts->led; i++) {
		found[i].len = (uint16_t)parts->held[0]->len;
		found[i].sound = true;
	}
	return n;
}

void
rlnc_decoder_compute(const struct rlnc_decoder *d, struct rlnc_found *found, uint16_t n,
	struct rlnc_parts *parts, uint32_t len, uint8_t *const payloads[])
{
	size_t lead = parts->led ? sizeof(struct rlnc_symbol_head) : 0;
	uint8_t *to[RLNC_GATHER_OUTPUTS];

	if (parts->led)
		len = parts->held[0]->len;
	for (uint16_t i = 0; i < n; i = (uint16_t)(i + RLNC_GATHER_OUTPUTS)) {
		unsigned int some = RTE_MIN(n - i, RLNC_GATHER_OUTPUTS);

		for (unsigned int o = 0; o < some; o++)
			to[o] = payloads[i + o] - lead;
		for (unsigned int from = 0; from < parts->n; from += GF256_SOURCES_MAX)
			rlnc_gather(prepare(d, parts, found + i, some, from), len, to);
		for (unsigned int o = 0; o < some && parts->led; o++) {
			memcpy(&found[i + o].head, to[o], lead);
			judge(d, &found[i + o], parts->shortest);
		}
	}
}

void
rlnc_decoder_keep(struct rlnc_decoder *d, const struct rlnc_found *found, uint16_t n,
	struct rte_mbuf *const packets[])
{
	struct slots before = used_slots(&d->solver);
	uint16_t rows[RLNC_SOLVER_SLOTS_MAX];

	for (uint16_t i = 0; i < n; i++) {
		rows[i] = found[i].row;
		rlnc_held_set(&d->sources[found[i].seq & d->mask], found[i].head, packets[i], 0);
	}
	rlnc_decoder_count(d, n);
	rlnc_solver_finish(&d->solver, rows, n);
	let_go_unused(d, before);
}

void
rlnc_decoder_refuse(struct rlnc_decoder *d, uint32_t seq)
{
	struct slots before = used_slots(&d->solver);

	rlnc_solver_forget(&d->solver, seq & d->mask);
	let_go_unused(d, before);
}

uint16_t
rlnc_decoder_move(struct rlnc_decoder *d, uint32_t base)
{
	struct slots before = used_slots(&d->solver);
	uint16_t gone = 0;

	if (base - d->base > d->mask) {
		gone = d->solver.nb_rows;
		rlnc_decoder_begin(d, base);
		return gone;
	}
	while (d->base != base) {
		uint16_t column = d->base++ & d->mask;

		gone = (uint16_t)(gone + rlnc_solver_forget(&d->solver, column));
		let_go(d, &d->sources[column]);
	}
	if (gone > 0)
		let_go_unused(d, before);
	return gone;
}
