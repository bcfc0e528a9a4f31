/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages on a stream: each is preceded by its total length, 4 bytes in network order that count
 * themselves (RFC 5734, section 4); at most 1 MiB.
 */
#ifndef FERRY_MGMT_FRAME_H
#define FERRY_MGMT_FRAME_H

#include <stddef.h>

#define MGMT_FRAME_HEAD 4u
#define MGMT_FRAME_MAX	1048576u

struct evbuffer;

enum mgmt_frame_result {
	MGMT_FRAME_NONE, /* nothing is there */
	MGMT_FRAME_PART,
	MGMT_FRAME_WHOLE,
	MGMT_FRAME_SMALL, /* a length that holds no message */
	MGMT_FRAME_LARGE, /* a length above MGMT_FRAME_MAX */
};

/*
 * Looks at what stands first in the buffer. Of a whole frame *text is the message in one piece (the
 * buffer's), *size its bytes; mgmt_frame_drop takes it away.
 */
enum mgmt_frame_result mgmt_frame_look(struct evbuffer *buffer, const char **text, size_t *size);
void mgmt_frame_drop(struct evbuffer *buffer, size_t size);

/* Adds a message; 0 or -1 for want of memory. size is at most MGMT_FRAME_MAX - MGMT_FRAME_HEAD. */
int mgmt_frame_put(struct evbuffer *buffer, const char *text, size_t size);

#endif
