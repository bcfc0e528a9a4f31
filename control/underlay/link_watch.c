/* SPDX-License-Identifier: BSD-3-Clause */
#include "link_watch.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

/* A dump's messages are up to 32 KiB, whatever the page size is. */
#define BUFFER 32768

enum link_state {
	LINK_UNKNOWN,
	LINK_DOWN,
	LINK_UP
};

struct link_entry {
	int ifindex;
	enum link_state state;
	uint32_t mtu;	 /* 0 = not known */
	uint32_t wanted; /* the first dump that must have it: an older one may lack it */
	uint32_t seen;	 /* the last dump that had it */
};

struct link_watch {
	struct mnl_socket *socket;
	link_watch_fn changed;
	void *ctx;
	uint32_t dump;	  /* number of the last dump asked for: its sequence number */
	bool dumping;	  /* it is under way */
	bool dump_again;  /* ask anew when it ends */
	bool interrupted; /* the kernel says that what it dumped changed meanwhile */
	unsigned int n_entries;
	struct link_entry *entries;
};

static int
ask_dump(struct link_watch *watch)
{
	char buf[256];
	struct nlmsghdr *nlh;
	struct ifinfomsg *ifi;

	if (watch->dumping) {
		watch->dump_again = true;
		return 0;
	}
	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nlh->nlmsg_seq = ++watch->dump;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_family = AF_UNSPEC;
	if (mnl_socket_sendto(watch->socket, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	watch->dumping = true;
	watch->dump_again = false;
	watch->interrupted = false;
	return 0;
}

struct link_watch *
link_watch_open(link_watch_fn changed, void *ctx)
{
	struct link_watch *watch = calloc(1, sizeof(*watch));

	if (watch == NULL)
		return NULL;
	watch->changed = changed;
	watch->ctx = ctx;
	watch->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (watch->socket != NULL &&
		mnl_socket_bind(watch->socket, 1u << (RTNLGRP_LINK - 1), MNL_SOCKET_AUTOPID) == 0)
		return watch;
	link_watch_close(watch);
	return NULL;
}

void
link_watch_close(struct link_watch *watch)
{
	const int error = errno;

	if (watch->socket != NULL)
		mnl_socket_close(watch->socket);
	free(watch->entries);
	free(watch);
	errno = error;
}

int
link_watch_fd(const struct link_watch *watch)
{
	return mnl_socket_get_fd(watch->socket);
}

static struct link_entry *
find(struct link_watch *watch, int ifindex)
{
	unsigned int i;

	for (i = 0; i < watch->n_entries; i++)
		if (watch->entries[i].ifindex == ifindex)
			return &watch->entries[i];
	return NULL;
}

int
link_watch_add(struct link_watch *watch, int ifindex)
{
	struct link_entry *entries;

	if (find(watch, ifindex) != NULL)
		return 0;
	entries = reallocarray(watch->entries, watch->n_entries + 1, sizeof(*entries));
	if (entries == NULL)
		return -ENOMEM;
	watch->entries = entries;
	entries[watch->n_entries++] = (struct link_entry){
		.ifindex = ifindex,
		.wanted = watch->dump + 1,
	};
	return ask_dump(watch);
}

static void
set_state(struct link_watch *watch, struct link_entry *entry, bool up, uint32_t mtu)
{
	const enum link_state state = up ? LINK_UP : LINK_DOWN;

	if (entry->state == state && (mtu == 0 || entry->mtu == mtu))
		return;
	entry->state = state;
	entry->mtu = mtu;
	watch->changed(watch->ctx, entry->ifindex, up, mtu);
}

static int
note_mtu(const struct nlattr *attr, void *mtu)
{
	if (mnl_attr_get_type(attr) == IFLA_MTU && mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
		*(uint32_t *)mtu = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

static uint32_t
mtu_of(const struct nlmsghdr *nlh)
{
	uint32_t mtu = 0;

	(void)mnl_attr_parse(nlh, sizeof(struct ifinfomsg), note_mtu, &mtu);
	return mtu;
}

static void
link_message(struct link_watch *watch, const struct nlmsghdr *nlh)
{
	const unsigned int both = IFF_UP | IFF_LOWER_UP;
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct link_entry *entry;

	/* Messages of bridges (AF_BRIDGE) tell of a port's membership, not of the interface. */
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifi) || ifi->ifi_family != AF_UNSPEC)
		return;
	entry = find(watch, ifi->ifi_index);
	if (entry == NULL)
		return;
	entry->seen = watch->dump;
	if (nlh->nlmsg_type == RTM_NEWLINK)
		set_state(watch, entry, (ifi->ifi_flags & both) == both, mtu_of(nlh));
	else
		set_state(watch, entry, false, 0);
}

/* The dump is complete: what it did not have does not exist. */
static int
dump_done(struct link_watch *watch)
{
	unsigned int i;

	watch->dumping = false;
	if (watch->interrupted || watch->dump_again)
		return ask_dump(watch);
	for (i = 0; i < watch->n_entries; i++) {
		struct link_entry *entry = &watch->entries[i];

		if (entry->wanted <= watch->dump && entry->seen != watch->dump)
			set_state(watch, entry, false, 0);
	}
	return 0;
}

static int
message(struct link_watch *watch, const struct nlmsghdr *nlh)
{
	const bool of_dump = watch->dumping && nlh->nlmsg_seq == watch->dump;

	if (of_dump && (nlh->nlmsg_flags & NLM_F_DUMP_INTR) != 0)
		watch->interrupted = true;
	switch (nlh->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		link_message(watch, nlh);
		return 0;
	case NLMSG_DONE:
		if (of_dump)
			return dump_done(watch);
		return watch->dump_again && !watch->dumping ? ask_dump(watch) : 0;
	case NLMSG_ERROR:
		if (of_dump && mnl_nlmsg_get_payload_len(nlh) >= sizeof(struct nlmsgerr)) {
			const struct nlmsgerr *error = mnl_nlmsg_get_payload(nlh);

			watch->dumping = false;
			if (error->error != -EBUSY) /* an older dump still runs: after its end */
				return error->error;
			watch->dump_again = true;
		}
		return 0;
	default:
		return 0;
	}
}

int
link_watch_read(struct link_watch *watch)
{
	char buf[BUFFER] __attribute__((aligned(NLMSG_ALIGNTO)));

	for (;;) {
		const ssize_t got = mnl_socket_recvfrom(watch->socket, buf, sizeof(buf));
		const struct nlmsghdr *nlh = (const struct nlmsghdr *)buf;
		int left = (int)got, error = 0;

		if (got < 0) {
			if (errno == EAGAIN || errno == EINTR)
				return 0;
			if (errno != ENOBUFS && errno != ENOSPC)
				return -errno;
			error = ask_dump(watch); /* events were lost; dumps do not get lost */
		}
		for (; got > 0 && error == 0 && mnl_nlmsg_ok(nlh, left);
			nlh = mnl_nlmsg_next(nlh, &left))
			error = message(watch, nlh);
		if (error != 0)
			return error;
	}
}
