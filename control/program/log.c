/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

static char log_name[48] = "ferryd";

void
log_set_name(const char *name)
{
	snprintf(log_name, sizeof(log_name), "ferryd %s", name);
}

void
log_set_program(const char *program)
{
	snprintf(log_name, sizeof(log_name), "%s", program);
}

/* JOURNAL_STREAM (systemd.exec(5)) is of the journal's end; standard error may lead elsewhere. */
static bool
is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t device, inode;
	struct stat here;

	return stream != NULL && sscanf(stream, "%ju:%ju", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &here) == 0 && here.st_dev == device && here.st_ino == inode;
}

/* "2026-03-01T12:00:00.123Z " (RFC 3339); nothing where somebody looks on, or notes it himself. */
static const char *
time_text(char text[40])
{
	struct timespec now;
	struct tm utc;
	size_t len;

	text[0] = 0;
	if (isatty(STDERR_FILENO) || is_journal())
		return text;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	len = strftime(text, 32, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text + len, 40 - len, ".%03uZ ", (unsigned int)(now.tv_nsec / 1000000) % 1000);
	return text;
}

void
log_line(int priority, const char *format, ...)
{
	const char *mark = priority <= LOG_ERR	     ? "error: "
			   : priority <= LOG_WARNING ? "warning: "
						     : "";
	char line[LOG_LINE_MAX], when[40];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	fprintf(stderr, "%s%s: %s%s\n", time_text(when), log_name, mark, line);
}
