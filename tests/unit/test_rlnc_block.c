/* SPDX-License-Identifier: BSD-3-Clause */
/* Generations at a destination: which are begun, and what is given up first when memory ends. */
#include "unit.h"

#include "coded_packets.h"
#include "rlnc_block.h"

#define K 16

static struct rlnc_blocks blocks;
static struct rng rng;

static void *
begin_of(const struct rlnc_params *params)
{
	void *memory = aligned_alloc(64, RTE_ALIGN_CEIL(rlnc_blocks_bytes(params), 64));

	rng_seed(&rng, unit_seed());
	rlnc_blocks_init(&blocks, memory, params, coded_release_all);
	return memory;
}

static void *
begin(uint8_t k)
{
	struct rlnc_params params = {.code = RLNC_BLOCK, .k = k};

	return begin_of(&params);
}

static void
end(void *memory)
{
	(void)rlnc_blocks_reset(&blocks);
	assert_int_equal(blocks.held, 0);
	assert_int_equal(coded_mbufs, 0);
	free(memory);
}

/* A source packet, or a combination of all, of a generation. */
static bool
put(uint32_t first, int index, uint64_t now, uint32_t *gone)
{
	uint8_t data[40] = {0};
	struct rlnc_symbol_head head = {.length = RTE_BE16(32)};
	struct rlnc_block *block = rlnc_blocks_find(&blocks, first, now, gone);
	struct rlnc_header h = {.kind = RLNC_SEEDED, .n = K, .seed = (uint16_t)rng_next(&rng)};
	struct rte_mbuf *m;

	if (block == NULL || block->state != RLNC_BLOCK_OPEN ||
		!rlnc_blocks_make_room(&blocks, block, gone))
		return false;
	m = coded_mbuf(&rng, data, sizeof(data));
	if (index >= 0)
		(void)rlnc_decoder_source(&block->d, first + (uint32_t)index, head, m);
	else if (rlnc_decoder_combination(&block->d, &h, first, m, 0) != RLNC_HELD)
		coded_release(m);
	return true;
}

static enum rlnc_block_state
state_of(uint32_t first)
{
	for (uint16_t i = 0; i < blocks.count; i++)
		if (blocks.blocks[i].first == first)
			return blocks.blocks[i].state;
	return RLNC_BLOCK_UNUSED;
}

/* One more than there are places, around the end of the numbers: the oldest goes, for good. */
static void
test_oldest_goes(void **state)
{
	void *memory = begin(K);
	uint32_t base = UINT32_MAX - 5 * K, gone = 0;

	(void)state;
	for (uint32_t i = 0; i < blocks.count; i++) {
		assert_true(put(base + i * K, -1, i, &gone));
		assert_true(put(base + i * K, 3, i, &gone));
	}
	assert_int_equal(gone, 0);
	assert_int_equal(blocks.held, 2 * blocks.count);
	assert_true(put(base + blocks.count * K, 0, 99, &gone));
	assert_int_equal(gone, 1);
	assert_int_equal(state_of(base), RLNC_BLOCK_UNUSED);
	assert_int_equal(blocks.held, 2 * (blocks.count - 1) + 1);
	assert_false(put(base, 1, 99, &gone));
	assert_false(put(base - K, 1, 99, &gone));
	assert_int_equal(gone, 1);
	end(memory);
}

/* Newer ones that nobody sent fill all places: once they are given up nothing is too old. */
static void
test_forged(void **state)
{
	void *memory = begin(K);
	uint32_t base = (uint32_t)rng_next(&rng), gone = 0;

	(void)state;
	assert_true(put(base, 0, 0, &gone));
	for (uint32_t i = 0; i <= blocks.count; i++)
		assert_true(put(base + (UINT32_C(1) << 30) + i * K, -1, 0, &gone));
	rlnc_blocks_give_up(&blocks, 1, &gone);
	for (uint32_t i = 1; i < 4u * blocks.count; i++)
		assert_true(put(base + i * K, -1, i, &gone));
	end(memory);
}

