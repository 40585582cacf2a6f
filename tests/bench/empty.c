/* SPDX-License-Identifier: Apache-2.0 */
/* What starting any static program costs. */
int main(void)
{
	return 0;
}
