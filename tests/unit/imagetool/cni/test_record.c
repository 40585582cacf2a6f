/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include <cmocka.h>

#include "imagetool/cni/record.h"
#include "libutil/dir.h"
#include "libutil/file.h"

#define HEAD_START 200000 /* microseconds for a thread to come to its lock */

static const char network[] =
	"{\"cniVersion\":\"1.0.0\",\"name\":\"n\",\"plugins\":[{\"type\":\"x\"}]}";

struct place {
	char path[32];
	struct cni_host host;
	int calls;
};

static void place_init(struct place *p)
{
	*p = (struct place){ .path = "/tmp/cni-record-XXXXXX" };
	assert_non_null(mkdtemp(p->path));
	p->host = (struct cni_host){ .path = "/nowhere", .dir = p->path, .stopfd = -1 };
}

static void place_done(struct place *p)
{
	assert_int_equal(rmdir(p->path), 0);
}

static int on_left(const struct cni_host *host, struct cni_attachment *at, void *ctx, struct err *e)
{
	struct place *p = ctx;

	(void)e;
	assert_string_equal(at->id, "id");
	p->calls++;
	cni_record_close(host, at, true);
	return 0;
}

static void *sweep(void *ctx)
{
	struct place *p = ctx;

	(void)cni_record_each_left(&p->host, on_left, p, NULL);
	return NULL;
}

static void open_record(const struct place *p, struct cni_attachment *at, struct arena *a)
{
	struct cni_network *net = arena_alloc(a, 1, sizeof(*net));

	assert_int_equal(cni_network_parse("n", network, sizeof(network) - 1, a, net, NULL), 0);
	*at = (struct cni_attachment){ .net = net, .id = "id", .netns = "", .recordfd = -1 };
	assert_int_equal(cni_record_open(&p->host, at, NULL), 0);
}

static void what_was_left_is_swept_and_what_is_held_is_not(void **state)
{
	auto_(arena) struct arena a = { 0 };
	struct cni_attachment at;
	struct place p;

	(void)state;
	place_init(&p);
	open_record(&p, &at, &a);
	(void)sweep(&p);
	assert_int_equal(p.calls, 0);
	cni_record_close(&p.host, &at, false);
	(void)sweep(&p);
	assert_int_equal(p.calls, 1);
	place_done(&p);
}

static void what_its_owner_removed_meanwhile_is_not_swept(void **state)
{
	auto_(arena) struct arena a = { 0 };
	struct cni_attachment at;
	pthread_t thread;
	struct place p;
	int dirfd;

	(void)state;
	place_init(&p);
	open_record(&p, &at, &a);
	dirfd = dir_open_at(AT_FDCWD, p.path, NULL);
	assert_int_equal(flock(dirfd, LOCK_EX), 0);
	assert_int_equal(pthread_create(&thread, NULL, sweep, &p), 0);
	(void)usleep(HEAD_START);
	cni_record_close(&p.host, &at, true);
	(void)close(dirfd);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(p.calls, 0);
	place_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_left_is_swept_and_what_is_held_is_not),
		cmocka_unit_test(what_its_owner_removed_meanwhile_is_not_swept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
