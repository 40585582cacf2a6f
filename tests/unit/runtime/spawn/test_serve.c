/* SPDX-License-Identifier: Apache-2.0 */
/* Whose first process may be let go before it is ready. */
#include "runtime/spawn/serve.h"

#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct spec_hook hook = { .path = "/bin/true" };
static struct spec_net_device *no_devices;

/* A job that needs nothing of the host side, for a test to add to. */
struct fixture {
	struct spec_hooks hooks;
	struct spec_linux linux_;
	struct spec_process process;
	struct runtime_spec spec;
	struct init_job job;
};

static struct init_job *plain(struct fixture *f)
{
	*f = (struct fixture){ .job.kind = INIT_CREATE };
	f->spec.hooks = &f->hooks;
	f->spec.linux_ = &f->linux_;
	f->job.spec = &f->spec;
	f->job.process = &f->process;
	return &f->job;
}

static void a_plain_container_waits_for_nobody(void **state UNUSED)
{
	struct fixture f;

	assert_false(serve_has_steps(plain(&f)));
	f.hooks.create_container = (struct oci_array){ &hook, 1 };
	f.hooks.poststart = (struct oci_array){ &hook, 1 };
	assert_false(serve_has_steps(&f.job));
}

static void hooks_of_the_host_side_are_waited_for(void **state UNUSED)
{
	struct fixture f;

	(void)plain(&f);
	f.hooks.prestart = (struct oci_array){ &hook, 1 };
	assert_true(serve_has_steps(&f.job));
	(void)plain(&f);
	f.hooks.create_runtime = (struct oci_array){ &hook, 1 };
	assert_true(serve_has_steps(&f.job));
}

static void what_the_host_side_is_handed_is_waited_for(void **state UNUSED)
{
	struct fixture f;

	plain(&f)->seccomp_flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
	assert_true(serve_has_steps(&f.job));
	(void)plain(&f);
	f.process.terminal = true;
	assert_true(serve_has_steps(&f.job));
}

static void what_the_host_side_does_to_init_is_waited_for(void **state UNUSED)
{
	struct fixture f;

	plain(&f)->plan.new_userns = true;
	assert_true(serve_has_steps(&f.job));
	plain(&f)->plan.intermediate = true;
	assert_true(serve_has_steps(&f.job));
	plain(&f)->cgroup_attach = true;
	assert_true(serve_has_steps(&f.job));
	(void)plain(&f);
	f.linux_.net_devices = (struct oci_array){ &no_devices, 1 };
	assert_true(serve_has_steps(&f.job));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_container_waits_for_nobody),
		cmocka_unit_test(hooks_of_the_host_side_are_waited_for),
		cmocka_unit_test(what_the_host_side_is_handed_is_waited_for),
		cmocka_unit_test(what_the_host_side_does_to_init_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
