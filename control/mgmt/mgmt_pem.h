/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PEM files of TLS, read whole before they are looked into: nothing here waits, neither for the
 * other end of a FIFO nor for somebody who knows a passphrase.
 */
#ifndef FERRY_MGMT_PEM_H
#define FERRY_MGMT_PEM_H

#include <stddef.h>

#include <openssl/ssl.h>

#define MGMT_PEM_MAX 1048576 /* bytes of a file */

/*
 * What a file holds; what is it, for the sentence in error if it is NULL. Its memory is wiped when
 * it is freed.
 */
BIO *mgmt_pem_read(const char *what, const char *path, char *error, size_t size);

/* They are taken by ctx. 1, or else the error is OpenSSL's; as OpenSSL's functions for files. */
int mgmt_pem_use_certificate(SSL_CTX *ctx, BIO *pem);
int mgmt_pem_use_key(SSL_CTX *ctx, BIO *pem);
int mgmt_pem_use_authority(SSL_CTX *ctx, BIO *pem);

#endif
