/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "device_name.h"

/* Reads up to digits hexadecimal digits, at least one; *text is moved behind them. */
static bool
device_hex(const char **text, unsigned int digits, unsigned int max, unsigned int *value)
{
	const char *at = *text;

	*value = 0;
	while (digits-- > 0 && isxdigit((unsigned char)*at)) {
		unsigned char c = (unsigned char)tolower(*at++);

		*value = *value * 16 + (unsigned int)(isdigit(c) ? c - '0' : c - 'a' + 10);
	}
	if (at == *text || *value > max)
		return false;
	*text = at;
	return true;
}

/* [domain:]bus:device.function, then the end or devargs. */
static bool
device_pci(const char *text, char name[DEVICE_NAME_MAX])
{
	unsigned int part[3] = {0, 0, 0}, function;
	unsigned int parts = 0;

	for (;;) {
		if (parts == 3 || !device_hex(&text, 4, 0xffff, &part[parts]))
			return false;
		parts++;
		if (*text != ':')
			break;
		text++;
	}
	if (parts < 2 || *text++ != '.' || !device_hex(&text, 1, 7, &function) ||
		(*text != 0 && *text != ','))
		return false;
	if (parts == 2) {
		part[2] = part[1];
		part[1] = part[0];
		part[0] = 0;
	}
	if (part[1] > 0xff || part[2] > 0x1f)
		return false;
	snprintf(name, DEVICE_NAME_MAX, "%04x:%02x:%02x.%x", part[0], part[1], part[2], function);
	return true;
}

/* DPDK's virtual Ethernet drivers all have one of these names. */
static bool
device_virtual(const char *text, char name[DEVICE_NAME_MAX])
{
	static const char *const drivers[] = {"net_", "eth_", "virtio_user"};
	size_t size = strcspn(text, ",");
	bool known = false;

	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		known |= strncmp(text, drivers[i], strlen(drivers[i])) == 0;
	if (!known || size >= DEVICE_NAME_MAX)
		return false;
	for (size_t i = 0; i < size; i++) {
		if (!isalnum((unsigned char)text[i]) && text[i] != '_')
			return false;
	}
	memcpy(name, text, size);
	name[size] = 0;
	return true;
}

bool
device_name(const char *device, char name[DEVICE_NAME_MAX])
{
	return device_pci(device, name) || device_virtual(device, name);
}

bool
device_is_pci(const char *device)
{
	char name[DEVICE_NAME_MAX];

	return device_pci(device, name);
}
