/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tables_text.h"

static void
put_count(json_int_t value, char *buf, size_t size)
{
	char digits[32];
	int n = snprintf(digits, sizeof(digits), "%lld", (long long)value);
	int sign = digits[0] == '-';
	size_t used = 0;

	for (int i = 0; i < n && used + 2 < size; i++) {
		if (i > sign && (n - i) % 3 == 0)
			buf[used++] = ',';
		buf[used++] = digits[i];
	}
	buf[used] = 0;
}

/* Three digits or more that mean something, and the power of 1000 that makes them so. */
static void
put_scaled(double value, const char *unit, char *buf, size_t size)
{
	static const char *const prefixes[] = {"", "k", "M", "G", "T", "P"};
	size_t i = 0;

	while (fabs(value) >= 999.5 && i + 1 < sizeof(prefixes) / sizeof(prefixes[0])) {
		value /= 1000;
		i++;
	}
	snprintf(buf, size, "%.*f %s%s",
		i == 0 || fabs(value) >= 99.95 ? 0
		: fabs(value) >= 9.995	       ? 1
					       : 2,
		value, prefixes[i], unit);
}

static void
put_micros(double us, char *buf, size_t size)
{
	if (fabs(us) < 1000)
		snprintf(buf, size, "%.0f us", us);
	else if (fabs(us) < 1e6)
		snprintf(buf, size, "%.3f ms", us / 1e3);
	else
		snprintf(buf, size, "%.3f s", us / 1e6);
}

static void
put_seconds(double seconds, char *buf, size_t size)
{
	unsigned long long s = (unsigned long long)seconds;

	if (seconds < 60)
		snprintf(buf, size, "%.1f s", seconds);
	else if (s < 3600)
		snprintf(buf, size, "%llu min %02llu s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(buf, size, "%llu h %02llu min", s / 3600, s / 60 % 60);
	else
		snprintf(buf, size, "%llu d %02llu h", s / 86400, s / 3600 % 24);
}

static void
put_plain(const json_t *value, char *buf, size_t size)
{
	size_t used = 0, i;
	json_t *item;

	switch (json_typeof(value)) {
	case JSON_STRING:
		snprintf(buf, size, "%s", json_string_value(value));
		return;
	case JSON_INTEGER:
		snprintf(buf, size, "%lld", (long long)json_integer_value(value));
		return;
	case JSON_REAL:
		snprintf(buf, size, "%g", json_real_value(value));
		return;
	case JSON_TRUE:
	case JSON_FALSE:
		snprintf(buf, size, "%s", json_is_true(value) ? "yes" : "no");
		return;
	case JSON_ARRAY:
		snprintf(buf, size, "-");
		json_array_foreach(value, i, item)
		{
			if (used + 3 > size || json_is_array(item))
				return;
			if (i > 0)
				used += (size_t)snprintf(buf + used, size - used, ", ");
			put_plain(item, buf + used, size - used);
			used += strlen(buf + used);
		}
		return;
	default:
		snprintf(buf, size, "-");
	}
}

enum text_format
text_format_of(const char *unit)
{
	static const struct {
		const char *unit;
		enum text_format format;
	} formats[] = {{"share", TEXT_SHARE}, {"us", TEXT_MICROS}, {"packets", TEXT_COUNT},
		{"bps", TEXT_BITRATE}};

	for (size_t i = 0; unit != NULL && i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i].unit, unit) == 0)
			return formats[i].format;
	return TEXT_PLAIN;
}

const char *
text_value(const json_t *value, enum text_format format, char *buf, size_t size)
{
	double number = json_number_value(value);

	if (format == TEXT_PLAIN && value != NULL) {
		put_plain(value, buf, size);
		return buf;
	}
	if (!json_is_number(value)) {
		snprintf(buf, size, "-");
		return buf;
	}
	switch (format) {
	case TEXT_COUNT:
		put_count((json_int_t)(json_is_integer(value) ? json_integer_value(value)
							      : llround(number)),
			buf, size);
		break;
	case TEXT_BYTES:
		put_scaled(number, "B", buf, size);
		break;
	case TEXT_BITRATE:
		put_scaled(number, "bit/s", buf, size);
		break;
	case TEXT_RATE:
		put_count(llround(number), buf, size);
		snprintf(buf + strlen(buf), size - strlen(buf), "/s");
		break;
	case TEXT_SHARE:
		snprintf(buf, size, "%.2f %%", number * 100);
		break;
	case TEXT_MICROS:
		put_micros(number, buf, size);
		break;
	case TEXT_SECONDS:
		put_seconds(number, buf, size);
		break;
	default:
		put_plain(value, buf, size);
	}
	return buf;
}
