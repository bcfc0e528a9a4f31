/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One pass over the text before libconfig parses it. It knows just enough of the grammar (comments,
 * strings, names, numbers) for what libconfig 1.5 does not do:
 *
 * - @include relative to the including file;
 * - integers over 31 bits: libconfig takes the low 32 bits in silence unless they end in "L". Here
 *   they get that L, and what does not fit 63 bits is a mistake;
 * - lines: libconfig reports a string at the token after it, which may be lines below.
 */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "config_private.h"

struct config_lexer {
	struct config_source *source;
	const char *file;
	const char *at;
	const char *end;
	uint32_t line;
	unsigned int depth;
	bool line_has_token;
	uint32_t token_line; /* in the whole text: the last line with a token of this file */
};

static void
lexer_fail(struct config_lexer *lexer, uint32_t line, const char *text)
{
	struct config_where where = {lexer->file, line, (uint32_t)lexer->source->line_count};

	config_errors_add(lexer->source->errors, &where, "%s", text);
}

/* Begins the next line of the whole text. */
static void
lexer_new_line(struct config_lexer *lexer)
{
	struct config_source *source = lexer->source;

	if (source->line_count == source->line_room) {
		source->line_room = source->line_room == 0 ? 1024 : source->line_room * 2;
		source->lines = realloc(source->lines, source->line_room * sizeof(*source->lines));
		if (source->lines == NULL)
			err(1, "reading the configuration");
	}
	source->line_count++;
	source->lines[source->line_count - 1] = (struct config_line){
		lexer->file, lexer->line, (uint32_t)source->line_count};
	lexer->line_has_token = false;
}

static void
lexer_copy(struct config_lexer *lexer, size_t bytes)
{
	while (bytes-- > 0 && lexer->at < lexer->end) {
		char c = *lexer->at++;

		config_source_put(lexer->source, &c, 1);
		if (c == '\n') {
			lexer->line++;
			lexer_new_line(lexer);
		}
	}
}

static size_t
lexer_left(const struct config_lexer *lexer)
{
	return (size_t)(lexer->end - lexer->at);
}

static bool
lexer_looks_at(const struct config_lexer *lexer, const char *text)
{
	size_t size = strlen(text);

	return lexer_left(lexer) >= size && memcmp(lexer->at, text, size) == 0;
}

static void
lexer_string(struct config_lexer *lexer)
{
	uint32_t line = lexer->line;

	lexer_copy(lexer, 1);
	while (lexer->at < lexer->end) {
		char c = *lexer->at;

		lexer_copy(lexer, c == '\\' ? 2 : 1);
		if (c == '"')
			return;
	}
	lexer_fail(lexer, line, "a string that begins here does not end, a '\"' is missing");
}

static void
lexer_comment(struct config_lexer *lexer)
{
	uint32_t line = lexer->line;

	if (!lexer_looks_at(lexer, "/*")) {
		while (lexer->at < lexer->end && *lexer->at != '\n')
			lexer_copy(lexer, 1);
		return;
	}
	lexer_copy(lexer, 2);
	while (lexer->at < lexer->end && !lexer_looks_at(lexer, "*/"))
		lexer_copy(lexer, 1);
	if (lexer->at == lexer->end)
		lexer_fail(
			lexer, line, "a comment that begins here does not end, \"*/\" is missing");
	lexer_copy(lexer, 2);
}

/* Bytes of the integer that begins here (sign, 0x, digits), without its L; 0 if it is a float. */
static size_t
lexer_integer_size(const struct config_lexer *lexer)
{
	const char *at = lexer->at;
	bool hex = lexer_left(lexer) > 2 && at[0] == '0' && tolower(at[1]) == 'x' &&
		   isxdigit((unsigned char)at[2]);

	at += hex ? 2 : *at == '-' || *at == '+';
	while (at < lexer->end &&
		(hex ? isxdigit((unsigned char)*at) : isdigit((unsigned char)*at)))
		at++;
	if (!hex && at < lexer->end && (*at == '.' || tolower(*at) == 'e'))
		return 0;
	return (size_t)(at - lexer->at);
}

