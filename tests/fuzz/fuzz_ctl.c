/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests of the local command line: whatever comes, a request that is taken keeps its bounds. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ctl_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_request(const struct ctl_request *request)
{
	if (request->argc < 1 || request->argc > CTL_ARGUMENTS_MAX)
		abort();
	for (unsigned int i = 0; i < request->argc; i++) {
		for (const char *at = request->argv[i]; *at != 0; at++) {
			if ((unsigned char)*at < 0x20 || *at == 0x7f)
				abort();
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctl_request request;
	char error[CTL_ERROR_MAX];

	memset(error, 0x7f, sizeof(error));
	if (ctl_request_parse((const char *)data, size, &request, error, sizeof(error)) == 0) {
		check_request(&request);
		ctl_request_free(&request);
	} else if (memchr(error, 0, sizeof(error)) == NULL || error[0] == 0) {
		abort();
	} else {
		json_t *reply = ctl_reply_error(error);

		if (reply == NULL)
			abort();
		json_decref(reply);
	}
	return 0;
}
