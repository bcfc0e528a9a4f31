/* SPDX-License-Identifier: BSD-3-Clause */
/* The control thread's event loop: its ticks, its sockets, and how it ends. */
#include <string.h>

#include <event2/event.h>
#include <sys/eventfd.h>

#include "clock.h"
#include "control_lock.h"
#include "ferryd.h"
#include "idle_wait.h"
#include "log.h"
#include "manage.h"
#include "mgmt.h"

/*
 * A busy worker cannot wake the control thread (no system calls there): it looks so often, less and
 * less often while there is nothing, for it may share a CPU with whom the node serves. A worker
 * that sleeps has woken it if there was anything (idle_wait.h).
 */
#define TICK_FILES_US 100 /* more of a file is there to be read or written */
#define TICK_BUSY_US  1000
#define TICK_IDLE_US  10000
#define TICK_QUIET_US 100000
#define CLOCK_TRIES   5

/* Both clocks at once, as nearly as can be: this thread may be preempted between two readings. */
static void
sample_clock(struct ferryd *f)
{
	uint64_t best = UINT64_MAX, now = 0, utc = 0;

	for (int i = 0; i < CLOCK_TRIES; i++) {
		uint64_t before = ferryd_now(f);
		uint64_t read = clock_ns(CLOCK_REALTIME);
		uint64_t after = ferryd_now(f);

		if (after - before >= best)
			continue;
		best = after - before;
		now = before + best / 2;
		utc = read;
	}
	if (utc_clock_sample(&f->utc, now, utc))
		node_set_clock(f->node, &f->utc.map);
}

/* Nothing is on its way any more: all that came in is accounted for. */
static bool
is_settled(struct ferryd *f)
{
	struct worker_counters all;
	struct worker_sums sums;

	node_counters(f->node, &all);
	sums = worker_sums(&all);
	return sums.in == sums.out && all.queued == 0 && all.handed_in == all.handed_out &&
	       node_settled(f->node);
}

static bool
is_drained(struct ferryd *f, uint64_t now)
{
	return (now >= f->drain_until || is_settled(f)) &&
	       (f->mgmt == NULL || !mgmt_leaving(f->mgmt));
}

void
ferryd_drain(struct ferryd *f)
{
	log_line(LOG_INFO, "ending: sources stop, what is on its way has %u ms",
		f->config->node.drain);
	for (uint32_t i = 0; i < f->book.nb_entries; i++)
		if (f->book.entries[i]->source != NULL)
			node_stop_source(f->node, f->book.entries[i]->source);
	if (f->mgmt != NULL)
		mgmt_leave(f->mgmt, "the node ends");
	f->drain_until = ferryd_now(f) + (uint64_t)f->config->node.drain * 1000000 + 1;
}

static void
arm(struct event *event, uint64_t us)
{
	struct timeval tv = {.tv_sec = (long)(us / 1000000), .tv_usec = (long)(us % 1000000)};

	event_add(event, &tv);
}

/* Until the next tick. Of files workers do not tell. */
static uint64_t
tick_us(const struct ferryd *f, bool busy)
{
	bool quiet = f->nb_feeds == 0 && TAILQ_EMPTY(&f->sinks) && !f->source_starts_left;

	if (busy || f->drain_until != 0 || !node_settled(f->node) || !TAILQ_EMPTY(&f->leaving))
		return TICK_BUSY_US;
	for (uint16_t i = 0; i < f->node->nb_workers; i++)
		quiet &= idle_asleep(f->node->workers[i]);
	return RTE_MIN(2 * f->tick_us, (uint64_t)(quiet ? TICK_QUIET_US : TICK_IDLE_US));
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct ferryd *f = arg;
	uint64_t now = ferryd_now(f);
	uint64_t due;
	bool busy, more;

	(void)fd;
	(void)what;
	control_lock();
	busy = punts_serve(f, now);
	due = underlay_tick(&f->underlay, now);
	source_starts_serve(f, now);
	busy |= files_serve(f, &more);
	history_poll(&f->history, f->node);
	node_tick(f->node);
	session_book_tick(&f->book);
	manage_peers_tick(f);
	if (now >= f->clock_due) {
		sample_clock(f);
		port_states_poll(f);
		allowed_tick(&f->allowed);
		reports_serve(f, now);
		f->clock_due = now + 100000000;
	}
	control_unlock();
	if (f->drain_until != 0 && is_drained(f, now)) {
		event_base_loopbreak(f->base);
		return;
	}
	f->tick_us = more ? TICK_FILES_US : tick_us(f, busy);
	due = RTE_MAX(due, now + TICK_BUSY_US * 1000);
	arm(f->tick, RTE_MIN(f->tick_us, (due - now) / 1000));
}

