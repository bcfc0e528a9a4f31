/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libferry-stats. The memory is another process's: each word that decides where we read is loaded
 * once, checked, and only then used.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ferry_stats.h"
#include "stats_slot.h"

#define INTERVAL_MAX   UINT64_C(86400000000000) /* a day */
#define PATIENCE_NS    UINT64_C(1000000000)
#define TRIES	       16 /* for a snapshot, while the writer goes on */
#define SLOT_BYTES_MAX 65536

struct ferry_stats {
	/* Checked copies: what the memory says later does not matter. */
	const struct ferry_stats_header *header;
	const uint8_t *slots;
	uint32_t slot_bytes, slot_count;
	uint32_t words; /* of a record that we take */
	uint32_t node_id;
	uint64_t interval_ns, started;
	char node[FERRY_STATS_NAME_MAX];

	uint64_t at; /* ferry_stats_follow's next */

	void *mapped; /* ours to unmap, or NULL */
	size_t bytes;
	int fd; /* of it */
	dev_t dev;
	ino_t inode;
	char *path;
};

static uint64_t
load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

/* What is wrong with a header; NULL: nothing. */
static const char *
judge(const struct ferry_stats_header *h, size_t bytes)
{
	if (h->magic != FERRY_STATS_MAGIC)
		return "is no statistics file of Ferry's";
	if (h->version != FERRY_STATS_VERSION)
		return "is of another version than this reader: take the one that came with the "
		       "node";
	if (h->header_bytes < sizeof(*h) || h->file_bytes != bytes ||
		h->slots_offset < sizeof(*h) || h->slots_offset % 8 != 0 || h->slots_offset > bytes)
		return "is cut short, or its header lies";
	if (h->slot_count == 0 || (h->slot_count & (h->slot_count - 1)) != 0 ||
		h->slot_count > FERRY_STATS_SLOTS_MAX || h->slot_bytes % 8 != 0 ||
		h->slot_bytes < sizeof(uint64_t) + sizeof(struct ferry_stats_head) ||
		h->slot_bytes > SLOT_BYTES_MAX ||
		(uint64_t)h->slot_bytes * h->slot_count > bytes - h->slots_offset)
		return "has a header whose sizes make no sense";
	if (h->interval_ns == 0 || h->interval_ns > INTERVAL_MAX)
		return "has a header whose interval makes no sense";
	return NULL;
}

/* Ends in its room, and does nothing to a terminal: the names that a node writes are ASCII. */
static void
clean_text(char *text, size_t size)
{
	text[size - 1] = 0;
	for (; *text != 0; text++)
		if (*text < 0x20 || *text >= 0x7f)
			*text = '?';
}

struct ferry_stats *
ferry_stats_open_memory(const void *memory, size_t bytes, char *error, size_t size)
{
	struct ferry_stats_header h;
	struct ferry_stats *stats;
	const char *wrong;

	if (bytes < sizeof(h)) {
		snprintf(error, size, "is too short for a statistics file");
		return NULL;
	}
	memcpy(&h, memory, sizeof(h));
	wrong = judge(&h, bytes);
	stats = wrong == NULL ? calloc(1, sizeof(*stats)) : NULL;
	if (stats == NULL) {
		snprintf(error, size, "%s", wrong != NULL ? wrong : "out of memory");
		return NULL;
	}
	stats->header = memory;
	stats->slots = (const uint8_t *)memory + h.slots_offset;
	stats->slot_bytes = h.slot_bytes;
	stats->slot_count = h.slot_count;
	stats->words = h.slot_bytes / 8 - 1;
	if (stats->words > FERRY_STATS_WORDS)
		stats->words = FERRY_STATS_WORDS;
	stats->node_id = h.node_id;
	stats->interval_ns = h.interval_ns;
	stats->started = h.started;
	memcpy(stats->node, h.node, sizeof(stats->node));
	clean_text(stats->node, sizeof(stats->node));
	stats->at = load(&stats->header->head);
	return stats;
}

static struct ferry_stats *
map_file(const char *path, int fd, char *error, size_t size)
{
	struct ferry_stats *stats;
	char why[160];
	struct stat st;
	void *memory;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size <= 0) {
		snprintf(error, size, "%s is no statistics file", path);
		return NULL;
	}
	memory = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED) {
		snprintf(error, size, "%s cannot be mapped: %s", path, strerror(errno));
		return NULL;
	}
	stats = ferry_stats_open_memory(memory, (size_t)st.st_size, why, sizeof(why));
	if (stats != NULL)
		stats->path = strdup(path);
	if (stats == NULL || stats->path == NULL) {
		snprintf(error, size, "%s %s", path, stats == NULL ? why : "out of memory");
		free(stats);
		munmap(memory, (size_t)st.st_size);
		return NULL;
	}
	stats->mapped = memory;
	stats->bytes = (size_t)st.st_size;
	stats->fd = fd;
	stats->dev = st.st_dev;
	stats->inode = st.st_ino;
	return stats;
}

