/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What may leave a relay that recodes, by WIRE.md, section 7, and a plain field: of each generation
 * the space that the packets span which came, coefficients and symbols side by side.
 */
#ifndef FERRY_RECODE_ORACLE_H
#define FERRY_RECODE_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#include "wire.h"

#define RECODE_ORACLE_SPAN 16 /* longest generation that the relay combines */

/* Of another input. */
void recode_oracle_forget(void);

/* A packet comes: session header, and what follows it. */
void recode_oracle_in(const struct session_hdr *session, const uint8_t *data, uint16_t len);

/* May this be sent: did it come, or is it a combination, not of nothing, of what did? */
bool recode_oracle_explains(const struct session_hdr *session, const uint8_t *data, uint16_t len);

#endif
