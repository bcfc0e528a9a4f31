/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "mgmt_pem.h"
#include "regular_file.h"

/* NULL: all of it is in pem. */
static const char *
take_all(int fd, BIO *pem)
{
	const char *why = NULL;
	size_t total = 0;
	char part[4096];
	ssize_t got = 1;

	while (why == NULL && got > 0) {
		got = read(fd, part, sizeof(part));
		total += got > 0 ? (size_t)got : 0;
		if (got < 0)
			why = strerror(errno);
		else if (total > MGMT_PEM_MAX)
			why = "it has more than 1 MiB";
		else if (got > 0 && BIO_write(pem, part, (int)got) != got)
			why = "out of memory";
	}
	OPENSSL_cleanse(part, sizeof(part));
	return why;
}

BIO *
mgmt_pem_read(const char *what, const char *path, char *error, size_t size)
{
	const char *why;
	int fd = regular_file_open(path, O_RDONLY, 0, &why);
	BIO *pem = NULL;

	if (fd >= 0) {
		pem = BIO_new(BIO_s_mem());
		why = pem != NULL ? take_all(fd, pem) : "out of memory";
		close(fd);
	}
	if (why == NULL)
		return pem;
	snprintf(error, size, "%s \"%s\" cannot be read: %s", what, path, why);
	BIO_free(pem);
	return NULL;
}

/* OpenSSL's own asks at the terminal. */
static int
no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

/* What is behind the last certificate is no error. */
static int
is_end(void)
{
	unsigned long code = ERR_peek_last_error();

	if (ERR_GET_LIB(code) != ERR_LIB_PEM || ERR_GET_REASON(code) != PEM_R_NO_START_LINE)
		return 0;
	ERR_clear_error();
	return 1;
}

int
mgmt_pem_use_certificate(SSL_CTX *ctx, BIO *pem)
{
	X509 *certificate = PEM_read_bio_X509_AUX(pem, NULL, no_passphrase, NULL);
	int done = certificate != NULL && SSL_CTX_use_certificate(ctx, certificate) == 1;

	X509_free(certificate);
	if (!done)
		return 0;
	while ((certificate = PEM_read_bio_X509(pem, NULL, no_passphrase, NULL)) != NULL) {
		if (SSL_CTX_add0_chain_cert(ctx, certificate) != 1) {
			X509_free(certificate);
			return 0;
		}
	}
	return is_end();
}

int
mgmt_pem_use_key(SSL_CTX *ctx, BIO *pem)
{
	EVP_PKEY *key = PEM_read_bio_PrivateKey(pem, NULL, no_passphrase, NULL);
	int done = key != NULL && SSL_CTX_use_PrivateKey(ctx, key) == 1 &&
		   SSL_CTX_check_private_key(ctx) == 1;

	EVP_PKEY_free(key);
	return done;
}

int
mgmt_pem_use_authority(SSL_CTX *ctx, BIO *pem)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	STACK_OF(X509_INFO) *all = PEM_X509_INFO_read_bio(pem, NULL, no_passphrase, NULL);
	int count = 0, done = all != NULL;

	for (int i = 0; done && i < sk_X509_INFO_num(all); i++) {
		X509 *certificate = sk_X509_INFO_value(all, i)->x509;

		if (certificate == NULL)
			continue;
		done = X509_STORE_add_cert(store, certificate) == 1;
		count++;
	}
	sk_X509_INFO_pop_free(all, X509_INFO_free);
	if (done && count == 0)
		ERR_raise(ERR_LIB_X509, X509_R_NO_CERTIFICATE_FOUND);
	return done && count > 0;
}
