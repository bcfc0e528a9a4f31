/* SPDX-License-Identifier: BSD-3-Clause */
/* The keys of an impaired line in one string, as an option of a program: "delay=40ms,loss=1%". */
#ifndef FERRY_IMPAIR_LIST_H
#define FERRY_IMPAIR_LIST_H

#include "impair_settings.h"

#define IMPAIR_LIST_REASON 512

/*
 * Adds what the string says to settings, and to given (a bit a key, see impair_settings_finish). A
 * key that is given already is a mistake. 0, or -1 with the reason: what is wrong, what would be
 * right.
 */
int impair_list_parse(const char *text, struct impair_settings *settings, uint32_t *given,
	char reason[IMPAIR_LIST_REASON]);

#endif
