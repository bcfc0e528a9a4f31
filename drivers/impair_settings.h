/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What can be said of an impaired line: one table of keys, which the configuration of a node and
 * the options of ferry-impair(8) both follow. Values are text with their units: "40ms", "10Mbit",
 * "0.5%". Pure.
 */
#ifndef FERRY_IMPAIR_SETTINGS_H
#define FERRY_IMPAIR_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "line.h"

/* 0 = not set, where that is below the least value of the key. */
struct impair_settings {
	uint64_t rate;			   /* bit/s */
	uint64_t queue, mark;		   /* bytes */
	uint64_t delay, jitter;		   /* ns */
	uint64_t loss, burst, burst_loss;  /* millionths */
	uint64_t burst_length;		   /* frames, mean */
	uint64_t reorder, duplicate;	   /* millionths */
	uint64_t reorder_by, duplicate_by; /* ns */
	uint64_t frames;		   /* under way at most */
	uint64_t seed;
};

enum impair_kind {
	IMPAIR_TIME,
	IMPAIR_RATE,
	IMPAIR_BYTES,
	IMPAIR_SHARE,
	IMPAIR_NUMBER,
};

struct impair_key {
	const char *name;
	enum impair_kind kind;
	size_t offset; /* of a uint64_t in struct impair_settings */
	uint64_t min, max, fallback;
	const char *needs; /* another key, without which this one says nothing */
	const char *help;
};

#define IMPAIR_KEYS 15
#define IMPAIR_TEXT 96 /* bytes for a text of a value, or of what a value should be */

extern const struct impair_key impair_keys[IMPAIR_KEYS];

/* NULL if there is none; name has len bytes. */
const struct impair_key *impair_key_find(const char *name, size_t len);

/* True if text is a value of the key, in its range. */
bool impair_value_parse(const struct impair_key *key, const char *text, uint64_t *value);

/* A text that impair_value_parse reads back; buf has IMPAIR_TEXT bytes, as below. */
const char *impair_value_text(const struct impair_key *key, uint64_t value, char *buf);

/* What would be right: `a time from 0 to 60s, as "40ms"`. */
const char *impair_value_wanted(const struct impair_key *key, char *buf);

/* All keys at their defaults. */
void impair_settings_init(struct impair_settings *settings);

static inline uint64_t *
impair_settings_field(struct impair_settings *settings, const struct impair_key *key)
{
	return (uint64_t *)((char *)settings + key->offset);
}

static inline uint64_t
impair_settings_value(const struct impair_settings *settings, const struct impair_key *key)
{
	return *(const uint64_t *)((const char *)settings + key->offset);
}

/* Does the key say something, given the others? */
bool impair_settings_used(const struct impair_settings *settings, const struct impair_key *key);

/*
 * When all is read: checks what goes together and fills in the default that follows from other
 * keys. given has a bit for each key (by its place in the table) that was set. NULL, or the key
 * that is wrong and why.
 */
const struct impair_key *
impair_settings_finish(struct impair_settings *settings, uint32_t given, char *reason, size_t size);

struct line_params impair_settings_line(const struct impair_settings *settings);

#endif
