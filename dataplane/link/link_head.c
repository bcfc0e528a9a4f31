/* SPDX-License-Identifier: BSD-3-Clause */
#include "link_head.h"
#include "checksum.h"

static bool
is_plain(const struct link_frame *f)
{
	return f->eth.ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV4) &&
	       f->ip.version_ihl == RTE_IPV4_VHL_DEF && f->udp.dgram_cksum == 0 &&
	       (f->ip.type_of_service & RTE_IPV4_HDR_ECN_MASK) != RTE_IPV4_HDR_ECN_CE;
}

void
link_head_learn(struct link_head *head, const void *frame, uint32_t off, uint32_t len)
{
	struct link_frame f;

	if (off != offsetof(struct link_frame, link) || len < sizeof(f))
		return;
	memcpy(&f, frame, sizeof(f));
	if (!is_plain(&f))
		return;
	for (int i = 0; i < LINK_HEAD_PARTS; i++)
		head->parts[i] = link_head_part_of(&f, i);
	f.ip.total_length = 0;
	f.ip.hdr_checksum = 0;
	head->ip_sum = checksum_bytes(&f.ip, sizeof(f.ip));
}
