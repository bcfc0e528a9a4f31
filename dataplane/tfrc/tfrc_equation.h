/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The throughput equation of TCP (RFC 5348, 3.1, with t_RTO = 4R and b = 1, in the form of 8.1):
 *
 *   X = s / (R f(p)),  f(p) = sqrt(2p/3) + 12 sqrt(3p/8) p (1 + 32 p^2)
 *
 * in integers; against double precision the error is below 0.1 % wherever p is at least 10^-8. Used
 * once a report, not once a packet. Pure functions, any thread.
 *
 * A loss event rate p is in units of 2^-32, as FEEDBACK carries it; TFRC_P_ONE stands for 1.
 */
#ifndef FERRY_TFRC_EQUATION_H
#define FERRY_TFRC_EQUATION_H

#include <stdint.h>

#include "tfrc_math.h"

#define TFRC_P_ONE UINT32_MAX

/* f(p) in units of 2^-32. */
uint64_t tfrc_equation_f(uint32_t p);

/* X for a segment size (2^-16 bytes), a round-trip time (ns, > 0) and p; p = 0: TFRC_INFINITE. */
uint64_t tfrc_equation_rate(uint64_t size, uint64_t rtt, uint32_t p);

/*
 * The largest p of which f(p) is not above f (2^-32 units), at least 1: the inverse that the first
 * loss interval needs (RFC 5348, 6.3.1), exact and not merely within its 5 %.
 */
uint32_t tfrc_equation_p(uint64_t f);

#endif
