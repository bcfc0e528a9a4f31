/* SPDX-License-Identifier: BSD-3-Clause */
/* Certificates are renewed while the programs run: files are replaced, not always both at once. */
#include "tls_tree.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include "clock.h"
#include "renew_files.h"

#define DAY 86400

static char lines[PROGRAMS][8192]; /* what each logged since forget() */
static int watched;
static const char *awaited;

static void
keep_log(void *ctx, int priority, const char *text)
{
	struct program *p = ctx;
	char *log = lines[p->which];

	on_log(ctx, priority, text);
	snprintf(log + strlen(log), sizeof(lines[0]) - strlen(log), "%s\n", text);
}

static struct program *
begin(int which)
{
	struct program *p = start(which);

	p->ops.log = keep_log;
	return p;
}

static unsigned int
said(int which, const char *text)
{
	unsigned int count = 0;

	for (const char *at = lines[which]; (at = strstr(at, text)) != NULL; at++)
		count++;
	return count;
}

static bool
is_said(void)
{
	return said(watched, awaited) > 0;
}

static void
await(int which, const char *text)
{
	watched = which;
	awaited = text;
	if (!turn(is_said))
		fail_msg("\"%s\" was not said, but:\n%s", text, lines[which]);
}

static void
forget(int which)
{
	lines[which][0] = 0;
}

static uint64_t turn_until; /* ms */

static bool
is_late(void)
{
	return clock_ms(CLOCK_MONOTONIC) >= turn_until;
}

/* For some looks at the files. */
static void
turn_on(void)
{
	turn_until = clock_ms(CLOCK_MONOTONIC) + 1200;
	assert_true(turn(is_late));
}

static void
replace_both(int which)
{
	const char *home = make_new();

	forget(which);
	replace(which, home, "pem");
	replace(which, home, "key");
	await(which, "changed files were read: the own certificate is valid until 20");
}

static bool
leaf_refuses(void)
{
	return said(LEAF, "its certificate: certificate has expired") > 0;
}

static bool
relay_left(void)
{
	return !parent_is(LEAF, "relay");
}

/* The relay goes and comes back, the leaf's connection to it is a new one. */
static void
restart_relay(void)
{
	end(RELAY);
	assert_true(turn(relay_left));
	begin(RELAY);
	end(LEAF);
	begin(LEAF);
	assert_true(turn(joined));
}

/* What is there goes on; what begins is by what the files hold now. */
static void
test_next_connection(void **state)
{
	unsigned int downs;

	(void)state;
	forget(RELAY);
	downs = programs[RELAY].downs + programs[LEAF].downs + programs[ROOT].downs;
	replace_until(RELAY, time(NULL) - 60);
	await(RELAY, "changed files were read");
	turn_on();
	assert_true(joined());
	assert_int_equal(
		programs[RELAY].downs + programs[LEAF].downs + programs[ROOT].downs, downs);
	end(LEAF);
	forget(LEAF);
	begin(LEAF);
	assert_true(turn(leaf_refuses));
	replace_both(RELAY);
	assert_true(turn(joined));
	assert_int_equal(said(RELAY, "changed files were read"), 1);
}

/* The certificate is there and its key is not yet. */
static void
test_half(void **state)
{
	const char *home = make_new();

	(void)state;
	forget(LEAF);
	replace(LEAF, home, "pem");
	await(LEAF, "changed files cannot be used, what was read before is: key");
	assert_int_equal(said(LEAF, "key values mismatch"), 1);
	turn_on();
	assert_int_equal(said(LEAF, "changed files"), 1);
	/* A connection that begins now. */
	end(RELAY);
	assert_true(turn(relay_left));
	begin(RELAY);
	assert_true(turn(joined));
	replace(LEAF, home, "key");
	await(LEAF, "changed files were read");
	end(RELAY);
	assert_true(turn(relay_left));
	begin(RELAY);
	assert_true(turn(joined));
}

static void
turn_a_little(void)
{
	const struct timeval step = {.tv_usec = 20000};

	event_base_loopexit(base, &step);
	event_base_dispatch(base);
}

