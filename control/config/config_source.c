/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The text of a configuration, its includes in place. libconfig could include too, but always
 * relative to one directory; here it is relative to the file that includes.
 */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config_private.h"
#include "regular_file.h"

#define SOURCE_MAX_BYTES (64u << 20)
#define SOURCE_MAX_DEPTH 10

void
config_source_put(struct config_source *source, const char *text, size_t size)
{
	if (source->size + size + 1 > source->room) {
		source->room = (source->size + size + 1) * 2;
		source->text = realloc(source->text, source->room);
		if (source->text == NULL)
			err(1, "reading the configuration");
	}
	memcpy(source->text + source->size, text, size);
	source->size += size;
	source->text[source->size] = 0;
}

static char *
config_source_read(struct config_source *source, FILE *file, size_t *size)
{
	char *text = NULL;
	size_t room = 65536;

	*size = 0;
	do {
		char *more;

		room *= 2;
		more = config_memory_get(source->memory, room);
		if (*size > 0)
			memcpy(more, text, *size);
		text = more;
		*size += fread(text + *size, 1, room - *size, file);
	} while (*size == room && room < SOURCE_MAX_BYTES);
	return text;
}

/* where is of the @include, or of the file itself. */
static bool
config_source_add(struct config_source *source, const char *path, const struct config_where *where,
	unsigned int depth)
{
	size_t before = source->errors->count;
	const char *why;
	char *text;
	size_t size;
	FILE *file;

	file = regular_file_config(path, &why);
	if (file == NULL) {
		config_errors_add(source->errors, where, "cannot open \"%s\": %s", path, why);
		return false;
	}
	errno = 0;
	text = config_source_read(source, file, &size);
	if (ferror(file))
		config_errors_add(
			source->errors, where, "cannot read \"%s\": %s", path, strerror(errno));
	else if (!feof(file) && size >= SOURCE_MAX_BYTES)
		config_errors_add(source->errors, where,
			"\"%s\" is too large, a file has less than %u bytes", path,
			SOURCE_MAX_BYTES);
	else
		config_lex(source, config_memory_copy(source->memory, path), text, size, depth);
	fclose(file);
	return source->errors->count == before;
}

void
config_source_include(struct config_source *source, const char *from, uint32_t line,
	const char *name, unsigned int depth)
{
	struct config_where where = {from, line, (uint32_t)source->line_count};
	const char *slash = strrchr(from, '/');
	const char *path = name;

	if (!source->files) {
		config_errors_add(source->errors, &where, "@include is not possible here");
		return;
	}
	if (depth >= SOURCE_MAX_DEPTH) {
		config_errors_add(source->errors, &where,
			"@include is more than %u files deep, a file must not include itself",
			SOURCE_MAX_DEPTH);
		return;
	}
	if (name[0] != '/' && slash != NULL)
		path = config_memory_printf(
			source->memory, "%.*s/%s", (int)(slash - from), from, name);
	config_source_add(source, path, &where, depth + 1);
}

bool
config_source_file(struct config_source *source, const char *path)
{
	struct config_where where = {path, 0, 0};

	source->files = true;
	return config_source_add(source, path, &where, 0);
}

bool
config_source_string(struct config_source *source, const char *name, const char *text, size_t size)
{
	config_lex(source, config_memory_copy(source->memory, name), text, size, 0);
	return source->errors->count == 0;
}

void
config_source_free(struct config_source *source)
{
	free(source->text);
	free(source->lines);
}
