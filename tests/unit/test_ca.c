/* SPDX-License-Identifier: BSD-3-Clause */
/* An authority that is none is told at once, not by nodes that refuse each other. */
#include "unit.h"

#include <unistd.h>

#include <openssl/pem.h>

#include "ca.h"
#include "unit_tree.h"

static char directory[] = "/tmp/ferry-ca-XXXXXX";
static char paths[5][64];
enum {
	KEY,
	CERTIFICATE,
	OTHER_KEY,
	RIGHT_KEY,
	RIGHT_CERTIFICATE,
};

/* What is said of a further certificate; "": it was made. */
static const char *
make(const char *name)
{
	static char error[256];

	error[0] = 0;
	return ca_make(directory, &name, 1, error, sizeof(error)) == 0 ? "" : error;
}

/* The authority's certificate, as one that ended a second ago. */
static void
end_authority(void)
{
	FILE *file = fopen(paths[CERTIFICATE], "r"), *key_file = fopen(paths[KEY], "r");
	X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
	EVP_PKEY *key = PEM_read_PrivateKey(key_file, NULL, NULL, NULL);

	fclose(file);
	fclose(key_file);
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(certificate), -1));
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	EVP_PKEY_free(key);
	assert_int_equal(unlink(paths[CERTIFICATE]), 0);
	file = fopen(paths[CERTIFICATE], "w");
	assert_int_equal(PEM_write_X509(file, certificate), 1);
	fclose(file);
	X509_free(certificate);
}

static void
test_authority(void **state)
{
	(void)state;
	assert_string_equal(make("one"), "");
	assert_string_equal(make("one"), "one: has a certificate or key there already");
	assert_int_equal(link(paths[KEY], paths[RIGHT_KEY]), 0);
	assert_int_equal(link(paths[CERTIFICATE], paths[RIGHT_CERTIFICATE]), 0);
	assert_int_equal(rename(paths[OTHER_KEY], paths[KEY]), 0);
	assert_string_equal(make("two"), "authority.pem: authority.key is not its key");
	assert_int_equal(unlink(paths[KEY]), 0);
	assert_string_equal(make("two"), "authority.key: is missing: the other one is there");
	assert_int_equal(link(paths[RIGHT_KEY], paths[KEY]), 0);
	end_authority();
	assert_string_equal(make("two"),
		"authority.pem: has expired: take both files away, and new ones are made");
	assert_int_equal(rename(paths[RIGHT_CERTIFICATE], paths[CERTIFICATE]), 0);
	assert_string_equal(make("two"), "");
}

static int
setup(void **state)
{
	static const char *const names[] = {
		"authority.key", "authority.pem", "one.key", "right.key", "right.pem"};

	(void)state;
	if (mkdtemp(directory) == NULL)
		return -1;
	for (int i = 0; i < 5; i++)
		snprintf(paths[i], sizeof(paths[i]), "%s/%s", directory, names[i]);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	return unit_remove_tree(directory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_authority),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
