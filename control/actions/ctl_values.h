/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Words of a command as values. Errors go to error, CTL_ERROR_MAX bytes. Control thread, or
 * whoever holds control_lock.
 */
#ifndef FERRY_CTL_VALUES_H
#define FERRY_CTL_VALUES_H

#include "ctl_request.h"
#include "session_book.h"

/* An integer from 0 to max, decimal digits only. 0, or -1 with the reason; what names the value. */
int
ctl_read_number(const char *text, const char *what, uint64_t max, uint64_t *number, char *error);

/* As that, of what cannot be 0: the id of a conference or a session. */
int ctl_read_id(const char *text, const char *what, uint32_t *id, char *error);

/* A conference by its id or its name, if it is the only one of that name. 0, or -1 with the reason.
 */
int ctl_find_conference(
	const struct session_book *book, const char *text, uint32_t *conference, char *error);

/* A session by ids or names, which must be the only ones. NULL with the reason. */
struct session_entry *ctl_find_session(
	const struct session_book *book, const char *conference, const char *session, char *error);

#endif
