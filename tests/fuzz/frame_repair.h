/* SPDX-License-Identifier: BSD-3-Clause */
/* Lengths and checksums of a frame made right, so that what a fuzzer changed gets further in. */
#ifndef FERRY_FUZZ_FRAME_REPAIR_H
#define FERRY_FUZZ_FRAME_REPAIR_H

#include <stdint.h>

/* IP and UDP lengths to the frame's end, then both checksums; what is not IP stays as it is. */
void frame_repair(uint8_t *frame, uint32_t len);

#endif
