/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opens a regular file, and nothing else: who opens a FIFO waits until somebody opens its other
 * end, and a device may have no end. To be written only, it may be a character device (/dev/null),
 * whose driver is told not to wait. Any thread.
 */
#ifndef FERRY_REGULAR_FILE_H
#define FERRY_REGULAR_FILE_H

#include <stdio.h>
#include <sys/types.h>

#define REGULAR_FILE_FAULT "it is not a regular file, it must be one"

/*
 * As open(2), close-on-exec. The descriptor, or -1 with why not: text that lives until the next
 * call.
 */
int regular_file_open(const char *path, int flags, mode_t mode, const char **why);

/* As fopen(3) with "r", "w" or "a". NULL with why not, as above. */
FILE *regular_file_read(const char *path, const char **why);
FILE *regular_file_write(const char *path, const char **why);
FILE *regular_file_append(const char *path, const char **why);

/*
 * The same for a file of a configuration. While a program starts it may be any, as a pipe of the
 * shell's, and is waited for; once it runs (regular_file_running, said once by the thread that
 * reads them) nothing may hold it up.
 */
FILE *regular_file_config(const char *path, const char **why);
void regular_file_running(void);

#endif
