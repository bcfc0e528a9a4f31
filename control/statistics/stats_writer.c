/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "stats_slot.h"
#include "stats_writer.h"

#define MODE  0644
#define SPARE (1u << 20) /* bytes that are left to others */

static_assert(sizeof(struct ferry_stats_slot) == FERRY_STATS_SLOT, "a slot");
static_assert(sizeof(union ferry_stats_record) == FERRY_STATS_WORDS * 8, "a record fits its slot");

static int
fail(int code, const char *path, const char *what, char *error, size_t size)
{
	snprintf(error, size, "statistics file %s: %s: %s", path, what, strerror(code));
	return -code;
}

/*
 * To take what there is, and then find that it is not enough, would leave others without any for a
 * moment. A file system without a limit tells of no blocks.
 */
static bool
has_room(int fd, size_t bytes)
{
	struct statvfs fs;

	return fstatvfs(fd, &fs) != 0 || fs.f_blocks == 0 ||
	       (uint64_t)fs.f_bavail * fs.f_frsize >= (uint64_t)bytes + SPARE;
}

/* A new file of another name, so that nobody sees it half made. */
static int
make_file(const char *name, size_t bytes, char *error, size_t size)
{
	int fd, code;

	if (unlink(name) != 0 && errno != ENOENT)
		return fail(errno, name, "cannot be replaced", error, size);
	fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, MODE);
	if (fd < 0)
		return fail(errno, name, "cannot be made", error, size);
	/* All of it now: a page that cannot be had later would kill who writes to it. */
	code = has_room(fd, bytes) ? posix_fallocate(fd, 0, (off_t)bytes) : ENOSPC;
	if (code == 0 && fchmod(fd, MODE) != 0)
		code = errno;
	if (code == 0)
		return fd;
	close(fd);
	unlink(name);
	return fail(code, name, "its memory cannot be had", error, size);
}

static void
fill_header(struct stats_writer *w, const struct stats_writer_params *params)
{
	struct ferry_stats_header *header = w->header;

	header->magic = FERRY_STATS_MAGIC;
	header->version = FERRY_STATS_VERSION;
	header->header_bytes = sizeof(*header);
	header->file_bytes = w->bytes;
	header->slots_offset = sizeof(*header);
	header->slot_bytes = FERRY_STATS_SLOT;
	header->slot_count = params->slots;
	header->started = params->utc_ns;
	header->interval_ns = params->interval_ns;
	header->node_id = params->node_id;
	snprintf(header->node, sizeof(header->node), "%s", params->node);
	header->heartbeat = params->now_ns;
	header->state = FERRY_STATS_RUNNING;
}

static int
map_file(struct stats_writer *w, int fd, const struct stats_writer_params *params, char *error,
	size_t size)
{
	struct stat st;
	void *memory;

	if (fstat(fd, &st) != 0)
		return fail(errno, w->path, "cannot be looked at", error, size);
	memory = mmap(NULL, w->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (memory == MAP_FAILED)
		return fail(errno, w->path, "cannot be mapped", error, size);
	w->header = memory;
	w->slots = (uint8_t *)memory + sizeof(*w->header);
	w->mask = params->slots - 1;
	w->fd = fd;
	w->dev = st.st_dev;
	w->inode = st.st_ino;
	fill_header(w, params);
	return 0;
}

int
stats_writer_open(
	struct stats_writer *w, const struct stats_writer_params *params, char *error, size_t size)
{
	char name[sizeof(w->path) + 8];
	int fd, ret;

	*w = (struct stats_writer){0};
	if (params->slots == 0 || (params->slots & (params->slots - 1)) != 0 ||
		params->slots > FERRY_STATS_SLOTS_MAX || strlen(params->path) >= sizeof(w->path))
		return fail(EINVAL, params->path, "its size or its name", error, size);
	snprintf(w->path, sizeof(w->path), "%s", params->path);
	snprintf(name, sizeof(name), "%s.new", params->path);
	w->bytes = sizeof(*w->header) + (size_t)params->slots * FERRY_STATS_SLOT;
	fd = make_file(name, w->bytes, error, size);
	if (fd < 0)
		return fd;
	ret = map_file(w, fd, params, error, size);
	if (ret == 0 && rename(name, w->path) != 0) {
		ret = fail(errno, w->path, "cannot get its name", error, size);
		munmap(w->header, w->bytes);
		w->header = NULL;
	}
	if (ret != 0) {
		close(fd);
		unlink(name);
	}
	return ret;
}

bool
stats_writer_whole(const struct stats_writer *w)
{
	struct stat st;

	return fstat(w->fd, &st) == 0 && st.st_size >= (off_t)w->bytes;
}

int
stats_writer_named(const struct stats_writer *w)
{
	struct stat st;

	if (lstat(w->path, &st) != 0)
		return -ENOENT;
	return st.st_dev == w->dev && st.st_ino == w->inode ? 0 : -EEXIST;
}

void
stats_writer_put(struct stats_writer *w, const union ferry_stats_record *record)
{
	uint64_t number = w->next++;
	struct ferry_stats_slot *slot = (void *)(w->slots + (number & w->mask) * FERRY_STATS_SLOT);

	stats_slot_put(slot, number, record->words, record->head.bytes / 8u);
	__atomic_store_n(&w->header->head, w->next, __ATOMIC_RELEASE);
	if (record->head.type == FERRY_STATS_NODE)
		__atomic_store_n(&w->header->last_node, w->next, __ATOMIC_RELEASE);
}

void
stats_writer_beat(struct stats_writer *w, uint64_t now_ns)
{
	__atomic_store_n(&w->header->heartbeat, now_ns, __ATOMIC_RELEASE);
}

void
stats_writer_close(struct stats_writer *w)
{
	if (w->header == NULL)
		return;
	if (stats_writer_whole(w))
		__atomic_store_n(&w->header->state, (uint64_t)FERRY_STATS_ENDED, __ATOMIC_RELEASE);
	munmap(w->header, w->bytes);
	close(w->fd);
	w->header = NULL;
	if (stats_writer_named(w) == 0)
		unlink(w->path);
}
