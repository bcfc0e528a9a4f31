/* SPDX-License-Identifier: BSD-3-Clause */
#include "forward_actions.h"
#include "recode_actions.h"
#include "show_private.h"

static json_t *
show_known(const struct session_book *book, uint64_t key)
{
	uint32_t conference = (uint32_t)(key >> 32), session = (uint32_t)key;
	const struct session_entry *entry = session_book_find(book, conference, session);
	const struct session_recode *recode = recode_of(book, conference, session);
	json_t *object = json_object();

	json_object_set_new(object, "conference", show_number(conference));
	json_object_set_new(object, "session", show_number(session));
	json_object_set_new(
		object, "name", entry != NULL ? json_string(entry->config->name) : json_null());
	json_object_set_new(object, "defined", json_boolean(entry != NULL));
	json_object_set_new(object, "source", json_boolean(entry != NULL && entry->source != NULL));
	json_object_set_new(
		object, "destination", json_boolean(entry != NULL && entry->destination != NULL));
	json_object_set_new(
		object, "installed", json_boolean(forward_is(book, conference, session)));
	json_object_set_new(object, "recode",
		recode != NULL ? json_string(config_recode_names[recode->how]) : json_null());
	return object;
}

/* Three ascending lists as one. */
json_t *
show_forwarding(const struct show_view *view, const struct show_filter *filter)
{
	const struct session_book *book = view->sessions;
	json_t *object = json_object(), *array = json_array();
	uint32_t e = 0, f = 0, r = 0;

	(void)filter;
	while (e < book->nb_entries || f < book->nb_forwards || r < book->nb_recodes) {
		uint64_t entry = UINT64_MAX, forward = UINT64_MAX, recode = UINT64_MAX, key;

		if (e < book->nb_entries)
			entry = session_key(
				book->entries[e]->config->conference, book->entries[e]->config->id);
		if (f < book->nb_forwards)
			forward = book->forwards[f];
		if (r < book->nb_recodes)
			recode = book->recodes[r].key;
		key = RTE_MIN(entry, forward);
		key = RTE_MIN(key, recode);
		e += key == entry;
		f += key == forward;
		r += key == recode;
		json_array_append_new(array, show_known(book, key));
	}
	json_object_set_new(
		object, "mode", json_string(view->node->installed ? "installed" : "open"));
	json_object_set_new(object, "sessions", array);
	return object;
}
