/* SPDX-License-Identifier: BSD-3-Clause */
/* What nodes must have of sessions, by the definitions in the root's book. */
#include "path_text.h"
#include "root_plan.h"
#include "root_scene.h"
#include "unit.h"

static void
check_source(const struct scene_session *has, const struct root_session *session,
	const struct root_plan *plan)
{
	char is[PATH_TEXT_MAX], wanted[PATH_TEXT_MAX];

	assert_int_equal(has->playing, session->state == ROOT_RUNNING);
	assert_int_equal(has->nb_flows, plan->flow_count);
	for (uint32_t i = 0; i < plan->flow_count; i++) {
		path_text_format(&has->trees[i], is, sizeof(is));
		path_text_format(&plan->flows[i].tree, wanted, sizeof(wanted));
		assert_string_equal(is, wanted);
		assert_int_equal(has->weights[i], plan->flows[i].weight);
	}
}

static unsigned int
check_session(struct scene *scene, const struct root_session *session)
{
	uint32_t conference = session->config->conference, id = session->config->id;
	struct root_plan plan;
	unsigned int found = 0;

	(void)root_plan_make(session, &plan);
	EVERY_NODE
	{
		const struct scene_session *has = scene_find(scene, n, conference, id);

		if (root_plan_has(&plan, n) != (has != NULL))
			fail_msg("node %u has session %u of conference %u: %d", n, id, conference,
				has != NULL);
		if (has == NULL)
			continue;
		found++;
		assert_int_equal(has->source, n == session->config->source);
		if (has->source)
			check_source(has, session, &plan);
		else
			assert_false(has->playing);
	}
	root_plan_free(&plan);
	return found;
}

void
scene_check(struct scene *scene)
{
	const struct root_book *book = &scene->root.book;
	unsigned int wanted = 0, have = 0;

	for (uint32_t i = 0; i < book->count; i++) {
		for (uint32_t j = 0; j < book->conferences[i]->session_count; j++)
			wanted += check_session(scene, book->conferences[i]->sessions[j]);
	}
	EVERY_NODE have += scene->nodes[n].nb_sessions;
	assert_int_equal(have, wanted);
}
