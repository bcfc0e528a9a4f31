/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The decoder beside slow and plain elimination (slow_field.h): after each packet the rank is the
 * same, the same source packets are known, and those that were computed are what was sent, byte for
 * byte, whatever was combined and combined again on the way.
 */
#include "unit.h"

#include "coded_packets.h"
#include "rlnc_decoder.h"

#define CASES 100000

/* One generation, from its source to a decoder. */
struct scene {
	struct rng rng;
	unsigned int k, nb_packets;
	uint32_t first;
	struct coded_symbol sources[RLNC_SPAN_MAX];
	/* What is on the way; source packets are vectors of one 1. */
	uint8_t vectors[64][RLNC_SPAN_MAX];
	struct coded_symbol packets[64];

	struct slow_space space;
	struct rlnc_decoder d;
	void *memory;
	bool known[RLNC_SPAN_MAX];
	uint32_t dependent, recoded, computed;
};

static void
make_scene(struct scene *s, unsigned int k, uint32_t payload_max)
{
	s->k = k;
	s->nb_packets = 0;
	s->first = (uint32_t)rng_next(&s->rng);
	memset(s->known, 0, sizeof(s->known));
	slow_space_init(&s->space, k);
	for (unsigned int i = 0; i < k; i++)
		coded_source(&s->rng, &s->sources[i], rng_below(&s->rng, payload_max + 1));
	s->memory = aligned_alloc(64, rlnc_decoder_bytes((uint16_t)k, (uint16_t)k));
	rlnc_decoder_init(&s->d, s->memory, (uint16_t)k, (uint16_t)k, coded_release_all);
	rlnc_decoder_begin(&s->d, s->first);
}

static void
end_scene(struct scene *s)
{
	rlnc_decoder_begin(&s->d, 0);
	assert_int_equal(s->d.held, 0);
	assert_int_equal(coded_mbufs, 0);
	free(s->memory);
}

/* A source packet, a seeded one, or a combination of what is on the way: one more there. */
static unsigned int
make_packet(struct scene *s, struct rlnc_header *h)
{
	unsigned int kind = rng_below(&s->rng, 4), at = s->nb_packets;
	struct coded_symbol *packet;
	uint8_t *v;

	if (at < 64)
		s->nb_packets++;
	else
		at = rng_below(&s->rng, 64);
	packet = &s->packets[at];
	v = s->vectors[at];
	*h = (struct rlnc_header){.kind = RLNC_RECODED, .n = (uint8_t)s->k, .coeffs = v};
	if (kind == 0) {
		*h = (struct rlnc_header){.kind = RLNC_SYSTEMATIC,
			.n = (uint8_t)s->k,
			.index = (uint8_t)rng_below(&s->rng, s->k)};
	} else if (kind == 1) {
		h->kind = RLNC_SEEDED;
		h->seed = (uint16_t)rng_next(&s->rng);
		if (rng_below(&s->rng, 4) == 0)
			h->n = (uint8_t)(1 + rng_below(&s->rng, s->k));
	} else {
		uint8_t sum[RLNC_SPAN_MAX] = {0};
		struct coded_symbol mixed = {0};

		for (unsigned int i = 0; i < s->nb_packets; i++) {
			uint8_t c = (uint8_t)rng_next(&s->rng);

			if (i == at || rng_below(&s->rng, 3) == 0)
				continue;
			slow_add(sum, c, s->vectors[i], s->k);
			coded_add(&mixed, c, &s->packets[i]);
		}
		memcpy(v, sum, s->k);
		*packet = mixed;
		s->recoded++;
		return at;
	}
	memset(v, 0, s->k);
	rlnc_header_coeffs(h, v);
	packet->len = 0;
	for (unsigned int i = 0; i < s->k; i++)
		coded_add(packet, v[i], &s->sources[i]);
	return at;
}

static void
check_known(struct scene *s)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < s->k; i++) {
		bool knows = rlnc_decoder_knows(&s->d, s->first + i);

		assert_int_equal(knows, slow_space_knows(&s->space, i));
		assert_int_equal(knows, s->known[i]);
		n += knows;
	}
	assert_int_equal(s->d.solver.nb_known, n);
	assert_int_equal(s->d.solver.nb_known + s->d.solver.nb_rows, s->space.rank);
	assert_int_equal(s->d.solver.nb_used, s->d.solver.nb_rows);
	assert_int_equal(s->d.held, s->space.rank);
}

