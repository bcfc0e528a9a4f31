/* SPDX-License-Identifier: BSD-3-Clause */
/* Lengths and checksums of a frame made right, so that what a fuzzer changed gets further in. */
#ifndef FERRY_FUZZ_FRAME_REPAIR_H
#define FERRY_FUZZ_FRAME_REPAIR_H

#include <stdint.h>

/* IP and UDP lengths to the frame's end, then both checksums; what is not IP stays as it is. */
void frame_repair(uint8_t *frame, uint32_t len);

/* An untagged IPv4 datagram's UDP checksum is 0: none. */
void frame_drop_sum(uint8_t *frame, uint32_t len);

/* The Internet checksum's sum, not inverted, of len bytes and what was summed before. */
uint32_t frame_sum(const uint8_t *data, uint32_t len, uint32_t from);

#endif
