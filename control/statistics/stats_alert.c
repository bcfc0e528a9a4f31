/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats_alert.h"

#define LEFT 0.95

struct stats_alerts {
	struct stats_threshold thresholds[STATS_NAME_COUNT];
	stats_alert_tell *tell;
	void *ctx;
	struct stats_alert *list; /* by id, then name */
	size_t count;
};

const char *
stats_level_name(enum stats_level level)
{
	return level == STATS_DANGER ? "danger" : level == STATS_WARNING ? "warning" : "clear";
}

struct stats_alerts *
stats_alerts_new(const struct stats_threshold thresholds[STATS_NAME_COUNT], stats_alert_tell *tell,
	void *ctx)
{
	struct stats_alerts *alerts = calloc(1, sizeof(*alerts));

	if (alerts == NULL)
		return NULL;
	memcpy(alerts->thresholds, thresholds, sizeof(alerts->thresholds));
	alerts->tell = tell;
	alerts->ctx = ctx;
	return alerts;
}

void
stats_alerts_free(struct stats_alerts *alerts)
{
	if (alerts != NULL)
		free(alerts->list);
	free(alerts);
}

void
stats_alerts_set(
	struct stats_alerts *alerts, const struct stats_threshold thresholds[STATS_NAME_COUNT])
{
	memcpy(alerts->thresholds, thresholds, sizeof(alerts->thresholds));
}

static double
threshold_of(const struct stats_threshold *t, enum stats_level level)
{
	return level == STATS_DANGER ? t->danger : t->warning;
}

static enum stats_level
judge(const struct stats_threshold *t, double value, enum stats_level before)
{
	if (value >= t->danger || (before == STATS_DANGER && value >= LEFT * t->danger))
		return STATS_DANGER;
	if (value >= t->warning || (before != STATS_CLEAR && value >= LEFT * t->warning))
		return STATS_WARNING;
	return STATS_CLEAR;
}

static void
clear(const struct stats_alerts *alerts, const struct stats_alert *old, double value)
{
	const struct stats_threshold *now = &alerts->thresholds[old->name];
	struct stats_alert alert = *old;

	alert.level = STATS_CLEAR;
	alert.value = value;
	/* Where there is none any more, that which was passed. */
	if (isfinite(now->warning) || isfinite(now->danger))
		alert.threshold = isfinite(now->warning) ? now->warning : now->danger;
	alerts->tell(alerts->ctx, &alert);
}

/* old: what stands of this value, NULL = nothing. What stands from now on goes to *out. */
static bool
check_value(const struct stats_alerts *alerts, const struct stats_stream *stream,
	enum stats_name name, const struct stats_alert *old, struct stats_alert *out)
{
	const struct stats_threshold *t = &alerts->thresholds[name];
	const struct stats_value *v = &stream->values[name];
	bool moved = old != NULL && strcmp(old->node, v->maxnode) != 0;
	enum stats_level before = old != NULL && !moved ? old->level : STATS_CLEAR, level;

	level = v->weight != 0 ? judge(t, v->max, before) : STATS_CLEAR;
	if (old != NULL && (moved || level == STATS_CLEAR))
		clear(alerts, old, v->max);
	if (level == STATS_CLEAR)
		return false;
	*out = (struct stats_alert){.id = stream->id,
		.name = name,
		.level = level,
		.value = v->max,
		.threshold = threshold_of(t, level)};
	memcpy(out->node, v->maxnode, sizeof(out->node));
	if (level != before)
		alerts->tell(alerts->ctx, out);
	return true;
}

/* What stands of a value; the places before *at are done. */
static const struct stats_alert *
take_old(const struct stats_alerts *alerts, size_t *at, uint64_t id, enum stats_name name)
{
	for (; *at < alerts->count; ++*at) {
		const struct stats_alert *old = &alerts->list[*at];

		if (old->id > id || (old->id == id && old->name > name))
			return NULL;
		if (old->id == id && old->name == name)
			return &alerts->list[(*at)++];
		clear(alerts, old, 0);
	}
	return NULL;
}

int
stats_alerts_check(struct stats_alerts *alerts, const struct stats_stream *streams, size_t count)
{
	struct stats_alert *list = NULL, alert;
	size_t n = 0, room = 0, at = 0;
	int ret = 0;

	for (size_t i = 0; i < count * STATS_NAME_COUNT; i++) {
		const struct stats_stream *stream = &streams[i / STATS_NAME_COUNT];
		enum stats_name name = (enum stats_name)(i % STATS_NAME_COUNT);
		const struct stats_alert *old = take_old(alerts, &at, stream->id, name);

		if (n == room) {
			size_t more = room != 0 ? 2 * room : 16;
			void *grown = realloc(list, more * sizeof(*list));

			if (grown == NULL) {
				ret = -ENOMEM;
				break;
			}
			list = grown;
			room = more;
		}
		if (check_value(alerts, stream, name, old, &alert))
			list[n++] = alert;
	}
	while (ret == 0 && at < alerts->count)
		clear(alerts, &alerts->list[at++], 0);
	free(alerts->list);
	alerts->list = list;
	alerts->count = n;
	return ret;
}

const struct stats_alert *
stats_alerts_list(const struct stats_alerts *alerts, size_t *count)
{
	*count = alerts->count;
	return alerts->list;
}
