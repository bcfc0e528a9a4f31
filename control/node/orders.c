/* SPDX-License-Identifier: BSD-3-Clause */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "orders.h"

#define CHAIN_BITS 14

LIST_HEAD(order_chain, order);

static struct order_chain *
chain_of(const struct orders *orders, uint64_t stream)
{
	return &orders->chains[stream * UINT64_C(0x9e3779b97f4a7c15) >> (64 - CHAIN_BITS)];
}

static void
drop(struct orders *orders, struct order *order)
{
	TAILQ_REMOVE(&orders->list, order, next);
	LIST_REMOVE(order, alike);
	orders->count--;
	free(order->text);
	free(order);
}

void
orders_free(struct orders *orders)
{
	while (!TAILQ_EMPTY(&orders->list))
		drop(orders, TAILQ_FIRST(&orders->list));
	free(orders->chains);
	*orders = (struct orders){0};
}

/* Takes text over, also if there is no memory for it. */
static int
insert(struct orders *orders, const struct order *order)
{
	struct order *added = malloc(sizeof(*added));

	if (orders->chains == NULL) {
		orders->chains = calloc((size_t)1 << CHAIN_BITS, sizeof(*orders->chains));
		TAILQ_INIT(&orders->list);
	}
	if (added == NULL || orders->chains == NULL) {
		free(added);
		free(order->text);
		return -1;
	}
	*added = *order;
	if (order->type == MESSAGE_PLACE)
		TAILQ_INSERT_HEAD(&orders->list, added, next);
	else
		TAILQ_INSERT_TAIL(&orders->list, added, next);
	LIST_INSERT_HEAD(chain_of(orders, order->stream), added, alike);
	orders->count++;
	return 0;
}

/* Does an order of a session replace an earlier one of it? */
static bool
replaces(enum message_type type, enum message_type earlier)
{
	bool run = type == MESSAGE_PLAYPIPELINE || type == MESSAGE_STOPPIPELINE;

	if (run)
		return earlier == MESSAGE_PLAYPIPELINE || earlier == MESSAGE_STOPPIPELINE;
	if (type == MESSAGE_ROUTEPIPELINE)
		return earlier == MESSAGE_ROUTEPIPELINE;
	return true;
}

/* Returns how many there were. */
static size_t
drop_replaced(struct orders *orders, enum message_type type, uint64_t stream)
{
	size_t before = orders->count;
	struct order *order, *next;

	if (orders->chains == NULL)
		return 0;
	for (order = LIST_FIRST(chain_of(orders, stream)); order != NULL; order = next) {
		bool place = order->type == MESSAGE_PLACE;

		next = LIST_NEXT(order, alike);
		orders->steps++;
		if (type == MESSAGE_PLACE
				? place
				: !place && order->stream == stream && replaces(type, order->type))
			drop(orders, order);
	}
	return before - orders->count;
}

static bool
is_kept(enum message_type type)
{
	return type == MESSAGE_PLACE || type == MESSAGE_PIPEDEF || type == MESSAGE_ROUTEPIPELINE ||
	       type == MESSAGE_PLAYPIPELINE || type == MESSAGE_STOPPIPELINE;
}

static uint64_t
stream_of(const struct message *message)
{
	return message->type == MESSAGE_PLACE
		       ? 0
		       : message_stream(message->pipeline.conference, message->pipeline.session);
}

int
orders_note(struct orders *orders, const struct message *message)
{
	struct order order = {.type = message->type};
	char error[MESSAGE_ERROR_MAX];

	if (!is_kept(message->type) && message->type != MESSAGE_REMOVEPIPELINE)
		return 0;
	order.stream = stream_of(message);
	if (message->type == MESSAGE_REMOVEPIPELINE)
		return drop_replaced(orders, message->type, order.stream) > 0;
	order.text = message_write(message, &order.size, error);
	if (order.text == NULL)
		return -1;
	drop_replaced(orders, order.type, order.stream);
	return insert(orders, &order) == 0 ? 1 : -1;
}

const struct order *
orders_after(const struct orders *orders, const struct order *order, size_t count)
{
	return orders->count == count ? TAILQ_NEXT(order, next) : TAILQ_FIRST(&orders->list);
}

struct message *
orders_place(const struct orders *orders)
{
	const struct order *first = TAILQ_FIRST(&orders->list);
	struct message_fault fault;

	if (first == NULL || first->type != MESSAGE_PLACE)
		return NULL;
	return message_parse(first->text, first->size, &fault);
}

/* One message of a file, as it came. */
static int
take(struct orders *orders, const char *text, size_t size, char *error)
{
	struct message_fault fault;
	struct message *message = message_parse(text, size, &fault);
	struct order order = {.size = size};
	bool wrong;

	if (message == NULL) {
		snprintf(error, ORDERS_ERROR_MAX, "message %zu: %s", orders->count + 1, fault.text);
		return -1;
	}
	order.type = message->type;
	wrong = !is_kept(message->type) || (message->type == MESSAGE_PLACE) != (orders->count == 0);
	if (!wrong)
		order.stream = stream_of(message);
	message_free(message);
	if (wrong) {
		snprintf(error, ORDERS_ERROR_MAX,
			"message %zu is not one that is kept there: a place, then what was told of "
			"sessions",
			orders->count + 1);
		return -1;
	}
	order.text = malloc(size + 1);
	if (order.text != NULL) {
		memcpy(order.text, text, size);
		order.text[size] = 0;
	}
	if (order.text != NULL && insert(orders, &order) == 0)
		return 0;
	snprintf(error, ORDERS_ERROR_MAX, "out of memory");
	return -1;
}

int
orders_parse(const uint8_t *bytes, size_t size, struct orders *orders, char *error)
{
	size_t at = 0;
	int ret = 0;

	*orders = (struct orders){0};
	while (ret == 0 && at < size) {
		uint32_t length = 0;

		if (size - at >= sizeof(length)) {
			memcpy(&length, bytes + at, sizeof(length));
			length = be32toh(length);
		}
		if (length <= sizeof(length) || length > size - at ||
			length - sizeof(length) > MESSAGE_BYTES_MAX) {
			snprintf(error, ORDERS_ERROR_MAX,
				"byte %zu: the length of a message lies there, and does not fit",
				at);
			ret = -1;
			break;
		}
		ret = take(orders, (const char *)bytes + at + sizeof(length),
			length - sizeof(length), error);
		at += length;
	}
	if (ret != 0)
		orders_free(orders);
	return ret;
}
