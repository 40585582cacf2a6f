/* SPDX-License-Identifier: Apache-2.0 */
/* `-info`: a message about the runtime, with what its `features` prints. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "libutil/cleanup.h"
#include "libutil/json.h"
#include "libutil/proc.h"
#include "libutil/strv.h"
#include "shim/message/bootstrap.h"
#include "shim/v2/actions.h"
#include "shim/v2/options.h"

#define FEATURES_TIMEOUT_MS 5000
#define FEATURES_MAX        ((size_t)1 << 20)
#define SHIM_PREFIX         "containerd-shim-"

static int run_features(const char *runtime, struct strbuf *out, struct err *e)
{
	char *argv[] = { (char[]){ "runtime" }, (char[]){ "features" }, NULL };
	autofd int nullfd = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct proc_spec spec = { .path = runtime, .argv = argv, .errfd = nullfd };
	char text[PROC_STATUS_TEXT_SIZE];
	int status = 0, r;

	if (nullfd < 0)
		return err_sys(e, "open '/dev/null'");
	r = proc_run(&spec, NULL, 0, out, FEATURES_TIMEOUT_MS, &status, e);
	if (r < 0)
		return r;
	return status == 0 ? 0
			   : err_set(e, EREMOTEIO, "'%s features' %s", runtime,
				     proc_status_text(status, text));
}

/* Runtimes that have no `features` are none the worse for it. */
static bool read_features(const char *runtime, struct strbuf *out)
{
	auto_(arena) struct arena a = { 0 };
	struct json *doc = NULL;

	return run_features(runtime, out, NULL) >= 0 &&
	       json_parse("features", strbuf_str(out), out->len, &a, &doc, NULL) >= 0;
}

/* "containerd-shim-creel-v2" is asked for as "io.containerd.creel.v2". */
static char *runtime_name(const char *program)
{
	char *name;

	if (starts_with(program, SHIM_PREFIX))
		program += strlen(SHIM_PREFIX);
	name = xasprintf("io.containerd.%s", program);
	for (char *c = name; *c; c++)
		if (*c == '-')
			*c = '.';
	return name;
}

int v2_info(const struct v2_args *args, struct strbuf *out, struct err *e)
{
	auto_(arena) struct arena a = { 0 };
	auto_(strbuf) struct strbuf input = { 0 }, text = { .max = FEATURES_MAX };
	autofree char *name = runtime_name(args->program);
	struct msg_runtime_version version = { .version = PACKAGE_VERSION };
	struct msg_any options = { 0 }, features = { .type_url = MSG_SPEC_FEATURES };
	struct msg_runtime_info info = { .name = name, .version = &version };
	struct v2_options o = { 0 };
	const char *runtime;
	int r = v2_read_input(&input, e);

	if (r >= 0)
		r = pb_decode(&msg_any_message, strbuf_str(&input), input.len, &a, &options, e);
	if (r >= 0)
		r = v2_options_decode(options.type_url ? &options : NULL, &a, &o, e);
	if (r < 0)
		return r;
	if (options.type_url)
		info.options = &options;
	runtime = v2_options_path(&o, &a, e);
	if (!runtime)
		return -ENOENT;
	if (read_features(runtime, &text)) {
		features.value = (struct pb_bytes){ (const uint8_t *)text.data, text.len };
		info.features = &features;
	}
	pb_encode(&msg_runtime_info_message, &info, out);
	return 0;
}