/* Computes what can be, and compares it. */
static void
compute(struct scene *s)
{
	struct rlnc_found found[RLNC_SOLVER_SLOTS_MAX];
	struct rlnc_parts parts;
	struct rte_mbuf *packets[RLNC_SOLVER_SLOTS_MAX];
	uint8_t *payloads[RLNC_SOLVER_SLOTS_MAX];
	uint16_t n = rlnc_decoder_find(&s->d, found, &parts);
	uint32_t longest = 0;

	for (uint16_t i = 0; i < n; i++) {
		assert_true(found[i].sound);
		longest = RTE_MAX(longest, found[i].len);
	}
	for (uint16_t i = 0; i < n; i++)
		payloads[i] = (uint8_t *)malloc(8 + longest) + 8;
	rlnc_decoder_compute(&s->d, found, n, &parts, longest, payloads);
	for (uint16_t i = 0; i < n; i++) {
		unsigned int index = found[i].seq - s->first;
		const struct coded_symbol *source = &s->sources[index];

		assert_true(found[i].sound);
		assert_true(index < s->k && !s->known[index]);
		assert_int_equal(found[i].len + 8, source->len);
		assert_memory_equal(&found[i].head, source->bytes, 8);
		assert_memory_equal(payloads[i], source->bytes + 8, found[i].len);
		s->known[index] = true;
		s->computed++;
		packets[i] = coded_mbuf(&s->rng, payloads[i], found[i].len);
		free(payloads[i] - 8);
	}
	rlnc_decoder_keep(&s->d, found, n, packets);
}

static void
receive(struct scene *s, const struct rlnc_header *h, unsigned int at)
{
	const struct coded_symbol *packet = &s->packets[at];
	bool news = slow_space_add(&s->space, s->vectors[at]);
	uint8_t bytes[CODED_SYMBOL_MAX + 8] = {0};
	enum rlnc_verdict verdict;
	struct rte_mbuf *m;
	uint16_t skip;

	if (h->kind == RLNC_SYSTEMATIC) {
		struct rlnc_symbol_head head;

		if (s->known[h->index]) {
			assert_false(news);
			return;
		}
		memcpy(&head, packet->bytes, sizeof(head));
		m = coded_mbuf(&s->rng, packet->bytes + 8, packet->len - 8);
		assert_int_equal(
			rlnc_decoder_source(&s->d, s->first + h->index, head, m), news ? 0 : 1);
		s->known[h->index] = true;
		return;
	}
	skip = (uint16_t)rng_below(&s->rng, 9);
	memcpy(bytes + skip, packet->bytes, packet->len);
	m = coded_mbuf(&s->rng, bytes, skip + packet->len);
	verdict = rlnc_decoder_combination(&s->d, h, s->first, m, skip);
	assert_int_equal(verdict, news ? RLNC_HELD : RLNC_DEPENDENT);
	if (!news) {
		coded_release(m);
		s->dependent++;
	}
}

/* Packets come until all is known, some are lost. */
static void
play(struct scene *s, unsigned int k, uint32_t payload_max)
{
	unsigned int arrivals = 0;

	make_scene(s, k, payload_max);
	while (s->space.rank < k && arrivals < 8 * k + 20) {
		struct rlnc_header h;
		unsigned int at = make_packet(s, &h);

		arrivals++;
		if (s->packets[at].len < 8 || rng_below(&s->rng, 5) == 0)
			continue;
		receive(s, &h, at);
		compute(s);
		check_known(s);
	}
	end_scene(s);
}

static struct scene scene;

static void
test_small(void **state)
{
	uint32_t whole = 0;

	(void)state;
	rng_seed(&scene.rng, unit_seed());
	for (int i = 0; i < CASES; i++) {
		play(&scene, 1 + rng_below(&scene.rng, 6), 12);
		whole += scene.space.rank == scene.k;
	}
	assert_true(whole > CASES * 9 / 10);
	assert_true(scene.dependent > 1000 && scene.recoded > CASES && scene.computed > CASES);
}

static void
test_large(void **state)
{
	static const unsigned int sizes[] = {7, 8, 9, 16, 32, 33, 64, 65, 127, 128};

	(void)state;
	rng_seed(&scene.rng, unit_seed());
	for (int round = 0; round < 3; round++)
		for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
			play(&scene, sizes[i], 1400);
			assert_int_equal(scene.space.rank, scene.k);
		}
}

