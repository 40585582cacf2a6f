/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/criu/rpc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "runtime/criu/swrk.h"

static void expect_wire(const struct criu_req *req, const char *wire, size_t len)
{
	auto_(strbuf) struct strbuf out = { 0 };

	pb_encode(&criu_req_message, req, &out);
	assert_int_equal(out.len, len);
	assert_memory_equal(out.data, wire, len);
}
#define EXPECT_WIRE(req, wire) expect_wire(req, wire, sizeof(wire) - 1)

/* What another implementation of protocol buffers writes for the same message. */
static void requests_have_the_numbers_of_the_protocol(void **state UNUSED)
{
	const char *externals[] = { "a", "b" };
	struct criu_inherit_fd fds[] = { { "k", pb_set(5) } };
	struct criu_opts opts = {
		.images_dir_fd = pb_set(7),
		.pid = pb_set(300),
		.leave_running = pb_set(1),
		.log_file = "l",
		.inherit_fd = { fds, 1 },
		.manage_cgroups_mode = pb_set(CRIU_CG_SOFT),
		.external = { externals, 2 },
		.orphan_pts_master = pb_set(1),
		.network_lock = pb_set(CRIU_LOCK_SKIP),
	};
	struct criu_req req = { .type = pb_set(CRIU_DUMP), .opts = &opts };

	EXPECT_WIRE(&req, "\x08\x01\x12\x23"
			  "\x08\x07\x10\xac\x02\x18\x01\x52\x01l"
			  "\xda\x01\x05\x0a\x01k\x10\x05"
			  "\x90\x02\x03\xaa\x02\x01"
			  "a\xaa\x02\x01"
			  "b\x90\x03\x01\x80\x04\x03");
}

static void a_question_may_leave_the_connection_open(void **state UNUSED)
{
	struct criu_features f = { .mem_track = pb_set(1) };
	struct criu_req version = { .type = pb_set(CRIU_VERSION), .keep_open = pb_set(1) };
	struct criu_req check = { .type = pb_set(CRIU_FEATURE_CHECK), .features = &f };

	EXPECT_WIRE(&version, "\x08\x0a\x20\x01");
	EXPECT_WIRE(&check, "\x08\x09\x2a\x02\x08\x01");
}

static void answers_are_understood(void **state UNUSED)
{
	static const char notify[] = "\x08\x06\x10\x01\x2a\x0f\x0a\x0bpre-restore\x10\x05";
	static const char restored[] = "\x08\x02\x10\x01\x22\x03\x08\xac\x02";
	static const char failed[] = "\x08\x01\x10\x00\x1a\x02\x08\x01\x38\x11\x4a\x03why";
	auto_(arena) struct arena a = { 0 };
	struct criu_resp resp = { 0 };

	assert_int_equal(pb_decode(&criu_resp_message, notify, sizeof(notify) - 1, &a, &resp, NULL),
			 0);
	assert_int_equal(resp.type.v, CRIU_NOTIFY);
	assert_string_equal(resp.notify->script, "pre-restore");
	assert_int_equal(resp.notify->pid.v, 5);
	resp = (struct criu_resp){ 0 };
	assert_int_equal(
		pb_decode(&criu_resp_message, restored, sizeof(restored) - 1, &a, &resp, NULL), 0);
	assert_int_equal(resp.restore->pid.v, 300);
	resp = (struct criu_resp){ 0 };
	assert_int_equal(pb_decode(&criu_resp_message, failed, sizeof(failed) - 1, &a, &resp, NULL),
			 0);
	assert_false(resp.success.v);
	assert_int_equal(resp.cr_errno.v, 17);
	assert_string_equal(resp.cr_errmsg, "why");
}

static void an_answer_without_its_type_is_none(void **state UNUSED)
{
	auto_(arena) struct arena a = { 0 };
	struct criu_resp resp = { 0 };
	struct err e = { 0 };

	assert_true(pb_decode(&criu_resp_message, "\x10\x01", 2, &a, &resp, &e) < 0);
	assert_string_equal(e.msg, "criu_resp: type: missing");
}

static void an_answer_counts_though_its_sender_ended_without_a_farewell(void **state UNUSED)
{
	static const char failed[] = "\x08\x01\x10\x00";
	struct criu_swrk s = CRIU_SWRK_NONE;
	auto_(arena) struct arena a = { 0 };
	struct criu_resp resp;
	int p[2], fd;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, p), 0);
	s.sock = p[0];
	assert_int_equal(send(p[1], failed, 4, 0), 4);
	/* Not read: to the other side its end is a reset. */
	assert_int_equal(send(p[0], "x", 1, 0), 1);
	assert_int_equal(close(p[1]), 0);
	assert_int_equal(criu_receive(&s, &a, &resp, &fd, NULL), 0);
	assert_int_equal(resp.type.v, CRIU_DUMP);
	criu_finish(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_have_the_numbers_of_the_protocol),
		cmocka_unit_test(a_question_may_leave_the_connection_open),
		cmocka_unit_test(answers_are_understood),
		cmocka_unit_test(an_answer_without_its_type_is_none),
		cmocka_unit_test(an_answer_counts_though_its_sender_ended_without_a_farewell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
