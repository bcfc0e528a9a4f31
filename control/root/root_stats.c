/* SPDX-License-Identifier: BSD-3-Clause */
#include <err.h>
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "ferry_stats.h"
#include "log.h"
#include "regular_file.h"
#include "root.h"
#include "stats_message.h"

#define FULL_STREAMS_MAX 64   /* that are told of the answer, if all were asked for */
#define LOOK_MS		 1000 /* all streams of all children are summed so often at most */

static json_t *
show_stream(json_t *object, uint64_t id)
{
	json_object_set_new(object, "conference",
		id != 0 ? json_integer((json_int_t)message_stream_conference(id)) : json_null());
	json_object_set_new(object, "session",
		id != 0 ? json_integer((json_int_t)message_stream_session(id)) : json_null());
	return object;
}

/* By which ferryctl's tables choose how to print the value. */
static const char *const units[STATS_NAME_COUNT] = {
	[STATS_CPULOAD] = "share",
	[STATS_INJITTER] = "us",
	[STATS_CUMPKTLOST] = "packets",
	[STATS_FRACLOST] = "share",
	[STATS_RATE] = "bps",
};

static json_t *
show_alert(const struct stats_alert *alert)
{
	return show_stream(json_pack("{s:s, s:s, s:s, s:s, s:f, s:f}", "node", alert->node, "name",
				   stats_name_word(alert->name), "unit", units[alert->name],
				   "level", stats_level_name(alert->level), "value", alert->value,
				   "threshold", alert->threshold),
		alert->id);
}

int
root_stats_ask(struct root *root, struct root_node *node, uint64_t stream)
{
	struct message ask = {.type = MESSAGE_REQFULLSTATS, .reqfullstats.id = stream};
	int64_t now = root_clock();
	int ret;

	snprintf(ask.to, sizeof(ask.to), "%s", node->name);
	ret = root_send(root, &ask);
	if (ret != 0)
		return ret;
	/* Several alerts are several questions, all open. */
	if (now - node->asked > ROOT_STATS_ANSWER_MS)
		node->full_left = 0;
	node->full_left += stream != 0 ? 1 : FULL_STREAMS_MAX;
	node->asked = now;
	return 0;
}

/* The node that is worst is asked for all that it has of the stream. */
static void
on_alert(void *ctx, const struct stats_alert *alert)
{
	struct root *root = ctx;
	struct root_node *node = root_nodes_find(&root->nodes, alert->node);

	root_event(&root->events, alert->level == STATS_CLEAR ? LOG_INFO : LOG_WARNING,
		ROOT_EVENT_alert, show_alert(alert));
	if (alert->level != STATS_CLEAR && node != NULL)
		(void)root_stats_ask(root, node, alert->id);
}

static void
read_thresholds(const struct root *root, struct stats_threshold thresholds[STATS_NAME_COUNT])
{
	for (int i = 0; i < STATS_NAME_COUNT; i++)
		thresholds[i] = (struct stats_threshold){INFINITY, INFINITY};
	for (uint32_t i = 0; i < root->config->threshold_count; i++) {
		const struct root_threshold *from = &root->config->thresholds[i];
		enum stats_name name;

		if (stats_name_find(from->name, &name))
			thresholds[name] = (struct stats_threshold){from->warning, from->danger};
	}
}

void
root_stats_thresholds(struct root *root)
{
	struct stats_threshold thresholds[STATS_NAME_COUNT];

	read_thresholds(root, thresholds);
	stats_alerts_set(root->stats.alerts, thresholds);
	root->stats.news = true;
}

int
root_stats_begin(void *ctx)
{
	struct root *root = ctx;
	struct stats_threshold thresholds[STATS_NAME_COUNT];

	read_thresholds(root, thresholds);
	root->stats.tree = stats_tree_new();
	root->stats.alerts = stats_alerts_new(thresholds, on_alert, root);
	if (root->stats.tree == NULL || root->stats.alerts == NULL)
		err(1, "statistics");
	return 0;
}

void
root_stats_end(void *ctx)
{
	struct root *root = ctx;

	stats_alerts_free(root->stats.alerts);
	stats_tree_free(root->stats.tree);
	root->stats = (struct root_stats){0};
}

