/* SPDX-License-Identifier: Apache-2.0 */
#include "imagetool/program.h"

int main(int argc, char **argv)
{
	return verb_main(&creel_image_program, argc, argv);
}
