/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What management connections did, and what was refused, each by a name of its own. Written by the
 * thread of the event loop.
 */
#ifndef FERRY_MGMT_COUNTERS_H
#define FERRY_MGMT_COUNTERS_H

#include <stdint.h>

/* X(name, text) */
/* clang-format off */
#define MGMT_COUNTERS(X)                                                                           \
	X(messages_in, "messages received whole")                                                  \
	X(messages_out, "messages sent or passed on")                                              \
	X(bytes_in, "bytes of messages received, lengths included")                                \
	X(bytes_out, "bytes of messages sent, lengths included")                                   \
	X(passed_on, "messages passed on to another node")                                         \
	X(connected, "connections that got a name")                                                \
	X(reconnects, "attempts to reach a parent")                                                \
	X(errors_out, "errors that went back")                                                     \
	X(errors_in, "errors received")                                                            \
	X(malformed, "messages that are no XML of the protocol")                                   \
	X(oversized, "lengths above 1 MiB")                                                        \
	X(undersized, "lengths below 5, which hold no message")                                    \
	X(truncated, "connections that ended within a message")                                    \
	X(slow, "messages that came too slowly")                                                   \
	X(handshake_failed, "TLS connections that came to nothing: certificates, versions")        \
	X(handshake_slow, "connections without a name for too long")                               \
	X(wrong_certificate, "certificates that name nobody, or not whom they should")             \
	X(not_placed, "nodes that the root did not place below this one")                          \
	X(too_many, "connections above the limit")                                                 \
	X(wrong_from, "messages of a sender who may not speak there")                              \
	X(forbidden, "messages that only the root may send")                                       \
	X(old, "messages older than 5 minutes, or as far ahead")                                   \
	X(replayed, "messages that were seen before")                                              \
	X(looped, "messages that passed 32 nodes, or came back")                                   \
	X(unknown_node, "messages to a node that is neither below nor above")                      \
	X(unsupported, "messages that nothing here handles")                                       \
	X(flooded, "messages above what can be remembered for 5 minutes")                          \
	X(full, "messages that went nowhere, as too much waited for the neighbour")                \
	X(stuck, "neighbours that did not take what waited for them")                              \
	X(dead, "neighbours that were silent for too long")
/* clang-format on */

#define MGMT_COUNTER_FIELD(name, text) uint64_t name;
struct mgmt_counters {
	MGMT_COUNTERS(MGMT_COUNTER_FIELD)
};
#undef MGMT_COUNTER_FIELD

#endif
