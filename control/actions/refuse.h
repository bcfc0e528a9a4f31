/* SPDX-License-Identifier: BSD-3-Clause */
/* How an action says that it was not done. */
#ifndef FERRY_REFUSE_H
#define FERRY_REFUSE_H

#include <stddef.h>

/* The sentence goes to error (size bytes). Returns -code, code being an errno. */
int refuse(int code, char *error, size_t size, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
