/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/seccomp/arch.h"
#include "runtime/seccomp/seccomp.h"

#define LIST_MAX 32

static void add(struct arena *a, struct oci_strings *list, const char *text)
{
	if (!list->items)
		list->items = arena_alloc(a, LIST_MAX + 1, sizeof(*list->items));
	if (list->n < LIST_MAX)
		list->items[list->n++] = text;
}

static void add_words(struct arena *a, struct oci_strings *list, const struct field_words *words)
{
	for (const char *const *w = words->words; *w; w++)
		add(a, list, *w);
}

/* With a flag it knows the kernel goes on to read the program, which is not there. */
static bool kernel_takes(unsigned flags)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, NULL) < 0 && errno == EFAULT;
}

static void add_supported_flags(struct arena *a, struct oci_strings *list)
{
	/* In the order of the words; the last one asks for a listener. */
	static const unsigned probe[] = {
		SECCOMP_FILTER_FLAG_TSYNC,
		SECCOMP_FILTER_FLAG_LOG,
		SECCOMP_FILTER_FLAG_SPEC_ALLOW,
		SECCOMP_FILTER_FLAG_NEW_LISTENER | 1U << 5,
	};

	for (size_t i = 0; i < ARRAY_LEN(probe) && oci_seccomp_flag_words.words[i]; i++)
		if (kernel_takes(probe[i]))
			add(a, list, oci_seccomp_flag_words.words[i]);
}

void seccomp_features(struct arena *a, struct features_seccomp *ret)
{
	*ret = (struct features_seccomp){ .enabled = { true, true } };
	add_words(a, &ret->actions, &oci_seccomp_action_words);
	add_words(a, &ret->operators, &oci_seccomp_op_words);
	add_words(a, &ret->known_flags, &oci_seccomp_flag_words);
	add_supported_flags(a, &ret->supported_flags);
	for (size_t i = 0; seccomp_arch_name(i); i++) {
		uint32_t token = 0;

		if (seccomp_arch_parse(seccomp_arch_name(i), &token) == 0 && token != 0)
			add(a, &ret->archs, seccomp_arch_name(i));
	}
}