/* Whoever speaks, in a message of its own from now on: nobody else is known to be below it. */
static void
begin_report(struct root *root, const char *child)
{
	struct root_node *node = root_nodes_find(&root->nodes, child);

	root->stats.report_number++;
	if (node == NULL)
		return;
	node->judged = root->stats.report_number;
	node->judged_below = true;
}

/* Is it whoever speaks, or below it? What those above it are is kept too: it is found once each. */
static bool
is_judged_below(const struct root *root, struct root_node *node)
{
	struct root_node *parent;

	if (node->judged == root->stats.report_number)
		return node->judged_below;
	node->judged = root->stats.report_number;
	node->judged_below = false;
	parent = node->place != NULL ? root_nodes_find(&root->nodes, node->place->parent) : NULL;
	node->judged_below = parent != NULL && is_judged_below(root, parent);
	return node->judged_below;
}

static bool
is_below(const void *ctx, const char *name, const char *above)
{
	const struct root *root = ctx;
	struct root_node *node = root_nodes_find(&root->nodes, name);

	(void)above;
	return node != NULL && is_judged_below(root, node);
}

static bool
leads_below(const struct root *root, const struct root_plan *plan)
{
	for (uint32_t i = 0; i < plan->node_count; i++) {
		struct root_node *node = root_nodes_by_id(&root->nodes, plan->nodes[i]);

		if (node != NULL && is_judged_below(root, node))
			return true;
	}
	return false;
}

/*
 * What a child may speak of: itself, and sessions that are on their way there or below it. However
 * often a message names one, it is looked at once.
 */
static bool
is_carried(struct root *root, uint64_t stream)
{
	struct root_link *link = root_hash_find(&root->streams, stream);
	struct root_install *install;

	if (stream == 0)
		return true;
	if (link == NULL)
		return false;
	install = (struct root_install *)((char *)link - offsetof(struct root_install, by_stream));
	if (install->judged != root->stats.report_number) {
		install->judged = root->stats.report_number;
		install->judged_below = leads_below(root, &install->plan);
	}
	return install->judged_below;
}

bool
root_stats_take(struct root *root, const struct message *message, char *error)
{
	const struct message_stats *stats = &message->stats;
	struct stats_stream *streams = calloc(stats->nb_containers + 1, sizeof(*streams));
	bool right = streams != NULL;
	size_t count = 0;
	int ret;

	if (!right)
		snprintf(error, MESSAGE_ERROR_MAX, "out of memory");
	begin_report(root, message->from);
	for (size_t i = 0; right && i < stats->nb_containers; i++) {
		right = stats_message_read(&stats->containers[i], message->from, &streams[count],
			error, MESSAGE_ERROR_MAX);
		if (!right || !is_carried(root, streams[count].id))
			continue;
		stats_message_blame(&streams[count++], message->from, is_below, root);
	}
	if (right) {
		ret = stats_tree_report(root->stats.tree, message->from, message->time, streams,
			count, (uint64_t)root_clock());
		right = ret == 0;
		if (!right)
			snprintf(error, MESSAGE_ERROR_MAX, "statistics were not taken: %s",
				strerror(-ret));
	}
	free(streams);
	if (!root->stats.news)
		root_wake(root);
	root->stats.news = true;
	return right;
}

void
root_stats_away(struct root *root, const char *name)
{
	stats_tree_forget(root->stats.tree, name);
	root->stats.news = true;
}

/* "leaf7, conference 1 session 2: weight 1, rate 1000, ..."; of the node itself 0 and 0. */
static void
log_full(const char *node, const struct message_container *container)
{
	char line[LOG_LINE_MAX];
	size_t n;

	n = (size_t)snprintf(line, sizeof(line), "%s, conference %u session %u:", node,
		message_stream_conference(container->id), message_stream_session(container->id));
	for (size_t i = 0; i < container->nb_values && n < sizeof(line); i++)
		n += (size_t)snprintf(line + n, sizeof(line) - n, "%s %s %s", i > 0 ? "," : "",
			container->values[i].name, container->values[i].value);
	/* What a node says must not look like lines of ours. */
	for (char *c = line; *c != 0; c++)
		*c = (unsigned char)*c < ' ' ? '?' : *c;
	log_line(LOG_INFO, "%s", line);
}

