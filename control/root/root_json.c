/* SPDX-License-Identifier: BSD-3-Clause */
#include <err.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "regular_file.h"
#include "root_json.h"
#include "root_json_private.h"
#include "root_json_text.h"

#define FILE_MAX     (64u << 20)
#define TIME_WANTED  "a time, as \"2012-09-02 14:22:31 UTC\""
#define RATE_WANTED  "KB/s (of 1000 bytes): a number from 0.125 to 125000000, whole bytes"
#define BURST_WANTED "KB (of 1000 bytes): a number from 0.064 to 1073741, whole bytes"

static const char *const file_keys[] = {"ConferenceList", NULL};
static const char *const conference_keys[] = {
	"ConferenceID", "StartTime", "EndTime", "Participants", "SessionList", NULL};
static const char *const session_keys[] = {"SessionID", "Protocol", "SrcNode", "DstNodes",
	"AverageRate", "MaxBurstSize", "StartTime", "EndTime", "Ingress", "Egress", "RoutingList",
	NULL};
static const char *const egress_keys[] = {"Node", "Udp", NULL};

static int
compare_places(const void *a, const void *b)
{
	const struct root_json_place *first = a, *second = b;

	return first->object < second->object ? -1 : first->object > second->object;
}

uint32_t
root_json_line(const struct root_json *json, const json_t *object)
{
	const struct root_json_place wanted = {.object = object}, *place;

	place = bsearch(&wanted, json->places, json->place_count, sizeof(wanted), compare_places);
	return place != NULL ? place->line : 1;
}

void
root_json_fail(struct root_json *json, const json_t *object, const char *format, ...)
{
	uint32_t line = root_json_line(json, object);
	struct config_where where = {json->name, line, line};
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	config_errors_add(json->errors, &where, "%s%s", json->context, text);
}

void
root_json_want(struct root_json *json, const json_t *object, const char *key, const char *wanted)
{
	const json_t *value = json_object_get(object, key);
	char *text;

	if (value == NULL) {
		root_json_fail(
			json, object, "the key \"%s\" is missing, it must be %s", key, wanted);
		return;
	}
	text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	root_json_fail(
		json, object, "%s is %.80s, it must be %s", key, text != NULL ? text : "?", wanted);
	free(text);
}

static bool
is_one_of(const char *key, const char *const *keys)
{
	for (; *keys != NULL; keys++) {
		if (strcmp(key, *keys) == 0)
			return true;
	}
	return false;
}

bool
root_json_keys(
	struct root_json *json, const json_t *object, const json_t *outer, const char *const *keys)
{
	size_t before = json->errors->count;
	const char *key;
	json_t *value;
	char list[256] = "";

	if (!json_is_object(object)) {
		root_json_fail(
			json, outer, "a list has something else than objects { }, it must not");
		return false;
	}
	for (size_t i = 0, used = 0; keys[i] != NULL; i++)
		used += (size_t)snprintf(
			list + used, sizeof(list) - used, "%s%s", i == 0 ? "" : ", ", keys[i]);
	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		(void)value;
		if (!is_one_of(key, keys))
			root_json_fail(json, object, "there is no key \"%.60s\", the keys are: %s",
				key, list);
	}
	return json->errors->count == before;
}

bool
root_json_id(const json_t *value, uint64_t max, uint64_t *id)
{
	const char *text = json_string_value(value);

	if (json_is_integer(value) && json_integer_value(value) > 0)
		*id = (uint64_t)json_integer_value(value);
	else if (text != NULL && text[0] != 0 && strlen(text) < 19 &&
		 text[strspn(text, "0123456789")] == 0)
		*id = strtoull(text, NULL, 10);
	else
		return false;
	return *id >= 1 && *id <= max;
}

void
root_json_go(struct root_json *json, uint32_t line)
{
	for (; json->line < line; json->line++)
		fputc('\n', json->out);
}

