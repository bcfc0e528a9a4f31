/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The function of each command of root_ctl_table.h, do_nodes and so on, and what they share. Errors
 * go to error, CTL_ERROR_MAX bytes.
 */
#ifndef FERRY_ROOT_FUNCTIONS_H
#define FERRY_ROOT_FUNCTIONS_H

#include "ctl_words.h"
#include "root.h"
#include "root_ctl_table.h"

/*
 * argv are the arguments after the command's words. The data, a new reference, or NULL with error.
 */
typedef json_t *
root_function(struct root *root, unsigned int argc, const char *const *argv, char *error);

#define ROOT_DECLARE(function, words, arguments, least, most, help) root_function do_##function;
ROOT_CTL_COMMANDS(ROOT_DECLARE)
#undef ROOT_DECLARE

/* By their ids or names; a session by two words, its conference's first. NULL with error. */
struct root_conference *
root_find_conference(const struct root *root, const char *text, char *error);
struct root_session *
root_find_session(const struct root *root, const char *const *argv, char *error);
struct root_node *root_find_node(const struct root *root, const char *text, char *error);

#endif
