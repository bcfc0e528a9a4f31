/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "mgmt_seen.h"

#define ROOM_FIRST 256

bool
mgmt_seen_key(
	struct mgmt_seen_key *key, const char *from, const char *id, const char *text, size_t size)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char digest[EVP_MAX_MD_SIZE];
	bool has_id = id[0] != 0, done;

	/* The 0 between them keeps "ab" + "c" from being "a" + "bc". */
	done = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
	       EVP_DigestUpdate(ctx, from, strlen(from) + 1) == 1 &&
	       EVP_DigestUpdate(ctx, has_id ? "i" : "t", 1) == 1 &&
	       EVP_DigestUpdate(ctx, has_id ? id : text, has_id ? strlen(id) : size) == 1 &&
	       EVP_DigestFinal_ex(ctx, digest, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	if (!done)
		return false;
	memcpy(key, digest, sizeof(*key));
	key->words[1] |= 1;
	return true;
}

void
mgmt_seen_id(const struct mgmt_seen_key *key, char id[33])
{
	snprintf(id, 33, "%016" PRIx64 "%016" PRIx64, key->words[0], key->words[1]);
}

static struct mgmt_seen_key *
slot(const struct mgmt_seen_age *age, const struct mgmt_seen_key *key)
{
	uint32_t mask = age->room - 1, at = (uint32_t)key->words[0] & mask;

	while (age->keys[at].words[1] != 0 && (age->keys[at].words[0] != key->words[0] ||
						      age->keys[at].words[1] != key->words[1]))
		at = (at + 1) & mask;
	return &age->keys[at];
}

static bool
has(const struct mgmt_seen_age *age, const struct mgmt_seen_key *key)
{
	return age->room != 0 && slot(age, key)->words[1] != 0;
}

/* At most three quarters are used. */
static bool
make_room(struct mgmt_seen_age *age)
{
	struct mgmt_seen_age larger = {.room = age->room != 0 ? 2 * age->room : ROOM_FIRST};

	if (age->room != 0 && age->count < age->room / 4 * 3)
		return true;
	larger.keys = calloc(larger.room, sizeof(*larger.keys));
	if (larger.keys == NULL)
		return false;
	for (uint32_t i = 0; i < age->room; i++) {
		if (age->keys[i].words[1] != 0)
			*slot(&larger, &age->keys[i]) = age->keys[i];
	}
	larger.count = age->count;
	free(age->keys);
	*age = larger;
	return true;
}

/* A new age begins; the last one is forgotten. */
static void
turn(struct mgmt_seen *seen)
{
	free(seen->ages[MGMT_SEEN_AGES - 1].keys);
	memmove(seen->ages + 1, seen->ages, (MGMT_SEEN_AGES - 1) * sizeof(seen->ages[0]));
	memset(&seen->ages[0], 0, sizeof(seen->ages[0]));
	seen->number++;
}

static void
begin_share(const struct mgmt_seen *seen, struct mgmt_seen_share *share)
{
	if (share->number != seen->number)
		*share = (struct mgmt_seen_share){.number = seen->number};
}

/* The present age, and the shares of it. */
static void
begin(struct mgmt_seen *seen, const struct mgmt_seen_from *from, uint64_t now)
{
	if (seen->number == 0 || now - seen->began >= MESSAGE_AGE_MAX) {
		turn(seen);
		seen->began = now;
		seen->all_count = 0;
	}
	begin_share(seen, &seen->strangers);
	begin_share(seen, from->share);
	if (from->own != NULL)
		begin_share(seen, from->own);
}