/* A generation that is done goes before one that is open, though it is newer. */
static void
test_done_goes_first(void **state)
{
	void *memory = begin(K);
	struct rlnc_header h = {.kind = RLNC_SYSTEMATIC, .final = true, .n = 1};
	struct rlnc_block *block;
	uint32_t gone = 0;

	(void)state;
	for (uint32_t i = 0; i < blocks.count; i++)
		assert_true(put(i * K, 0, i, &gone));
	block = rlnc_blocks_find(&blocks, 3 * K, 50, &gone);
	assert_false(rlnc_blocks_close(&blocks, block));
	assert_true(rlnc_block_learn(block, &h));
	assert_true(rlnc_blocks_close(&blocks, block));
	assert_int_equal(blocks.held, blocks.count - 1);
	assert_false(rlnc_blocks_close(&blocks, block));
	assert_false(put(3 * K, 0, 51, &gone));
	assert_true(put(blocks.count * K, 0, 52, &gone));
	assert_int_equal(state_of(0), RLNC_BLOCK_OPEN);
	assert_int_equal(state_of(3 * K), RLNC_BLOCK_UNUSED);
	/* Numbers below it are too old now, those of open generations aside. */
	assert_true(put(0, 1, 53, &gone));
	assert_false(put(3 * K, 1, 53, &gone));
	end(memory);
}

/* Older than all that are open: it begins only in the place of one that is done. */
static void
test_older_begins(void **state)
{
	struct rlnc_header h = {.kind = RLNC_SYSTEMATIC, .final = true, .n = 1};

	(void)state;
	for (uint32_t decoded = 0; decoded < 2; decoded++) {
		void *memory = begin(K);
		uint32_t base = (uint32_t)rng_next(&rng), gone = 0;
		struct rlnc_block *block;

		for (uint32_t i = 0; i < blocks.count; i++)
			assert_true(put(base + i * K, 0, i == 3 ? 1 : 2, &gone));
		assert_false(put(base - K, 0, 2, &gone));
		block = rlnc_blocks_find(&blocks, base + 3 * K, 1, &gone);
		assert_true(rlnc_block_learn(block, &h));
		if (decoded != 0)
			assert_true(rlnc_blocks_close(&blocks, block));
		else
			rlnc_blocks_give_up(&blocks, 2, &gone);
		assert_false(put(base + 3 * K, 0, 2, &gone));
		assert_true(put(base - K, 0, 2, &gone));
		assert_int_equal(state_of(base + 3 * K), RLNC_BLOCK_UNUSED);
		/* It may be none of the source's, unless it was decoded. */
		assert_int_equal(put(base + 3 * K, 0, 2, &gone), decoded == 0);
		assert_false(put(base - 2 * K, 0, 2, &gone));
		end(memory);
	}
}

/* A flood of generations, in any order: places and packets stay within their bounds. */
static void
test_flood(void **state)
{
	static const uint8_t sizes[] = {1, 2, 7, 16, 100, 128};

	(void)state;
	for (size_t s = 0; s < sizeof(sizes); s++) {
		struct rlnc_params params = {.code = RLNC_BLOCK, .k = sizes[s]};
		void *memory = begin_of(&params);
		uint32_t gone = 0, most = 0;

		for (uint32_t i = 0; i < 20000; i++) {
			uint32_t first = i % 2 != 0 ? (uint32_t)rng_next(&rng) : i * sizes[s];
			uint32_t index = rng_below(&rng, sizes[s]);
			struct rlnc_symbol_head head = {0};
			struct rlnc_block *block = rlnc_blocks_find(&blocks, first, i, &gone);

			if (block == NULL || block->state != RLNC_BLOCK_OPEN ||
				!rlnc_blocks_make_room(&blocks, block, &gone) ||
				rlnc_decoder_knows(&block->d, first + index))
				continue;
			(void)rlnc_decoder_source(&block->d, first + index, head,
				coded_mbuf(&rng, (const uint8_t *)"x", 1));
			most = RTE_MAX(most, blocks.held);
		}
		assert_in_range(most, 1, rlnc_blocks_hold(&params));
		assert_true(coded_mbufs >= (int)blocks.held);
		end(memory);
	}
}

