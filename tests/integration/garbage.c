/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sends garbage to a port: garbage INTERFACE COUNT SEED < FRAMES. FRAMES are good frames, one a
 * line in hex; what is sent is random bytes, or a good frame with bytes changed, cut or added.
 */
#include <err.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/if_packet.h>

#define FRAME_MAX  1514
#define FRAME_MIN  14
#define FRAMES_MAX 256
#define BATCH	   64
#define LINE_BYTES (2 * FRAME_MAX + 2)

struct frame {
	size_t len;
	uint8_t bytes[FRAME_MAX];
};

static struct frame good[FRAMES_MAX];
static uint32_t nb_good;

/* xorshift64 */
static uint64_t state;

static uint32_t
draw(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 32) % below);
}

static void
read_frames(void)
{
	char line[LINE_BYTES];

	while (nb_good < FRAMES_MAX && fgets(line, sizeof(line), stdin) != NULL) {
		struct frame *f = &good[nb_good];
		unsigned int byte;

		f->len = 0;
		while (f->len < FRAME_MAX && sscanf(line + 2 * f->len, "%2x", &byte) == 1)
			f->bytes[f->len++] = (uint8_t)byte;
		if (f->len < FRAME_MIN)
			errx(1, "frame %u is shorter than an Ethernet header", nb_good + 1);
		nb_good++;
	}
	if (nb_good == 0)
		errx(1, "no good frame on standard input");
}

static void
randomize(struct frame *f)
{
	f->len = FRAME_MIN + draw(FRAME_MAX - FRAME_MIN + 1);
	for (size_t i = 0; i < f->len; i++)
		f->bytes[i] = (uint8_t)draw(256);
}

static void
mutate(struct frame *f)
{
	uint32_t changes = draw(6);

	*f = good[draw(nb_good)];
	for (uint32_t i = 0; i < changes; i++)
		f->bytes[draw((uint32_t)f->len)] = (uint8_t)draw(256);
	switch (draw(4)) {
	case 0:
		f->len = FRAME_MIN + draw((uint32_t)f->len - FRAME_MIN + 1);
		break;
	case 1:
		while (f->len < FRAME_MAX && draw(64) != 0)
			f->bytes[f->len++] = (uint8_t)draw(256);
		break;
	default:
		break;
	}
}

static int
open_socket(const char *interface)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET};
	int fd = socket(AF_PACKET, SOCK_RAW, 0), size = 4 << 20;

	address.sll_ifindex = (int)if_nametoindex(interface);
	if (fd < 0 || address.sll_ifindex == 0 ||
		bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		err(1, "%s", interface);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return fd;
}

static void
send_all(int fd, struct mmsghdr *messages, unsigned int n)
{
	struct pollfd wait = {.fd = fd, .events = POLLOUT};

	while (n > 0) {
		int sent = sendmmsg(fd, messages, n, 0);

		if (sent < 0 && errno != ENOBUFS && errno != EAGAIN)
			err(1, "sendmmsg");
		if (sent < 0)
			(void)poll(&wait, 1, 1);
		else {
			messages += sent;
			n -= (unsigned int)sent;
		}
	}
}

int
main(int argc, char **argv)
{
	static struct frame frames[BATCH];
	struct mmsghdr messages[BATCH];
	struct iovec parts[BATCH];
	unsigned long count;
	int fd;

	if (argc != 4)
		errx(1, "garbage INTERFACE COUNT SEED < FRAMES");
	count = strtoul(argv[2], NULL, 10);
	state = strtoull(argv[3], NULL, 10) * UINT64_C(0x9e3779b97f4a7c15) + 1;
	read_frames();
	fd = open_socket(argv[1]);
	while (count > 0) {
		unsigned int n = count < BATCH ? (unsigned int)count : BATCH;

		memset(messages, 0, sizeof(messages));
		for (unsigned int i = 0; i < n; i++) {
			if (draw(8) == 0)
				randomize(&frames[i]);
			else
				mutate(&frames[i]);
			parts[i] = (struct iovec){frames[i].bytes, frames[i].len};
			messages[i].msg_hdr.msg_iov = &parts[i];
			messages[i].msg_hdr.msg_iovlen = 1;
		}
		send_all(fd, messages, n);
		count -= n;
	}
	return 0;
}
