/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What of a node the words of a command mean. Errors go to error, CTL_ERROR_MAX bytes. Control
 * thread, or whoever holds control_lock.
 */
#ifndef FERRY_CTL_VALUES_H
#define FERRY_CTL_VALUES_H

#include "ctl_words.h"
#include "session_book.h"

/*
 * A conference by its id or its name, if it is the only one of that name. 0, or -1 with the reason.
 */
int ctl_find_conference(
	const struct session_book *book, const char *text, uint32_t *conference, char *error);

/* A session by ids or names, which must be the only ones. NULL with the reason. */
struct session_entry *ctl_find_session(
	const struct session_book *book, const char *conference, const char *session, char *error);

#endif
