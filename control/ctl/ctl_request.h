/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The local protocol, one line each way, JSON (RFC 8259) in UTF-8 without a line feed inside:
 *
 *   request  {"command": ["show", "links"]}
 *   reply    {"ok": true, "data": ...}  or  {"ok": false, "error": "..."}
 * Where there is no such command, or it takes more, fewer or other words, the reply also has
 * "usage": true.
 *
 * Nothing else may be in a request. Replies come in the order of the requests.
 */
#ifndef FERRY_CTL_REQUEST_H
#define FERRY_CTL_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

/* The line feed not counted. The longest path text fits many times. */
#define CTL_REQUEST_MAX	  16384
#define CTL_ARGUMENTS_MAX 16
#define CTL_ERROR_MAX	  512

/* Begins an error that says that words are wrong, not what they mean; no word can have it. */
#define CTL_USAGE_MARK "\x01"

struct ctl_request {
	json_t *json; /* owns the texts */
	unsigned int argc;
	const char *argv[CTL_ARGUMENTS_MAX]; /* no control characters, no zero byte */
};

/*
 * Reads a line that came from outside (len bytes, no line feed, no final 0 needed). 0, or -1 with
 * the reason in error. After 0 the caller calls ctl_request_free.
 */
int ctl_request_parse(
	const char *line, size_t len, struct ctl_request *request, char *error, size_t size);
void ctl_request_free(struct ctl_request *request);

/*
 * How many words of a request are a command's own, of one or two words; 0: it is another command.
 */
unsigned int ctl_request_words(const struct ctl_request *request, const char *command);

/* Has a command as many words after its own as it takes? If not, error (CTL_ERROR_MAX) says so. */
bool ctl_request_fits(unsigned int count, unsigned int least, unsigned int most,
	const char *command, const char *arguments, char *error);

/* Replies; data is taken, and may be NULL: out of memory. A new reference, NULL = out of memory. */
json_t *ctl_reply_ok(json_t *data);
/* With CTL_USAGE_MARK: as ctl_reply_usage. */
json_t *ctl_reply_error(const char *error);
json_t *ctl_reply_usage(const char *error);

#endif
