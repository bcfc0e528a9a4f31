/* SPDX-License-Identifier: BSD-3-Clause */
/* DPDK's telemetry, asked over its own socket as dpdk-telemetry.py does. */
#include "unit.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <rte_eal.h>

#include "show_harness.h"
#include "telemetry.h"

static struct harness harness;
static int telemetry_socket;

static json_t *
receive(void)
{
	static char answer[32768];
	ssize_t n = recv(telemetry_socket, answer, sizeof(answer) - 1, 0);
	json_t *json;

	assert_true(n > 0);
	answer[n] = 0;
	json = json_loads(answer, 0, NULL);
	if (json == NULL)
		fail_msg("not JSON, %zd bytes: %.200s", n, answer);
	return json;
}

static int
setup(void **state)
{
	const struct timeval limit = {.tv_sec = 10};
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	(void)state;
	harness_start(&harness);
	assert_int_equal(telemetry_start(&harness.view), 0);
	assert_true((size_t)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/dpdk_telemetry.v2",
			    rte_eal_get_runtime_dir()) < sizeof(addr.sun_path));
	telemetry_socket = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	setsockopt(telemetry_socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	assert_int_equal(connect(telemetry_socket, (struct sockaddr *)&addr, sizeof(addr)), 0);
	json_decref(receive()); /* its greeting */
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	close(telemetry_socket);
	telemetry_stop();
	harness_end(&harness);
	return 0;
}

/* What is under the command's name in the answer: to be freed; JSON null when it refuses. */
static json_t *
ask(const char *command)
{
	char name[128];
	json_t *answer, *data;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(command, ","), command);
	assert_int_equal(send(telemetry_socket, command, strlen(command), 0), strlen(command));
	answer = receive();
	data = json_incref(json_object_get(answer, name));
	json_decref(answer);
	assert_non_null(data);
	return data;
}

static json_int_t
number(json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	if (!json_is_integer(value))
		fail_msg("%s is no integer", key);
	return json_integer_value(value);
}

static void
test_lists_and_items(void **state)
{
	json_t *data, *inner;

	(void)state;
	data = ask("/ferry/ports");
	assert_int_equal(number(data, "total"), 1);
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(data, "ids"), 0)), "wan");
	json_decref(data);
	data = ask("/ferry/port,wan");
	assert_int_equal(number(data, "mtu_bytes"), 1500);
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(data, "addresses"), 0)),
		"10.0.0.1");
	json_decref(data);
	data = ask("/ferry/links");
	assert_int_equal(number(data, "total"), 2);
	assert_int_equal(json_integer_value(json_array_get(json_object_get(data, "ids"), 1)), 3);
	assert_null(json_object_get(data, "next"));
	json_decref(data);
	data = ask("/ferry/links,1");
	assert_int_equal(json_array_size(json_object_get(data, "ids")), 1);
	json_decref(data);
	data = ask("/ferry/sessions");
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(data, "ids"), 1)), "1,2");
	json_decref(data);
	data = ask("/ferry/node");
	assert_string_equal(json_string_value(json_object_get(data, "name")), "here");
	inner = json_object_get(json_object_get(data, "pools"), "packets");
	assert_int_equal(number(inner, "size"), harness.node->pool->size);
	inner = json_object_get(json_object_get(data, "workers"), "0");
	assert_int_equal(number(inner, "worker"), 0);
	json_decref(data);
}

static void
test_the_same_counters(void **state)
{
	json_t *data, *source;

	(void)state;
	harness_receive(&harness, 4, 7, 3);
	harness_receive(&harness, 4, 7, 3);
	node_start_source(harness.node, node_find_source(harness.node, 1, 1));
	harness_run(&harness, 200);
	data = ask("/ferry/link,2");
	assert_int_equal(number(data, "tx_packets"), harness.by_hop[2]);
	assert_int_equal(number(data, "rx_packets"), 1);
	assert_int_equal(number(data, "rx_duplicates"), 1);
	json_decref(data);
	data = ask("/ferry/session,1,1");
	assert_int_equal(number(json_object_get(data, "source"), "packets"), harness.sent);
	assert_null(json_object_get(data, "destination"));
	json_decref(data);
	data = ask("/ferry/session,1,2");
	source = json_object_get(data, "destination");
	assert_int_equal(number(source, "packets"), 1);
	assert_int_equal(
		number(json_object_get(json_object_get(source, "delay"), "raw_us"), "p50"), 3000);
	json_decref(data);
	data = ask("/ferry/flows,1,1");
	source = json_object_get(json_object_get(data, "source"), "1");
	assert_int_equal(number(source, "packets"), harness.by_flow[1]);
	assert_string_equal(json_string_value(json_object_get(source, "share_configured")), "0.75");
	assert_string_equal(json_string_value(json_object_get(source, "path")), "3 > 2");
	json_decref(data);
	data = ask("/ferry/drops");
	assert_int_equal(json_object_size(data), DROP_COUNT - 1);
	assert_int_equal(number(data, "link_duplicate"), 1);
	assert_int_equal(number(data, "udp_port"), 0);
	json_decref(data);
}

/* More flows than an answer holds come in pages. */
static void
test_pages(void **state)
{
	json_int_t next = 0;
	size_t seen = 0;
	json_t *data;

	(void)state;
	for (int i = 2; i < 256; i++) {
		json_t *reply = harness_ask(&harness,
			"{\"command\": [\"flow\", \"add\", \"1\", \"1\", \"1\", \"3 > 2\"]}");

		assert_true(json_is_true(json_object_get(reply, "ok")));
		json_decref(reply);
	}
	for (int page = 0; page < 100; page++) {
		char command[64];

		snprintf(command, sizeof(command), "/ferry/flows,1,1,%d", (int)next);
		data = ask(command);
		assert_int_equal(number(data, "total"), 256);
		assert_int_equal(number(data, "offset"), next);
		seen += json_object_size(json_object_get(data, "source"));
		next = json_object_get(data, "next") != NULL ? number(data, "next") : 0;
		json_decref(data);
		if (next == 0)
			break;
	}
	assert_int_equal(seen, 256);
}

static void
test_wrong_parameters(void **state)
{
	static const char *const wrong[] = {"/ferry/link", "/ferry/link,", "/ferry/link,9",
		"/ferry/link,x", "/ferry/link,2,3", "/ferry/link,99999999999", "/ferry/links,x",
		"/ferry/port", "/ferry/port,lan", "/ferry/session,1", "/ferry/session,1,7",
		"/ferry/session,1,1,1", "/ferry/flows,1", "/ferry/flows,1,1,0,0"};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		json_t *data = ask(wrong[i]);

		if (!json_is_null(data))
			fail_msg("%s was answered", wrong[i]);
		json_decref(data);
	}
	telemetry_stop();
	json_decref(ask("/ferry/node"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lists_and_items, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_same_counters, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrong_parameters, setup, teardown),
	};
	int failed;

	harness_eal(true);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rte_eal_cleanup();
	return failed;
}
