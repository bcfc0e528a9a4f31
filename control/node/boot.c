/* SPDX-License-Identifier: BSD-3-Clause */
#include <signal.h>

#include <event2/event.h>

#include "boot_table.h"
#include "ferryd.h"
#include "log.h"

static volatile sig_atomic_t told_to_end;

/* The first lets the step under way end. One more does not wait for that, it may hang. */
static void
on_signal(int number)
{
	if (told_to_end && number != SIGHUP) {
		signal(number, SIG_DFL);
		raise(number);
	}
	told_to_end = 1;
}

/*
 * The same while the node runs: the first drains, one more ends the drain. But never SIGHUP: it
 * comes more than once of one terminal that goes away, from the shell and from the kernel, and
 * together with SIGTERM.
 */
static void
on_signal_running(evutil_socket_t number, short what, void *arg)
{
	struct ferryd *f = arg;

	(void)what;
	if (f->drain_until == 0)
		ferryd_drain(f);
	else if (number != SIGHUP)
		event_base_loopbreak(f->base);
}

/*
 * A start takes a while, and must be undone if somebody ends it meanwhile. The event loop takes
 * signals only while it runs.
 */
static void
catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, before;

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	/* nohup(1) has it ignored. */
	if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &action, NULL);
	/* Who reads the log may end by the same signal first, as tee(1) does. */
	signal(SIGPIPE, SIG_IGN);
}

bool
ferryd_ends_early(struct ferryd *f)
{
	f->ended_early |= told_to_end != 0;
	return f->ended_early;
}

int
ferryd_add_signals(struct ferryd *f, event_callback_fn callback)
{
	static const int numbers[FERRYD_SIGNALS] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction now;

	for (int i = 0; i < FERRYD_SIGNALS; i++) {
		if (sigaction(numbers[i], NULL, &now) == 0 && now.sa_handler == SIG_IGN &&
			numbers[i] == SIGHUP)
			continue;
		f->signals[i] = evsignal_new(f->base, numbers[i], callback, f);
		if (f->signals[i] == NULL || event_add(f->signals[i], NULL) != 0)
			return -1;
	}
	return 0;
}

void
ferryd_free_signals(struct ferryd *f)
{
	told_to_end |= f->ended_early || f->drain_until != 0;
	for (int i = 0; i < FERRYD_SIGNALS; i++) {
		if (f->signals[i] != NULL)
			event_free(f->signals[i]);
		f->signals[i] = NULL;
	}
}

static int
run_loop(struct ferryd *f)
{
	int ret = 0;

	if (ferryd_add_signals(f, on_signal_running) != 0) {
		log_line(LOG_ERR, "out of memory for events");
		ret = -1;
	} else if (!ferryd_ends_early(f)) {
		log_line(LOG_INFO, "node %u is up", f->config->node.id);
		ret = event_base_dispatch(f->base);
		if (ret < 0)
			log_line(LOG_ERR, "the event loop failed");
	}
	ferryd_free_signals(f);
	return ret < 0 ? 1 : 0;
}

/* The order in which a node comes up; it goes down in reverse (boot_table.h). */
static const struct boot_row steps[] = {
	{"event loop", boot_base, undo_base},
	{"place in the root's tree", boot_management, undo_management},
	{"DPDK's environment", boot_eal, undo_eal},
	{"node and its workers' state", boot_node, undo_node},
	{"ports, and the packet pools", boot_ports, undo_ports},
	{"underlay: ARP, neighbour discovery, ping", boot_underlay, undo_underlay},
	{"links to peers", boot_links, NULL},
	{"sessions", boot_sessions, undo_sessions},
	{"files of sessions", boot_files, undo_files},
	{"counters and telemetry", boot_show, undo_show},
	{"reports of rates", boot_reports, undo_reports},
	{"ticks of the control thread", boot_ticks, undo_ticks},
	{"control socket", boot_socket, undo_socket},
	{"statistics", boot_statistics, undo_statistics},
	{"metrics", boot_metrics, undo_metrics},
	{"statistics up the tree", boot_manage_stats, undo_manage_stats},
	{"loss of links, to the root", boot_manage_losses, undo_manage_losses},
	{"workers", boot_workers, undo_workers},
	{"orders of the root", boot_orders, undo_orders},
};

static bool
ends_early(void *ctx)
{
	return ferryd_ends_early(ctx);
}

int
ferryd_run(struct ferryd *f)
{
	size_t up;
	int status;

	catch_signals();
	status = boot_table_up(steps, sizeof(steps) / sizeof(steps[0]), ends_early, f, &up) != 0;
	if (status == 0 && !ferryd_ends_early(f))
		status = run_loop(f);
	boot_table_down(steps, up, f);
	if (status == 0)
		log_line(LOG_INFO, "ended");
	return status;
}
