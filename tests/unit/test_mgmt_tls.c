/* SPDX-License-Identifier: BSD-3-Clause */
/* Whose a certificate is: by its one name, whatever else an authority signed. */
#include "unit.h"

#include <stdio.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "mgmt_tls.h"

static char directory[64], certificate[96], key[96], other[96], error[512];

static EVP_PKEY *own;

static void
write_key(const char *path, EVP_PKEY *pkey)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(PEM_write_PrivateKey(file, pkey, NULL, NULL, 0, NULL, NULL), 1);
	fclose(file);
}

static int
setup(void **state)
{
	EVP_PKEY *another = EVP_EC_gen("P-256");

	(void)state;
	strcpy(directory, "/tmp/ferry_tls_XXXXXX");
	assert_non_null(mkdtemp(directory));
	snprintf(certificate, sizeof(certificate), "%s/x.pem", directory);
	snprintf(key, sizeof(key), "%s/x.key", directory);
	snprintf(other, sizeof(other), "%s/other.key", directory);
	own = EVP_EC_gen("P-256");
	assert_non_null(own);
	write_key(key, own);
	write_key(other, another);
	EVP_PKEY_free(another);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	EVP_PKEY_free(own);
	unlink(certificate);
	unlink(key);
	unlink(other);
	return rmdir(directory);
}

/* Bytes of a name, a zero among them too. */
struct name {
	const char *bytes;
	int len;
};

static void
add_dns(GENERAL_NAMES *names, const struct name *name)
{
	GENERAL_NAME *one = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();

	assert_int_equal(ASN1_STRING_set(text, name->bytes, name->len), 1);
	GENERAL_NAME_set0_value(one, GEN_DNS, text);
	sk_GENERAL_NAME_push(names, one);
}

/* Writes a certificate with these common names and names of hosts; .len 0 ends each. */
static void
make(const struct name *common, const struct name *hosts)
{
	X509 *x = X509_new();
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	X509_NAME *subject = X509_get_subject_name(x);
	FILE *file = fopen(certificate, "w");

	assert_non_null(file);
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, own);
	for (; common->len > 0; common++)
		assert_int_equal(
			X509_NAME_add_entry_by_NID(subject, NID_commonName, V_ASN1_UTF8STRING,
				(const unsigned char *)common->bytes, common->len, -1, 0),
			1);
	X509_set_issuer_name(x, subject);
	for (; hosts->len > 0; hosts++)
		add_dns(names, hosts);
	if (sk_GENERAL_NAME_num(names) > 0)
		assert_int_equal(X509_add1_ext_i2d(x, NID_subject_alt_name, names, 0, 0), 1);
	assert_true(X509_sign(x, own, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_X509(file, x), 1);
	fclose(file);
	GENERAL_NAMES_free(names);
	X509_free(x);
}

static SSL_CTX *
load(const char *with, const char *name)
{
	error[0] = 0;
	return mgmt_tls_new(certificate, with, certificate, name, error, sizeof(error));
}

static void
is_of(const char *name, bool expected)
{
	SSL_CTX *ctx = load(key, name);

	assert_int_equal(ctx != NULL, expected);
	if (ctx == NULL)
		assert_non_null(strstr(error, "it must be that of"));
	SSL_CTX_free(ctx);
}

#define NAME(text)                                                                                 \
	{                                                                                          \
		text, sizeof(text) - 1                                                             \
	}

static void
test_names(void **state)
{
	static const struct name none[] = {{NULL, 0}}, a[] = {NAME("a"), {NULL, 0}},
				 b[] = {NAME("b"), {NULL, 0}},
				 both[] = {NAME("a"), NAME("b"), {NULL, 0}},
				 zero[] = {NAME("a\0.example"), {NULL, 0}};

	(void)state;
	make(a, none);
	is_of("a", true);
	is_of("b", false);
	/* the name of a host is the one that counts */
	make(a, b);
	is_of("b", true);
	is_of("a", false);
	/* one of several could be any */
	make(both, none);
	is_of("a", false);
	is_of("b", false);
	make(none, both);
	is_of("a", false);
	is_of("b", false);
	make(a, both);
	is_of("a", false);
	is_of("b", false);
	/* what ends for us is not where it ends for an authority */
	make(zero, none);
	is_of("a", false);
	make(none, zero);
	is_of("a", false);
}

static void
test_settings(void **state)
{
	static const struct name none[] = {{NULL, 0}}, a[] = {NAME("a"), {NULL, 0}};
	SSL_CTX *ctx;

	(void)state;
	make(a, none);
	assert_null(load(other, "a"));
	assert_non_null(strstr(error, "it must be the PEM file of the key of"));
	ctx = load(key, "a");
	assert_non_null(ctx);
	assert_int_equal(SSL_CTX_get_min_proto_version(ctx), TLS1_3_VERSION);
	assert_int_equal(
		SSL_CTX_get_verify_mode(ctx), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT);
	SSL_CTX_free(ctx);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_settings, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
