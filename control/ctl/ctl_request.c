/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "ctl_request.h"

#define EXPECTED "expected a line like {\"command\": [\"show\", \"node\"]}"

/* No control characters: what is quoted in an error or a log then cannot confuse a terminal. */
static int
check_text(const char *text)
{
	for (; *text != 0; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return -1;
	}
	return 0;
}

static int
take_arguments(struct ctl_request *request, char *error, size_t size)
{
	json_t *command = json_object_get(request->json, "command");
	json_t *value;
	size_t i;

	if (!json_is_array(command) || json_object_size(request->json) != 1) {
		snprintf(error, size, "not a request: " EXPECTED);
		return -1;
	}
	if (json_array_size(command) == 0) {
		snprintf(error, size, "the command is empty: " EXPECTED);
		return -1;
	}
	if (json_array_size(command) > CTL_ARGUMENTS_MAX) {
		snprintf(error, size, "the command has %zu words, at most %d are allowed",
			json_array_size(command), CTL_ARGUMENTS_MAX);
		return -1;
	}
	json_array_foreach(command, i, value)
	{
		const char *text = json_string_value(value);

		if (text == NULL || check_text(text) != 0) {
			snprintf(error, size,
				"word %zu of the command is not a text without control characters",
				i + 1);
			return -1;
		}
		request->argv[request->argc++] = text;
	}
	return 0;
}

int
ctl_request_parse(
	const char *line, size_t len, struct ctl_request *request, char *error, size_t size)
{
	json_error_t where;

	memset(request, 0, sizeof(*request));
	if (len > CTL_REQUEST_MAX) {
		snprintf(error, size, "the request is longer than %d bytes", CTL_REQUEST_MAX);
		return -1;
	}
	request->json = json_loadb(line, len, JSON_REJECT_DUPLICATES, &where);
	if (request->json == NULL) {
		snprintf(error, size, "not JSON, column %d: " EXPECTED, where.column);
		return -1;
	}
	if (take_arguments(request, error, size) != 0) {
		ctl_request_free(request);
		return -1;
	}
	return 0;
}

void
ctl_request_free(struct ctl_request *request)
{
	json_decref(request->json);
	memset(request, 0, sizeof(*request));
}

unsigned int
ctl_request_words(const struct ctl_request *request, const char *command)
{
	const char *blank = strchr(command, ' ');
	size_t len = blank != NULL ? (size_t)(blank - command) : strlen(command);

	if (strlen(request->argv[0]) != len || strncmp(request->argv[0], command, len) != 0)
		return 0;
	if (blank == NULL)
		return 1;
	return request->argc >= 2 && strcmp(request->argv[1], blank + 1) == 0 ? 2 : 0;
}

bool
ctl_request_fits(unsigned int count, unsigned int least, unsigned int most, const char *command,
	const char *arguments, char *error)
{
	if (count >= least && count <= most)
		return true;
	snprintf(error, CTL_ERROR_MAX, "too %s words: right is \"%s%s%s\"",
		count < least ? "few" : "many", command, arguments[0] != 0 ? " " : "", arguments);
	return false;
}

json_t *
ctl_reply_ok(json_t *data)
{
	if (data == NULL)
		return ctl_reply_error("out of memory");
	return json_pack("{s:b, s:o}", "ok", 1, "data", data);
}

/* A sentence may quote what came and cut it within a character: such bytes become '?'. */
static json_t *
error_text(const char *error)
{
	json_t *text = json_string(error);
	char ascii[CTL_ERROR_MAX];
	size_t len = 0;

	if (text != NULL)
		return text;
	for (; error[len] != 0 && len + 1 < sizeof(ascii); len++)
		ascii[len] = (unsigned char)error[len] < 0x80 ? error[len] : '?';
	ascii[len] = 0;
	return json_string(ascii);
}

json_t *
ctl_reply_error(const char *error)
{
	if (error[0] == CTL_USAGE_MARK[0])
		return ctl_reply_usage(error + 1);
	return json_pack("{s:b, s:o}", "ok", 0, "error", error_text(error));
}

json_t *
ctl_reply_usage(const char *error)
{
	return json_pack("{s:b, s:o, s:b}", "ok", 0, "error", error_text(error), "usage", 1);
}
