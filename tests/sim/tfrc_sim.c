/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A scene of links under TFRC (tfrc_scene.h) as a program: what each link got in each interval, one
 * line of JSON an interval, then one of the whole. bench/tfrc_sim.py runs it.
 *
 *   tfrc_sim KEY=VALUE...
 *
 *   seed, links, rate (bit/s), rtt (ms), queue, mark (bytes), loss (share), jitter (share)
 *   gap (ms between starts; without it at random within 10 s), seconds, measured (the last so many
 *   of them), record (ms an interval), step (seconds after which the rate is changed), factor (by
 *   which)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tfrc_scene.h"

struct options {
	struct tfrc_scene_params scene;
	double seconds, measured, record_ms, step, factor;
};

static int
set_number(struct options *o, const char *key, double value)
{
	const struct {
		const char *key;
		double *to;
	} numbers[] = {{"seconds", &o->seconds}, {"measured", &o->measured},
		{"record", &o->record_ms}, {"step", &o->step}, {"factor", &o->factor},
		{"loss", &o->scene.loss}, {"jitter", &o->scene.jitter}};

	for (size_t i = 0; i < RTE_DIM(numbers); i++) {
		if (strcmp(key, numbers[i].key) != 0)
			continue;
		*numbers[i].to = value;
		return 0;
	}
	if (strcmp(key, "seed") == 0)
		o->scene.seed = (uint64_t)value;
	else if (strcmp(key, "links") == 0)
		o->scene.links = (uint32_t)value;
	else if (strcmp(key, "rate") == 0)
		o->scene.rate = (uint64_t)value;
	else if (strcmp(key, "rtt") == 0)
		o->scene.rtt = (uint64_t)(value * SIM_MS);
	else if (strcmp(key, "queue") == 0)
		o->scene.queue = (uint32_t)value;
	else if (strcmp(key, "mark") == 0)
		o->scene.mark = (uint32_t)value;
	else if (strcmp(key, "gap") == 0)
		o->scene.step = (uint64_t)(value * SIM_MS);
	else
		return -1;
	return 0;
}

static int
read_options(struct options *o, int argc, char **argv)
{
	*o = (struct options){
		.scene = {.seed = 1, .links = 1, .rate = 10000000, .rtt = 50 * SIM_MS},
		.seconds = 60,
		.measured = 60,
		.record_ms = 1000,
		.factor = 1};
	for (int i = 1; i < argc; i++) {
		char *value = strchr(argv[i], '='), *end = NULL;
		double number = value != NULL ? strtod(value + 1, &end) : 0;

		if (value == NULL || end == value + 1 || *end != 0 || number < 0) {
			fprintf(stderr, "tfrc_sim: \"%s\" is not KEY=NUMBER\n", argv[i]);
			return -1;
		}
		*value = 0;
		if (set_number(o, argv[i], number) < 0) {
			fprintf(stderr, "tfrc_sim: there is no key \"%s\"\n", argv[i]);
			return -1;
		}
	}
	if (o->scene.links < 1 || o->scene.links > TFRC_SCENE_LINKS || o->scene.rate < 10000 ||
		o->record_ms < 1 || o->measured > o->seconds) {
		fprintf(stderr,
			"tfrc_sim: links 1 to %d, rate at least 10000, record at least 1, "
			"measured at most seconds\n",
			TFRC_SCENE_LINKS);
		return -1;
	}
	return 0;
}

static void
print_list(const char *name, const struct tfrc_scene_link *links, uint32_t n,
	double (*value)(const struct tfrc_scene_link *link, double seconds), double seconds)
{
	printf(", \"%s\": [", name);
	for (uint32_t i = 0; i < n; i++)
		printf("%s%.9g", i > 0 ? ", " : "", value(&links[i], seconds));
	printf("]");
}

static double
rate_of(const struct tfrc_scene_link *link, double seconds)
{
	return (double)link->bytes * 8 / seconds;
}

static double
allowed_of(const struct tfrc_scene_link *link, double seconds)
{
	(void)seconds;
	return link->allowed * 8;
}

static double
p_of(const struct tfrc_scene_link *link, double seconds)
{
	(void)seconds;
	return link->p;
}

static double
rtt_of(const struct tfrc_scene_link *link, double seconds)
{
	(void)seconds;
	return link->rtt;
}

/* What it had, over what the equation says. */
static double
ratio_of(const struct tfrc_scene_link *link, double seconds)
{
	return link->p > 0 ? (double)link->bytes / seconds / tfrc_scene_equation(link) : 0;
}

static void
print_links(const char *what, double at, const struct tfrc_scene_link *links, uint32_t n,
	double seconds, bool whole)
{
	printf("{\"%s\": %.9g", what, at);
	print_list("rate", links, n, rate_of, seconds);
	print_list("allowed", links, n, allowed_of, seconds);
	print_list("p", links, n, p_of, seconds);
	print_list("rtt", links, n, rtt_of, seconds);
	if (whole) {
		print_list("of_equation", links, n, ratio_of, seconds);
		printf(", \"jain\": %.9g", tfrc_scene_jain(links, n));
	}
	printf("}\n");
}

static void
add(struct tfrc_scene_link *sum, const struct tfrc_scene_link *links, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		sum[i].bytes += links[i].bytes;
		sum[i].p += links[i].p;
		sum[i].rtt += links[i].rtt;
		sum[i].allowed = links[i].allowed;
	}
}

int
main(int argc, char **argv)
{
	struct tfrc_scene_link links[TFRC_SCENE_LINKS], sum[TFRC_SCENE_LINKS] = {0};
	struct tfrc_scene scene;
	struct options o;
	uint64_t from, record;
	double records = 0;
	bool stepped = false;

	if (read_options(&o, argc, argv) < 0)
		return 2;
	sim_eal(1024);
	tfrc_scene_new(&scene, &o.scene);
	from = scene.sim->now;
	record = (uint64_t)(o.record_ms * SIM_MS);
	for (double at = 0; at + o.record_ms / 2e3 < o.seconds;
		at = (double)(scene.sim->now - from) / 1e9) {
		if (!stepped && o.step > 0 && at >= o.step) {
			tfrc_scene_set_rate(&scene, (uint64_t)((double)o.scene.rate * o.factor));
			stepped = true;
		}
		tfrc_scene_run(&scene, record, links);
		print_links("to", (double)(scene.sim->now - from) / 1e9, links, o.scene.links,
			o.record_ms / 1e3, false);
		if (at + o.record_ms / 2e3 < o.seconds - o.measured)
			continue;
		add(sum, links, o.scene.links);
		records++;
	}
	for (uint32_t i = 0; i < o.scene.links; i++) {
		sum[i].p /= records;
		sum[i].rtt /= records;
	}
	print_links("measured", records * o.record_ms / 1e3, sum, o.scene.links,
		records * o.record_ms / 1e3, true);
	tfrc_scene_end(&scene);
	return 0;
}
