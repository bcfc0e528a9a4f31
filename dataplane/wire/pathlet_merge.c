/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "pathlet_merge.h"

static inline uint16_t
length_of(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t
node_of(const uint8_t *p)
{
	return rte_be_to_cpu_32(((const struct pathlet_hdr *)p)->node) & NODE_ID_MAX;
}

/* The Pathlets inside p fill it exactly. */
static int
is_sound(const uint8_t *p)
{
	uint32_t at = sizeof(struct pathlet_hdr), length = length_of(p);

	while (at < length) {
		uint32_t len;

		if (length - at < sizeof(struct pathlet_hdr))
			return 0;
		len = length_of(p + at);
		if (len < sizeof(struct pathlet_hdr) || len > length - at)
			return 0;
		at += len;
	}
	return 1;
}

/* The Pathlet directly inside p that names a node; NULL: none. */
static const uint8_t *
find_inside(const uint8_t *p, uint32_t node)
{
	uint32_t length = length_of(p);

	for (uint32_t at = sizeof(struct pathlet_hdr); at < length; at += length_of(p + at))
		if (node_of(p + at) == node)
			return p + at;
	return NULL;
}

static uint16_t
copy(const uint8_t *p, uint8_t *out, uint16_t room)
{
	uint16_t len = length_of(p);

	if (len > room)
		return 0;
	memcpy(out, p, len);
	return len;
}

static uint16_t merge(const uint8_t *a, const uint8_t *b, uint8_t *out, uint16_t room, int depth);

/* What is directly inside a, each merged with its like in b; only what a lacks if merging is 0. */
static uint16_t
put_inside(const uint8_t *a, const uint8_t *b, int merging, uint8_t *out, uint16_t room, int depth)
{
	uint32_t length = length_of(a);
	uint16_t used = 0;

	for (uint32_t at = sizeof(struct pathlet_hdr); at < length; at += length_of(a + at)) {
		const uint8_t *like = find_inside(b, node_of(a + at));
		uint16_t len;

		if (like != NULL && !merging)
			continue;
		len = like != NULL
			      ? merge(a + at, like, out + used, (uint16_t)(room - used), depth + 1)
			      : copy(a + at, out + used, (uint16_t)(room - used));
		if (len == 0)
			return UINT16_MAX;
		used = (uint16_t)(used + len);
	}
	return used;
}

static uint16_t
merge(const uint8_t *a, const uint8_t *b, uint8_t *out, uint16_t room, int depth)
{
	const uint16_t head = sizeof(struct pathlet_hdr);
	uint16_t used = head, len;

	if (depth > PATHLET_TREE_MAX_DEPTH || room < head || !is_sound(a) || !is_sound(b))
		return 0;
	len = put_inside(a, b, 1, out + used, (uint16_t)(room - used), depth);
	if (len == UINT16_MAX)
		return 0;
	used = (uint16_t)(used + len);
	len = put_inside(b, a, 0, out + used, (uint16_t)(room - used), depth);
	if (len == UINT16_MAX)
		return 0;
	used = (uint16_t)(used + len);
	out[0] = (uint8_t)(used >> 8);
	out[1] = (uint8_t)used;
	for (int i = 2; i < head; i++)
		out[i] = a[i] | (i == 2 ? b[i] & 0x80 : 0);
	return used;
}

uint16_t
pathlet_merge(const uint8_t *a, const uint8_t *b, uint8_t *out, uint16_t room)
{
	if (length_of(a) == length_of(b) && memcmp(a, b, length_of(a)) == 0)
		return copy(a, out, room);
	return merge(a, b, out, room, 1);
}
