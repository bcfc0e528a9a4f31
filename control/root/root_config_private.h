/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the root program's configuration share. */
#ifndef FERRY_ROOT_CONFIG_PRIVATE_H
#define FERRY_ROOT_CONFIG_PRIVATE_H

#include "config_private.h"
#include "root_config.h"

/* root_topology.c */
void root_read_places(struct config_reader *reader, config_setting_t *setting, void *object);
void root_print_places(struct config_printer *printer, const struct root_config *config);
/* What is between the nodes; only if all were read without mistakes. */
void root_check_places(struct config_reader *reader, const struct root_config *config);

/* root_thresholds.c */
void root_read_thresholds(struct config_reader *reader, config_setting_t *setting, void *object);
void root_print_thresholds(struct config_printer *printer, const struct root_config *config);

#endif
