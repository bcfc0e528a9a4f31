/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <stdint.h>

#include <event2/buffer.h>

#include "mgmt_frame.h"

enum mgmt_frame_result
mgmt_frame_look(struct evbuffer *buffer, const char **text, size_t *size)
{
	size_t have = evbuffer_get_length(buffer);
	const unsigned char *bytes;
	uint32_t length;

	if (have == 0)
		return MGMT_FRAME_NONE;
	if (have < MGMT_FRAME_HEAD ||
		evbuffer_copyout(buffer, &length, sizeof(length)) != (ev_ssize_t)sizeof(length))
		return MGMT_FRAME_PART;
	length = ntohl(length);
	if (length <= MGMT_FRAME_HEAD)
		return MGMT_FRAME_SMALL;
	if (length > MGMT_FRAME_MAX)
		return MGMT_FRAME_LARGE;
	if (have < length)
		return MGMT_FRAME_PART;
	bytes = evbuffer_pullup(buffer, (ev_ssize_t)length);
	if (bytes == NULL)
		return MGMT_FRAME_PART;
	*text = (const char *)bytes + MGMT_FRAME_HEAD;
	*size = length - MGMT_FRAME_HEAD;
	return MGMT_FRAME_WHOLE;
}

void
mgmt_frame_drop(struct evbuffer *buffer, size_t size)
{
	evbuffer_drain(buffer, size + MGMT_FRAME_HEAD);
}

int
mgmt_frame_put(struct evbuffer *buffer, const char *text, size_t size)
{
	uint32_t length = htonl((uint32_t)(size + MGMT_FRAME_HEAD));

	if (evbuffer_expand(buffer, size + sizeof(length)) != 0 ||
		evbuffer_add(buffer, &length, sizeof(length)) != 0)
		return -1;
	return evbuffer_add(buffer, text, size);
}
