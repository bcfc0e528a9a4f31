/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The floor: the least that a relay of Ferry frames can do on one core, written by hand, and kept
 * simple. Parse Ethernet, IPv4, UDP and link header; look the next hop up in a table; copy a header
 * template of 42 bytes; IP checksum, sequence, time stamp; put on the next hop's single-producer
 * ring, take off, send. IPv4 only, one Pathlet inside the own one only, no accounting, no check
 * that is not needed to read on. What it sends is what a node sends.
 *
 * No commit changes both this and the pipeline that is measured against it.
 */
#ifndef FERRY_BENCH_FLOOR_H
#define FERRY_BENCH_FLOOR_H

#include <stdbool.h>
#include <stdint.h>

#include "port.h"

struct floor;

struct floor_params {
	uint32_t own_id;
	struct port *port; /* received from and sent to */
	uint32_t hops;	   /* next hops to come */
	uint32_t hash;	   /* found by an rte_hash of so many; 0: by a table of ids below 65536 */
};

/* Both end the program when memory is short. */
struct floor *floor_new(const struct floor_params *params);
/* A next hop: its id, and the 66 bytes of Ethernet, IPv4, UDP and link header before its frames. */
void floor_add_hop(struct floor *floor, uint32_t id, const uint8_t headers[66]);
/* With a hash: the rest of its entries, next hops that nobody sends to, but to be told apart. */
void floor_fill(struct floor *floor);
void floor_free(struct floor *floor);

/* One burst. Returns how many packets there were. stamp: UTC microseconds modulo 2^32. */
uint16_t floor_poll(struct floor *floor, uint64_t now, uint32_t stamp);

/* Packets that it did not understand, and freed. */
uint64_t floor_drops(const struct floor *floor);

#endif