/* ' KEY = "VALUE";', of printable text. */
static void
put_text(struct root_json *json, const json_t *object, const char *key, const char *value)
{
	char *quoted;

	for (const char *at = value; *at != 0; at++) {
		if ((unsigned char)*at >= 0x20 && *at != 0x7f)
			continue;
		root_json_fail(json, object, "a text has a control character (value %d)", *at);
		return;
	}
	quoted = malloc(2 * strlen(value) + 3);
	if (quoted == NULL)
		err(1, "reading conferences");
	fprintf(json->out, " %s = %s;", key, config_print_quote(quoted, value));
	free(quoted);
}

static bool
put_id(struct root_json *json, const json_t *object, const char *key, const char *name,
	uint64_t max)
{
	char wanted[64];
	uint64_t id;

	if (!root_json_id(json_object_get(object, key), max, &id)) {
		snprintf(wanted, sizeof(wanted), "an integer from 1 to %llu",
			(unsigned long long)max);
		root_json_want(json, object, key, wanted);
		return false;
	}
	fprintf(json->out, " %s = %llu%s;", name, (unsigned long long)id,
		id > INT32_MAX ? "L" : "");
	return true;
}

static void
put_ids(struct root_json *json, const json_t *object, const char *key, const char *name)
{
	const json_t *list = json_object_get(object, key), *value;
	uint64_t id;
	size_t i;

	if (!json_is_array(list)) {
		root_json_want(json, object, key, "a list of NodeIDs");
		return;
	}
	fprintf(json->out, " %s = [", name);
	json_array_foreach(list, i, value)
	{
		if (root_json_id(value, NODE_ID_MAX, &id))
			fprintf(json->out, "%s%llu", i == 0 ? " " : ", ", (unsigned long long)id);
		else
			root_json_want(
				json, object, key, "a list of NodeIDs, from 1 to 2147483647");
	}
	fputs(" ];", json->out);
}

static void
put_time(struct root_json *json, const json_t *object, const char *key, const char *name)
{
	const json_t *value = json_object_get(object, key);
	int64_t ms;

	if (value == NULL)
		return;
	if (!json_is_string(value) || !config_time_parse(json_string_value(value), &ms))
		root_json_want(json, object, key, TIME_WANTED);
	else
		put_text(json, object, name, json_string_value(value));
}

/* A number of thousands: the key's value times factor, which must be whole and within the range. */
static void
put_thousands(struct root_json *json, const json_t *object, const char *key, const char *name,
	double factor, double least, double most, const char *wanted)
{
	const json_t *value = json_object_get(object, key);
	double number = json_number_value(value) * factor;
	uint64_t whole;

	if (!json_is_number(value) || !(number >= least - 0.5 && number <= most + 0.5)) {
		root_json_want(json, object, key, wanted);
		return;
	}
	/* 0.1 is no whole number of thousandths in binary. */
	whole = (uint64_t)(number + 0.5);
	if (number - (double)whole > 1e-3 || (double)whole - number > 1e-3)
		root_json_want(json, object, key, wanted);
	else
		fprintf(json->out, " %s = %lluL;", name, (unsigned long long)whole);
}

static void
put_protocol(struct root_json *json, const json_t *session)
{
	const char *word = json_string_value(json_object_get(session, "Protocol"));

	if (word != NULL && strcmp(word, "TCP") == 0 && !json->udp_for_tcp)
		root_json_fail(json, session,
			"Protocol is TCP, which is not in this version; it must be UDP, or TCP be "
			"taken as UDP (tcp = \"udp\")");
	else if (word == NULL || (strcmp(word, "UDP") != 0 && strcmp(word, "TCP") != 0))
		root_json_want(json, session, "Protocol", "UDP");
}

