/* SPDX-License-Identifier: Apache-2.0 */
/* The image config (config.md) with what Docker adds to it. */
#include <errno.h>

#include "oci-spec/image_spec.h"

#define H(...) FIELD_ROW(struct image_healthcheck, __VA_ARGS__)
static const struct field healthcheck_rows[] = {
	H(test, "Test", FIELD_STRINGS),
	H(interval, "Interval", FIELD_I64),
	H(timeout, "Timeout", FIELD_I64),
	H(start_period, "StartPeriod", FIELD_I64),
	H(start_interval, "StartInterval", FIELD_I64),
	H(retries, "Retries", FIELD_I64),
};
static const struct field_type healthcheck_type =
	FIELD_TYPE("health check", struct image_healthcheck, healthcheck_rows);

#define C(...) FIELD_ROW(struct image_run_config, __VA_ARGS__)
static const struct field run_config_rows[] = {
	C(hostname, "Hostname", FIELD_STRING),
	C(domainname, "Domainname", FIELD_STRING),
	C(user, "User", FIELD_STRING),
	C(attach_stdin, "AttachStdin", FIELD_OPT_BOOL),
	C(attach_stdout, "AttachStdout", FIELD_OPT_BOOL),
	C(attach_stderr, "AttachStderr", FIELD_OPT_BOOL),
	C(exposed_ports, "ExposedPorts", FIELD_KEYSET),
	C(tty, "Tty", FIELD_OPT_BOOL),
	C(open_stdin, "OpenStdin", FIELD_OPT_BOOL),
	C(stdin_once, "StdinOnce", FIELD_OPT_BOOL),
	C(env, "Env", FIELD_STRINGS),
	C(cmd, "Cmd", FIELD_STRINGS),
	C(healthcheck, "Healthcheck", FIELD_OBJECT, .type = &healthcheck_type),
	C(args_escaped, "ArgsEscaped", FIELD_OPT_BOOL),
	C(image, "Image", FIELD_STRING),
	C(volumes, "Volumes", FIELD_KEYSET),
	C(working_dir, "WorkingDir", FIELD_STRING),
	C(entrypoint, "Entrypoint", FIELD_STRINGS),
	C(network_disabled, "NetworkDisabled", FIELD_OPT_BOOL),
	C(mac_address, "MacAddress", FIELD_STRING),
	C(on_build, "OnBuild", FIELD_STRINGS),
	C(labels, "Labels", FIELD_STRMAP),
	C(stop_signal, "StopSignal", FIELD_STRING),
	C(stop_timeout, "StopTimeout", FIELD_I64),
	C(shell, "Shell", FIELD_STRINGS),
	C(memory, "Memory", FIELD_I64),
	C(memory_swap, "MemorySwap", FIELD_I64),
	C(cpu_shares, "CpuShares", FIELD_I64),
};
static const struct field_type run_config_type =
	FIELD_TYPE("config", struct image_run_config, run_config_rows);

#define R(...) FIELD_ROW(struct image_rootfs, __VA_ARGS__)
static const struct field rootfs_rows[] = {
	R(type, "type", FIELD_STRING, .bits = FIELD_REQUIRED),
	R(diff_ids, "diff_ids", FIELD_STRINGS, .bits = FIELD_REQUIRED),
};
static const struct field_type rootfs_type = FIELD_TYPE("rootfs", struct image_rootfs, rootfs_rows);

#define Y(...) FIELD_ROW(struct image_history, __VA_ARGS__)
static const struct field history_rows[] = {
	Y(created, "created", FIELD_STRING),
	Y(created_by, "created_by", FIELD_STRING),
	Y(author, "author", FIELD_STRING),
	Y(comment, "comment", FIELD_STRING),
	Y(empty_layer, "empty_layer", FIELD_OPT_BOOL),
};
static const struct field_type history_type =
	FIELD_TYPE("history", struct image_history, history_rows);

#define T(...) FIELD_ROW(struct image_config, __VA_ARGS__)
static const struct field rows[] = {
	T(id, "id", FIELD_STRING),
	T(parent, "parent", FIELD_STRING),
	T(created, "created", FIELD_STRING),
	T(author, "author", FIELD_STRING),
	T(architecture, "architecture", FIELD_STRING, .bits = FIELD_REQUIRED),
	T(os, "os", FIELD_STRING, .bits = FIELD_REQUIRED),
	T(os_version, "os.version", FIELD_STRING),
	T(os_features, "os.features", FIELD_STRINGS),
	T(variant, "variant", FIELD_STRING),
	T(config, "config", FIELD_OBJECT, .type = &run_config_type),
	T(rootfs, "rootfs", FIELD_OBJECT, .bits = FIELD_REQUIRED, .type = &rootfs_type),
	T(history, "history", FIELD_OBJECTS, .type = &history_type),
	T(container, "container", FIELD_STRING),
	T(container_config, "container_config", FIELD_OBJECT, .type = &run_config_type),
	T(docker_version, "docker_version", FIELD_STRING),
	T(buildkit_cache, "moby.buildkit.cache.v0", FIELD_STRING),
};
const struct field_type image_config_type = FIELD_TYPE("image config", struct image_config, rows);

int image_config_decode(const char *name, const char *text, size_t len, struct arena *a,
			struct image_config **ret, struct err *e)
{
	struct image_config *config;
	char clipped[CLIP_SIZE];
	void *object;
	int r = oci_decode(&image_config_type, name, text, len, NULL, a, &object, e);

	if (r < 0)
		return r;
	config = object;
	if (!streq(config->rootfs->type, "layers"))
		return err_set(
			e, EINVAL, "%s: rootfs.type: expected 'layers', found '%s'", name,
			clip_text(clipped, config->rootfs->type, strlen(config->rootfs->type)));
	for (size_t i = 0; i < config->rootfs->diff_ids.n; i++) {
		r = digest_check(config->rootfs->diff_ids.items[i], e);
		if (r < 0)
			return err_wrap(e, r, "%s: rootfs.diff_ids[%zu]", name, i);
	}
	*ret = config;
	return 0;
}
