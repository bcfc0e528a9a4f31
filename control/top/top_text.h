/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers as the text of a table's cell; "-" of what is not finite: it is not known. */
#ifndef FERRY_TOP_TEXT_H
#define FERRY_TOP_TEXT_H

#define TOP_TEXT 64 /* bytes of a cell's text */

/* "1.23M" */
void top_number(double value, char text[TOP_TEXT]);

/* "1.23%" of 0.0123 */
void top_share(double share, char text[TOP_TEXT]);

/* "123us", "1.2ms", "1.23s" of microseconds */
void top_us(double us, char text[TOP_TEXT]);

#endif
