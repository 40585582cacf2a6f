/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/program.h"

int main(int argc, char **argv)
{
	return verb_main(&creel_program, argc, argv);
}