/* What it has of a stream, by the names and values that are known: others may be of any size. */
static bool
read_full(const struct message *message, size_t count, struct stats_container *known, char *error)
{
	struct stats_stream stream;

	for (size_t i = 0; i < count; i++) {
		if (!stats_message_read(&message->stats.containers[i], message->from, &stream,
			    error, MESSAGE_ERROR_MAX))
			return false;
		stats_message_write(&stream, &known[i]);
	}
	return true;
}

static void
tell_full(struct root *root, const struct message *message, const struct stats_container *known,
	size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		const struct message_container *container = &known[i].container;
		json_t *stream = show_stream(json_object(), container->id);

		for (size_t j = 0; j < container->nb_values; j++)
			json_object_set_new(stream, container->values[j].name,
				json_string(container->values[j].value));
		json_array_append_new(list, stream);
	}
	root_event(&root->events, LOG_INFO, ROOT_EVENT_fullstats,
		json_pack("{s:s, s:I, s:o}", "node", message->from, "streams",
			(json_int_t)message->stats.nb_containers, "values", list));
	for (size_t i = 0; i < count; i++)
		log_full(message->from, &known[i].container);
}

enum message_code
root_stats_full(struct root *root, const struct message *message, char *error)
{
	struct root_node *node = root_nodes_find(&root->nodes, message->from);
	size_t count = message->stats.nb_containers;
	struct stats_container *known;
	bool right;

	if (node == NULL || node->asked == 0 || root_clock() - node->asked > ROOT_STATS_ANSWER_MS) {
		snprintf(error, MESSAGE_ERROR_MAX, "fullstats of %s: nobody asked for them",
			message->from);
		return MESSAGE_CODE_CONFLICT;
	}
	/* A long answer comes in pieces; the rest of it is not told. */
	if (node->full_left == 0)
		return 0;
	if (count > node->full_left)
		count = node->full_left;
	known = calloc(count + 1, sizeof(*known));
	if (known == NULL)
		err(1, "statistics");
	right = read_full(message, count, known, error);
	if (right) {
		node->full_left -= count > 0 ? (unsigned int)count : node->full_left;
		tell_full(root, message, known, count);
	}
	free(known);
	return right ? 0 : MESSAGE_CODE_INVALID;
}

/* All streams of the tree; for free(), NULL if there are none. */
static struct stats_stream *
sum(const struct root *root, size_t *count)
{
	struct stats_stream *streams = NULL;
	uint32_t children = (uint32_t)stats_tree_children(root->stats.tree);

	*count = 0;
	if (stats_tree_sum(root->stats.tree, NULL, 0, children, &streams, count) != 0)
		err(1, "statistics");
	return streams;
}

/* A packet at least: an interval without any has no delay. */
static bool
any_delay(const struct stats_stream *stream)
{
	return stream->has_owd && isfinite(ferry_stats_delay_quantile(stream->owd, 0.5));
}

static void
report_stream(FILE *out, const char *when, const struct stats_stream *stream)
{
	if (stream->id == 0)
		fprintf(out, "%s nodes %llu:", when, (unsigned long long)stream->weight);
	else
		fprintf(out, "%s conference %u session %u, nodes %llu:", when,
			message_stream_conference(stream->id), message_stream_session(stream->id),
			(unsigned long long)stream->weight);
	for (int i = 0; i < STATS_NAME_COUNT; i++) {
		const struct stats_value *value = &stream->values[i];

		if (value->weight > 0)
			fprintf(out, " %s %.6g (%.6g at %s)", stats_name_word((enum stats_name)i),
				value->mean, value->max, value->maxnode);
		if (value->weight > 0 && i == STATS_CUMPKTLOST)
			fprintf(out, " %s.sum %.6g", stats_name_word((enum stats_name)i),
				stream->lost_sum);
	}
	if (any_delay(stream))
		fprintf(out, " owd p50 %.6g us, p99 %.6g us",
			ferry_stats_delay_quantile(stream->owd, 0.5),
			ferry_stats_delay_quantile(stream->owd, 0.99));
	fputc('\n', out);
}

