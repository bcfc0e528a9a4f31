/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "impair_settings.h"

#define MILLION	     UINT64_C(1000000)
#define SECOND	     UINT64_C(1000000000) /* ns */
#define TIME_MAX     (60 * SECOND)
#define QUEUE_MIN    2048
#define QUEUE_MAX    UINT64_C(1000000000)
#define QUEUE_LEAST  16384 /* of the default */
#define DIGITS_MAX   19
#define FRAMES_MAX   1000000
#define WHOLE	     MILLION
#define FIELD(field) offsetof(struct impair_settings, field)

const struct impair_key impair_keys[IMPAIR_KEYS] = {
	{"rate", IMPAIR_RATE, FIELD(rate), 1000, 400 * SECOND, 0, NULL,
		"of frames without preamble and checksum, default: no limit"},
	{"queue", IMPAIR_BYTES, FIELD(queue), QUEUE_MIN, QUEUE_MAX, 0, "rate",
		"bytes not yet sent, at most; default: 100 ms of the rate, at least 16384"},
	{"mark", IMPAIR_BYTES, FIELD(mark), 1, QUEUE_MAX, 0, "rate",
		"bytes not yet sent from which ECN-capable frames are marked, default: never"},
	{"delay", IMPAIR_TIME, FIELD(delay), 0, TIME_MAX, 0, NULL, "default 0"},
	{"jitter", IMPAIR_TIME, FIELD(jitter), 0, TIME_MAX, 0, NULL,
		"later by up to so much, uniform, in order; default 0"},
	{"loss", IMPAIR_SHARE, FIELD(loss), 0, WHOLE, 0, NULL,
		"of frames, each for itself, default 0%"},
	{"burst", IMPAIR_SHARE, FIELD(burst), 0, WHOLE, 0, NULL,
		"of frames at which a burst of loss begins, default 0%"},
	{"burst_length", IMPAIR_NUMBER, FIELD(burst_length), 1, MILLION, 10, "burst",
		"frames in the mean, geometric; default 10"},
	{"burst_loss", IMPAIR_SHARE, FIELD(burst_loss), 0, WHOLE, WHOLE, "burst",
		"of frames within a burst, default 100%"},
	{"reorder", IMPAIR_SHARE, FIELD(reorder), 0, WHOLE, 0, NULL,
		"of frames held back, default 0%"},
	{"reorder_by", IMPAIR_TIME, FIELD(reorder_by), 1, TIME_MAX, 10 * MILLION, "reorder",
		"held back by up to so much, uniform; default 10ms"},
	{"duplicate", IMPAIR_SHARE, FIELD(duplicate), 0, WHOLE, 0, NULL,
		"of frames that come twice, default 0%"},
	{"duplicate_by", IMPAIR_TIME, FIELD(duplicate_by), 1, TIME_MAX, MILLION, "duplicate",
		"the second later by up to so much, uniform; default 1ms"},
	{"frames", IMPAIR_NUMBER, FIELD(frames), 1, FRAMES_MAX, 4096, NULL,
		"under way at most, default 4096"},
	{"seed", IMPAIR_NUMBER, FIELD(seed), 0, INT64_MAX, 1, NULL,
		"of all that is random, default 1"},
};

/* The first is the one in which a bare number of the kind is; NULL ends. */
struct unit {
	const char *name;
	uint64_t size;
};

static const struct unit time_units[] = {
	{"ns", 1}, {"us", 1000}, {"ms", MILLION}, {"s", SECOND}, {NULL, 0}};
static const struct unit rate_units[] = {{"", 1}, {"k", 1000}, {"M", MILLION}, {"G", SECOND},
	{"bit", 1}, {"kbit", 1000}, {"Mbit", MILLION}, {"Gbit", SECOND}, {NULL, 0}};
static const struct unit share_units[] = {{"%", WHOLE / 100}, {NULL, 0}};
static const struct unit plain_units[] = {{"", 1}, {NULL, 0}};

static const struct unit *
units_of(enum impair_kind kind)
{
	switch (kind) {
	case IMPAIR_TIME:
		return time_units;
	case IMPAIR_RATE:
		return rate_units;
	case IMPAIR_SHARE:
		return share_units;
	default:
		return plain_units;
	}
}

const struct impair_key *
impair_key_find(const char *name, size_t len)
{
	for (size_t i = 0; i < IMPAIR_KEYS; i++)
		if (strlen(impair_keys[i].name) == len &&
			memcmp(impair_keys[i].name, name, len) == 0)
			return &impair_keys[i];
	return NULL;
}

/* "12.5" as 125 and a divisor of 10; returns what follows it, NULL if there is no number. */
static const char *
parse_decimal(const char *text, uint64_t *mantissa, uint64_t *divisor)
{
	unsigned int digits = 0;
	bool fraction = false;

	*mantissa = 0;
	*divisor = 1;
	for (; isdigit((unsigned char)*text) || (*text == '.' && digits > 0 && !fraction); text++) {
		if (*text == '.') {
			fraction = true;
			if (!isdigit((unsigned char)text[1]))
				return NULL;
			continue;
		}
		if (++digits > DIGITS_MAX)
			return NULL;
		*mantissa = *mantissa * 10 + (uint64_t)(*text - '0');
		*divisor *= fraction ? 10 : 1;
	}
	return digits > 0 ? text : NULL;
}