static void
put_ends(struct root_json *json, const json_t *session)
{
	const json_t *ingress = json_object_get(session, "Ingress");
	const json_t *list = json_object_get(session, "Egress"), *entry;
	size_t i;

	if (ingress == NULL) {
		fprintf(json->out,
			" ingress = { generator = { kind = \"constant\"; size = %d; }; };",
			ROOT_JSON_PACKET);
	} else if (json_is_string(ingress)) {
		fputs(" ingress = {", json->out);
		put_text(json, session, "udp", json_string_value(ingress));
		fputs(" };", json->out);
	} else {
		root_json_want(json, session, "Ingress", "a text, as \"10.1.0.1:5004\"");
	}
	if (list == NULL)
		return;
	if (!json_is_array(list)) {
		root_json_want(json, session, "Egress",
			"a list of { \"Node\": 2, \"Udp\": \"10.2.0.100:5004\" }");
		return;
	}
	fputs(" egress = (", json->out);
	json_array_foreach(list, i, entry)
	{
		const char *udp = json_string_value(json_object_get(entry, "Udp"));

		if (!root_json_keys(json, entry, session, egress_keys))
			continue;
		root_json_go(json, root_json_line(json, entry));
		fprintf(json->out, "%s {", i == 0 ? "" : ",");
		put_id(json, entry, "Node", "node", NODE_ID_MAX);
		if (udp != NULL)
			put_text(json, entry, "udp", udp);
		else
			root_json_want(json, entry, "Udp", "a text, as \"10.2.0.100:5004\"");
		fputs(" }", json->out);
	}
	fputs(" );", json->out);
}

/* In the order of the keys' places in the file where these are objects: lines only go on. */
static void
put_lists(struct root_json *json, const json_t *session)
{
	const char *key;
	json_t *value;
	bool routes = false;

	json_object_foreach((json_t *)(uintptr_t)session, key, value)
	{
		(void)value;
		if (strcmp(key, "RoutingList") == 0) {
			root_json_routes(json, session);
			routes = true;
		} else if (strcmp(key, "Egress") == 0) {
			put_ends(json, session);
		}
	}
	if (!routes)
		root_json_routes(json, session);
	if (json_object_get(session, "Egress") == NULL)
		put_ends(json, session);
}

static void
put_session(struct root_json *json, const json_t *conference, const json_t *session)
{
	size_t mark = strlen(json->context);
	uint64_t id = 0;

	root_json_id(json_object_get(session, "SessionID"), UINT32_MAX, &id);
	snprintf(json->context + (mark > 2 ? mark - 2 : 0),
		sizeof(json->context) - (mark > 2 ? mark - 2 : 0),
		", SessionID %llu: ", (unsigned long long)id);
	if (root_json_keys(json, session, conference, session_keys)) {
		root_json_go(json, root_json_line(json, session));
		fputs(" {", json->out);
		put_id(json, session, "SessionID", "id", UINT32_MAX);
		put_id(json, session, "SrcNode", "source", NODE_ID_MAX);
		put_ids(json, session, "DstNodes", "destinations");
		put_protocol(json, session);
		put_thousands(json, session, "AverageRate", "rate", 8000, CONFIG_RATE_MIN,
			CONFIG_RATE_MAX, RATE_WANTED);
		if (json_object_get(session, "MaxBurstSize") != NULL)
			put_thousands(json, session, "MaxBurstSize", "burst", 1000, 64, 1 << 30,
				BURST_WANTED);
		put_time(json, session, "StartTime", "starts");
		put_time(json, session, "EndTime", "ends");
		put_lists(json, session);
		fputs(" }", json->out);
	}
	json->context[mark] = 0;
	if (mark > 2)
		memcpy(json->context + mark - 2, ": ", 2);
}

static void
put_conference(struct root_json *json, const json_t *root, const json_t *conference)
{
	const json_t *sessions = json_object_get(conference, "SessionList"), *session;
	uint64_t id = 0;
	size_t i;

	root_json_id(json_object_get(conference, "ConferenceID"), UINT32_MAX, &id);
	snprintf(json->context, sizeof(json->context),
		"ConferenceID %llu: ", (unsigned long long)id);
	if (!root_json_keys(json, conference, root, conference_keys))
		return;
	root_json_go(json, root_json_line(json, conference));
	fputs(" {", json->out);
	put_id(json, conference, "ConferenceID", "id", UINT32_MAX);
	put_time(json, conference, "StartTime", "starts");
	put_time(json, conference, "EndTime", "ends");
	if (json_object_get(conference, "Participants") != NULL)
		put_ids(json, conference, "Participants", "participants");
	if (!json_is_array(sessions))
		root_json_want(json, conference, "SessionList", "a list of sessions { }");
	fputs(" sessions = (", json->out);
	json_array_foreach(sessions, i, session)
	{
		if (i > 0)
			fputs(",", json->out);
		put_session(json, conference, session);
	}
	fputs(" ); }", json->out);
}

