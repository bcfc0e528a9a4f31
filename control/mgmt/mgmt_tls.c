/* SPDX-License-Identifier: BSD-3-Clause */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "mgmt_pem.h"
#include "mgmt_tls.h"

#define CHAIN_MAX 4 /* certificates between a node's and the authority's */

/* The last error of OpenSSL in words, and all of them forgotten. */
static void
take_reason(char *text, size_t size)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;

	snprintf(text, size, "%s", reason != NULL ? reason : "no reason given");
	ERR_clear_error();
}

/* A name of a certificate, that may hold any bytes. */
static bool
take_name(const ASN1_STRING *string, char name[MESSAGE_NAME_MAX + 1])
{
	const unsigned char *bytes = ASN1_STRING_get0_data(string);
	int len = ASN1_STRING_length(string);

	if (len < 1 || len > MESSAGE_NAME_MAX || memchr(bytes, 0, (size_t)len) != NULL)
		return false;
	memcpy(name, bytes, (size_t)len);
	name[len] = 0;
	return strcmp(name, MESSAGE_ROOT) == 0 || message_name_valid(name);
}

static bool
name_from_subject(X509 *certificate, char name[MESSAGE_NAME_MAX + 1])
{
	X509_NAME *subject = X509_get_subject_name(certificate);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

	if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0)
		return false;
	return take_name(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)), name);
}

/* The name in a certificate. False: it has none that can be one, or several. */
static bool
name_of(X509 *certificate, char name[MESSAGE_NAME_MAX + 1])
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	int count = names != NULL ? sk_GENERAL_NAME_num(names) : 0, found = 0;
	bool fine = true;

	for (int i = 0; i < count; i++) {
		const GENERAL_NAME *one = sk_GENERAL_NAME_value(names, i);

		if (one->type != GEN_DNS)
			continue;
		found++;
		fine = fine && found == 1 && take_name(one->d.dNSName, name);
	}
	GENERAL_NAMES_free(names);
	return found > 0 ? fine : name_from_subject(certificate, name);
}

bool
mgmt_tls_peer_name(const SSL *ssl, char name[MESSAGE_NAME_MAX + 1])
{
	X509 *certificate = SSL_get1_peer_certificate(ssl);
	bool found = certificate != NULL && SSL_get_verify_result(ssl) == X509_V_OK &&
		     name_of(certificate, name);

	X509_free(certificate);
	return found;
}

const char *
mgmt_tls_reason(const SSL *ssl, unsigned long code, char text[MGMT_TLS_REASON_MAX])
{
	int what = ERR_GET_REASON(code);
	const char *reason = ERR_reason_error_string(code);

	if (what == SSL_R_CERTIFICATE_VERIFY_FAILED)
		snprintf(text, MGMT_TLS_REASON_MAX, "its certificate: %s",
			X509_verify_cert_error_string(SSL_get_verify_result(ssl)));
	else if (ERR_GET_LIB(code) == ERR_LIB_SSL && what > SSL_AD_REASON_OFFSET)
		snprintf(text, MGMT_TLS_REASON_MAX, "refused by the other end: %s",
			SSL_alert_desc_string_long(what - SSL_AD_REASON_OFFSET));
	else
		snprintf(text, MGMT_TLS_REASON_MAX, "%s", reason != NULL ? reason : "TLS failed");
	return text;
}

/* One of the files: mgmt_pem.h. What it must be is said if it is not. */
static bool
use(SSL_CTX *ctx, int (*take)(SSL_CTX *ctx, BIO *pem), const char *what, const char *path,
	const char *must, char *error, size_t size)
{
	BIO *pem = mgmt_pem_read(what, path, error, size);
	char reason[128];
	bool done;

	if (pem == NULL)
		return false;
	ERR_clear_error();
	done = take(ctx, pem) == 1;
	BIO_free(pem);
	take_reason(reason, sizeof(reason));
	if (!done)
		snprintf(error, size, "%s \"%s\" cannot be used, it must be %s: %s", what, path,
			must, reason);
	return done;
}

static int
load(SSL_CTX *ctx, const char *certificate, const char *key, const char *authority,
	const char *name, char *error, size_t size)
{
	char own[MESSAGE_NAME_MAX + 1] = "", must[PATH_MAX + 64];

	snprintf(must, sizeof(must), "the PEM file of the key of \"%s\", without a passphrase",
		certificate);
	if (!use(ctx, mgmt_pem_use_certificate, "certificate", certificate, "a PEM file", error,
		    size) ||
		!use(ctx, mgmt_pem_use_key, "key", key, must, error, size) ||
		!use(ctx, mgmt_pem_use_authority, "authority", authority, "a PEM file", error,
			size))
		return -1;
	if (name_of(SSL_CTX_get0_certificate(ctx), own) && strcmp(own, name) == 0)
		return 0;
	snprintf(error, size, "certificate \"%s\" is that of \"%s\", it must be that of \"%s\"",
		certificate, own, name);
	return -1;
}

int64_t
mgmt_tls_until(const SSL_CTX *ctx)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(SSL_CTX_get0_certificate(ctx)), &tm) != 1)
		return 0;
	return timegm(&tm);
}

SSL_CTX *
mgmt_tls_new(const char *certificate, const char *key, const char *authority, const char *name,
	char *error, size_t size)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());

	if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1 ||
		SSL_CTX_set_num_tickets(ctx, 0) != 1) {
		snprintf(error, size, "TLS 1.3 cannot be had");
		SSL_CTX_free(ctx);
		return NULL;
	}
	/* Every connection shows its certificate: none goes on from an earlier one. */
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_verify_depth(ctx, CHAIN_MAX);
	if (load(ctx, certificate, key, authority, name, error, size) == 0)
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}
