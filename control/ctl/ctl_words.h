/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Words of a command as values, for ferryd and ferry-root alike. Errors go to error, CTL_ERROR_MAX
 * bytes. Any thread.
 */
#ifndef FERRY_CTL_WORDS_H
#define FERRY_CTL_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl_request.h"

/* An integer from 0 to max, decimal digits only. 0, or -1 with the reason; what names the value. */
int
ctl_read_number(const char *text, const char *what, uint64_t max, uint64_t *number, char *error);

/* As that, of what cannot be 0: the id of a conference or a session. */
int ctl_read_id(const char *text, const char *what, uint32_t *id, char *error);

/* Does the word mean this one: its id if it is a number, else its name? */
bool ctl_means(const char *word, uint32_t id, const char *name);

/* "[--last N] [--follow]", of the command events; last is max without --last. 0, or -1. */
int ctl_read_events(
	unsigned int argc, const char *const *argv, uint64_t max, uint64_t *last, char *error);

/* Was the request "events --follow", and did it succeed? Then events go on as they happen. */
bool ctl_follows(const struct ctl_request *request, const json_t *reply);

#endif
