/* SPDX-License-Identifier: BSD-3-Clause */
/* An address in text and a port as one: "10.0.0.1:13700", "[fd00::1]:13700". */
#ifndef FERRY_HOST_TEXT_H
#define FERRY_HOST_TEXT_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Brackets, a colon, five digits and the final 0. */
#define HOST_PORT_MORE 9

/* In buf, which is returned: HOST_PORT_MORE bytes more than the address has are enough. */
static inline const char *
host_port_text(const char *address, uint16_t port, char *buf, size_t size)
{
	snprintf(buf, size, strchr(address, ':') != NULL ? "[%s]:%u" : "%s:%u", address, port);
	return buf;
}

#endif
