#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Annotations that callers of other runtimes set, and what comes of them.
# shellcheck disable=SC2016 # jq and the shell inside expand them

bats_require_minimum_version 1.5.0

load ../helpers

setup() {
	requires root
	requires program jq
	setup_creel
}

teardown() {
	teardown_creel
}

annotate() { # KEY VALUE
	edit '.annotations += {($k): $v}' --arg k "$1" --arg v "$2"
}

@test "kill without a signal sends the image's stop signal" {
	bundle sh -c 'trap "echo got-quit; exit 3" QUIT; trap "exit 4" TERM; echo ready; while :; do sleep 0.1; done'
	annotate org.opencontainers.image.stopSignal SIGQUIT
	c run --bundle "$BUNDLE" "$NAME" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	wait_for grep -q ready "$BATS_TEST_TMPDIR/out"
	c kill "$NAME"
	status=0
	wait $! || status=$?
	[ "$status" -eq 3 ]
	grep -q got-quit "$BATS_TEST_TMPDIR/out"
}

@test "a stop signal that is none is named, and SIGTERM is sent" {
	bundle sh -c 'trap "exit 4" TERM; echo ready; while :; do sleep 0.1; done'
	annotate org.opencontainers.image.stopSignal SIGNONE
	c run --bundle "$BUNDLE" "$NAME" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	wait_for grep -q ready "$BATS_TEST_TMPDIR/out"
	run c kill "$NAME"
	[ "$status" -eq 0 ]
	[[ $output == *"warning: annotations.org.opencontainers.image.stopSignal: "*SIGNONE*"SIGTERM is sent"* ]]
	status=0
	wait $! || status=$?
	[ "$status" -eq 4 ]
}

@test "the output of every hook goes to the files that are named" {
	local kind
	bundle true
	for kind in prestart createRuntime createContainer startContainer poststart poststop; do
		edit '.hooks[$k] = [{"path":"/bin/sh","args":["sh","-c","echo out-\($k); echo err-\($k) >&2"]}]' --arg k "$kind"
	done
	annotate run.oci.hooks.stdout "$BATS_TEST_TMPDIR/stdout"
	annotate run.oci.hooks.stderr "$BATS_TEST_TMPDIR/stderr"
	c create --bundle "$BUNDLE" "$NAME"
	c start "$NAME"
	wait_for has_status "$NAME" stopped
	c delete "$NAME"
	for kind in prestart createRuntime createContainer startContainer poststart poststop; do
		echo "out-$kind" >>"$BATS_TEST_TMPDIR/want-out"
		echo "err-$kind" >>"$BATS_TEST_TMPDIR/want-err"
	done
	diff "$BATS_TEST_TMPDIR/want-out" "$BATS_TEST_TMPDIR/stdout"
	diff "$BATS_TEST_TMPDIR/want-err" "$BATS_TEST_TMPDIR/stderr"
	[ "$(stat -c %a "$BATS_TEST_TMPDIR/stdout")" = 600 ]
}

@test "the program gets no descriptor of the hooks' files" {
	bundle sh -c 'ls /proc/self/fd | wc -l'
	edit '.hooks.startContainer = [{"path":"/bin/true"}]'
	run c run --bundle "$BUNDLE" "$NAME"
	local without=$output
	annotate run.oci.hooks.stdout "$BATS_TEST_TMPDIR/stdout"
	run c run --bundle "$BUNDLE" "$NAME"
	[ "$output" = "$without" ]
}

@test "a file for the hooks that cannot be opened fails the creation, and names itself" {
	bundle true
	edit '.hooks.createRuntime = [{"path":"/bin/true"}]'
	annotate run.oci.hooks.stdout /no/such/file
	refuses "annotations.run.oci.hooks.stdout: open '/no/such/file': No such file or directory"
	edit '.hooks = {"startContainer":[{"path":"/bin/true"}]} | .annotations = {"run.oci.hooks.stderr":"relative"}'
	refuses "annotations.run.oci.hooks.stderr: 'relative' is not an absolute path"
}

@test "a fifo for the hooks that nobody reads makes nobody wait" {
	local fifo=$BATS_TEST_TMPDIR/fifo
	mkfifo "$fifo"
	bundle sleep 100
	edit '.hooks.poststop = [{"path":"/bin/echo","args":["echo","said"]}]'
	annotate run.oci.hooks.stdout "$fifo"
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	run timeout -s KILL 100 creel --root "$CREEL_ROOT" delete --force "$NAME"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"annotations.run.oci.hooks.stdout: nobody reads from '$fifo'"* ]]
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	exec 9<>"$fifo"
	c delete --force "$NAME"
	read -r -t 100 -u 9 said
	exec 9<&-
	[ "$said" = said ]
}

@test "the caller's groups are kept, for run and exec" {
	requires program setpriv
	bundle sh -c 'id -G; sleep 100'
	annotate run.oci.keep_original_groups 1
	setpriv --groups 7,4242 creel --root "$CREEL_ROOT" run -d --bundle "$BUNDLE" "$NAME" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&-
	wait_for grep -q . "$BATS_TEST_TMPDIR/out"
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = "0 7 4242" ]
	run setpriv --groups 9 creel --root "$CREEL_ROOT" exec "$NAME" id -G
	[ "$output" = "0 9" ]
	c delete --force "$NAME"
	edit '.process.user.additionalGids = [5]'
	refuses "process.user.additionalGids: cannot be set while annotations.run.oci.keep_original_groups"
	edit '.annotations = {"run.oci.keep_original_groups":"perhaps"}'
	refuses "annotations.run.oci.keep_original_groups: 'perhaps' is not true or false"
}

@test "what only another runtime could do is refused, not ignored" {
	local key
	for key in run.oci.handler run.oci.seccomp.plugins run.oci.systemd.force_cgroup_v1 run.oci.delegate-cgroup; do
		bundle true
		annotate "$key" wasm
		refuses "config.json: annotations.$key: not possible with this runtime"
		# Switched off.
		annotate "$key" ""
		c run --bundle "$BUNDLE" "$NAME"
	done
}

@test "a key that nobody knows is no error" {
	bundle true
	annotate com.example.key value
	run c run --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	annotate run.oci.new_one value
	run c run --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 0 ]
	[[ $output == *"warning: annotations.run.oci.new_one: unknown, and without effect"* ]]
}

@test "features names each annotation that is obeyed" {
	run creel features
	jq -r '.potentiallyUnsafeConfigAnnotations[]' <<<"$output" >"$BATS_TEST_TMPDIR/keys"
	cat "$BATS_TEST_TMPDIR/keys"
	for key in org.opencontainers.image.stopSignal run.oci.hooks.stdout run.oci.hooks.stderr \
		run.oci.keep_original_groups run.oci.mount_context_type run.oci.pidfd_receiver; do
		grep -qx "$key" "$BATS_TEST_TMPDIR/keys"
	done
	run ! grep -x run.oci.handler "$BATS_TEST_TMPDIR/keys"
}
