/* SPDX-License-Identifier: BSD-3-Clause */
/* The node in the root's tree: its parent, its children, what was said and what was refused. */
#include <stdlib.h>

#include "config.h"
#include "mgmt.h"
#include "show_private.h"

#define CHILDREN_MAX 4096

static json_t *
show_mgmt_address(const struct sockaddr_storage *address)
{
	char text[MGMT_ADDRESS_TEXT];

	return json_string(mgmt_address_text(address, text));
}

static json_t *
show_children(const struct mgmt *mgmt)
{
	struct mgmt_child *children = calloc(CHILDREN_MAX, sizeof(*children));
	size_t count = children != NULL ? mgmt_children(mgmt, children, CHILDREN_MAX) : 0;
	json_t *array = json_array();

	for (size_t i = 0; i < count && i < CHILDREN_MAX; i++) {
		json_t *object = json_object();

		json_object_set_new(object, "name", json_string(children[i].name));
		json_object_set_new(object, "address", show_mgmt_address(&children[i].address));
		json_object_set_new(object, "descendants", show_number(children[i].below));
		json_object_set_new(object, "rtt_us",
			children[i].rtt_us != 0 ? show_number(children[i].rtt_us) : json_null());
		json_object_set_new(object, "waiting_bytes", show_number(children[i].waiting));
		json_array_append_new(array, object);
	}
	free(children);
	return array;
}

static json_t *
show_counters(const struct mgmt_counters *counters)
{
	json_t *array = json_array();

#define SHOW_COUNTER(field, what)                                                                  \
	json_array_append_new(array, json_pack("{s:s, s:I, s:s}", "counter", #field, "count",      \
					     (json_int_t)counters->field, "text", what));
	MGMT_COUNTERS(SHOW_COUNTER)
#undef SHOW_COUNTER
	return array;
}

/* Null: without TLS there is none. */
static json_t *
show_certificate(const struct mgmt *mgmt)
{
	char text[CONFIG_TIME_TEXT];
	int64_t until;

	return mgmt_certificate_until(mgmt, &until)
		       ? json_string(config_time_text(until * 1000, text))
		       : json_null();
}

json_t *
show_management(const struct show_view *view, const struct show_filter *filter)
{
	const struct mgmt *mgmt = view->mgmt != NULL ? *view->mgmt : NULL;
	json_t *object = json_object();
	const char *parent;

	(void)filter;
	json_object_set_new(object, "management", json_boolean(mgmt != NULL));
	if (mgmt == NULL)
		return object;
	parent = mgmt_parent(mgmt);
	json_object_set_new(object, "parent", parent != NULL ? json_string(parent) : json_null());
	json_object_set_new(object, "address",
		mgmt_address(mgmt)->ss_family != 0 ? show_mgmt_address(mgmt_address(mgmt))
						   : json_null());
	json_object_set_new(object, "certificate_until", show_certificate(mgmt));
	json_object_set_new(object, "children", show_children(mgmt));
	json_object_set_new(object, "counters", show_counters(mgmt_counters(mgmt)));
	return object;
}