/* While files change, nobody needs to hear that they do not fit for the moment. */
static void
test_busy(void **state)
{
	const char *home = make_new();
	int64_t until = time(NULL) + 1000 * (int64_t)DAY;

	(void)state;
	forget(LEAF);
	replace(LEAF, home, "pem");
	for (int i = 0; i < 75; i++) {
		replace_until(LEAF, until + i);
		turn_a_little();
		assert_int_equal(said(LEAF, "changed files"), 0);
	}
	replace(LEAF, home, "key");
	await(LEAF, "changed files were read");
	assert_int_equal(said(LEAF, "cannot be used"), 0);
}

static void
make_fifo(const char *path)
{
	assert_int_equal(mkfifo(path, 0600), 0);
}

static void
make_directory(const char *path)
{
	assert_int_equal(mkdir(path, 0700), 0);
}

static void
make_none(const char *path)
{
	(void)path;
}

static void
make_large(const char *path)
{
	assert_int_equal(mknod(path, S_IFREG | 0600, 0), 0);
	assert_int_equal(truncate(path, (off_t)1 << 40), 0);
}

/* Two certificates, as an interrupted copy leaves them: the first is whole. */
static void
make_half(const char *path)
{
	X509 *certificate = read_certificate(path_of(directory, RELAY, "pem"));
	FILE *file = fopen(path, "w");

	for (int i = 0; i < 2; i++)
		assert_int_equal(PEM_write_X509(file, certificate), 1);
	assert_int_equal(fflush(file), 0);
	assert_int_equal(ftruncate(fileno(file), ftell(file) - 100), 0);
	fclose(file);
	X509_free(certificate);
}

static void
make_locked(const char *path)
{
	EVP_PKEY *key = read_key(path_of(directory, RELAY, "key"));
	FILE *file = fopen(path, "w");

	assert_int_equal(PEM_write_PrivateKey(file, key, EVP_aes_128_cbc(),
				 (const unsigned char *)"word", 4, NULL, NULL),
		1);
	fclose(file);
	EVP_PKEY_free(key);
}

static void
make_text(const char *path)
{
	FILE *file = fopen(path, "w");

	fprintf(file, "not a certificate\n");
	fclose(file);
}

static void
make_relays(const char *path)
{
	const char *end = strrchr(path, '.') + 1;

	assert_int_equal(link(path_of(directory, RELAY, end), path), 0);
}

static const struct {
	const char *end;
	void (*make)(const char *path);
	const char *why;
} faults[] = {
	{"pem", make_fifo, "cannot be read: it is not a regular file"},
	{"key", make_fifo, "cannot be read: it is not a regular file"},
	{"key", make_directory, "cannot be read: it is not a regular file"},
	{"pem", make_none, "cannot be read: No such file or directory"},
	{"pem", make_large, "cannot be read: it has more than 1 MiB"},
	{"pem", make_text, "cannot be used, it must be a PEM file: no start line"},
	{"pem", make_half, "cannot be used, it must be a PEM file"},
	{"key", make_locked, "without a passphrase: "},
	{"key", make_relays, "without a passphrase: key values mismatch"},
};

/* Whatever it is, it is told once, nothing waits, and the old ones stay. */
static void
test_faults(void **state)
{
	char kept[128], path[128], what[192];

	(void)state;
	snprintf(kept, sizeof(kept), "%s", path_of(directory, LEAF, "kept"));
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		forget(LEAF);
		snprintf(path, sizeof(path), "%s", path_of(directory, LEAF, faults[i].end));
		snprintf(what, sizeof(what), "what was read before is: %s \"%s\" cannot be ",
			faults[i].end[0] == 'k' ? "key" : "certificate", path);
		assert_int_equal(rename(path, kept), 0);
		faults[i].make(path);
		await(LEAF, what);
		await(LEAF, faults[i].why);
		assert_int_equal(said(LEAF, "changed files"), 1);
		assert_true(joined());
		(void)remove(path);
		assert_int_equal(rename(kept, path), 0);
		await(LEAF, "changed files were read");
	}
	restart_relay();
}

