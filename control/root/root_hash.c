/* SPDX-License-Identifier: BSD-3-Clause */
#include <err.h>
#include <stdlib.h>
#include <sys/random.h>

#include "root_hash.h"

#define BITS_FIRST 6
#define BITS_MAX   24

static struct root_link **
chain(const struct root_hash *hash, uint64_t key)
{
	return &hash->chains[key * hash->factor >> (64 - hash->bits)];
}

/* As many chains as there are links, at least; kept when there are fewer. */
static void
grow(struct root_hash *hash)
{
	struct root_hash bigger = *hash;

	bigger.bits = hash->bits != 0 ? hash->bits + 1 : BITS_FIRST;
	bigger.chains = calloc((size_t)1 << bigger.bits, sizeof(*bigger.chains));
	if (bigger.chains == NULL)
		err(1, "sessions");
	if (hash->bits == 0 && getrandom(&bigger.factor, sizeof(bigger.factor), 0) !=
				       (ssize_t)sizeof(bigger.factor))
		err(1, "getrandom");
	bigger.factor |= 1;
	for (size_t i = 0; hash->bits != 0 && i < (size_t)1 << hash->bits; i++) {
		while (hash->chains[i] != NULL) {
			struct root_link *link = hash->chains[i];
			struct root_link **to = chain(&bigger, link->key);

			hash->chains[i] = link->next;
			link->next = *to;
			*to = link;
		}
	}
	free(hash->chains);
	*hash = bigger;
}

void
root_hash_add(struct root_hash *hash, struct root_link *link, uint64_t key)
{
	struct root_link **to;

	if (hash->bits == 0 || (hash->count >> hash->bits != 0 && hash->bits < BITS_MAX))
		grow(hash);
	to = chain(hash, key);
	link->key = key;
	link->next = *to;
	*to = link;
	hash->count++;
}

void
root_hash_remove(struct root_hash *hash, struct root_link *link)
{
	struct root_link **at = chain(hash, link->key);

	while (*at != link)
		at = &(*at)->next;
	*at = link->next;
	hash->count--;
}

static struct root_link *
find(struct root_hash *hash, struct root_link *from, uint64_t key)
{
	for (; from != NULL; from = from->next) {
		hash->steps++;
		if (from->key == key)
			return from;
	}
	return NULL;
}

struct root_link *
root_hash_find(struct root_hash *hash, uint64_t key)
{
	return hash->bits != 0 ? find(hash, *chain(hash, key), key) : NULL;
}

struct root_link *
root_hash_next(struct root_hash *hash, const struct root_link *link)
{
	return find(hash, link->next, link->key);
}

void
root_hash_free(struct root_hash *hash)
{
	free(hash->chains);
	*hash = (struct root_hash){0};
}
