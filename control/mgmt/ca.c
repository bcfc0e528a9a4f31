/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "ca.h"
#include "message.h"

#define ROOT_FILE      "root"
#define AUTHORITY_FILE "authority"
#define AUTHORITY_NAME "Ferry test authority"

struct pair {
	EVP_PKEY *key;
	X509 *certificate;
};

struct maker {
	const char *directory;
	struct pair authority;
	char *error;
	size_t size;
};

static int
fail(struct maker *m, const char *what, const char *reason)
{
	snprintf(m->error, m->size, "%s: %s", what, reason);
	return -1;
}

static int
fail_openssl(struct maker *m, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return fail(m, what, reason != NULL ? reason : "OpenSSL failed");
}

static void
path_of(const struct maker *m, const char *name, const char *end, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s.%s", m->directory, name, end);
}

static bool
exists(const struct maker *m, const char *name, const char *end)
{
	char path[PATH_MAX];

	path_of(m, name, end, path);
	return access(path, F_OK) == 0;
}

static void
pair_free(struct pair *pair)
{
	EVP_PKEY_free(pair->key);
	X509_free(pair->certificate);
	memset(pair, 0, sizeof(*pair));
}

static int
add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *extension;
	int done;

	X509V3_set_ctx(&ctx, issuer, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	if (extension == NULL)
		return -1;
	done = X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
	return done == 1 ? 0 : -1;
}

static int
set_serial(X509 *certificate)
{
	unsigned char bytes[16];
	BIGNUM *number;
	bool done;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return -1;
	bytes[0] &= 0x7f;
	number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	done = number != NULL &&
	       BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
	BN_free(number);
	return done ? 0 : -1;
}

static int
set_subject(X509 *certificate, const char *name)
{
	return X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
		       (const unsigned char *)name, -1, -1, 0) == 1
		       ? 0
		       : -1;
}

static int
add_extensions(X509 *certificate, X509 *issuer, const char *name)
{
	char alternative[MESSAGE_NAME_MAX + 8];

	if (issuer == certificate)
		return add_extension(certificate, issuer, NID_basic_constraints,
			       "critical,CA:TRUE,pathlen:0") |
		       add_extension(
			       certificate, issuer, NID_key_usage, "critical,keyCertSign,cRLSign") |
		       add_extension(certificate, issuer, NID_subject_key_identifier, "hash");
	snprintf(alternative, sizeof(alternative), "DNS:%s", name);
	return add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE") |
	       add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature") |
	       add_extension(certificate, issuer, NID_ext_key_usage, "serverAuth,clientAuth") |
	       add_extension(certificate, issuer, NID_subject_key_identifier, "hash") |
	       add_extension(certificate, issuer, NID_authority_key_identifier, "keyid") |
	       add_extension(certificate, issuer, NID_subject_alt_name, alternative);
}

/* Signed by the authority, or, while there is none, by itself. */
static int
pair_make(struct maker *m, const char *name, struct pair *pair)
{
	bool self = m->authority.certificate == NULL;
	X509 *issuer, *certificate;

	pair->key = EVP_EC_gen("P-256");
	pair->certificate = certificate = X509_new();
	if (pair->key == NULL || certificate == NULL)
		return fail_openssl(m, name);
	issuer = self ? certificate : m->authority.certificate;
	if (X509_set_version(certificate, X509_VERSION_3) != 1 || set_serial(certificate) != 0 ||
		X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) == NULL ||
		X509_gmtime_adj(X509_getm_notAfter(certificate), (long)CA_DAYS * 86400) == NULL ||
		set_subject(certificate, name) != 0 ||
		X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) != 1 ||
		X509_set_pubkey(certificate, pair->key) != 1 ||
		add_extensions(certificate, issuer, name) != 0 ||
		X509_sign(certificate, self ? pair->key : m->authority.key, EVP_sha256()) == 0)
		return fail_openssl(m, name);
	return 0;
}

static FILE *
open_new(const char *path, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;

	if (fd >= 0 && file == NULL)
		close(fd);
	return file;
}

