/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_errno.h>

#include "packet.h"

int packet_meta_offset = -1;
uint64_t packet_sum_flag;
uint64_t packet_recode_flag;

int
packet_init(void)
{
	static const struct rte_mbuf_dynfield field = {
		.name = "ferry_packet_meta",
		.size = sizeof(struct packet_meta),
		.align = __alignof__(struct packet_meta),
	};
	static const struct rte_mbuf_dynflag sum = {.name = "ferry_packet_sum"};
	static const struct rte_mbuf_dynflag recode = {.name = "ferry_packet_recode"};
	int bit;

	packet_meta_offset = rte_mbuf_dynfield_register(&field);
	if (packet_meta_offset < 0)
		return -rte_errno;
	bit = rte_mbuf_dynflag_register(&sum);
	if (bit < 0)
		return -rte_errno;
	packet_sum_flag = UINT64_C(1) << bit;
	bit = rte_mbuf_dynflag_register(&recode);
	if (bit < 0)
		return -rte_errno;
	packet_recode_flag = UINT64_C(1) << bit;
	return 0;
}
