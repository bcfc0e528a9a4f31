/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Clients of the metrics' listener that come in numbers, say nothing, say without end, or leave:
 * nothing of them stays.
 */
#include "unit.h"

#include <arpa/inet.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/http.h>

#include "metrics_server.h"

#define CLIENTS 60
#define RECORDS 5000 /* of text, far more than a socket's buffers hold */

#define FLOOD (64u << 20) /* bytes */

static long nb_allocated, bytes_allocated;
static in_port_t port; /* where it listens, network order */

/* s: of a connection that says and takes nothing, and another that the test wants. */
static int asked_limit, limit;

void __real_evhttp_set_timeout(struct evhttp *http, int seconds);
void __wrap_evhttp_set_timeout(struct evhttp *http, int seconds);

void
__wrap_evhttp_set_timeout(struct evhttp *http, int seconds)
{
	asked_limit = seconds;
	__real_evhttp_set_timeout(http, limit != 0 ? limit : seconds);
}

static void *
count_malloc(size_t size)
{
	void *memory = malloc(size);

	nb_allocated += memory != NULL;
	bytes_allocated += (long)malloc_usable_size(memory);
	return memory;
}

static void *
count_realloc(void *memory, size_t size)
{
	nb_allocated += memory == NULL;
	bytes_allocated -= (long)malloc_usable_size(memory);
	memory = realloc(memory, size);
	bytes_allocated += (long)malloc_usable_size(memory);
	return memory;
}

static void
count_free(void *memory)
{
	nb_allocated -= memory != NULL;
	bytes_allocated -= (long)malloc_usable_size(memory);
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

static int
client(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0), room = 1 << 16;

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void
ask(int fd)
{
	static const char request[] = "GET /metrics HTTP/1.1\r\n\r\n";

	assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
}

/* A listener, and what it gives. */
struct scene {
	struct event_base *base;
	struct metrics_server *server;
	struct ferry_stats_snapshot snapshot;
	unsigned int descriptors; /* without any of a client */
	long allocated;
};

static void
begin(struct scene *scene)
{
	char error[256];

	memset(scene, 0, sizeof(*scene));
	scene->allocated = nb_allocated;
	scene->base = event_base_new();
	scene->descriptors = descriptors();
	port = free_port();
	scene->snapshot.records = calloc(RECORDS, sizeof(*scene->snapshot.records));
	scene->snapshot.count = RECORDS;
	for (uint32_t i = 0; i < RECORDS; i++)
		scene->snapshot.records[i].head.type = FERRY_STATS_SESSION;
	scene->server = metrics_server_new(
		scene->base, "127.0.0.1", ntohs(port), &scene->snapshot, error, sizeof(error));
	assert_non_null(scene->server);
}

/* The clients' descriptors are the test's to close. */
static void
end(struct scene *scene, const int *fds, int n)
{
	metrics_server_free(scene->server);
	for (int i = 0; i < n; i++)
		close(fds[i]);
	expect_descriptors(scene->base, scene->descriptors);
	event_base_free(scene->base);
	assert_int_equal(nb_allocated, scene->allocated);
	free(scene->snapshot.records);
}

static void
test_clients(void **state)
{
	struct scene scene;
	int fds[CLIENTS];

	(void)state;
	begin(&scene);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < CLIENTS; i++) {
			fds[i] = client();
			/* Every third asks, and takes nothing. */
			if (i % 3 == 0)
				ask(fds[i]);
		}
		expect_descriptors(
			scene.base, scene.descriptors + 1 + CLIENTS + METRICS_CONNECTIONS_MAX);
		if (round == 2)
			break;
		for (int i = 0; i < CLIENTS; i++)
			close(fds[i]);
		expect_descriptors(scene.base, scene.descriptors + 1);
	}
	/* With answers under way. */
	end(&scene, fds, CLIENTS);
}

/* While an answer waits to be taken, what else its client sends is left where it is. */
static void
test_flood(void **state)
{
	static const char flood[1 << 16];
	struct scene scene;
	size_t sent = 0;
	long before;
	int fd;

	(void)state;
	begin(&scene);
	fd = client();
	before = bytes_allocated;
	ask(fd);
	for (int idle = 0; sent < FLOOD && idle < 50;) {
		ssize_t n = send(fd, flood, sizeof(flood), MSG_DONTWAIT);

		sent += n > 0 ? (size_t)n : 0;
		idle = n > 0 ? 0 : idle + 1;
		run(scene.base, n > 0 ? 1 : 10);
		assert_true(bytes_allocated - before < 1 << 20);
	}
	end(&scene, &fd, 1);
}

