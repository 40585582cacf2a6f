/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SHIM_CORE_MEMORY_H
#define SHIM_CORE_MEMORY_H

/* What a start needed is not needed again for hours: give back the free pages of the heap, and of
 * the stack below the caller's frame, where proc_spawn() keeps a stack for the child. */
void memory_give_back(void);

/* The C library keeps freed chunks for their thread, which memory_give_back() cannot reach and
 * which hold whole pages.  A program executed after the first of these does without; it calls the
 * second, so that its own children are none the wiser. */
void memory_frugal_child(void);
void memory_frugal_done(void);

#endif