static void
report(struct root *root)
{
	const char *path = root->config->settings.report;
	time_t now = time(NULL);
	struct stats_stream *streams;
	uint32_t up = 0;
	char when[32];
	size_t count;
	struct tm tm;
	const char *why;
	FILE *out = regular_file_append(path, &why);

	if (out == NULL) {
		log_line(LOG_ERR, "report %s: %s", path, why);
		return;
	}
	for (uint32_t i = 0; i < root->nodes.count; i++)
		up += root->nodes.list[i]->up;
	gmtime_r(&now, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	streams = sum(root, &count);
	fprintf(out, "%s up %u of %u, streams %zu\n", when, up, root->nodes.count, count);
	for (size_t i = 0; i < count; i++)
		report_stream(out, when, &streams[i]);
	free(streams);
	if (fclose(out) != 0)
		log_line(LOG_ERR, "report %s: %s", path, strerror(errno));
}

int64_t
root_stats_step(struct root *root, int64_t now)
{
	struct root_stats *stats = &root->stats;
	int64_t every = (int64_t)root->config->settings.report_s * 1000, next = 0;
	struct stats_stream *streams;
	size_t count;

	/* The clock may have begun a moment ago. */
	if (now > ROOT_STATS_AGE_MS)
		stats_tree_expire(stats->tree, (uint64_t)(now - ROOT_STATS_AGE_MS));
	if (stats->news && now < stats->looked + LOOK_MS) {
		next = stats->looked + LOOK_MS;
	} else if (stats->news) {
		stats->news = false;
		stats->looked = now;
		streams = sum(root, &count);
		if (stats_alerts_check(stats->alerts, streams, count) != 0)
			err(1, "statistics");
		free(streams);
	}
	if (every == 0)
		return next;
	/* It may have been longer between two. */
	if (stats->report == 0 || stats->report > now + every)
		stats->report = now + every;
	if (stats->report <= now) {
		report(root);
		stats->report = now + every;
	}
	return next != 0 && next < stats->report ? next : stats->report;
}

json_t *
root_stats_alerts(const struct root *root)
{
	size_t count;
	const struct stats_alert *alerts = stats_alerts_list(root->stats.alerts, &count);
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		if (alerts[i].level != STATS_CLEAR)
			json_array_append_new(list, show_alert(&alerts[i]));
	}
	return list;
}

static json_t *
show_value(const struct stats_stream *stream, enum stats_name name)
{
	const struct stats_value *value = &stream->values[name];
	json_t *row = json_pack("{s:s, s:s, s:I, s:f, s:f, s:s}", "name", stats_name_word(name),
		"unit", units[name], "nodes", (json_int_t)value->weight, "mean", value->mean, "max",
		value->max, "max_node", value->maxnode);

	if (name == STATS_CUMPKTLOST)
		json_object_set_new(row, "sum", json_real(stream->lost_sum));
	return show_stream(row, stream->id);
}

/* Quantiles in microseconds, and the counts that they are of, by ferry_stats_delay_bounds. */
static json_t *
show_delays(const struct stats_stream *stream)
{
	json_t *counts = json_array();

	for (int i = 0; i < FERRY_STATS_DELAYS; i++)
		json_array_append_new(counts, json_integer((json_int_t)stream->owd[i]));
	return show_stream(json_pack("{s:s, s:f, s:f, s:o}", "name", "owd", "p50_us",
				   ferry_stats_delay_quantile(stream->owd, 0.5), "p99_us",
				   ferry_stats_delay_quantile(stream->owd, 0.99), "counts", counts),
		stream->id);
}

json_t *
root_stats_show(const struct root *root)
{
	size_t count;
	struct stats_stream *streams = sum(root, &count);
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		for (int name = 0; name < STATS_NAME_COUNT; name++)
			if (streams[i].values[name].weight > 0)
				json_array_append_new(
					list, show_value(&streams[i], (enum stats_name)name));
		if (any_delay(&streams[i]))
			json_array_append_new(list, show_delays(&streams[i]));
	}
	free(streams);
	return list;
}