/* Where it counts: what is its own first, as nobody else can use that up. NULL: nowhere. */
static struct mgmt_seen_share *
find_room(const struct mgmt_seen *seen, const struct mgmt_seen_from *from)
{
	uint32_t count = from->share->count;

	if (from->share == &seen->root)
		return count < MGMT_SEEN_MAX ? from->share : NULL;
	if (from->stranger)
		return count < MGMT_SEEN_STRANGER && seen->strangers.count < MGMT_SEEN_EACH
			       ? from->share
			       : NULL;
	if (from->own != NULL && from->own->count < MGMT_SEEN_NODE)
		return from->own;
	return count < MGMT_SEEN_EACH && seen->all_count < MGMT_SEEN_MAX ? from->share : NULL;
}

enum mgmt_seen_result
mgmt_seen_add(struct mgmt_seen *seen, const struct mgmt_seen_from *from,
	const struct mgmt_seen_key *key, uint64_t now)
{
	struct mgmt_seen_share *share;

	begin(seen, from, now);
	for (unsigned int i = 0; i < MGMT_SEEN_AGES; i++) {
		if (has(&seen->ages[i], key))
			return MGMT_SEEN_BEFORE;
	}
	share = find_room(seen, from);
	if (share == NULL || !make_room(&seen->ages[0]))
		return MGMT_SEEN_FULL;
	*slot(&seen->ages[0], key) = *key;
	seen->ages[0].count++;
	share->count++;
	if (from->stranger)
		seen->strangers.count++;
	else if (share == from->share && share != &seen->root)
		seen->all_count++;
	return MGMT_SEEN_NEW;
}

bool
mgmt_seen_count(struct mgmt_seen *seen, const struct mgmt_seen_from *from, uint64_t now)
{
	begin(seen, from, now);
	if (from->share->twice >= (from->stranger ? MGMT_SEEN_STRANGER : MGMT_SEEN_EACH))
		return false;
	from->share->twice++;
	return true;
}

/* How much of the present age it is. */
static uint32_t
count_of(const struct mgmt_seen *seen, const struct mgmt_seen_share *share)
{
	return share->number == seen->number ? share->count + share->twice : 0;
}

/* Its place among those that went; MGMT_SEEN_GONE: it has none. */
static uint32_t
find_gone(const struct mgmt_seen *seen, const char *name)
{
	uint32_t i = 0;

	while (i < MGMT_SEEN_GONE && strcmp(seen->gone[i].name, name) != 0)
		i++;
	return i;
}

/* The place of the one that had least, or of nobody. */
static uint32_t
least_gone(const struct mgmt_seen *seen)
{
	uint32_t least = 0;

	for (uint32_t i = 1; i < MGMT_SEEN_GONE; i++) {
		if (count_of(seen, &seen->gone[i].share) < count_of(seen, &seen->gone[least].share))
			least = i;
	}
	return least;
}

void
mgmt_seen_left(struct mgmt_seen *seen, const char *name, const struct mgmt_seen_share *share)
{
	uint32_t count = count_of(seen, share), i;
	struct mgmt_seen_share unnoted = *share;

	if (count == 0)
		return;
	i = find_gone(seen, name);
	if (i == MGMT_SEEN_GONE) {
		i = least_gone(seen);
		if (count > count_of(seen, &seen->gone[i].share))
			unnoted = seen->gone[i].share;
		else
			i = MGMT_SEEN_GONE;
		if (count_of(seen, &unnoted) > count_of(seen, &seen->unnoted))
			seen->unnoted = unnoted;
	}
	if (i == MGMT_SEEN_GONE)
		return;
	snprintf(seen->gone[i].name, sizeof(seen->gone[i].name), "%s", name);
	seen->gone[i].share = *share;
}

void
mgmt_seen_back(const struct mgmt_seen *seen, const char *name, struct mgmt_seen_share *share)
{
	uint32_t i = find_gone(seen, name);

	*share = i < MGMT_SEEN_GONE ? seen->gone[i].share : seen->unnoted;
}

void
mgmt_seen_free(struct mgmt_seen *seen)
{
	for (unsigned int i = 0; i < MGMT_SEEN_AGES; i++)
		free(seen->ages[i].keys);
	memset(seen, 0, sizeof(*seen));
}
