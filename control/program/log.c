/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stdio.h>

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

void
log_line(int priority, const char *format, ...)
{
	const char *mark = priority <= LOG_ERR	     ? "error: "
			   : priority <= LOG_WARNING ? "warning: "
						     : "";
	char line[LOG_LINE_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	fprintf(stderr, "%s: %s%s\n", log_name, mark, line);
}
