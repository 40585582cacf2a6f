/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/conmon/conmon.h"
#include "shim/program.h"

int main(int argc, char **argv)
{
	if (conmon_is_called(argv, creel_shim_program.global_opts))
		return conmon_main(argv);
	return verb_main(&creel_shim_program, argc, argv);
}
