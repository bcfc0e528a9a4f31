/* SPDX-License-Identifier: BSD-3-Clause */
/* What network coding costs: kernels, codes. README.md says more; coding.py runs this. */
#include "coding.h"

const unsigned int coding_k[CODING_KS] = {16, CODING_K, 64, CODING_K_MAX};

static const struct bench_program program = {
	.name = "coding",
	.about = "Network coding: its kernels against ISA-L, its codes.",
	.parts = {{"kernels", "throughput of the field's kernels, of ISA-L's in turn",
			  coding_kernels},
		{"codes", "encoding and decoding of whole generations", coding_codes},
		{"destination", "a destination with coding and loss, and without",
			coding_destination},
		{"relay", "the same session through a relay that recodes", coding_relay},
		{"simulation", "coding beside theory, in virtual time"}},
	.memory = 512,
	.memory_quick = 64,
};

int
main(int argc, char **argv)
{
	return bench_main(&program, argc, argv);
}
