/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON values as people read them: thousands, units, percent. */
#ifndef FERRY_TABLES_TEXT_H
#define FERRY_TABLES_TEXT_H

#include <stddef.h>

#include <jansson.h>

enum text_format {
	TEXT_PLAIN,   /* as it is; lists joined by ", " */
	TEXT_COUNT,   /* 1,234,567 */
	TEXT_BYTES,   /* 1.23 MB, powers of 1000 */
	TEXT_BITRATE, /* 1.23 Mbit/s */
	TEXT_RATE,    /* 1,234/s */
	TEXT_SHARE,   /* 0 to 1 as 12.34 % */
	TEXT_MICROS,  /* 1.234 ms */
	TEXT_SECONDS, /* 1 h 02 min */
	TEXT_BY_UNIT, /* as "unit" beside it says */
};

/* What a unit ("share", "us", "packets", "bps") is printed as; NULL or another one: TEXT_PLAIN. */
enum text_format text_format_of(const char *unit);

#define TEXT_MAX 2048

/* Writes value ("-" for null or none) into buf and returns buf. Cut where buf ends. */
const char *text_value(const json_t *value, enum text_format format, char *buf, size_t size);

#endif