/* All repairs before the first source packet, then one after the other. */
static void
test_sources_last(void **state)
{
	struct rlnc_header h = {.kind = RLNC_SEEDED, .n = 12};

	(void)state;
	rng_seed(&scene.rng, unit_seed());
	make_scene(&scene, 12, 100);
	for (unsigned int i = 0; i < 11; i++) {
		h.seed = (uint16_t)i;
		memset(scene.vectors[0], 0, 12);
		rlnc_header_coeffs(&h, scene.vectors[0]);
		scene.packets[0].len = 0;
		for (unsigned int k = 0; k < 12; k++)
			coded_add(&scene.packets[0], scene.vectors[0][k], &scene.sources[k]);
		receive(&scene, &h, 0);
		compute(&scene);
		check_known(&scene);
	}
	assert_int_equal(scene.d.solver.nb_known, 0);
	h = (struct rlnc_header){.kind = RLNC_SYSTEMATIC, .n = 12, .index = 5};
	memset(scene.vectors[0], 0, 12);
	scene.vectors[0][5] = 1;
	scene.packets[0] = scene.sources[5];
	receive(&scene, &h, 0);
	compute(&scene);
	check_known(&scene);
	assert_int_equal(scene.d.solver.nb_known, 12);
	end_scene(&scene);
}

/* A head that cannot be: the packet is given up, and can still come as it is. */
static void
check_forged(void)
{
	struct rlnc_header h = {.kind = RLNC_SEEDED, .n = 1, .seed = 1};
	struct rlnc_found found[RLNC_SOLVER_SLOTS_MAX];
	struct rlnc_parts parts;
	struct rlnc_symbol_head head = {0};
	uint8_t forged[20], room[sizeof(forged)], *payload = room + 8;

	make_scene(&scene, 4, 100);
	memset(forged, 0xff, sizeof(forged));
	assert_int_equal(rlnc_decoder_combination(&scene.d, &h, scene.first,
				 coded_mbuf(&scene.rng, forged, sizeof(forged)), 0),
		RLNC_HELD);
	assert_int_equal(rlnc_decoder_find(&scene.d, found, &parts), 1);
	/* Where the head is computed with the payload that is seen afterwards. */
	if (parts.led)
		rlnc_decoder_compute(&scene.d, found, 1, &parts, sizeof(room) - 8, &payload);
	assert_false(found[0].sound);
	rlnc_decoder_refuse(&scene.d, found[0].seq);
	assert_int_equal(scene.d.held, 0);
	assert_int_equal(rlnc_decoder_find(&scene.d, found, &parts), 0);
	assert_false(rlnc_decoder_knows(&scene.d, scene.first));
	assert_int_equal(rlnc_decoder_source(&scene.d, scene.first, head,
				 coded_mbuf(&scene.rng, forged, sizeof(forged))),
		0);
	h.kind = RLNC_SEEDED;
	assert_int_equal(
		rlnc_decoder_combination(&scene.d, &h, scene.first - 1, NULL, 0), RLNC_OUTSIDE);
	assert_int_equal(
		rlnc_decoder_combination(&scene.d, &h, scene.first + 8, NULL, 0), RLNC_OUTSIDE);
	end_scene(&scene);
}

/* Packets in one piece and in several. */
static void
test_forged(void **state)
{
	(void)state;
	rng_seed(&scene.rng, unit_seed());
	for (int i = 0; i < 100; i++)
		check_forged();
}

/*
 * Two combinations, of which one row is left when a source packet leaves: when that row is of no
 * more use, neither of the two is.
 */
static void
test_left(void **state)
{
	static const uint8_t coeffs[][3] = {{1, 1, 1}, {1, 2, 4}};
	struct rlnc_header h = {.kind = RLNC_RECODED, .n = 3};
	struct rlnc_symbol_head head = {0};
	uint8_t bytes[20] = {0};

	(void)state;
	rng_seed(&scene.rng, unit_seed());
	make_scene(&scene, 3, 12);
	for (int i = 0; i < 2; i++) {
		h.coeffs = coeffs[i];
		assert_int_equal(rlnc_decoder_combination(&scene.d, &h, scene.first,
					 coded_mbuf(&scene.rng, bytes, sizeof(bytes)), 0),
			RLNC_HELD);
	}
	assert_int_equal(rlnc_decoder_move(&scene.d, scene.first + 1), 1);
	assert_int_equal(scene.d.solver.nb_rows, 1);
	assert_int_equal(scene.d.held, 2);
	for (uint32_t i = 1; i < 3; i++)
		assert_int_equal(rlnc_decoder_source(&scene.d, scene.first + i, head,
					 coded_mbuf(&scene.rng, bytes, sizeof(bytes))),
			i - 1);
	assert_int_equal(scene.d.solver.nb_rows, 0);
	assert_int_equal(scene.d.solver.nb_used, 0);
	assert_int_equal(scene.d.held, 2); /* both source packets */
	end_scene(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_sources_last),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_left),
	};

	slow_field_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
