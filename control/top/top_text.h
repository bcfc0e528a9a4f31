/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers as the text of a table's cell: at most 6 bytes, ids 10; "-" of what is not finite: it is
 * not known. ">999E", "<-999E": beyond what the units say.
 */
#ifndef FERRY_TOP_TEXT_H
#define FERRY_TOP_TEXT_H

#define TOP_TEXT 64 /* bytes of a cell's text */

/* "1.23M" */
void top_number(double value, char text[TOP_TEXT]);

/* "1231": an id is never rounded */
void top_id(double id, char text[TOP_TEXT]);

/* "1.23%" of 0.0123; "100%", "125%" */
void top_share(double share, char text[TOP_TEXT]);

/* "123us", "1.2ms", "123ms", "1.23s" of microseconds */
void top_us(double us, char text[TOP_TEXT]);

#endif
