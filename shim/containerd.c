/* SPDX-License-Identifier: Apache-2.0 */
#include "shim/v2/main.h"

int main(int argc UNUSED, char **argv)
{
	return v2_main(argv);
}
