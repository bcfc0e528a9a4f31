/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <string.h>

#include "top_spark.h"

void
top_spark_add(struct top_spark *spark, double value)
{
	if (spark->n == TOP_SPARK)
		memmove(spark->values, spark->values + 1, (TOP_SPARK - 1) * sizeof(double));
	else
		spark->n++;
	spark->values[spark->n - 1] = isfinite(value) && value > 0 ? value : 0;
}

unsigned int
top_spark_height(const struct top_spark *spark, unsigned int i)
{
	double most = 0;

	for (unsigned int k = 0; k < spark->n; k++)
		most = fmax(most, spark->values[k]);
	/* In this order: 8 times the greatest may be no number any more. */
	return most > 0 ? (unsigned int)ceil(TOP_SPARK_HEIGHT * (spark->values[i] / most)) : 0;
}
