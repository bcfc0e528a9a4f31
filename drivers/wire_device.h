/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a network card does with a frame's bytes, for the simulated wire: the receive hash, the
 * checksums that a port offloads, and the congestion mark of a router's queue. Frames are Ethernet,
 * with or without a VLAN tag; what is not understood is left alone.
 */
#ifndef FERRY_WIRE_DEVICE_H
#define FERRY_WIRE_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Receive hash (Toeplitz, the key of Microsoft's RSS specification) over addresses and UDP ports;
 * over addresses alone for what is not UDP; 0 for what is not IP.
 */
uint32_t wire_device_hash(const uint8_t *frame, uint32_t len);

/* Completes a UDP checksum that holds the pseudo header's sum, as a sender left it. */
void wire_device_fill_udp(uint8_t *frame, uint32_t len);

/* Makes it such a one again, as who sends from a neighbouring guest to a virtual device left it. */
void wire_device_unfill_udp(uint8_t *frame, uint32_t len);

enum wire_checksum {
	WIRE_CHECKSUM_UNKNOWN, /* none there */
	WIRE_CHECKSUM_GOOD,
	WIRE_CHECKSUM_BAD
};

enum wire_checksum wire_device_check_ip(const uint8_t *frame, uint32_t len);
enum wire_checksum wire_device_check_udp(const uint8_t *frame, uint32_t len);

/*
 * Sets "congestion experienced" if the sender said that it understands it (RFC 3168, 5); an IPv4
 * header checksum stays right. Returns whether it did.
 */
bool wire_device_mark(uint8_t *frame, uint32_t len);

#endif
