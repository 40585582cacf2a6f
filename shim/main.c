/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/program.h"

int main(int argc, char **argv)
{
	return verb_main(&creel_shim_program, argc, argv);
}
