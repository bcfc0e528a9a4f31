/* SPDX-License-Identifier: BSD-3-Clause */
/* The function of each command of ctl_table.h: do_show and so on. Called with control_lock held. */
#ifndef FERRY_CTL_FUNCTIONS_H
#define FERRY_CTL_FUNCTIONS_H

#include "ctl_commands.h"
#include "ctl_table.h"

/*
 * argv are the arguments after the command's words. The data, a new reference, or NULL with error
 * (CTL_ERROR_MAX bytes).
 */
typedef json_t *ctl_function(
	const struct ctl_context *ctx, unsigned int argc, const char *const *argv, char *error);

#define CTL_DECLARE(function, words, arguments, least, most, help) ctl_function do_##function;
CTL_COMMANDS(CTL_DECLARE)
#undef CTL_DECLARE

#endif
