/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the configuration reader share.
 *
 * Each group of the file has one table of keys: name, type, range, default, unit. Reading (type,
 * range, unknown and missing keys) and printing both follow the table, so neither can forget a key.
 */
#ifndef FERRY_CONFIG_PRIVATE_H
#define FERRY_CONFIG_PRIVATE_H

#include <libconfig.h>

#include "config.h"

/* config_memory.c: allocations that are freed together; lack of memory ends the program. */
struct config_memory *config_memory_new(void);
void *config_memory_get(struct config_memory *memory, size_t bytes); /* zeroed */
char *config_memory_copy(struct config_memory *memory, const char *text);
char *config_memory_printf(struct config_memory *memory, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* config_errors.c */
void config_errors_add(struct config_errors *errs, const struct config_where *where,
	const char *format, ...) __attribute__((format(printf, 3, 4)));
void config_errors_sort(struct config_errors *errs);

/*
 * config_source.c: the text of a file with its includes in place, and where each line came from.
 * lines[n] is of line n + 1 of text.
 */
struct config_line {
	const char *file;
	uint32_t line;
	uint32_t string_line; /* in text: where a string that libconfig reports here really is */
};

struct config_source {
	struct config_memory *memory;
	struct config_errors *errors;
	bool files; /* other files may be opened */
	bool later; /* comes at run time, from no file: relative paths mean nothing */
	char *text;
	size_t size;
	size_t room;
	struct config_line *lines;
	size_t line_count;
	size_t line_room;
	size_t token_line; /* the last line with anything for libconfig in it */
};

/* False if there were mistakes; they are in source->errors. */
bool config_source_file(struct config_source *source, const char *path);
bool
config_source_string(struct config_source *source, const char *name, const char *text, size_t size);
void config_source_free(struct config_source *source);

/* config_lexer.c: appends one file's text to source; calls back for an @include. */
void config_lex(struct config_source *source, const char *file, const char *text, size_t size,
	unsigned int depth);
void config_source_include(struct config_source *source, const char *from, uint32_t line,
	const char *name, unsigned int depth);
void config_source_put(struct config_source *source, const char *text, size_t size);

struct config_reader; /* below */

/* config_load.c: what libconfig said of a text that is not its language. */
void config_load_syntax(struct config_reader *reader, const config_t *parsed);

struct config_reader {
	struct config *config;
	struct config_source *source;
	struct config_errors *errors;
	unsigned int broken; /* groups with mistakes: what needs them is not checked */
	bool root;	     /* for the root program: its keys may be set */
	char context[256];   /* "port \"wan0\": ", begins each message */
};

#define BROKEN_NODE  0x01
#define BROKEN_PORTS 0x02
#define BROKEN_PEERS 0x04

/* Bits of config_key.flags. */
#define KEY_NEEDED	 0x01
#define KEY_POWER_OF_TWO 0x02
#define KEY_ROOT	 0x04 /* unknown to a node */

enum config_key_kind {
	KEY_UINT32,
	KEY_UINT64,
	KEY_BOOL,
	KEY_CHOICE,   /* one of choices; its index is stored as a uint32_t */
	KEY_NAME,     /* char[CONFIG_NAME_MAX + 1] */
	KEY_TIME,     /* int64_t, ms since 1970; 0 = not set */
	KEY_PATH,     /* const char *, as config_read_path; NULL = not set */
	KEY_ENDPOINT, /* struct config_endpoint; family 0 = not set */
	KEY_CUSTOM,   /* read and print */
};

struct config_printer {
	FILE *out;
	const struct config *config;
	int indent;
	bool root; /* the root program's keys too */
};

struct config_key {
	const char *name;
	enum config_key_kind kind;
	unsigned int flags;
	size_t offset;
	uint64_t min, max, fallback;
	bool no_default;	    /* the fallback is not the default, help says what is */
	const char *const *choices; /* ends with NULL */
	const char *unit;	    /* of the number, for messages */
	const char *wanted;	    /* KEY_ENDPOINT: what would be right, for messages */
	const char *help;	    /* the comment beside the printed value: unit, default */
	void (*read)(struct config_reader *reader, config_setting_t *setting, void *object);
	void (*print)(
		struct config_printer *printer, const struct config_key *key, const void *object);
};

/* config_load.c: what kind of file is read. */
struct config_kind {
	const struct config_key *keys; /* of the file's outermost group */
	size_t key_count;
	size_t bytes;	     /* of the object, which begins with a struct config */
	unsigned int broken; /* groups that it does not have */
	bool root;
	void (*check)(struct config_reader *reader); /* after reading */
};

/* text NULL: the file called name. As config_load(). */
struct config *config_load_kind(const struct config_kind *kind, const char *name, const char *text,
	size_t size, struct config_errors *errs);

/* config_keys.c */
struct config_where
config_reader_where(const struct config_reader *reader, const config_setting_t *setting);
void config_reader_fail(struct config_reader *reader, const config_setting_t *setting,
	const char *format, ...) __attribute__((format(printf, 3, 4)));
/* "KEY is VALUE, it must be WANTED" */
void config_reader_want(struct config_reader *reader, const config_setting_t *setting,
	const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Begins a context inside the present one; leave with the value returned. */
size_t config_reader_enter(struct config_reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void config_reader_leave(struct config_reader *reader, size_t mark);

/*
 * Reads a group by its table; object's fields get their values or their defaults. False if anything
 * in it was wrong.
 */
bool config_read_group(struct config_reader *reader, config_setting_t *group,
	const struct config_key *keys, size_t count, void *object);
/* The defaults alone, of a group that is not there. */
void config_read_defaults(const struct config_key *keys, size_t count, void *object);
/* True if setting is a list or array (what: "addresses") with min to max elements. */
bool config_read_sequence(struct config_reader *reader, config_setting_t *setting, const char *what,
	unsigned int min, unsigned int max, bool groups);
bool config_read_uint(struct config_reader *reader, config_setting_t *setting, uint64_t min,
	uint64_t max, const char *unit, uint64_t *value);
/* NULL and a message if it is no string, is empty or has control characters. */
const char *config_read_string_value(
	struct config_reader *reader, config_setting_t *setting, const char *wanted);
/* takes: of which addresses; NULL: of all. */
void config_read_endpoint(struct config_reader *reader, config_setting_t *setting,
	bool (*takes)(const struct underlay_addr *address), const char *wanted,
	struct config_endpoint *endpoint);
/* An absolute path: as it is or relative to the directory of the file that names it. */
const char *config_read_path(struct config_reader *reader, config_setting_t *setting);
#define CONFIG_RATE_MIN	   1000u
#define CONFIG_RATE_MAX	   1000000000000u
#define CONFIG_TIME_WANTED "a time, as \"2012-09-02 14:22:31 UTC\""
bool config_read_name(struct config_reader *reader, config_setting_t *setting, char *name);
/* "group 3" or "group NAME": what begins a context, from a key that need not be right. */
void config_reader_label(config_setting_t *group, const char *word, unsigned int index,
	const char *key, char *label, size_t size);
/* Item i of a list of groups; begins its context, so labelled. Leave it with mark. */
config_setting_t *config_reader_item(struct config_reader *reader, config_setting_t *list, int i,
	const char *word, const char *key, size_t *mark);

/* config_print.c */
void config_print_keys(struct config_printer *printer, const struct config_key *keys, size_t count,
	const void *object);
/* The keys that a group has not, as lines for its end: so it is read with these as they are. */
char *config_print_missing(struct config_memory *memory, const struct config *config,
	config_setting_t *group, const struct config_key *keys, size_t count, const void *object);
/* The groups of a list: one a struct of so many bytes, count of them. */
void config_print_groups(struct config_printer *printer, const struct config_key *keys,
	size_t key_count, const void *structs, uint32_t count, size_t bytes);
void config_print_line(struct config_printer *printer, const char *help, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void config_print_open(struct config_printer *printer, const char *text);
void config_print_close(struct config_printer *printer, const char *text);
void config_print_string(
	struct config_printer *printer, const struct config_key *key, const char *value);
/* Its family 0: that it is not set. */
void config_print_endpoint(struct config_printer *printer, const struct config_key *key,
	const struct config_endpoint *endpoint);
/* value as a libconfig string with its quotes; buf has room for 2 * strlen(value) + 3 bytes. */
const char *config_print_quote(char *buf, const char *value);

/* The groups. */
void config_read_node(struct config_reader *reader, config_setting_t *setting, void *object);
void
config_print_node(struct config_printer *printer, const struct config_key *key, const void *object);
/* config_capacity.c: a key of the node. */
void config_read_capacity(struct config_reader *reader, config_setting_t *setting, void *object);
void config_print_capacity(
	struct config_printer *printer, const struct config_key *key, const void *object);
void config_capacity_default(struct config_capacity *capacity);
void config_read_ports(struct config_reader *reader, config_setting_t *setting, void *object);
void config_print_ports(
	struct config_printer *printer, const struct config_key *key, const void *object);
void config_read_impair(struct config_reader *reader, config_setting_t *setting, void *object);
void config_print_impair(
	struct config_printer *printer, const struct config_key *key, const void *object);
void
config_read_peer(struct config_reader *reader, config_setting_t *group, struct config_peer *peer);
char *config_peer_missing(struct config_memory *memory, const struct config *config,
	config_setting_t *group, const struct config_peer *peer);
void config_read_peers(struct config_reader *reader, config_setting_t *setting, void *object);
void config_print_peers(
	struct config_printer *printer, const struct config_key *key, const void *object);
/* config_pacing.c: the key "pacing" of a peer. */
void config_read_pacing(struct config_reader *reader, config_setting_t *setting, void *object);
void config_print_pacing(
	struct config_printer *printer, const struct config_key *key, const void *object);
void config_read_management(struct config_reader *reader, config_setting_t *setting, void *object);
void config_print_management(
	struct config_printer *printer, const struct config_key *key, const void *object);
void config_read_statistics(struct config_reader *reader, config_setting_t *setting, void *object);
void config_print_statistics(
	struct config_printer *printer, const struct config_key *key, const void *object);
void config_read_conferences(struct config_reader *reader, config_setting_t *setting, void *object);
void config_print_conferences(
	struct config_printer *printer, const struct config_key *key, const void *object);
void config_read_session(struct config_reader *reader, config_setting_t *group,
	const struct config_conference *conference, struct config_session *session);
/* All keys of a conference but its list of sessions. */
void config_read_terms(struct config_reader *reader, config_setting_t *group,
	struct config_conference *conference);
char *config_terms_missing(struct config_memory *memory, const struct config *config,
	config_setting_t *group, const struct config_conference *conference);
void config_read_sessions(struct config_reader *reader, config_setting_t *setting, void *object);
void config_print_sessions(
	struct config_printer *printer, const struct config_key *key, const void *object);
void config_read_flows(struct config_reader *reader, config_setting_t *setting, void *object);
void config_print_flows(
	struct config_printer *printer, const struct config_key *key, const void *object);
void config_read_ingress(struct config_reader *reader, config_setting_t *setting, void *object);
void config_print_ingress(
	struct config_printer *printer, const struct config_key *key, const void *object);
void config_read_generator(struct config_reader *reader, config_setting_t *setting, void *object);
void config_print_generator(
	struct config_printer *printer, const struct config_key *key, const void *object);
/* config_coding.c: the key "coding" of a session. */
void config_read_coding(struct config_reader *reader, config_setting_t *setting, void *object);
void config_print_coding(
	struct config_printer *printer, const struct config_key *key, const void *object);
void config_read_egress(struct config_reader *reader, config_setting_t *setting, void *object);
void config_print_egress(
	struct config_printer *printer, const struct config_key *key, const void *object);
/* Without egress, each destination is a sink. */
void config_egress_default(
	struct config_reader *reader, config_setting_t *group, struct config_session *session);

/*
 * Cross checks; mistakes go to reader->errors. Each leaves out what needs a group that is broken; a
 * session that was read with mistakes has a flow_count of 0 and is left out too.
 */
void config_check_ports(struct config_reader *reader);
void config_check_peers(struct config_reader *reader);
/* Also fills in what follows from the node's group. */
void config_check_statistics(struct config_reader *reader);
/* The NodeID may be missing only if there is a root to give it. */
void config_check_management(struct config_reader *reader);
/* Of one that is alone; sets where to send from. */
void config_check_peer(struct config_reader *reader, struct config_peer *peer);
void config_check_sessions(struct config_reader *reader);
/* Of files only: what changes paths at run time leaves relays as they are. */
void config_check_relays(struct config_reader *reader);
void config_check_session(struct config_reader *reader, struct config_session *session);
/* What ends, ends after it starts. */
void config_check_times(
	struct config_reader *reader, config_setting_t *group, int64_t starts, int64_t ends);
void config_check_ends(struct config_reader *reader, struct config_session *session);
void config_check_twice(struct config_reader *reader);
/* config_route.c: what an error of config_route() means, what would be right; NULL for 0. */
const char *config_route_fault(
	const struct config *config, uint32_t port, const struct underlay_addr *address, int error);

/* For a cross check: "CONTEXT: TEXT" at a place noted while reading. */
void config_check_fail(struct config_reader *reader, const struct config_where *where,
	const char *format, ...) __attribute__((format(printf, 3, 4)));

/* config_address.c */
const char *config_family_text(uint8_t family);

/* Reads the trace file of a generator; a mistake names its line. */
void config_trace_read(
	struct config_reader *reader, const struct config_where *where, struct config_generator *g);

#endif