static void
put_file(struct root_json *json, const json_t *root)
{
	const json_t *list = json_object_get(root, "ConferenceList"), *conference;
	size_t i;

	if (!root_json_keys(json, root, root, file_keys))
		return;
	if (!json_is_array(list)) {
		root_json_want(json, root, "ConferenceList", "a list of conferences { }");
		return;
	}
	fputs("conferences = (", json->out);
	json_array_foreach(list, i, conference)
	{
		if (i > 0)
			fputs(",", json->out);
		put_conference(json, root, conference);
		json->context[0] = 0;
	}
	fputs(" );\n", json->out);
}

/* The objects in the order of the file, which is that of jansson's lists and objects. */
static void
find_objects(struct root_json *json, const json_t *value, const struct root_json_text *clean)
{
	const char *key;
	json_t *inner;
	size_t i;

	if (json_is_object(value)) {
		json->places[json->place_count] = (struct root_json_place){
			value, clean->objects[json->place_count]};
		json->place_count++;
		json_object_foreach((json_t *)(uintptr_t)value, key, inner)
		{
			(void)key;
			find_objects(json, inner, clean);
		}
	}
	json_array_foreach(value, i, inner)
	{
		find_objects(json, inner, clean);
	}
}

static struct config *
load_clean(struct root_json *json, const struct root_json_text *clean)
{
	struct config *config = NULL;
	json_error_t fault;
	json_t *root = json_loadb(clean->text != NULL ? clean->text : "", clean->size,
		JSON_REJECT_DUPLICATES, &fault);
	char *text = NULL;
	size_t size = 0;

	if (root == NULL) {
		struct config_where where = {
			json->name, fault.line > 0 ? (uint32_t)fault.line : 1, 1};

		config_errors_add(
			json->errors, &where, "not JSON, column %d: %s", fault.column, fault.text);
		return NULL;
	}
	json->places = calloc(clean->object_count + 1, sizeof(*json->places));
	json->out = open_memstream(&text, &size);
	if (json->places == NULL || json->out == NULL)
		err(1, "reading conferences");
	find_objects(json, root, clean);
	qsort(json->places, json->place_count, sizeof(*json->places), compare_places);
	put_file(json, root);
	if (fclose(json->out) != 0)
		err(1, "reading conferences");
	if (json->errors->count == 0)
		config = config_load_conferences_string(json->name, text, size, json->errors);
	free(text);
	free(json->places);
	json_decref(root);
	return config;
}

struct config *
root_json_load_string(const char *name, const char *text, size_t size, bool udp_for_tcp,
	struct config_errors *errs)
{
	struct root_json json = {
		.name = name, .udp_for_tcp = udp_for_tcp, .errors = errs, .line = 1};
	struct config_where where = {name, 1, 1};
	struct root_json_text clean;
	struct config *config;
	const char *fault;

	if (root_json_text_clean(text, size, &clean, &where.line, &fault) != 0) {
		config_errors_add(errs, &where, "%s", fault);
		return NULL;
	}
	config = load_clean(&json, &clean);
	root_json_text_free(&clean);
	config_errors_sort(errs);
	return config;
}

struct config *
root_json_load(const char *path, bool udp_for_tcp, struct config_errors *errs)
{
	struct config_where where = {path, 0, 0};
	struct config *config = NULL;
	const char *why = NULL;
	FILE *file = regular_file_config(path, &why);
	char *text = malloc(FILE_MAX);
	size_t size;

	if (text == NULL)
		err(1, "reading conferences");
	size = file != NULL ? fread(text, 1, FILE_MAX, file) : 0;
	if (file == NULL || ferror(file))
		config_errors_add(errs, &where, "cannot read \"%s\": %s", path,
			file == NULL ? why : strerror(errno));
	else if (size == FILE_MAX)
		config_errors_add(errs, &where,
			"\"%s\" is too large, it must have less than %u bytes", path, FILE_MAX);
	else
		config = root_json_load_string(path, text, size, udp_for_tcp, errs);
	if (file != NULL)
		fclose(file);
	free(text);
	return config;
}