struct ferry_stats *
ferry_stats_open(const char *path, char *error, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct ferry_stats *stats;

	if (fd < 0) {
		snprintf(error, size, "%s cannot be opened: %s", path, strerror(errno));
		return NULL;
	}
	stats = map_file(path, fd, error, size);
	if (stats == NULL)
		close(fd);
	return stats;
}

void
ferry_stats_close(struct ferry_stats *stats)
{
	if (stats == NULL)
		return;
	if (stats->mapped != NULL) {
		munmap(stats->mapped, stats->bytes);
		close(stats->fd);
	}
	free(stats->path);
	free(stats);
}

/* What was cut off a file cannot be read any more, not even to see that it is gone (SIGBUS). */
static bool
is_whole(const struct ferry_stats *stats)
{
	struct stat st;

	return stats->mapped == NULL ||
	       (fstat(stats->fd, &st) == 0 && st.st_size >= (off_t)stats->bytes);
}

enum ferry_stats_liveness
ferry_stats_liveness(const struct ferry_stats *stats, uint64_t now_ns)
{
	uint64_t heartbeat;
	struct timespec ts;
	struct stat st;

	if (!is_whole(stats))
		return FERRY_STATS_OVER;
	heartbeat = load(&stats->header->heartbeat);
	if (load(&stats->header->state) == FERRY_STATS_ENDED)
		return FERRY_STATS_OVER;
	if (stats->path != NULL) {
		if (stat(stats->path, &st) != 0)
			return FERRY_STATS_GONE;
		if (st.st_dev != stats->dev || st.st_ino != stats->inode)
			return FERRY_STATS_REPLACED;
	}
	if (now_ns == 0) {
		clock_gettime(CLOCK_MONOTONIC, &ts);
		now_ns = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
	}
	if (now_ns > heartbeat && now_ns - heartbeat > 3 * stats->interval_ns + PATIENCE_NS)
		return FERRY_STATS_SILENT;
	return FERRY_STATS_LIVES;
}

const char *
ferry_stats_node_name(const struct ferry_stats *stats)
{
	return stats->node;
}

uint32_t
ferry_stats_node_id(const struct ferry_stats *stats)
{
	return stats->node_id;
}

uint64_t
ferry_stats_interval(const struct ferry_stats *stats)
{
	return stats->interval_ns;
}

uint64_t
ferry_stats_started(const struct ferry_stats *stats)
{
	return stats->started;
}

uint32_t
ferry_stats_slots(const struct ferry_stats *stats)
{
	return stats->slot_count;
}

uint64_t
ferry_stats_next_number(const struct ferry_stats *stats)
{
	return load(&stats->header->head);
}

/* Bytes of the record, or 0 if it makes no sense. */
static uint32_t
record_bytes(const struct ferry_stats *stats, const struct ferry_stats_head *head)
{
	if (head->bytes < sizeof(*head) || head->bytes % 8 != 0 ||
		head->bytes > stats->slot_bytes - 8)
		return 0;
	return head->bytes < stats->words * 8 ? head->bytes : stats->words * 8;
}

static void
clean_names(union ferry_stats_record *record)
{
	switch (record->head.type) {
	case FERRY_STATS_NODE:
		clean_text(record->node.name, sizeof(record->node.name));
		clean_text(record->node.version, sizeof(record->node.version));
		break;
	case FERRY_STATS_PORT:
		clean_text(record->port.name, sizeof(record->port.name));
		break;
	case FERRY_STATS_LINK:
		clean_text(record->link.name, sizeof(record->link.name));
		clean_text(record->link.port, sizeof(record->link.port));
		break;
	case FERRY_STATS_FEEDER:
		clean_text(record->feeder.name, sizeof(record->feeder.name));
		break;
	case FERRY_STATS_SESSION:
		clean_text(
			record->session.conference_name, sizeof(record->session.conference_name));
		clean_text(record->session.session_name, sizeof(record->session.session_name));
		break;
	case FERRY_STATS_DROP:
		clean_text(record->drop.reason, sizeof(record->drop.reason));
		break;
	default:
		break;
	}
}

