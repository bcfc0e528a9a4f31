/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON as DPDK's telemetry holds it. Any thread. */
#ifndef FERRY_TELEMETRY_DATA_H
#define FERRY_TELEMETRY_DATA_H

#include <jansson.h>

#include <rte_telemetry.h>

/*
 * Puts an object into d as a dictionary. What telemetry cannot hold changes its form: a real number
 * becomes a text, a truth value 0 or 1, an object in a list an entry of a dictionary whose key is
 * its place; null is left out; texts are cut at 127 bytes. 0, or a negative errno: -E2BIG when
 * there are too many entries.
 */
int telemetry_data(struct rte_tel_data *d, json_t *object);

#endif
