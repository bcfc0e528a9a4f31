/* SPDX-License-Identifier: BSD-3-Clause */
/* The root program's event loop: its sockets, its ticks, and how it ends. */
#include <signal.h>
#include <sys/time.h>
#include <syslog.h>

#include "clock.h"
#include "log.h"
#include "mgmt.h"
#include "regular_file.h"
#include "root.h"

#define UNSENT_MS   200	 /* until what could not be sent is tried again */
#define TICK_MS_MAX 1000 /* the time of day may be set: looked at at least so often */

static const int signals[ROOT_SIGNALS] = {SIGINT, SIGTERM, SIGHUP};

int64_t
root_now(void)
{
	return (int64_t)clock_ms(CLOCK_REALTIME);
}

int64_t
root_clock(void)
{
	return (int64_t)clock_ms(CLOCK_MONOTONIC);
}

static void
arm(struct event *event, int64_t ms)
{
	struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	event_add(event, &tv);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct root *root = arg;
	int64_t now = root_clock(), wait = TICK_MS_MAX, day = root_now();
	int64_t due[7];

	(void)fd;
	(void)what;
	root->unsent = false;
	due[0] = root_book_tick(&root->book, day);
	due[0] += due[0] != 0 ? now - day : 0;
	due[6] = root_listed_step(root, now);
	due[1] = root_places_step(root, now);
	due[2] = root_install_step(root, now);
	due[3] = root_stats_step(root, now);
	due[4] = root_ways_step(root, now);
	due[5] = root_servers_step(root, now);
	for (int i = 0; i < 7; i++) {
		if (due[i] != 0 && due[i] - now < wait)
			wait = due[i] > now ? due[i] - now : 1;
	}
	if (root->unsent && wait > UNSENT_MS)
		wait = UNSENT_MS;
	arm(root->tick, wait);
}

void
root_wake(struct root *root)
{
	root->woken = true;
	if (root->tick != NULL)
		event_active(root->tick, EV_TIMEOUT, 0);
}

void
root_fail(struct root *root)
{
	root->failed = true;
	event_base_loopbreak(root->base);
}

void
root_hold_signals(bool hold)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&set, signals[i]);
	sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	struct root *root = arg;
	char error[ROOT_ERROR_MAX];

	(void)what;
	if (number == SIGHUP)
		root_reload(root, error);
	else
		event_base_loopbreak(root->base);
}

static json_t *
on_request(void *ctx, const char *line, size_t len, bool *follow)
{
	return root_execute_line(ctx, line, len, follow);
}

static int
boot_base(void *ctx)
{
	struct root *root = ctx;

	root->base = event_base_new();
	if (root->base != NULL)
		return 0;
	log_line(LOG_ERR, "no event loop to be had");
	return -1;
}

static void
undo_base(void *ctx)
{
	struct root *root = ctx;

	mgmt_loop_free(root->base);
	root->base = NULL;
}

static int
boot_events(void *ctx)
{
	struct root *root = ctx;
	bool ready;

	root->tick = evtimer_new(root->base, on_tick, root);
	ready = root->tick != NULL;
	for (int i = 0; i < ROOT_SIGNALS && ready; i++) {
		root->signals[i] = evsignal_new(root->base, signals[i], on_signal, root);
		ready = root->signals[i] != NULL && event_add(root->signals[i], NULL) == 0;
	}
	if (!ready) {
		log_line(LOG_ERR, "out of memory for events");
		return -1;
	}
	/* What came since the start has its turn in the loop. */
	root_hold_signals(false);
	return 0;
}

static void
free_event(struct event **event)
{
	if (*event != NULL)
		event_free(*event);
	*event = NULL;
}

static void
undo_events(void *ctx)
{
	struct root *root = ctx;

	for (int i = 0; i < ROOT_SIGNALS; i++)
		free_event(&root->signals[i]);
	free_event(&root->tick);
}

static int
boot_socket(void *ctx)
{
	struct root *root = ctx;
	char error[512];

	root->server = ctl_server_new(
		root->base, root->config->settings.socket, on_request, root, error, sizeof(error));
	if (root->server == NULL) {
		log_line(LOG_ERR, "%s", error);
		return -1;
	}
	root->events.server = root->server;
	return 0;
}

static void
undo_socket(void *ctx)
{
	struct root *root = ctx;

	root->events.server = NULL;
	ctl_server_free(root->server);
	root->server = NULL;
}

/* The order in which the root program comes up; it goes down in reverse (boot_table.h). */
static const struct boot_row steps[] = {
	{"list of events, which any step may tell", NULL, root_forget_events},
	{"store", root_store_boot, root_store_undo},
	{"statistics", root_stats_begin, root_stats_end},
	{"nodes and conferences", root_load, root_unload},
	{"event loop", boot_base, undo_base},
	{"tick, and signals", boot_events, undo_events},
	{"control socket", boot_socket, undo_socket},
	{"connections of nodes", root_mgmt_open, root_mgmt_close},
};

int
root_run(struct root *root)
{
	size_t up;
	int ret = boot_table_up(steps, sizeof(steps) / sizeof(steps[0]), NULL, root, &up);

	root->started = root_now();
	if (ret == 0) {
		log_line(LOG_INFO, "ready: %u nodes, %u conferences", root->nodes.count,
			root->book.count);
		root_wake(root);
		regular_file_running();
		event_base_dispatch(root->base);
		log_line(LOG_INFO, "ended");
	}
	boot_table_down(steps, up, root);
	return root->failed ? -1 : ret;
}
