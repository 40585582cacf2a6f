#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The six hooks: when, where, and with which state document.

load ../helpers

setup() {
	requires root
	setup_creel
	LOG=$BATS_TEST_TMPDIR/hooks.log
	: >"$LOG"
	chmod 666 "$LOG"
}

teardown() {
	teardown_creel
}

# hook NAME: a hook that notes its moment, status, pid and mount namespace.
hook() {
	jq -n --arg name "$1" --arg log "$LOG" '[{"path": "/bin/sh", "args": ["sh", "-c",
		"state=$(cat); echo \"\($name) $(echo \"$state\" | tr -d \" \\n\" | sed \"s/.*status\\\":\\\"\\([a-z]*\\).*/\\1/\") $(readlink /proc/self/ns/mnt)\" >>\($log)"]}]'
}

all_hooks() {
	local hooks='{}' kind
	for kind in prestart createRuntime createContainer poststart poststop; do
		hooks=$(jq --arg k "$kind" --argjson h "$(hook "$kind")" '.[$k] = $h' <<<"$hooks")
	done
	edit '.hooks = $h' --argjson h "$hooks"
}

@test "hooks run in order, with the status of their moment, where they belong" {
	bundle sh -c 'echo started'
	all_hooks
	edit '.hooks.startContainer = [{"path": "/bin/sh", "args": ["sh", "-c", "cat >/tmp/start-hook.json"]}]'
	rm -f "$ROOTFS/tmp/start-hook.json"
	c create --bundle "$BUNDLE" "$NAME"
	run cut -d' ' -f1,2 "$LOG"
	[ "$output" = $'prestart creating\ncreateRuntime creating\ncreateContainer creating' ]
	[ ! -e "$ROOTFS/tmp/start-hook.json" ]
	host=$(readlink /proc/self/ns/mnt)
	[ "$(sed -n 1p "$LOG" | cut -d' ' -f3)" = "$host" ]
	[ "$(sed -n 2p "$LOG" | cut -d' ' -f3)" = "$host" ]
	[ "$(sed -n 3p "$LOG" | cut -d' ' -f3)" != "$host" ]
	[ "$(sed -n 3p "$LOG" | cut -d' ' -f3)" = "$(readlink "/proc/$(c state "$NAME" | jq .pid)/ns/mnt")" ]
	c start "$NAME"
	[ "$(jq -r .status "$ROOTFS/tmp/start-hook.json")" = created ]
	[ "$(jq -r .pid "$ROOTFS/tmp/start-hook.json")" = 1 ]
	[ "$(sed -n 4p "$LOG" | cut -d' ' -f1,2)" = "poststart running" ]
	wait_for has_status "$NAME" stopped
	c delete "$NAME"
	[ "$(sed -n 5p "$LOG" | cut -d' ' -f1,2)" = "poststop stopped" ]
	[ "$(wc -l <"$LOG")" -eq 5 ]
	nothing_left
}

@test "run has the same hooks" {
	bundle true
	all_hooks
	c run --bundle "$BUNDLE" "$NAME"
	run cut -d' ' -f1,2 "$LOG"
	[ "$output" = $'prestart creating\ncreateRuntime creating\ncreateContainer creating\npoststart running\npoststop stopped' ]
}

@test "a hook of the runtime sees the container's pid on the host" {
	bundle sleep 100
	edit '.hooks = {"prestart": [{"path": "/bin/sh", "args": ["sh", "-c", "cat >\($f)"]}]}' --arg f "$LOG"
	c create --bundle "$BUNDLE" "$NAME"
	[ "$(jq .pid "$LOG")" = "$(c state "$NAME" | jq .pid)" ]
	[ "$(jq -r .id "$LOG")" = "$NAME" ]
	[ "$(jq -r .bundle "$LOG")" = "$BUNDLE" ]
}

@test "a hook that takes too long is killed and fails the creation" {
	bundle true
	edit '.hooks = {"createRuntime": [{"path": "/bin/sleep", "args": ["sleep", "1000"], "timeout": 1}]}'
	run c run --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"was killed after its timeout of 1 s"* ]]
	nothing_left
}

@test "after a failing hook of creation the poststop hooks run" {
	bundle true
	all_hooks
	edit '.hooks.createRuntime = [{"path": "/bin/false"}]'
	run c create --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 1 ]
	run cut -d' ' -f1,2 "$LOG"
	[ "$output" = $'prestart creating\npoststop stopped' ]
	nothing_left
}

@test "a failing startContainer hook fails start" {
	bundle sleep 100
	edit '.hooks = {"startContainer": [{"path": "/bin/sh", "args": ["sh", "-c", "echo not today >&2; exit 1"]}]}'
	c create --bundle "$BUNDLE" "$NAME"
	run c start "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"startContainer hook 0"*"not today"* ]]
	wait_for has_status "$NAME" stopped
	c delete "$NAME"
}

@test "a failing poststart hook ends and deletes the container" {
	bundle sleep 100
	edit '.hooks = {"poststart": [{"path": "/bin/false"}], "poststop": $h}' --argjson h "$(hook poststop)"
	c create --bundle "$BUNDLE" "$NAME"
	run c start "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"poststart hook 0: '/bin/false' exited with status 1"* ]]
	[ "$(cut -d' ' -f1,2 "$LOG")" = "poststop stopped" ]
	nothing_left
	run c run --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 1 ]
	nothing_left
}