/* A worker that goes to sleep has left something. */
static void
on_woken(evutil_socket_t fd, short what, void *arg)
{
	eventfd_t times;

	(void)eventfd_read(fd, &times);
	on_tick(fd, what, arg);
}

static void
on_second(evutil_socket_t fd, short what, void *arg)
{
	struct ferryd *f = arg;

	(void)fd;
	(void)what;
	control_lock();
	rates_tick(&f->view, ferryd_now(f));
	oversize_log_tick(f);
	control_unlock();
	arm(f->second, 1000000);
}

static void
on_watch(evutil_socket_t fd, short what, void *arg)
{
	struct ferryd *f = arg;
	int rc;

	(void)fd;
	(void)what;
	control_lock();
	rc = link_watch_read(f->watch);
	control_unlock();
	if (rc < 0) {
		log_line(LOG_ERR, "kernel interfaces can no longer be followed: %s", strerror(-rc));
		event_del(f->watch_event);
	}
}

static json_t *
on_request(void *ctx, const char *line, size_t len, bool *follow)
{
	struct ferryd *f = ctx;

	return ctl_execute_line(&f->ctl, line, len, follow);
}

int
boot_socket(void *ctx)
{
	struct ferryd *f = ctx;
	char error[256];

	f->ctl_server = ctl_server_new(
		f->base, f->config->node.socket, on_request, f, error, sizeof(error));
	if (f->ctl_server != NULL)
		return 0;
	log_line(LOG_ERR, "%s", error);
	return -1;
}

void
undo_socket(void *ctx)
{
	struct ferryd *f = ctx;

	ctl_server_free(f->ctl_server);
	f->ctl_server = NULL;
}

int
boot_base(void *ctx)
{
	struct event_config *config = event_config_new();
	struct ferryd *f = ctx;

	/*
	 * By the coarse clock, some 4 ms, two of three ticks would wake before they are due, and
	 * again.
	 */
	if (config != NULL && event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER) == 0)
		f->base = event_base_new_with_config(config);
	if (config != NULL)
		event_config_free(config);
	if (f->base != NULL)
		return 0;
	log_line(LOG_ERR, "no event loop to be had");
	return -1;
}

void
undo_base(void *ctx)
{
	struct ferryd *f = ctx;

	mgmt_loop_free(f->base);
	f->base = NULL;
}

int
boot_ticks(void *ctx)
{
	struct ferryd *f = ctx;

	f->tick = evtimer_new(f->base, on_tick, f);
	f->second = evtimer_new(f->base, on_second, f);
	if (f->watch != NULL)
		f->watch_event = event_new(
			f->base, link_watch_fd(f->watch), EV_READ | EV_PERSIST, on_watch, f);
	if (f->node->control_fd >= 0)
		f->woken = event_new(
			f->base, f->node->control_fd, EV_READ | EV_PERSIST, on_woken, f);
	if (f->tick == NULL || f->second == NULL || (f->watch != NULL && f->watch_event == NULL) ||
		(f->node->control_fd >= 0 && f->woken == NULL)) {
		log_line(LOG_ERR, "out of memory for events");
		return -1;
	}
	if (f->woken != NULL)
		event_add(f->woken, NULL);
	if (f->watch_event != NULL)
		event_add(f->watch_event, NULL);
	f->tick_us = TICK_BUSY_US;
	arm(f->tick, f->tick_us);
	arm(f->second, 1000000);
	sample_clock(f);
	return 0;
}

static void
free_event(struct event **event)
{
	if (*event != NULL)
		event_free(*event);
	*event = NULL;
}

void
undo_ticks(void *ctx)
{
	struct ferryd *f = ctx;

	free_event(&f->tick);
	free_event(&f->second);
	free_event(&f->woken);
	free_event(&f->watch_event);
}
