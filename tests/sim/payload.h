/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What hosts send: a number, then bytes that follow from session and number, so that a byte that is
 * lost, moved or another packet's shows.
 */
#ifndef FERRY_SIM_PAYLOAD_H
#define FERRY_SIM_PAYLOAD_H

#include <stdbool.h>
#include <stdint.h>

#define PAYLOAD_MIN 8

void payload_make(uint8_t *payload, uint32_t len, uint32_t session, uint64_t number);
uint64_t payload_number(const uint8_t *payload);

/* Is it what payload_make made, or (generated) what generator.h says of its pattern? */
bool payload_right(const uint8_t *payload, uint32_t len, uint32_t session, bool generated);

#endif
