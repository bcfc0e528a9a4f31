/* SPDX-License-Identifier: BSD-3-Clause */
#include "link_head6.h"
#include "frame.h"

static bool
is_plain(const struct link_frame6 *f)
{
	uint32_t flow = rte_be_to_cpu_32(f->ip.vtc_flow);

	return f->eth.ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV6) && f->ip.proto == IPPROTO_UDP &&
	       (flow >> FRAME_IPV6_CLASS_SHIFT & FRAME_ECN_MASK) != FRAME_ECN_CE;
}

void
link_head6_learn(struct link_head6 *head, const void *frame, uint32_t off, uint32_t len)
{
	const size_t constant = offsetof(struct link_hdr, seq);
	struct link_frame6 f;

	if (off != offsetof(struct link_frame6, link) || len < sizeof(f))
		return;
	memcpy(&f, frame, sizeof(f));
	if (!is_plain(&f))
		return;
	f.ip.payload_len = 0;
	f.udp.dgram_len = 0;
	f.udp.dgram_cksum = 0;
	for (int i = 0; i < LINK_HEAD6_PAIRS; i++)
		head->pairs[i] = link_head6_pair(&f, i);
	head->sum = (uint32_t)checksum_pseudo(
			    f.ip.src_addr, sizeof(f.ip.src_addr) + sizeof(f.ip.dst_addr), 0) +
		    checksum_bytes(&f.udp, sizeof(f.udp)) + checksum_bytes(&f.link, constant);
}
