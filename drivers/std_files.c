/* SPDX-License-Identifier: BSD-3-Clause */
#include "std_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
std_files_open(void)
{
	int fd;

	/* The lowest number that is free is taken; for reading alone, so that writing fails. */
	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int
std_files_end(const char *program, int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "%s: cannot print: %s\n", program, strerror(errno));
	return EXIT_FAILURE;
}
