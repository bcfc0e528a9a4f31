/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A statistics file of somebody who means harm. The first byte says how the rest is read: as it is,
 * or with a header that is right but for what the input changes in it, so that slots are reached.
 * Whatever lies there: the reader stays within the memory, and what it returns keeps its promises.
 */
#include <stdlib.h>
#include <string.h>

#include "ferry_stats.h"

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_name(const char *name)
{
	REQUIRE(memchr(name, 0, FERRY_STATS_NAME_MAX) != NULL);
}

static void
check_record(const union ferry_stats_record *record)
{
	REQUIRE(record->head.bytes >= sizeof(record->head));
	switch (record->head.type) {
	case FERRY_STATS_NODE:
		check_name(record->node.name);
		break;
	case FERRY_STATS_LINK:
		check_name(record->link.name);
		check_name(record->link.port);
		(void)ferry_stats_link_state_name(record->link.state);
		(void)ferry_stats_pacing_name(record->link.pacing);
		break;
	case FERRY_STATS_SESSION:
		check_name(record->session.conference_name);
		check_name(record->session.session_name);
		(void)ferry_stats_session_state_name(record->session.state);
		(void)ferry_stats_code_name(record->session.code);
		(void)ferry_stats_delay_quantile(record->session.delays, 0.99);
		break;
	default:
		break;
	}
}

static void
read_all(struct ferry_stats *stats)
{
	struct ferry_stats_snapshot snapshot = {0};
	union ferry_stats_record record;
	uint64_t lost = 0, head = ferry_stats_next_number(stats);

	check_name(ferry_stats_node_name(stats));
	(void)ferry_stats_liveness(stats, 1);
	if (ferry_stats_snapshot(stats, &snapshot) == FERRY_STATS_OK) {
		REQUIRE(snapshot.count >= 1 && snapshot.count <= ferry_stats_slots(stats));
		REQUIRE(ferry_stats_snapshot_node(&snapshot)->count == snapshot.count);
		for (uint32_t i = 0; i < snapshot.count; i++)
			check_record(&snapshot.records[i]);
	}
	ferry_stats_snapshot_free(&snapshot);
	for (uint64_t n = 0; n < 64; n++) {
		if (ferry_stats_read(stats, n, &record) == FERRY_STATS_OK)
			check_record(&record);
		if (ferry_stats_read(stats, head - n, &record) == FERRY_STATS_OK)
			check_record(&record);
		if (ferry_stats_follow(stats, &record, &lost) == FERRY_STATS_OK)
			check_record(&record);
	}
}

/* Makes a header that would be right for so much memory; the input's bits are laid over it. */
static void
repair(struct ferry_stats_header *h, size_t bytes, uint8_t how)
{
	uint32_t slots = 1;

	h->magic = FERRY_STATS_MAGIC;
	h->version = FERRY_STATS_VERSION;
	h->header_bytes = sizeof(*h);
	h->file_bytes = bytes;
	h->slots_offset = sizeof(*h) + (how & 4 ? 0 : h->slots_offset % 64 * 8);
	h->slot_bytes = how & 8 ? 24 : FERRY_STATS_SLOT;
	while (h->slots_offset < bytes && slots * 2 * h->slot_bytes <= bytes - h->slots_offset)
		slots *= 2;
	h->slot_count = slots;
	h->interval_ns = h->interval_ns % 1000000000 + 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ferry_stats *stats;
	char error[160];
	void *memory = NULL;

	if (size < 1)
		return 0;
	/* Of its own exact size, so that one byte too many is seen. */
	REQUIRE(posix_memalign(&memory, 64, size > 1 ? size - 1 : 1) == 0);
	memcpy(memory, data + 1, size - 1);
	if ((data[0] & 1) != 0 && size - 1 >= sizeof(struct ferry_stats_header))
		repair(memory, size - 1, data[0]);
	stats = ferry_stats_open_memory(memory, size - 1, error, sizeof(error));
	if (stats != NULL)
		read_all(stats);
	ferry_stats_close(stats);
	free(memory);
	return 0;
}