bool
impair_value_parse(const struct impair_key *key, const char *text, uint64_t *value)
{
	uint64_t mantissa, divisor;
	unsigned __int128 product;

	text = parse_decimal(text, &mantissa, &divisor);
	if (text == NULL)
		return false;
	for (const struct unit *unit = units_of(key->kind); unit->name != NULL; unit++) {
		if (strcmp(unit->name, text) != 0)
			continue;
		product = (unsigned __int128)mantissa * unit->size;
		/* What cannot be held exactly is not rounded behind the user's back. */
		if (product % divisor != 0 || product / divisor < key->min ||
			product / divisor > key->max)
			return false;
		*value = (uint64_t)(product / divisor);
		return true;
	}
	return false;
}

static const char *
share_text(uint64_t value, char *buf)
{
	int used = snprintf(buf, IMPAIR_TEXT, "%" PRIu64 ".%04" PRIu64, value / (WHOLE / 100),
		value % (WHOLE / 100));

	while (buf[used - 1] == '0')
		used--;
	if (buf[used - 1] == '.')
		used--;
	snprintf(buf + used, IMPAIR_TEXT - (size_t)used, "%%");
	return buf;
}

const char *
impair_value_text(const struct impair_key *key, uint64_t value, char *buf)
{
	const struct unit *units = units_of(key->kind), *best = &units[0];

	if (key->kind == IMPAIR_SHARE)
		return share_text(value, buf);
	for (const struct unit *unit = units; unit->name != NULL; unit++)
		if (value % unit->size == 0 && value != 0 && unit->size >= best->size)
			best = unit;
	if (value == 0 && key->kind == IMPAIR_TIME)
		best = &time_units[3];
	snprintf(buf, IMPAIR_TEXT, "%" PRIu64 "%s", value / best->size, best->name);
	return buf;
}

const char *
impair_value_wanted(const struct impair_key *key, char *buf)
{
	static const char *const words[] = {
		[IMPAIR_TIME] = "a time from %s to %s, as \"40ms\" or \"150us\"",
		[IMPAIR_RATE] = "bit/s from %s to %s, as \"10Mbit\" or \"2.5M\"",
		[IMPAIR_BYTES] = "bytes, an integer from %s to %s",
		[IMPAIR_SHARE] = "a share from %s to %s, as \"0.5%%\"",
		[IMPAIR_NUMBER] = "an integer from %s to %s",
	};
	char min[IMPAIR_TEXT], max[IMPAIR_TEXT];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(buf, IMPAIR_TEXT, words[key->kind], impair_value_text(key, key->min, min),
		impair_value_text(key, key->max, max));
#pragma GCC diagnostic pop
	return buf;
}

void
impair_settings_init(struct impair_settings *settings)
{
	for (size_t i = 0; i < IMPAIR_KEYS; i++)
		*impair_settings_field(settings, &impair_keys[i]) = impair_keys[i].fallback;
}

bool
impair_settings_used(const struct impair_settings *settings, const struct impair_key *key)
{
	const struct impair_key *needed;

	if (impair_settings_value(settings, key) < key->min)
		return false;
	if (key->needs == NULL)
		return true;
	needed = impair_key_find(key->needs, strlen(key->needs));
	return impair_settings_value(settings, needed) != 0;
}

const struct impair_key *
impair_settings_finish(struct impair_settings *settings, uint32_t given, char *reason, size_t size)
{
	for (size_t i = 0; i < IMPAIR_KEYS; i++) {
		const struct impair_key *key = &impair_keys[i];

		if ((given & 1u << i) == 0 || impair_settings_used(settings, key))
			continue;
		snprintf(reason, size, "%s is set without %s, %s must be set too", key->name,
			key->needs, key->needs);
		return key;
	}
	if (settings->rate != 0 && settings->queue == 0) {
		settings->queue = settings->rate / 8 / 10;
		if (settings->queue < QUEUE_LEAST)
			settings->queue = QUEUE_LEAST;
		if (settings->queue > QUEUE_MAX)
			settings->queue = QUEUE_MAX;
	}
	if (settings->mark > settings->queue) {
		snprintf(reason, size,
			"mark is %" PRIu64 ", it must be at most the queue, %" PRIu64,
			settings->mark, settings->queue);
		return impair_key_find("mark", 4);
	}
	return NULL;
}

struct line_params
impair_settings_line(const struct impair_settings *s)
{
	return (struct line_params){
		.rate = s->rate,
		.delay = s->delay,
		.queue = s->queue,
		.mark = s->mark,
		.impair =
			{
				.loss = (double)s->loss / WHOLE,
				.burst_begin = (double)s->burst / WHOLE,
				.burst_end = 1.0 / (double)s->burst_length,
				.burst_loss = (double)s->burst_loss / WHOLE,
				.reorder = (double)s->reorder / WHOLE,
				.reorder_ns = s->reorder_by,
				.jitter_ns = s->jitter,
				.duplicate = (double)s->duplicate / WHOLE,
				.duplicate_ns = s->duplicate_by,
			},
	};
}
