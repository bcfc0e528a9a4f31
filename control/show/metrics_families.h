/* SPDX-License-Identifier: BSD-3-Clause */
/* The families of metrics: each a field of a record. */
#ifndef FERRY_METRICS_FAMILIES_H
#define FERRY_METRICS_FAMILIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum metrics_type {
	METRICS_GAUGE,
	METRICS_COUNTER,
	METRICS_HISTOGRAM, /* of delays */
	METRICS_STATESET,
	METRICS_INFO, /* of the node */
};

enum metrics_kind {
	METRICS_U64,
	METRICS_U32,
	METRICS_REAL, /* NAN = not known */
};

struct metrics_family {
	const char *name; /* the record's and the field's, and a unit */
	const char *unit; /* what the name ends with, or NULL */
	const char *help;
	size_t offset;	 /* of the field in its record */
	double scale;	 /* from the record's unit to this one */
	uint16_t record; /* enum ferry_stats_type */
	uint8_t type;	 /* enum metrics_type */
	uint8_t kind;	 /* enum metrics_kind */
	uint8_t role;	 /* of sessions: FERRY_STATS_SOURCE, _DESTINATION; 0 = both */
	bool counted;	 /* of ports: only if the device counts */
	bool coded;	 /* of sessions: only if they are */
	uint32_t nb_states;
	const char *(*state_name)(uint32_t state);
};

extern const struct metrics_family metrics_families[];
extern const uint32_t metrics_nb_families;

#endif
