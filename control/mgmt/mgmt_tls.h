/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TLS of management connections: 1.3 alone, certificates on both sides, both of one authority. The
 * name in a certificate: its only DNS name (subject alternative name); if it has none, its only
 * common name. The root program's is `^`.
 */
#ifndef FERRY_MGMT_TLS_H
#define FERRY_MGMT_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "message.h"

/*
 * PEM files: a certificate (with those between it and the authority, if any), its key, and the
 * authority that neighbours' certificates are of. The certificate's name must be `name`. NULL with
 * a sentence in error. It never waits (mgmt_pem.h).
 */
SSL_CTX *mgmt_tls_new(const char *certificate, const char *key, const char *authority,
	const char *name, char *error, size_t size);

/* Until when its own certificate is valid: seconds since the epoch. */
int64_t mgmt_tls_until(const SSL_CTX *ctx);

/*
 * The name in the certificate of a connection's other end, after the handshake. False: it has none
 * that can be one, or several.
 */
bool mgmt_tls_peer_name(const SSL *ssl, char name[MESSAGE_NAME_MAX + 1]);

/*
 * What an error of OpenSSL means that ended a connection: which end refused the other, and why.
 * Returns text.
 */
#define MGMT_TLS_REASON_MAX 160
const char *mgmt_tls_reason(const SSL *ssl, unsigned long code, char text[MGMT_TLS_REASON_MAX]);

#endif
