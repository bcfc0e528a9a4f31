/* SPDX-License-Identifier: BSD-3-Clause */
/* Times of day in UTC, to the second. */
#include <string.h>
#include <time.h>

#include "config_private.h"

#define TIME_FORMAT "%Y-%m-%d %H:%M:%S UTC"

bool
config_time_parse(const char *text, int64_t *ms)
{
	char again[CONFIG_TIME_TEXT];
	struct tm tm = {0};
	const char *end = strptime(text, TIME_FORMAT, &tm);
	time_t seconds;

	if (end == NULL || *end != 0)
		return false;
	seconds = timegm(&tm);
	/* What strptime lets through but is none: 31 April, a day without its zero. */
	if (seconds <= 0 || seconds >= 253402300800 ||
		strcmp(config_time_text((int64_t)seconds * 1000, again), text) != 0)
		return false;
	*ms = (int64_t)seconds * 1000;
	return true;
}

const char *
config_time_text(int64_t ms, char *buf)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(buf, CONFIG_TIME_TEXT, TIME_FORMAT, &tm);
	return buf;
}
