/* SPDX-License-Identifier: BSD-3-Clause */
/* Standard input, output and error of a program, which whoever starts it may have closed. */
#ifndef FERRY_STD_FILES_H
#define FERRY_STD_FILES_H

/*
 * First of all in main(): those that are closed are taken, so that no file, socket or device gets
 * their numbers and with them what is printed or logged. To write there fails, as it would have.
 */
void std_files_open(void);

/* The exit status: EXIT_FAILURE, and says why, if not all of stdout could be printed. */
int std_files_end(const char *program, int status);

#endif
