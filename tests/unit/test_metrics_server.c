/* SPDX-License-Identifier: BSD-3-Clause */
/* Clients of the metrics' listener that come in numbers, say nothing, or leave: nothing of them
 * stays. */
#include "unit.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "metrics_server.h"

#define CLIENTS 60
#define RECORDS 5000 /* of text, far more than a socket's buffers hold */

static long nb_allocated;
static in_port_t port; /* where it listens, network order */

static void *
count_malloc(size_t size)
{
	void *memory = malloc(size);

	nb_allocated += memory != NULL;
	return memory;
}

static void *
count_realloc(void *memory, size_t size)
{
	nb_allocated += memory == NULL;
	return realloc(memory, size);
}

static void
count_free(void *memory)
{
	nb_allocated -= memory != NULL;
	free(memory);
}

static void
run(struct event_base *base, int ms)
{
	const struct timeval time = {.tv_usec = ms * 1000};

	event_base_loopexit(base, &time);
	event_base_dispatch(base);
}

static unsigned int
descriptors(void)
{
	unsigned int n = 0;

	for (int fd = 0; fd < 1000; fd++) {
		int other = dup(fd);

		if (other >= 0)
			close(other);
		n += other >= 0;
	}
	return n;
}

/* So many are open soon, and stay. */
static void
expect_descriptors(struct event_base *base, unsigned int expected)
{
	for (int i = 0; i < 100 && descriptors() != expected; i++)
		run(base, 100);
	run(base, 300);
	assert_int_equal(descriptors(), expected);
}

/* One that nobody listens on. */
static in_port_t
free_port(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	close(fd);
	return address.sin_port;
}

/* Every third asks, and takes nothing. */
static int
client(int number)
{
	static const char request[] = "GET /metrics HTTP/1.1\r\n\r\n";
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	if (number % 3 == 0)
		assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
	return fd;
}

static void
test_clients(void **state)
{
	struct ferry_stats_snapshot snapshot = {.count = RECORDS};
	long allocated = nb_allocated;
	struct event_base *base = event_base_new();
	unsigned int before = descriptors();
	struct metrics_server *server;
	char error[256];
	int fds[CLIENTS];

	(void)state;
	port = free_port();
	snapshot.records = calloc(RECORDS, sizeof(*snapshot.records));
	for (uint32_t i = 0; i < RECORDS; i++)
		snapshot.records[i].head.type = FERRY_STATS_SESSION;
	server = metrics_server_new(
		base, "127.0.0.1", ntohs(port), &snapshot, error, sizeof(error));
	assert_non_null(server);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < CLIENTS; i++)
			fds[i] = client(i);
		expect_descriptors(base, before + 1 + CLIENTS + METRICS_CONNECTIONS_MAX);
		if (round == 2)
			break;
		for (int i = 0; i < CLIENTS; i++)
			close(fds[i]);
		expect_descriptors(base, before + 1);
	}
	/* With answers under way. */
	metrics_server_free(server);
	for (int i = 0; i < CLIENTS; i++)
		close(fds[i]);
	expect_descriptors(base, before);
	event_base_free(base);
	assert_int_equal(nb_allocated, allocated);
	free(snapshot.records);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_clients)};

	event_set_mem_functions(count_malloc, count_realloc, count_free);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
