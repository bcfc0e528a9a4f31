/* SPDX-License-Identifier: BSD-3-Clause */
/* Follows a veth pair in a network namespace of its own; needs root, is skipped without. */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <net/if.h>
#include <sys/socket.h>

#include "link_watch.h"

struct seen {
	unsigned int n;
	int ifindex;
	bool up;
	uint32_t mtu;
};

static void
on_changed(void *ctx, int ifindex, bool up, uint32_t mtu)
{
	struct seen *seen = ctx;

	seen->n++;
	seen->ifindex = ifindex;
	seen->up = up;
	seen->mtu = mtu;
}

static void
run(const char *command)
{
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

/* Reads until something is told, for 3 s at most; false if nothing was. */
static bool
wait_told(struct link_watch *watch, struct seen *seen)
{
	struct pollfd fd = {.fd = link_watch_fd(watch), .events = POLLIN};

	seen->n = 0;
	while (seen->n == 0 && poll(&fd, 1, 3000) > 0)
		assert_int_equal(link_watch_read(watch), 0);
	return seen->n > 0;
}

static void
expect_told(struct link_watch *watch, struct seen *seen, int ifindex, bool up)
{
	assert_true(wait_told(watch, seen));
	assert_int_equal(seen->n, 1);
	assert_int_equal(seen->ifindex, ifindex);
	assert_int_equal(seen->up, up);
}

static void
enter_namespace(void)
{
	if (unshare(CLONE_NEWNET) != 0) {
		print_message("no network namespace: %s\n", strerror(errno));
		skip();
	}
	run("ip link add ferry0 type veth peer name ferry1");
	run("ip link set ferry0 up && ip link set ferry1 up");
}

static void
test_veth(void **state)
{
	struct seen seen = {0};
	struct link_watch *watch;
	int ifindex;

	(void)state;
	enter_namespace();
	ifindex = (int)if_nametoindex("ferry0");
	watch = link_watch_open(on_changed, &seen);
	assert_non_null(watch);
	assert_int_equal(link_watch_add(watch, ifindex), 0);
	assert_int_equal(link_watch_add(watch, ifindex), 0);
	expect_told(watch, &seen, ifindex, true);
	/* the far end is the carrier */
	run("ip link set ferry1 down");
	expect_told(watch, &seen, ifindex, false);
	run("ip link set ferry1 up");
	expect_told(watch, &seen, ifindex, true);
	run("ip link set ferry0 down");
	expect_told(watch, &seen, ifindex, false);
	run("ip link set ferry0 up");
	expect_told(watch, &seen, ifindex, true);
	assert_int_equal(seen.mtu, 1500);
	run("ip link set ferry0 mtu 1000");
	expect_told(watch, &seen, ifindex, true);
	assert_int_equal(seen.mtu, 1000);
	/* others do not matter */
	run("ip link add dummy0 type bridge && ip link set dummy0 up && ip link del dummy0");
	assert_int_equal(link_watch_read(watch), 0);
	/* nor does what a bridge says of its ports: that one is none any more */
	run("ip link add bridge0 type bridge && ip link set ferry0 master bridge0");
	assert_int_equal(link_watch_read(watch), 0);
	run("ip link set ferry0 nomaster");
	seen.n = 0;
	assert_int_equal(link_watch_read(watch), 0);
	assert_int_equal(seen.n, 0);
	/* one that is not there is down, and so is one that goes */
	assert_int_equal(link_watch_add(watch, 12345), 0);
	expect_told(watch, &seen, 12345, false);
	run("ip link del ferry0");
	expect_told(watch, &seen, ifindex, false);
	link_watch_close(watch);
}

/* More events than the socket holds, the last of them a change: it must not be missed. */
static void
test_lost_events(void **state)
{
	struct seen seen = {0};
	struct link_watch *watch;
	const int small = 16384;
	int ifindex;

	(void)state;
	enter_namespace();
	ifindex = (int)if_nametoindex("ferry0");
	watch = link_watch_open(on_changed, &seen);
	assert_non_null(watch);
	assert_int_equal(
		setsockopt(link_watch_fd(watch), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	assert_int_equal(link_watch_add(watch, ifindex), 0);
	expect_told(watch, &seen, ifindex, true);
	run("i=0; while [ $i -lt 400 ]; do echo link set ferry0 txqueuelen $((1400 + i % 2)); "
	    "i=$((i + 1)); done | ip -batch -");
	run("ip link set ferry0 down");
	expect_told(watch, &seen, ifindex, false);
	run("ip link set ferry0 up");
	expect_told(watch, &seen, ifindex, true);
	link_watch_close(watch);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_veth),
		cmocka_unit_test(test_lost_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
