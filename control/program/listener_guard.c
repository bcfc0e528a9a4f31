/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include <syslog.h>

#include <event2/event.h>
#include <event2/util.h>

#include "clock.h"
#include "listener_guard.h"
#include "log.h"

#define QUIET_MS 60000

/* An error callback's argument is its listener's, which may be libevent's own (evhttp). */
static LIST_HEAD(, listener_guard) guards = LIST_HEAD_INITIALIZER(guards);

static void
apply(struct listener_guard *guard)
{
	if (guard->held || guard->resting)
		evconnlistener_disable(guard->listener);
	else
		evconnlistener_enable(guard->listener);
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	struct listener_guard *guard = arg;

	(void)fd;
	(void)what;
	guard->resting = false;
	apply(guard);
}

static void
on_error(struct evconnlistener *listener, void *ctx)
{
	const struct timeval rest = {
		.tv_sec = LISTENER_GUARD_MS / 1000, .tv_usec = LISTENER_GUARD_MS % 1000 * 1000};
	const char *why = evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR());
	struct listener_guard *guard;
	uint64_t now = clock_ms(CLOCK_MONOTONIC);

	(void)ctx;
	LIST_FOREACH (guard, &guards, chain)
		if (guard->listener == listener)
			break;
	if (guard == NULL)
		return;
	if (guard->failed == 0 || now - guard->failed > QUIET_MS)
		log_line(LOG_WARNING,
			"%s: a connection cannot be taken: %s; it is tried again every second",
			guard->what, why);
	guard->failed = now;
	guard->resting = true;
	apply(guard);
	event_add(guard->again, &rest);
}

int
listener_guard_begin(
	struct listener_guard *guard, struct evconnlistener *listener, const char *what)
{
	memset(guard, 0, sizeof(*guard));
	guard->again = evtimer_new(evconnlistener_get_base(listener), on_again, guard);
	if (guard->again == NULL)
		return -1;
	guard->listener = listener;
	guard->what = what;
	LIST_INSERT_HEAD(&guards, guard, chain);
	evconnlistener_set_error_cb(listener, on_error);
	return 0;
}

void
listener_guard_hold(struct listener_guard *guard, bool held)
{
	guard->held = held;
	apply(guard);
}

void
listener_guard_end(struct listener_guard *guard)
{
	if (guard->listener == NULL)
		return;
	LIST_REMOVE(guard, chain);
	event_free(guard->again);
	guard->listener = NULL;
}