static int
pair_write(struct maker *m, const char *file, const struct pair *pair)
{
	char path[PATH_MAX];
	FILE *out;
	int done;

	path_of(m, file, "key", path);
	out = open_new(path, 0600);
	if (out == NULL)
		return fail(m, path, strerror(errno));
	done = PEM_write_PrivateKey(out, pair->key, NULL, NULL, 0, NULL, NULL);
	if (fclose(out) != 0 || done != 1)
		return fail(m, path, "cannot be written");
	path_of(m, file, "pem", path);
	out = open_new(path, 0644);
	if (out == NULL)
		return fail(m, path, strerror(errno));
	done = PEM_write_X509(out, pair->certificate);
	if (fclose(out) != 0 || done != 1)
		return fail(m, path, "cannot be written");
	return 0;
}

static int
pair_read(struct maker *m, const char *file, struct pair *pair)
{
	char path[PATH_MAX];
	FILE *in;

	path_of(m, file, "key", path);
	in = fopen(path, "re");
	if (in == NULL)
		return fail(m, path, strerror(errno));
	pair->key = PEM_read_PrivateKey(in, NULL, NULL, NULL);
	fclose(in);
	if (pair->key == NULL)
		return fail_openssl(m, path);
	path_of(m, file, "pem", path);
	in = fopen(path, "re");
	if (in == NULL)
		return fail(m, path, strerror(errno));
	pair->certificate = PEM_read_X509(in, NULL, NULL, NULL);
	fclose(in);
	return pair->certificate != NULL ? 0 : fail_openssl(m, path);
}

static int
make_one(struct maker *m, const char *file, const char *name)
{
	struct pair pair = {0};
	int ret = pair_make(m, name, &pair);

	if (ret == 0)
		ret = pair_write(m, file, &pair);
	pair_free(&pair);
	return ret;
}

/* What an authority that is none signs would be refused, and only when nodes connect. */
static int
read_authority(struct maker *m)
{
	const char *what = AUTHORITY_FILE ".pem";

	if (pair_read(m, AUTHORITY_FILE, &m->authority) != 0)
		return -1;
	if (X509_check_private_key(m->authority.certificate, m->authority.key) != 1)
		return fail(m, what, AUTHORITY_FILE ".key is not its key");
	if (X509_cmp_current_time(X509_get0_notAfter(m->authority.certificate)) <= 0)
		return fail(m, what, "has expired: take both files away, and new ones are made");
	return 0;
}

static int
make_authority(struct maker *m)
{
	bool certificate = exists(m, AUTHORITY_FILE, "pem"), key = exists(m, AUTHORITY_FILE, "key");
	struct pair fresh = {0};
	int ret;

	if (certificate && key)
		return read_authority(m);
	if (certificate || key)
		return fail(m, certificate ? AUTHORITY_FILE ".key" : AUTHORITY_FILE ".pem",
			"is missing: the other one is there");
	ret = pair_make(m, AUTHORITY_NAME, &fresh);
	if (ret == 0)
		ret = pair_write(m, AUTHORITY_FILE, &fresh);
	m->authority = fresh;
	return ret;
}

/* Before anything is made. */
static int
check_names(struct maker *m, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!message_name_valid(names[i]))
			return fail(m, names[i],
				"a node's name has 1 to 63 letters, digits, '-', '_' and '.'");
		if (strcmp(names[i], ROOT_FILE) == 0 || strcmp(names[i], AUTHORITY_FILE) == 0)
			return fail(m, names[i],
				"the file of that name is the root program's, or the authority's");
		if (exists(m, names[i], "pem") || exists(m, names[i], "key"))
			return fail(m, names[i], "has a certificate or key there already");
		for (size_t j = 0; j < i; j++) {
			if (strcmp(names[i], names[j]) == 0)
				return fail(m, names[i], "is there twice");
		}
	}
	return 0;
}

int
ca_make(const char *directory, const char *const *names, size_t count, char *error, size_t size)
{
	struct maker m = {.directory = directory, .error = error, .size = size};
	int ret;

	if (strlen(directory) > PATH_MAX - 80)
		return fail(&m, "the directory", "its path is too long");
	if (mkdir(directory, 0755) != 0 && errno != EEXIST)
		return fail(&m, directory, strerror(errno));
	ret = check_names(&m, names, count);
	if (ret == 0)
		ret = make_authority(&m);
	if (ret == 0 && !exists(&m, ROOT_FILE, "pem") && !exists(&m, ROOT_FILE, "key"))
		ret = make_one(&m, ROOT_FILE, MESSAGE_ROOT);
	for (size_t i = 0; i < count && ret == 0; i++)
		ret = make_one(&m, names[i], names[i]);
	pair_free(&m.authority);
	return ret;
}
