/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SHIM_CORE_MEMORY_H
#define SHIM_CORE_MEMORY_H

/* What a start needed is not needed again for hours: give back the free pages of the heap, and of
 * the stack below the caller's frame, where proc_spawn() keeps a stack for the child. */
void memory_give_back(void);

#endif
