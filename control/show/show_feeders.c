/* SPDX-License-Identifier: BSD-3-Clause */
/* What waits for paced links. Workers go on changing it: two numbers may be a packet apart. */
#include <stdlib.h>

#include "show_private.h"

/* A queue of some worker, as it was when it was looked at. */
struct row {
	uint32_t conference;
	uint16_t link;
	const struct feeder_queue *q;
};

static int
compare_rows(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->link != y->link)
		return x->link < y->link ? -1 : 1;
	return x->conference < y->conference ? -1 : x->conference > y->conference;
}

/* All queues of all workers that are somebody's, by link and conference. NULL: out of memory. */
static struct row *
collect_rows(const struct node *node, size_t *n)
{
	size_t room = 1;
	struct row *rows;

	for (uint16_t i = 0; i < node->nb_workers; i++)
		room += node->workers[i]->feeders.nb_queues;
	rows = calloc(room, sizeof(*rows));
	*n = 0;
	for (uint16_t i = 0; rows != NULL && i < node->nb_workers; i++) {
		const struct feeder_pool *pool = &node->workers[i]->feeders;

		for (uint32_t k = 0; k < pool->nb_queues; k++) {
			const struct feeder_queue *q = &pool->queues[k];

			if (__atomic_load_n(&q->used, __ATOMIC_ACQUIRE))
				rows[(*n)++] = (struct row){q->conference, q->link, q};
		}
	}
	if (rows != NULL)
		qsort(rows, *n, sizeof(*rows), compare_rows);
	return rows;
}

static const char *
conference_name(const struct show_view *view, uint32_t id)
{
	const struct config_conference *conference = session_book_conference(view->sessions, id);

	return conference != NULL ? conference->name : NULL;
}

static json_t *
show_queue(const struct show_view *view, const struct row *row)
{
	const struct feeder_queue *q = row->q;
	const char *name = conference_name(view, row->conference);
	json_t *object = json_object();

	json_object_set_new(object, "conference", show_number(row->conference));
	json_object_set_new(
		object, "conference_name", name != NULL ? json_string(name) : json_null());
	json_object_set_new(object, "priority", show_number(q->terms.priority));
	json_object_set_new(object, "weight", show_number(q->terms.weight));
	json_object_set_new(
		object, "packets", show_number(__atomic_load_n(&q->packets, __ATOMIC_RELAXED)));
	json_object_set_new(object, "bytes", show_count(&q->bytes));
	json_object_set_new(object, "taken", show_count(&q->taken));
	json_object_set_new(object, "sent", show_count(&q->sent));
	json_object_set_new(object, "drops", show_count(&q->drops));
	json_object_set_new(object, "expired", show_count(&q->expired));
	return object;
}

static json_t *
show_feeder(const struct show_view *view, const struct link *link, const struct row *rows, size_t n)
{
	const char *name = show_node_name(view, link->node_id);
	const struct link_feeder *f = &link->feeder;
	json_t *object = json_object(), *list = json_array();

	for (size_t i = 0; i < n; i++)
		if (rows[i].link == link->index)
			json_array_append_new(list, show_queue(view, &rows[i]));
	json_object_set_new(object, "id", show_number(link->node_id));
	json_object_set_new(object, "name", name != NULL ? json_string(name) : json_null());
	json_object_set_new(object, "worker", show_number(link->owner));
	json_object_set_new(object, "pacing", json_string(ferry_stats_pacing_name(link->pacing)));
	json_object_set_new(object, "rate_bps", show_whole(show_link_rate(link)));
	json_object_set_new(
		object, "packets", show_number(__atomic_load_n(&f->drr.packets, __ATOMIC_RELAXED)));
	json_object_set_new(object, "bytes", show_count(&f->drr.bytes));
	json_object_set_new(object, "conferences", list);
	return object;
}

json_t *
show_feeders(const struct show_view *view, const struct show_filter *filter)
{
	const struct node *node = view->node;
	json_t *array = json_array();
	size_t n, at = 0, end;
	struct row *rows = collect_rows(node, &n);

	(void)filter;
	for (uint16_t i = 0; rows != NULL && i < node->max_links; i++) {
		for (; at < n && rows[at].link < i; at++)
			;
		for (end = at; end < n && rows[end].link == i; end++)
			;
		if (node->links[i] != NULL)
			json_array_append_new(
				array, show_feeder(view, node->links[i], rows + at, end - at));
		at = end;
	}
	free(rows);
	return array;
}
