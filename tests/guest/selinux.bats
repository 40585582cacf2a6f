#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# SELinux, enforcing: process and mount labels.  run.sh --selinux runs this file alone.
# shellcheck disable=SC2016
load guest

LABEL=system_u:system_r:container_t:s0
FILE_LABEL=system_u:object_r:container_file_t:s0

setup() {
	[ "$(getenforce)" = Enforcing ] || skip "needs SELinux, enforcing"
	setup_creel
	# Files of a container have its type; an image's builder labels them.
	find "$ROOTFS" -exec setfattr -h -n security.selinux -v "$FILE_LABEL" {} + 2>/dev/null ||
		chcon -R "$FILE_LABEL" "$ROOTFS"
}

labelled() {
	bundle "$@"
	edit '.process.selinuxLabel = $process | .linux.mountLabel = $files' --arg process "$LABEL" --arg files "$FILE_LABEL"
}

@test "the program runs under its label" {
	labelled cat /proc/self/attr/current
	run c run --bundle "$BUNDLE" "$NAME"
	[ "$(tr -d '\0' <<<"$output")" = "$LABEL" ]
}

@test "files of another type are out of reach" {
	labelled sh -c 'cat /host; echo "status $?"'
	echo hidden >"$BATS_TEST_TMPDIR/host"
	edit '.mounts += [{destination: "/host", type: "bind", source: $file, options: ["bind", "ro"]}]' \
		--arg file "$BATS_TEST_TMPDIR/host"
	run c run --bundle "$BUNDLE" "$NAME"
	[[ $output == *"status 1"* ]]
	[[ $output != *hidden* ]]
}

@test "mounts made for the container have its label" {
	labelled sh -c 'echo x >/dev/shm/file && cat /dev/shm/file'
	run c run --bundle "$BUNDLE" "$NAME"
	[ "$output" = x ]
}

@test "a label the policy does not know is an error that names it" {
	labelled true
	edit '.process.selinuxLabel = "a:b:c:d"'
	run c run --bundle "$BUNDLE" "$NAME"
	[ "$status" -ne 0 ]
	[[ $output == *"a:b:c:d"* ]]
}
