/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "telemetry_data.h"

static int put_dict(struct rte_tel_data *d, json_t *object);

/* Too long ones end in "...", so that nobody takes them for whole. */
static const char *
fit(const char *text, char buf[RTE_TEL_MAX_STRING_LEN])
{
	if (strlen(text) < RTE_TEL_MAX_STRING_LEN)
		return text;
	memcpy(buf, text, RTE_TEL_MAX_STRING_LEN - 4);
	strcpy(buf + RTE_TEL_MAX_STRING_LEN - 4, "...");
	return buf;
}

/* An integer that is neither a 32-bit int nor positive goes as a text. */
static int
put_integer(struct rte_tel_data *d, const char *key, json_int_t value)
{
	char text[32];

	if (value >= 0)
		return rte_tel_data_add_dict_u64(d, key, (uint64_t)value);
	if (value >= INT_MIN)
		return rte_tel_data_add_dict_int(d, key, (int)value);
	snprintf(text, sizeof(text), "%lld", (long long)value);
	return rte_tel_data_add_dict_string(d, key, text);
}

static bool
all_of(const json_t *array, json_type type)
{
	const json_t *item;
	size_t i;

	json_array_foreach(array, i, item)
	{
		if (json_typeof(item) != type)
			return false;
	}
	return true;
}

/* A list of integers (not below 0) or texts as a list, any other as a dictionary. */
static int
put_list(struct rte_tel_data *d, json_t *array)
{
	bool integers = all_of(array, JSON_INTEGER), texts = all_of(array, JSON_STRING);
	char buf[RTE_TEL_MAX_STRING_LEN];
	json_t *item, *object;
	size_t i;
	int ret;

	if (!integers && !texts) {
		object = json_object();
		json_array_foreach(array, i, item)
		{
			snprintf(buf, sizeof(buf), "%zu", i);
			json_object_set(object, buf, item);
		}
		ret = put_dict(d, object);
		json_decref(object);
		return ret;
	}
	ret = rte_tel_data_start_array(d, integers ? RTE_TEL_U64_VAL : RTE_TEL_STRING_VAL);
	json_array_foreach(array, i, item)
	{
		if (ret == 0 && integers)
			ret = rte_tel_data_add_array_u64(d, (uint64_t)json_integer_value(item));
		else if (ret == 0)
			ret = rte_tel_data_add_array_string(d, fit(json_string_value(item), buf));
	}
	return ret;
}

static int
put_container(struct rte_tel_data *d, const char *key, json_t *value)
{
	struct rte_tel_data *inner = rte_tel_data_alloc();
	int ret;

	if (inner == NULL)
		return -ENOMEM;
	ret = json_is_object(value) ? put_dict(inner, value) : put_list(inner, value);
	if (ret == 0)
		ret = rte_tel_data_add_dict_container(d, key, inner, 0);
	if (ret != 0)
		rte_tel_data_free(inner);
	return ret;
}

static int
put_value(struct rte_tel_data *d, const char *key, json_t *value)
{
	char buf[RTE_TEL_MAX_STRING_LEN];

	switch (json_typeof(value)) {
	case JSON_INTEGER:
		return put_integer(d, key, json_integer_value(value));
	case JSON_STRING:
		return rte_tel_data_add_dict_string(d, key, fit(json_string_value(value), buf));
	case JSON_REAL:
		snprintf(buf, sizeof(buf), "%.9g", json_real_value(value));
		return rte_tel_data_add_dict_string(d, key, buf);
	case JSON_TRUE:
	case JSON_FALSE:
		return rte_tel_data_add_dict_int(d, key, json_is_true(value));
	case JSON_OBJECT:
	case JSON_ARRAY:
		return put_container(d, key, value);
	default:
		return 0;
	}
}

static int
put_dict(struct rte_tel_data *d, json_t *object)
{
	int ret = rte_tel_data_start_dict(d);
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
	{
		if (ret == 0)
			ret = put_value(d, key, value);
	}
	return ret == -ENOSPC ? -E2BIG : ret;
}

int
telemetry_data(struct rte_tel_data *d, json_t *object)
{
	return put_dict(d, object);
}
