/* SPDX-License-Identifier: BSD-3-Clause */
/* The node's statistics: into shared memory once an interval, and as metrics to who asks. */
#include <linux/magic.h>
#include <sys/vfs.h>

#include <event2/event.h>

#include "control_lock.h"
#include "ferryd.h"
#include "log.h"
#include "metrics_server.h"

static void
on_interval(evutil_socket_t fd, short what, void *arg)
{
	struct ferryd *f = arg;
	char error[512] = "";
	int ret;

	(void)fd;
	(void)what;
	control_lock();
	ret = stats_export_tick(&f->statistics, ferryd_now(f), error, sizeof(error));
	control_unlock();
	if (ret != 0)
		log_line(ret < 0 ? LOG_ERR : LOG_INFO, "%s", error);
}

/* Writing to what lies on a disk may wait for it. */
static void
look_at_place(const char *path)
{
	struct statfs fs;

	if (statfs(path, &fs) == 0 && fs.f_type != TMPFS_MAGIC && fs.f_type != RAMFS_MAGIC)
		log_line(LOG_WARNING,
			"statistics file %s is not in memory (tmpfs): writing it may wait for a "
			"disk",
			path);
}

int
boot_metrics(void *ctx)
{
	struct ferryd *f = ctx;
	const struct config_endpoint *at = &f->config->statistics.metrics;
	const struct config_where *where = &f->config->statistics.metrics_where;
	char address[UNDERLAY_ADDR_TEXT_MAX], error[256];

	if (at->address.family == 0)
		return 0;
	underlay_addr_text(&at->address, address);
	f->metrics = metrics_server_new(
		f->base, address, at->udp_port, &f->statistics.latest, error, sizeof(error));
	if (f->metrics == NULL) {
		log_line(
			LOG_ERR, "%s:%u: statistics: metrics: %s", where->file, where->line, error);
		return -1;
	}
	return 0;
}

void
undo_metrics(void *ctx)
{
	struct ferryd *f = ctx;

	metrics_server_free(f->metrics);
	f->metrics = NULL;
}

int
boot_statistics(void *ctx)
{
	struct ferryd *f = ctx;
	const struct config_statistics *config = &f->config->statistics;
	const struct stats_export_params params = {.view = &f->view,
		.path = config->file,
		.interval_ns = config->interval * UINT64_C(1000000),
		.intervals = config->intervals};
	const struct timeval interval = {
		.tv_sec = config->interval / 1000, .tv_usec = config->interval % 1000 * 1000};
	char error[512];
	int ret;

	control_lock();
	ret = stats_export_begin(&f->statistics, &params, ferryd_now(f), error, sizeof(error));
	control_unlock();
	if (ret < 0) {
		log_line(LOG_ERR, "%s", error);
		return -1;
	}
	look_at_place(config->file);
	f->ctl.statistics = &f->statistics;
	f->interval = event_new(f->base, -1, EV_PERSIST, on_interval, f);
	if (f->interval == NULL || event_add(f->interval, &interval) != 0) {
		log_line(LOG_ERR, "out of memory for events");
		return -1;
	}
	return 0;
}

void
undo_statistics(void *ctx)
{
	struct ferryd *f = ctx;

	f->ctl.statistics = NULL;
	if (f->interval != NULL)
		event_free(f->interval);
	f->interval = NULL;
	stats_export_end(&f->statistics);
}
