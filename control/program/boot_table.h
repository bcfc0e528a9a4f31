/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program's start as a table: its steps in the order in which it comes up. It goes down in
 * reverse. The undoing is called of every step that was tried, also of one that failed half way or
 * had hardly begun; ctx is the program's state.
 */
#ifndef FERRY_BOOT_TABLE_H
#define FERRY_BOOT_TABLE_H

#include <stdbool.h>
#include <stddef.h>

/* 0, or it failed and the reason is told: negative, or positive for mistakes of configuration. */
typedef int boot_step(void *ctx);
typedef void undo_step(void *ctx);

struct boot_row {
	const char *what;
	boot_step *boot; /* NULL: it is there from the beginning */
	undo_step *undo; /* NULL: others undo it */
};

/*
 * Up to the first step that fails, whose result it returns, or until the program ends early (ends
 * may be NULL). *up: how many steps were tried. A negative result is logged with the step's name;
 * mistakes speak for themselves.
 */
int boot_table_up(
	const struct boot_row *rows, size_t count, bool (*ends)(void *ctx), void *ctx, size_t *up);

/* Undoes the first so many, the last first. */
void boot_table_down(const struct boot_row *rows, size_t up, void *ctx);

#endif
