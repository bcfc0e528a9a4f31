/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names of devices as DPDK's EAL takes them: a PCI address ("0000:3b:00.1" or "3b:00.1") or the
 * name of a virtual device ("net_memif0"), each with devargs behind a comma.
 */
#ifndef FERRY_DEVICE_NAME_H
#define FERRY_DEVICE_NAME_H

#include <stdbool.h>
#include <stddef.h>

#define DEVICE_NAME_MAX 64 /* bytes, the final 0 included */

/*
 * The name by which the EAL knows the device: without devargs, a PCI address with its domain and in
 * lower case. False if device is neither (name is then not to be used).
 */
bool device_name(const char *device, char name[DEVICE_NAME_MAX]);

/* Of a device for which device_name() is true. */
bool device_is_pci(const char *device);

#endif
