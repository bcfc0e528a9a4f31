# SPDX-License-Identifier: BSD-3-Clause
"""Runs real nodes in network namespaces and plays their neighbours and clients."""