/* A byte of a request that never ends, or some of an answer. */
static void
linger(int fd, bool answer)
{
	static char part[1 << 16];

	if (answer)
		(void)!recv(fd, part, sizeof(part), MSG_DONTWAIT);
	else
		(void)!send(fd, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* The status of what came; 0: nothing yet. Nothing more will: *fd is one that asks again. */
static int
status_of_answer(int *fd)
{
	char text[16] = "";
	ssize_t n = recv(*fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	if (n < 0)
		return 0;
	close(*fd);
	*fd = client();
	ask(*fd);
	return n == 0 ? 0 : atoi(text + strlen("HTTP/1.1 "));
}

/* Those that keep all places, and as many answers as there may be, do not keep them for ever. */
static void
test_crowd(void **state)
{
	static const char half[] = "GET /metrics HTTP/1.1\r\nX: ";
	unsigned int answers = 0, first = 0, ms;
	int fds[METRICS_CONNECTIONS_MAX + 1], *last = &fds[METRICS_CONNECTIONS_MAX], status = 0;
	struct scene scene;

	(void)state;
	begin(&scene);
	for (int i = 0; i < METRICS_CONNECTIONS_MAX; i++) {
		fds[i] = client();
		if (i < METRICS_REPLIES_MAX)
			ask(fds[i]);
		else
			assert_int_equal(send(fds[i], half, strlen(half), 0), strlen(half));
	}
	run(scene.base, 300);
	*last = client();
	ask(*last);
	for (ms = 0; status != 200 && ms < 20000; ms += 100) {
		run(scene.base, 100);
		for (int i = 0; ms % 1000 == 0 && i < METRICS_CONNECTIONS_MAX; i++)
			linger(fds[i], i < METRICS_REPLIES_MAX);
		status = status_of_answer(last);
		answers += status != 0;
		first = answers == 0 ? ms : first;
	}
	assert_int_equal(status, 200);
	assert_true(first < (METRICS_CROWDED_SECONDS + 2) * 1000);
	assert_true(ms < (METRICS_SECONDS + 3) * 1000);
	/* The answers that were under way were not ended for the sake of a place. */
	assert_true(answers > 1);
	end(&scene, fds, METRICS_CONNECTIONS_MAX + 1);
}

/* Takes an answer to its end, and returns how long it was; 0: it was cut off. */
static size_t
take_answer(struct event_base *base, int fd)
{
	static const char last[] = "\r\n0\r\n\r\n";
	static char part[(1 << 16) + sizeof(last)];
	const size_t keep = sizeof(last) - 1;
	size_t bytes = 0;

	memset(part, 0, keep);
	for (int idle = 0; idle < 200 && memcmp(part, last, keep) != 0;) {
		ssize_t n = recv(fd, part + keep, 1 << 16, MSG_DONTWAIT);

		if (n == 0)
			return 0;
		idle = n > 0 ? 0 : idle + 1;
		if (n < 0) {
			run(base, 10);
			continue;
		}
		bytes += (size_t)n;
		memmove(part, part + n, keep); /* the last bytes that came */
	}
	return memcmp(part, last, keep) == 0 ? bytes : 0;
}

/* Who has said all that it has to say gets its whole answer, as one that may ask again. */
static void
test_half_closed(void **state)
{
	struct scene scene;
	size_t bytes;
	char byte;
	int fd;

	(void)state;
	begin(&scene);
	fd = client();
	ask(fd);
	bytes = take_answer(scene.base, fd);
	assert_true(bytes > 1 << 20);
	ask(fd);
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	assert_int_equal(take_answer(scene.base, fd), bytes);
	for (int i = 0; i < 100 && recv(fd, &byte, 1, MSG_DONTWAIT) != 0; i++)
		run(scene.base, 10);
	assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
	end(&scene, &fd, 1);
}

/* Who took a part of an answer and left has no part in those that may be under way. */
static void
test_left(void **state)
{
	struct scene scene;
	int fds[METRICS_REPLIES_MAX + 1], *last = &fds[METRICS_REPLIES_MAX], status = 0;

	(void)state;
	begin(&scene);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < METRICS_REPLIES_MAX; i++) {
			fds[i] = client();
			ask(fds[i]);
		}
		run(scene.base, 100);
		*last = client();
		ask(*last);
		for (int i = 0; i < 50 && status == 0; i++) {
			run(scene.base, 20);
			status = status_of_answer(last);
		}
		assert_int_equal(status, 503);
		close(*last);
		for (int i = 0; i < METRICS_REPLIES_MAX; i++)
			close(fds[i]);
		expect_descriptors(scene.base, scene.descriptors + 1);
		status = 0;
	}
	*last = client();
	ask(*last);
	run(scene.base, 100);
	assert_int_equal(status_of_answer(last), 200);
	end(&scene, last, 1);
}

/* Who asks nothing is not there for ever, though nobody else wants its place. */
static void
test_silent(void **state)
{
	struct scene scene;
	char byte;
	int fd;

	(void)state;
	limit = 1;
	begin(&scene);
	assert_int_equal(asked_limit, METRICS_SECONDS);
	fd = client();
	run(scene.base, 500);
	assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
	for (int i = 0; i < 50 && recv(fd, &byte, 1, MSG_DONTWAIT) != 0; i++)
		run(scene.base, 100);
	assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
	end(&scene, &fd, 1);
	limit = 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clients),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_half_closed),
		cmocka_unit_test(test_left),
		cmocka_unit_test(test_silent),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	event_set_mem_functions(count_malloc, count_realloc, count_free);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