enum ferry_stats_result
ferry_stats_read(const struct ferry_stats *stats, uint64_t number, union ferry_stats_record *record)
{
	const struct ferry_stats_slot *slot =
		(const void *)(stats->slots +
			       (size_t)(number & (stats->slot_count - 1)) * stats->slot_bytes);
	uint64_t sequence = load(&slot->sequence), wanted = stats_written(number);
	uint32_t bytes;

	if (sequence != wanted)
		return sequence < wanted ? FERRY_STATS_NOTHING : FERRY_STATS_LAPPED;
	stats_slot_copy(slot, record->words, 1);
	bytes = record_bytes(stats, &record->head);
	if (bytes != 0) {
		stats_slot_copy(slot, record->words, bytes / 8);
		memset((uint8_t *)record + bytes, 0, sizeof(*record) - bytes);
	}
	if (!stats_slot_unchanged(slot, sequence))
		return FERRY_STATS_LAPPED;
	/* The copy's own head, which nobody can change any more. */
	if (bytes == 0 || record_bytes(stats, &record->head) != bytes)
		return FERRY_STATS_BROKEN;
	clean_names(record);
	return FERRY_STATS_OK;
}

enum ferry_stats_result
ferry_stats_follow(struct ferry_stats *stats, union ferry_stats_record *record, uint64_t *lost)
{
	enum ferry_stats_result result = FERRY_STATS_LAPPED;

	for (int i = 0; i < TRIES && result == FERRY_STATS_LAPPED; i++) {
		uint64_t head, middle;

		result = ferry_stats_read(stats, stats->at, record);
		if (result == FERRY_STATS_NOTHING)
			return result;
		if (result != FERRY_STATS_LAPPED)
			break;
		head = ferry_stats_next_number(stats);
		middle = head - stats->slot_count / 2;
		/* A head that is not ahead of what it wrote over lies. */
		if (head < stats->slot_count / 2 || middle <= stats->at)
			middle = stats->at + 1;
		if (lost != NULL)
			*lost += middle - stats->at;
		stats->at = middle;
	}
	if (result == FERRY_STATS_LAPPED)
		return FERRY_STATS_NOTHING;
	stats->at++;
	return result;
}

static enum ferry_stats_result
read_interval(const struct ferry_stats *stats, struct ferry_stats_snapshot *snapshot)
{
	uint64_t last = load(&stats->header->last_node);
	union ferry_stats_record node;
	enum ferry_stats_result result;

	if (last == 0)
		return FERRY_STATS_NOTHING;
	last--;
	result = ferry_stats_read(stats, last, &node);
	if (result != FERRY_STATS_OK)
		return result;
	if (node.head.type != FERRY_STATS_NODE || node.node.count == 0 ||
		node.node.count > stats->slot_count ||
		node.node.first + (node.node.count - 1) != last)
		return FERRY_STATS_BROKEN;
	if (snapshot->room < node.node.count) {
		void *more = realloc(
			snapshot->records, node.node.count * sizeof(*snapshot->records));

		if (more == NULL)
			return FERRY_STATS_NO_MEMORY;
		snapshot->records = more;
		snapshot->room = node.node.count;
	}
	for (uint32_t i = 0; i + 1 < node.node.count && result == FERRY_STATS_OK; i++)
		result = ferry_stats_read(stats, node.node.first + i, &snapshot->records[i]);
	if (result != FERRY_STATS_OK)
		return result;
	snapshot->records[node.node.count - 1] = node;
	snapshot->count = node.node.count;
	return FERRY_STATS_OK;
}

enum ferry_stats_result
ferry_stats_snapshot(const struct ferry_stats *stats, struct ferry_stats_snapshot *snapshot)
{
	enum ferry_stats_result result = FERRY_STATS_LAPPED;

	snapshot->count = 0;
	if (!is_whole(stats))
		return FERRY_STATS_BROKEN;
	for (int i = 0; i < TRIES && result == FERRY_STATS_LAPPED; i++)
		result = read_interval(stats, snapshot);
	return result;
}

void
ferry_stats_snapshot_free(struct ferry_stats_snapshot *snapshot)
{
	free(snapshot->records);
	*snapshot = (struct ferry_stats_snapshot){0};
}

const struct ferry_stats_node *
ferry_stats_snapshot_node(const struct ferry_stats_snapshot *snapshot)
{
	return snapshot->count != 0 ? &snapshot->records[snapshot->count - 1].node : NULL;
}
