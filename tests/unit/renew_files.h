/* SPDX-License-Identifier: BSD-3-Clause */
/* New certificates and keys for the programs of tls_tree.h, put in the place of the old. */
#ifndef FERRY_TEST_RENEW_FILES_H
#define FERRY_TEST_RENEW_FILES_H

#include <sys/stat.h>

#include <openssl/pem.h>

#include "tls_tree.h"

static inline const char *
path_of(const char *home, int which, const char *end)
{
	static char paths[4][128];
	static unsigned int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s.%s", home, files[which], end);
	return path;
}

/* New ones, of the same authority, in a directory of their own. */
static inline const char *
make_new(void)
{
	static unsigned int count;
	static char home[64];
	char error[256], from[128], to[128];

	snprintf(home, sizeof(home), "%s/new%u", directory, count++);
	assert_int_equal(mkdir(home, 0755), 0);
	for (int i = 0; i < 2; i++) {
		snprintf(from, sizeof(from), "%s/authority.%s", directory, i ? "key" : "pem");
		snprintf(to, sizeof(to), "%s/authority.%s", home, i ? "key" : "pem");
		assert_int_equal(link(from, to), 0);
	}
	assert_int_equal(
		ca_make(home, (const char *[]){"relay", "leaf"}, 2, error, sizeof(error)), 0);
	return home;
}

static inline void
replace(int which, const char *home, const char *end)
{
	assert_int_equal(rename(path_of(home, which, end), path_of(directory, which, end)), 0);
}

static inline X509 *
read_certificate(const char *path)
{
	FILE *file = fopen(path, "r");
	X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);

	fclose(file);
	assert_non_null(certificate);
	return certificate;
}

static inline EVP_PKEY *
read_key(const char *path)
{
	FILE *file = fopen(path, "r");
	EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);

	fclose(file);
	assert_non_null(key);
	return key;
}

/* One of the same key that ends so many seconds from now, in place of the old. */
static inline void
replace_until(int which, int64_t until)
{
	X509 *certificate = read_certificate(path_of(directory, which, "pem"));
	EVP_PKEY *key;
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/authority.key", directory);
	key = read_key(path);
	assert_non_null(ASN1_TIME_set(X509_getm_notAfter(certificate), until));
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	file = fopen(path_of(directory, which, "fresh"), "w");
	assert_int_equal(PEM_write_X509(file, certificate), 1);
	fclose(file);
	assert_int_equal(
		rename(path_of(directory, which, "fresh"), path_of(directory, which, "pem")), 0);
	EVP_PKEY_free(key);
	X509_free(certificate);
}

#endif