/* So many packets are held in all; more of one generation push out the oldest others. */
static void
test_packets_bound(void **state)
{
	void *memory = begin(K);
	uint32_t gone = 0, n = blocks.count;

	(void)state;
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = 0; k < K; k++)
			assert_true(put(i * K, -1, i, &gone));
	blocks.held_max = blocks.held + 1;
	assert_int_equal(gone, 0);
	(void)rlnc_blocks_find(&blocks, (n - 1) * K, 0, &gone);
	blocks.held_max = blocks.held;
	assert_true(put((n - 1) * K, 0, 0, &gone));
	assert_true(gone > 0);
	assert_int_equal(state_of(0), RLNC_BLOCK_GIVEN_UP);
	assert_int_equal(state_of(K), RLNC_BLOCK_OPEN);
	assert_false(put(0, 0, 0, &gone));
	end(memory);
}

static void
test_silence(void **state)
{
	void *memory = begin(K);
	uint32_t gone = 0;

	(void)state;
	assert_int_equal(rlnc_blocks_oldest(&blocks), UINT64_MAX);
	assert_true(put(0, -1, 100, &gone));
	assert_true(put(K, -1, 200, &gone));
	assert_true(put(0, 1, 300, &gone));
	assert_int_equal(rlnc_blocks_oldest(&blocks), 200);
	rlnc_blocks_give_up(&blocks, 201, &gone);
	assert_int_equal(gone, 1);
	assert_int_equal(state_of(0), RLNC_BLOCK_OPEN);
	assert_int_equal(state_of(K), RLNC_BLOCK_GIVEN_UP);
	assert_int_equal(rlnc_blocks_oldest(&blocks), 300);
	end(memory);
}

/* What packets say of one generation must agree. */
static void
test_contradictions(void **state)
{
	void *memory = begin(K);
	struct rlnc_header source = {.kind = RLNC_SYSTEMATIC, .n = K, .index = 9},
			   closed = {.kind = RLNC_SEEDED, .final = true, .n = 10},
			   early = {.kind = RLNC_SEEDED, .n = 5};
	struct rlnc_block *block;
	uint32_t gone = 0;

	(void)state;
	block = rlnc_blocks_find(&blocks, 0, 0, &gone);
	assert_true(rlnc_block_learn(block, &source));
	closed.n = 9;
	assert_false(rlnc_block_learn(block, &closed));
	closed.n = 10;
	assert_true(rlnc_block_learn(block, &closed));
	assert_true(rlnc_block_learn(block, &closed));
	assert_true(rlnc_block_learn(block, &early));
	closed.n = 11;
	assert_false(rlnc_block_learn(block, &closed));
	source.index = 10;
	assert_false(rlnc_block_learn(block, &source));
	early.n = 11;
	assert_false(rlnc_block_learn(block, &early));
	end(memory);
}

/* All that a rateless source repairs has a place, whatever k is, and is told of when it is done. */
static void
test_rateless(void **state)
{
	static const uint8_t sizes[] = {1, 30, 31, 32, 64, 128};

	(void)state;
	for (size_t s = 0; s < RTE_DIM(sizes); s++) {
		struct rlnc_params params = {
			.code = RLNC_BLOCK, .k = sizes[s], .repair = RLNC_REPAIR_RATELESS};
		uint32_t n = rlnc_encoder_holds(&params) / sizes[s], gone = 0;
		void *memory = begin_of(&params);

		for (uint32_t round = 0; round < 2; round++)
			for (uint32_t i = 0; i < n; i++)
				assert_non_null(rlnc_blocks_find(&blocks, i * sizes[s], i, &gone));
		assert_true(rlnc_blocks_hold(&params) >= n * sizes[s]);
		end(memory);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_oldest_goes),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_done_goes_first),
		cmocka_unit_test(test_older_begins),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_packets_bound),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_rateless),
		cmocka_unit_test(test_contradictions),
	};

	slow_field_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