@test "failing poststop hooks are warnings, and the others run" {
	bundle true
	edit '.hooks = {"poststop": ([{"path": "/bin/false"}] + $h)}' --argjson h "$(hook second)"
	run c run --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 0 ]
	[[ $output == *"poststop hook 0: '/bin/false' exited with status 1"* ]]
	[ "$(cut -d' ' -f1,2 "$LOG")" = "second stopped" ]
	nothing_left
}

@test "the file system of createContainer is the host's, below it the container's root" {
	bundle true
	edit '.hooks = {"createContainer": [{"path": "/bin/sh", "args": ["sh", "-c", "pwd >\($f); ls bin/busybox >>\($f)"]}]}' --arg f "$LOG"
	c run --bundle "$BUNDLE" "$NAME"
	[ "$(sed -n 2p "$LOG")" = bin/busybox ]
}

@test "a poststart hook may look at, and end, the container it belongs to" {
	bundle sleep 100
	edit '.hooks = {"poststart": [{"path": "/bin/sh", "timeout": 200, "args": ["sh", "-c",
		"\($creel) --root \($root) state \($n) | grep -q running && \($creel) --root \($root) delete --force \($n)"]}]}' \
		--arg creel "$(command -v creel)" --arg root "$CREEL_ROOT" --arg n "$NAME"
	c create --bundle "$BUNDLE" "$NAME"
	c start "$NAME"
	nothing_left
}

@test "poststop hooks are not run again when delete was killed among them" {
	bundle true
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	edit '.hooks = {"poststop": [{"path": "/bin/sh", "args": ["sh", "-c", "echo first >>\($log)"]},
		{"path": "/bin/sh", "args": ["sh", "-c", "echo $$ >\($log).pid; echo second >>\($log); exec cat \($fifo)"]},
		{"path": "/bin/sh", "args": ["sh", "-c", "echo third >>\($log)"]}]}' \
		--arg log "$LOG" --arg fifo "$BATS_TEST_TMPDIR/fifo"
	c create --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	creel --root "$CREEL_ROOT" delete "$NAME" >/dev/null 2>&1 3>&- &
	wait_for grep -q second "$LOG"
	# Whoever asks meanwhile gets an answer.
	run timeout 100 creel --root "$CREEL_ROOT" kill "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"container not running"* ]]
	has_status "$NAME" stopped
	kill -9 $!
	wait $! || true
	# For the hook that goes on without its runtime, and for the second try.
	timeout 100 sh -c 'echo go >"$1"' sh "$BATS_TEST_TMPDIR/fifo"
	# Two who read would share what is written.
	wait_for test ! -e "/proc/$(cat "$LOG.pid")/exe"
	c delete "$NAME" 3>&- &
	wait_for grep -q -z 'second.second' "$LOG"
	timeout 100 sh -c 'echo go >"$1"' sh "$BATS_TEST_TMPDIR/fifo"
	wait $!
	[ "$(cat "$LOG")" = $'first\nsecond\nsecond\nthird' ]
	nothing_left
}

@test "environment: none is empty, an empty list too, and startContainer has the process's" {
	local kind
	bundle true
	edit '.process.env = ["PATH=/bin:/usr/bin", "MINE=1"]'
	for kind in createRuntime startContainer poststart; do
		edit '.hooks[$k] = [{"path":"/usr/bin/env"},{"path":"/usr/bin/env","env":[]},{"path":"/usr/bin/env","env":["A=1"]}]' --arg k "$kind"
	done
	ln -sf /bin/busybox "$ROOTFS/usr/bin/env"
	edit '.annotations = {"run.oci.hooks.stdout": $f}' --arg f "$LOG"
	FROM_CALLER=1 c run --bundle "$BUNDLE" "$NAME"
	cat "$LOG"
	[ "$(cat "$LOG")" = "A=1
PATH=/bin:/usr/bin
MINE=1
HOME=/root
A=1
A=1" ]
}

@test "a hook that does not read its input is no failure; what one writes is in the error" {
	bundle true
	# More state than a pipe holds.
	edit '.annotations = {"com.example.long": ("x" * 200000)} | .hooks = {"createRuntime": [{"path": "/bin/true"}]}'
	c run --bundle "$BUNDLE" "$NAME"
	edit '.hooks = {"createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c", "echo said; echo cried >&2; exit 9"]}]}'
	run c run --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"createRuntime hook 0: '/bin/sh' exited with status 9: said"*cried* ]]
	nothing_left
}

@test "a poststart hook that never ends keeps nobody from the container" {
	bundle sleep 100
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	edit '.hooks = {"poststart": [{"path": "/bin/sh", "args": ["sh", "-c", "echo there >>\($log); exec cat \($fifo)"]}]}' \
		--arg log "$LOG" --arg fifo "$BATS_TEST_TMPDIR/fifo"
	c create --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	creel --root "$CREEL_ROOT" start "$NAME" >/dev/null 2>&1 3>&- &
	wait_for grep -q there "$LOG"
	has_status "$NAME" running
	timeout 100 creel --root "$CREEL_ROOT" exec "$NAME" true
	timeout 100 creel --root "$CREEL_ROOT" kill "$NAME" KILL
	wait_for has_status "$NAME" stopped
	timeout 100 creel --root "$CREEL_ROOT" delete --force "$NAME"
	: | timeout 100 tee "$BATS_TEST_TMPDIR/fifo"
	wait $!
	nothing_left
}
