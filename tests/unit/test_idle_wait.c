/* SPDX-License-Identifier: BSD-3-Clause */
/* A worker that sleeps is woken by the control thread and by its ports, and wakes the former. */
#include "unit.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <time.h>

#include "../harness/test_eal.h"
#include "idle_wait.h"
#include "node.h"

#define LONG_NS	 900000000
#define REQUESTS 20000

static struct node *node;
static struct worker *worker;
static struct idle_wait idle;
static struct port_ops ops;
static struct port port = {.ops = &ops};
static int port_fd;

static int
fd_of_port(const struct port *p, uint16_t queue)
{
	(void)queue;
	assert_ptr_equal(p, &port);
	return port_fd;
}

static uint64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static bool
is_readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

static bool
sleeps_through(uint64_t ns)
{
	uint64_t began = now_ns();

	idle_wait(&idle, worker, ns);
	assert_false(idle_asleep(worker));
	return now_ns() - began >= ns;
}

static int
setup(void **state)
{
	const struct node_params params = {
		.name = "idle", .id = 1, .nb_workers = 1, .max_links = 1, .may_sleep = true};
	const char *error;

	(void)state;
	node = node_new(&params, &error);
	worker = node != NULL ? node->workers[0] : NULL;
	if (worker == NULL)
		return -1;
	ops.rx_fd = fd_of_port;
	port_fd = eventfd(0, EFD_NONBLOCK);
	worker->rx[0].port = &port;
	worker->nb_rx = 1;
	idle_wait_init(&idle, worker);
	return idle.by_kernel && port_fd >= 0 ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	node_free(node);
	return close(port_fd);
}

/* What was there before it sleeps is not slept over. */
static void
test_asked_before(void **state)
{
	struct worker_request request = {0};
	void *taken;

	(void)state;
	assert_true(sleeps_through(2000000));
	assert_int_equal(rte_ring_sp_enqueue(worker->mailbox, &request), 0);
	assert_false(sleeps_through(LONG_NS));
	assert_int_equal(rte_ring_sc_dequeue(worker->mailbox, &taken), 0);
	assert_int_equal(rte_ring_sp_enqueue(worker->inject, &request), 0);
	assert_false(sleeps_through(LONG_NS));
	assert_int_equal(rte_ring_sc_dequeue(worker->inject, &taken), 0);
	worker->stop = true;
	assert_false(sleeps_through(LONG_NS));
	worker->stop = false;
	assert_true(sleeps_through(2000000));
}

static void
test_port(void **state)
{
	eventfd_t times;

	(void)state;
	assert_int_equal(eventfd_write(port_fd, 1), 0);
	assert_false(sleeps_through(LONG_NS));
	assert_int_equal(eventfd_read(port_fd, &times), 0);
	assert_true(sleeps_through(2000000));
}

/* Where a port has no descriptor, or others work beside it, it looks again in time. */
static void
test_looks(void **state)
{
	int fd = port_fd;

	(void)state;
	port_fd = -1;
	idle_wait_init(&idle, worker);
	assert_false(idle.by_kernel);
	assert_true(idle.most < 1000000);
	assert_true(sleeps_through(idle.most));
	port_fd = fd;
	node->nb_workers = 2;
	idle_wait_init(&idle, worker);
	assert_false(idle.by_kernel);
	node->nb_workers = 1;
	idle_wait_init(&idle, worker);
	assert_true(idle.by_kernel);
}

/* The control thread is woken for an event, a frame, a request that is done, and for nothing else.
 */
static void
test_tells(void **state)
{
	struct worker_event event = {.kind = EVENT_link_up};
	void *frame = &event, *taken;
	eventfd_t times;

	(void)state;
	assert_true(sleeps_through(1));
	assert_false(is_readable(node->control_fd));

	worker_event_raise(worker, &event);
	assert_true(sleeps_through(1));
	assert_int_equal(eventfd_read(node->control_fd, &times), 0);
	assert_int_equal(worker_event_take(worker, &event, 1), 1);

	assert_int_equal(rte_ring_sp_enqueue(worker->punt, frame), 0);
	assert_true(sleeps_through(1));
	assert_int_equal(eventfd_read(node->control_fd, &times), 0);
	assert_int_equal(rte_ring_sc_dequeue(worker->punt, &taken), 0);

	worker->answered = true;
	assert_true(sleeps_through(1));
	assert_int_equal(eventfd_read(node->control_fd, &times), 0);
	assert_true(sleeps_through(1));
	assert_false(is_readable(node->control_fd));
}

/* Each sleep that ends by its own time although a request waits is one whose wake was lost. */
static void *
work(void *arg)
{
	uint32_t *lost = arg;
	struct worker_request *request;

	for (uint32_t done = 0; done < REQUESTS;) {
		if (rte_ring_sc_dequeue(worker->mailbox, (void **)&request) == 0) {
			__atomic_store_n(&request->done, true, __ATOMIC_RELEASE);
			done++;
			continue;
		}
		*lost += sleeps_through(LONG_NS) && !rte_ring_empty(worker->mailbox);
	}
	return NULL;
}

static void
test_no_wake_is_lost(void **state)
{
	struct worker_request request;
	uint32_t lost = 0;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, work, &lost), 0);
	for (uint32_t i = 0; i < REQUESTS; i++) {
		request = (struct worker_request){0};
		assert_int_equal(rte_ring_sp_enqueue(worker->mailbox, &request), 0);
		idle_wake(worker);
		while (!__atomic_load_n(&request.done, __ATOMIC_ACQUIRE))
			;
		/* Now it is about to sleep, now it sleeps. */
		for (volatile uint32_t k = i % 1024; k > 0; k--)
			;
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(lost, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_asked_before, setup, teardown),
		cmocka_unit_test_setup_teardown(test_port, setup, teardown),
		cmocka_unit_test_setup_teardown(test_looks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tells, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_wake_is_lost, setup, teardown),
	};

	if (test_eal(64, false) < 0)
		return 1;
	return cmocka_run_group_tests_name("idle_wait", tests, NULL, NULL);
}
