/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FERRY_XML_UTF8_H
#define FERRY_XML_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Is this UTF-8 (RFC 3629, section 4): no character in more bytes than it needs, no surrogate, none
 * above U+10FFFF. libxml2 lets some of these through: in CDATA, and by xmlCheckUTF8().
 */
bool xml_utf8_valid(const char *bytes, size_t size);

/*
 * Copies as much of text as fits into size bytes with its end, never a part of a character; '?' for
 * each byte of what is no UTF-8. Returns to.
 */
char *xml_utf8_copy(char *to, size_t size, const char *text);

#endif
