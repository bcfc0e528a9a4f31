/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The log of ferryd and ferry-root: lines on standard error, as a service manager or a terminal
 * reads them; with the time before each where neither does. The control thread's; workers count
 * instead. priority: LOG_ERR, LOG_WARNING or LOG_INFO of syslog.h.
 */
#ifndef FERRY_LOG_H
#define FERRY_LOG_H

#include <syslog.h>

/* Name that begins each line, after its time; before it is set, "ferryd". */
void log_set_name(const char *name);
/* All that begins each line, for another program than a node. */
void log_set_program(const char *program);

/* Cut at LOG_LINE_MAX - 1 bytes. */
#define LOG_LINE_MAX 4096
void log_line(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
