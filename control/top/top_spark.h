/* SPDX-License-Identifier: BSD-3-Clause */
/* The last values of something that changes, as heights of bars. */
#ifndef FERRY_TOP_SPARK_H
#define FERRY_TOP_SPARK_H

#define TOP_SPARK	 60 /* values that are kept */
#define TOP_SPARK_HEIGHT 8  /* of the greatest of them */

struct top_spark {
	double values[TOP_SPARK];
	unsigned int n; /* in it; the newest is the last */
};

/* What is not known, or below 0 (the file may say anything), is 0. */
void top_spark_add(struct top_spark *spark, double value);

/* Of value i < n: 0 (of 0 only) to TOP_SPARK_HEIGHT. */
unsigned int top_spark_height(const struct top_spark *spark, unsigned int i);

#endif