static void
lexer_number(struct config_lexer *lexer)
{
	size_t size = lexer_integer_size(lexer);
	char text[32] = "";
	long long value;

	if (size == 0) {
		while (lexer->at < lexer->end &&
			(isalnum((unsigned char)*lexer->at) || strchr(".+-", *lexer->at) != NULL))
			lexer_copy(lexer, 1);
		return;
	}
	memcpy(text, lexer->at, size < sizeof(text) - 1 ? size : sizeof(text) - 1);
	errno = 0;
	value = strtoll(text, NULL, tolower(text[1]) == 'x' ? 16 : 10);
	if (errno != 0 || size >= sizeof(text)) {
		lexer_fail(lexer, lexer->line,
			"an integer is out of range, it must be -9223372036854775808 to "
			"9223372036854775807");
	}
	lexer_copy(lexer, size);
	if (lexer->at < lexer->end && *lexer->at == 'L')
		return;
	if (value > INT_MAX || value < INT_MIN)
		config_source_put(lexer->source, "L", 1);
}

/* Just after a line's beginning: an @include, or not (false, and nothing is taken). */
static bool
lexer_include(struct config_lexer *lexer)
{
	const char *newline = memchr(lexer->at, '\n', lexer_left(lexer));
	const char *stop = newline == NULL ? lexer->end : newline;
	const char *name, *quote;
	uint32_t line = lexer->line;

	if (!lexer_looks_at(lexer, "@include"))
		return false;
	name = lexer->at + strlen("@include");
	while (name < stop && (*name == ' ' || *name == '\t'))
		name++;
	quote = name < stop && *name == '"' ? memchr(name + 1, '"', (size_t)(stop - name) - 1)
					    : NULL;
	if (quote == NULL || quote == name + 1) {
		lexer_fail(
			lexer, line, "@include must stand alone in its line as @include \"FILE\"");
		lexer->at = stop;
		return true;
	}
	lexer->at = quote + 1;
	while (lexer->at < stop && isspace((unsigned char)*lexer->at))
		lexer->at++;
	if (lexer->at < stop && *lexer->at != '#' && !lexer_looks_at(lexer, "//"))
		lexer_fail(
			lexer, line, "@include must stand alone in its line as @include \"FILE\"");
	lexer->at = stop;
	config_source_put(lexer->source, "\n", 1);
	config_source_include(lexer->source, lexer->file, line,
		config_memory_printf(
			lexer->source->memory, "%.*s", (int)(quote - name - 1), name + 1),
		lexer->depth);
	/* The included text ended with its own line: what follows is of this file again. */
	lexer_new_line(lexer);
	return true;
}

/* libconfig's line for a string is that of the next token: remember where the string itself was. */
static void
lexer_note_token(struct config_lexer *lexer)
{
	struct config_source *source = lexer->source;

	if (!lexer->line_has_token && lexer->token_line != 0 && strchr("])},;", *lexer->at) != NULL)
		source->lines[source->line_count - 1].string_line = lexer->token_line;
	lexer->line_has_token = true;
}

static void
lexer_token(struct config_lexer *lexer)
{
	char c = *lexer->at;

	lexer_note_token(lexer);
	if (c == '"') {
		lexer_string(lexer);
	} else if (isalpha((unsigned char)c) || c == '*') {
		while (lexer->at < lexer->end &&
			(isalnum((unsigned char)*lexer->at) || strchr("-_*", *lexer->at) != NULL))
			lexer_copy(lexer, 1);
	} else if (isdigit((unsigned char)c) ||
		   (strchr("+-.", c) != NULL && lexer_left(lexer) > 1 &&
			   isdigit((unsigned char)lexer->at[1]))) {
		lexer_number(lexer);
	} else {
		lexer_copy(lexer, 1);
	}
	lexer->token_line = (uint32_t)lexer->source->line_count;
	lexer->source->token_line = lexer->token_line;
	lexer->line_has_token = true;
}

void
config_lex(struct config_source *source, const char *file, const char *text, size_t size,
	unsigned int depth)
{
	struct config_lexer lexer = {
		.source = source,
		.file = file,
		.at = text,
		.end = text + size,
		.line = 1,
		.depth = depth,
	};

	if (memchr(text, 0, size) != NULL) {
		lexer_fail(&lexer, 0, "the file has a byte of value 0, it must be a text file");
		return;
	}
	lexer_new_line(&lexer);
	while (lexer.at < lexer.end) {
		char c = *lexer.at;

		if (c == '@' && !lexer.line_has_token && lexer_include(&lexer))
			continue;
		if (isspace((unsigned char)c))
			lexer_copy(&lexer, 1);
		else if (c == '#' || lexer_looks_at(&lexer, "//") || lexer_looks_at(&lexer, "/*"))
			lexer_comment(&lexer);
		else
			lexer_token(&lexer);
	}
	config_source_put(source, "\n", 1);
}
