/* SPDX-License-Identifier: BSD-3-Clause */
/* The root of a scene: its files, its start and its end. */
#include <unistd.h>

#include "root_scene.h"
#include "unit.h"

void
scene_write(const struct scene *scene, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", scene->directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* Are they no peers of each other? */
static bool
is_apart(const struct scene *scene, uint32_t a, uint32_t b)
{
	return a == b || b == scene->out || (scene->apart[0] == a && scene->apart[1] == b) ||
	       (scene->apart[0] == b && scene->apart[1] == a);
}

void
scene_write_config(const struct scene *scene, const char *more)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fprintf(out,
		"root = { listen = \"127.0.0.1:13780\"; plain = true; store = \"%s/root.db\"; %s "
		"};\n"
		"nodes = (\n",
		scene->directory, scene->settings != NULL ? scene->settings : "");
	EVERY_NODE
	{
		if (n == scene->out)
			continue;
		fprintf(out, "{ name = \"n%u\"; id = %u; role = \"%s\"; parent = \"%s\"; peers = (",
			n, n, n == 1 ? "root" : "relay", n == 1 ? "^" : "n1");
		for (uint32_t i = 1, count = 0; i <= SCENE_NODES; i++) {
			if (!is_apart(scene, n, i))
				fprintf(out, "%s{ node = \"n%u\"; address = \"10.0.0.%u\"; }",
					count++ == 0 ? "" : ", ", i, i);
		}
		fprintf(out, "); }%s\n", n < SCENE_NODES ? "," : "");
	}
	fprintf(out, "%s);\n%s\n", scene->more_nodes != NULL ? scene->more_nodes : "", more);
	assert_int_equal(fclose(out), 0);
	scene_write(scene, "root.cfg", text);
	free(text);
}

void
scene_add_leaves(struct scene *scene, const char *conferences)
{
	scene->more_nodes =
		", { name = \"r0\"; id = 100; role = \"leaf\"; parent = \"n1\"; peers = ( { "
		"node = \"r1\"; address = \"10.0.1.1\"; } ); }, "
		"{ name = \"r1\"; id = 101; role = \"leaf\"; parent = \"n1\"; peers = ( { "
		"node = \"r0\"; address = \"10.0.1.0\"; } ); }";
	scene_write_config(scene, conferences);
	assert_true(scene_do(scene, "reload"));
	scene->more_nodes = NULL;
}

void
scene_add_sessions(struct scene *scene, const char *terms, uint32_t source, uint32_t destination,
	uint32_t count)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fprintf(out, "conferences = ( { id = 2; %s sessions = (", terms);
	for (uint32_t i = 1; i <= count; i++)
		fprintf(out,
			"%s{ id = %u; source = %u; destinations = [ %u ]; ingress = { udp = "
			"\"10.1.0.1:%u\"; }; flows = ( { path = \"%u\"; } ); }",
			i > 1 ? ", " : "", i, source, destination, 6000 + i, destination);
	fprintf(out, "); } );");
	assert_int_equal(fclose(out), 0);
	scene_write(scene, "a.cfg", text);
	free(text);
	assert_true(scene_do(scene, "add %s/a.cfg", scene->directory));
}

static void
start_root(struct scene *scene)
{
	static char path[128];
	struct config_errors errs = {0};

	snprintf(path, sizeof(path), "%s/root.cfg", scene->directory);
	scene->root = (struct root){.config_path = path};
	scene->root.config = root_config_load(path, &errs);
	config_errors_print(&errs, stderr);
	assert_non_null(scene->root.config);
	assert_int_equal(root_store_boot(&scene->root), 0);
	assert_int_equal(root_stats_begin(&scene->root), 0);
	assert_int_equal(root_load(&scene->root), 0);
}

static void
end_root(struct scene *scene)
{
	for (unsigned int i = 0; i < scene->nb_messages; i++)
		message_free(scene->messages[i].message);
	scene->nb_messages = 0;
	root_unload(&scene->root);
	root_stats_end(&scene->root);
	root_store_undo(&scene->root);
	root_forget_events(&scene->root);
	root_config_free(scene->root.config);
}

void
scene_restart_root(struct scene *scene)
{
	end_root(scene);
	start_root(scene);
	EVERY_NODE
	{
		scene->nodes[n].deaf = false;
		if (scene->nodes[n].connected && scene_draw(scene, 2) == 1)
			scene_connect(scene, n);
		else
			scene_back(scene, n);
	}
}

void
scene_begin(struct scene *scene, const char *conferences)
{
	memset(scene, 0, sizeof(*scene));
	scene_use(scene);
	scene->random = unit_seed();
	scene->strict = true;
	strcpy(scene->directory, "/tmp/ferry_scene_XXXXXX");
	assert_non_null(mkdtemp(scene->directory));
	scene_write_config(scene, conferences);
	start_root(scene);
	EVERY_NODE
	{
		scene->nodes[n].id = n;
		scene_connect(scene, n);
	}
	scene_run(scene, 3000);
	scene_check(scene);
}

void
scene_end(struct scene *scene)
{
	static const char *const names[] = {"root.db", "root.db-wal", "root.cfg", "a.cfg", "b.cfg"};
	char path[128];

	end_root(scene);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", scene->directory, names[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(scene->directory), 0);
}

int
scene_setup(void **state, const char *conferences)
{
	static struct scene scene;

	scene_begin(&scene, conferences);
	*state = &scene;
	return 0;
}

int
scene_teardown(void **state)
{
	scene_end(*state);
	return 0;
}
