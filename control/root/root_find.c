/* SPDX-License-Identifier: BSD-3-Clause */
#include "root_functions.h"

struct root_conference *
root_find_conference(const struct root *root, const char *text, char *error)
{
	for (uint32_t i = 0; i < root->book.count; i++) {
		struct root_conference *conference = root->book.conferences[i];

		if (ctl_means(text, conference->config->id, conference->config->name))
			return conference;
	}
	snprintf(error, CTL_ERROR_MAX,
		"there is no conference \"%.64s\": \"conferences\" tells which there are", text);
	return NULL;
}

struct root_session *
root_find_session(const struct root *root, const char *const *argv, char *error)
{
	struct root_conference *conference = root_find_conference(root, argv[0], error);

	if (conference == NULL)
		return NULL;
	for (uint32_t i = 0; i < conference->session_count; i++) {
		struct root_session *session = conference->sessions[i];

		if (ctl_means(argv[1], session->config->id, session->config->name))
			return session;
	}
	snprintf(error, CTL_ERROR_MAX,
		"conference \"%.64s\" has no session \"%.64s\": \"sessions\" tells which it has",
		argv[0], argv[1]);
	return NULL;
}

struct root_node *
root_find_node(const struct root *root, const char *text, char *error)
{
	for (uint32_t i = 0; i < root->nodes.count; i++) {
		if (ctl_means(text, root->nodes.list[i]->id, root->nodes.list[i]->name))
			return root->nodes.list[i];
	}
	snprintf(error, CTL_ERROR_MAX,
		"there is no node \"%.64s\": \"nodes\" tells which there are", text);
	return NULL;
}