/* The leaf looks at what has changed, and can open no file. */
static void
look_without_files(void)
{
	struct rlimit limit, none;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 3;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	await(LEAF, "cannot be read: Too many open files");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* It was not the files' fault: they are tried again, though they do not change. */
static void
test_again(void **state)
{
	const char *home = make_new();

	(void)state;
	forget(LEAF);
	replace(LEAF, home, "pem");
	replace(LEAF, home, "key");
	look_without_files();
	await(LEAF, "changed files were read");
	assert_int_equal(said(LEAF, "changed files"), 2);
}

/* And if it is the files' fault too, that is told as soon as it is seen. */
static void
test_again_otherwise(void **state)
{
	const char *home = make_new();

	(void)state;
	forget(LEAF);
	replace(LEAF, home, "pem");
	look_without_files();
	await(LEAF, "key values mismatch");
	turn_on();
	assert_int_equal(said(LEAF, "changed files"), 2);
	replace(LEAF, home, "key");
	await(LEAF, "changed files were read");
}

/* Both are right, but are not this node's. */
static void
test_name(void **state)
{
	const char *home = make_new();

	(void)state;
	forget(LEAF);
	assert_int_equal(rename(path_of(home, RELAY, "pem"), path_of(directory, LEAF, "pem")), 0);
	assert_int_equal(rename(path_of(home, RELAY, "key"), path_of(directory, LEAF, "key")), 0);
	await(LEAF, "is that of \"relay\", it must be that of \"leaf\"");
	end(RELAY);
	assert_true(turn(relay_left));
	begin(RELAY);
	assert_true(turn(joined));
	replace_both(LEAF);
}

static void
check_end(int64_t days, const char *told, bool tells)
{
	int64_t until = time(NULL) + days * DAY + 60, got;

	forget(LEAF);
	replace_until(LEAF, until);
	await(LEAF, "changed files were read");
	assert_true(mgmt_certificate_until(programs[LEAF].mgmt, &got));
	assert_int_equal(got, until);
	if (tells)
		await(LEAF, told);
	turn_on();
	assert_int_equal(said(LEAF, "the own certificate end"), tells);
}

/* It is told in time, and not at each look. */
static void
test_end(void **state)
{
	(void)state;
	check_end(15, "", false);
	check_end(13, "the own certificate ends at 20", true);
	check_end(-2, "the own certificate ended at 20", true);
	replace_both(LEAF);
	replace_until(STRANGER, time(NULL) + DAY);
	start(STRANGER);
	assert_non_null(strstr(programs[STRANGER].log, "the own certificate ends at 20"));
	end(STRANGER);
}

static void
append(FILE *to, const char *from)
{
	X509 *certificate = read_certificate(from);

	assert_int_equal(PEM_write_X509(to, certificate), 1);
	X509_free(certificate);
}

/* Another authority: all are told of both, then one after the other may have a new certificate. */
static void
test_authority(void **state)
{
	char other[96], from[128], path[128], fresh[128], error[256];
	FILE *file;

	(void)state;
	snprintf(other, sizeof(other), "%s/other", directory);
	assert_int_equal(ca_make(other, (const char *[]){"relay"}, 1, error, sizeof(error)), 0);
	snprintf(from, sizeof(from), "%s/authority.pem", other);
	snprintf(path, sizeof(path), "%s/authority.pem", directory);
	snprintf(fresh, sizeof(fresh), "%s/authority.fresh", directory);
	make_text(fresh);
	file = fopen(fresh, "a");
	append(file, path);
	append(file, from);
	fclose(file);
	for (int which = ROOT; which <= LEAF; which++)
		forget(which);
	assert_int_equal(rename(fresh, path), 0);
	for (int which = ROOT; which <= LEAF; which++)
		await(which, "changed files were read");
	replace(RELAY, other, "pem");
	replace(RELAY, other, "key");
	forget(RELAY);
	await(RELAY, "changed files were read");
	restart_relay();
	make_text(fresh);
	assert_int_equal(rename(fresh, path), 0);
	for (int which = ROOT; which <= LEAF; which++)
		await(which,
			"authority.pem\" cannot be used, it must be a PEM file: no certificate");
	assert_true(joined());
}

static int
setup_logs(void **state)
{
	int ret = setup(state);

	for (int which = ROOT; which <= LEAF; which++)
		programs[which].ops.log = keep_log;
	return ret;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_next_connection),
		cmocka_unit_test(test_half),
		cmocka_unit_test(test_busy),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_again_otherwise),
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_authority),
	};

	return cmocka_run_group_tests(tests, setup_logs, teardown);
}
