#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# No descriptor of creel's or of its caller's gets into a container or a hook (CVE-2024-21626), whichever
# way a process is started.  fdlist looks with its first instructions, by fcntl(2), not by what /proc says.

load helpers

setup() {
	requires root
	setup_creel
	hostile_image
	cp "$BUILD_DIR/tests/tools/fdlist" "$IMAGE/bin/fdlist"
	OUT=$BATS_TEST_TMPDIR/out
	HOLD=$BATS_TEST_TMPDIR/secret
	mkdir "$HOLD"
	make_canary
}

teardown() {
	teardown_creel
}

# with_fds COMMAND...: the caller has fifty directories of the host open, 3 to 52.
with_fds() {
	bash -c 'for fd in {3..52}; do eval "exec $fd<\"\$0\""; done; exec "$@"' "$HOLD" "$@"
}

# only_standard: what fdlist printed is 0, 1 and 2, and none of them a directory.
only_standard() {
	cat "$OUT"
	[ "$(cut -d ' ' -f 1 "$OUT" | tr '\n' ' ')" = '0 1 2 ' ]
	refute grep directory "$OUT"
}

@test "run: fifty descriptors of the caller" {
	hostile /bin/fdlist
	with_fds creel --root "$CREEL_ROOT" run --bundle "$BUNDLE" "$NAME" >"$OUT" </dev/null
	only_standard
}

@test "run: with a log file, sysctls, a user namespace, every hook" {
	hostile /bin/fdlist
	edit '.linux.namespaces += [{"type": "user"}, {"type": "time"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 65536}] | .linux.gidMappings = .linux.uidMappings
		| .linux.sysctl = {"net.ipv4.ip_forward": "1"} | .linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW",
			"syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}]}
		| .hooks = {"prestart": [{"path": "/bin/true"}], "createContainer": [{"path": "/bin/true"}],
			"startContainer": [{"path": "/bin/true"}]}'
	with_fds creel --debug --log "$BATS_TEST_TMPDIR/log" --root "$CREEL_ROOT" run --bundle "$BUNDLE" "$NAME" \
		>"$OUT" </dev/null
	only_standard
}

@test "create and start: between the two, and after" {
	hostile /bin/fdlist
	with_fds creel --root "$CREEL_ROOT" create --bundle "$BUNDLE" "$NAME" >"$OUT" 2>&1 </dev/null
	pid=$(c state "$NAME" | jq .pid)
	# The waiting process has nothing but the socket it waits at: no directory, no file, no cgroup.
	find "/proc/$pid/fd" -mindepth 1 -printf '%f %l\n' | sort -n >"$BATS_TEST_TMPDIR/waiting"
	cat "$BATS_TEST_TMPDIR/waiting"
	[ "$(grep -vc -e '^[012] ' "$BATS_TEST_TMPDIR/waiting")" -le 2 ]
	refute grep -v -e '^[012] ' -e ' socket:' "$BATS_TEST_TMPDIR/waiting"
	with_fds creel --root "$CREEL_ROOT" start "$NAME"
	wait_for grep -q '^2 ' "$OUT"
	only_standard
}

@test "run --detach, and a terminal" {
	hostile /bin/fdlist
	with_fds creel --root "$CREEL_ROOT" run --detach --bundle "$BUNDLE" "$NAME" >"$OUT" 2>&1 </dev/null
	wait_for grep -q '^2 ' "$OUT"
	only_standard
	c delete --force "$NAME"
	edit '.process.terminal = true'
	recvtty "$BATS_TEST_TMPDIR/sock" >"$OUT" </dev/null 3>&- &
	wait_for test -S "$BATS_TEST_TMPDIR/sock"
	with_fds creel --root "$CREEL_ROOT" run --detach --console-socket "$BATS_TEST_TMPDIR/sock" \
		--bundle "$BUNDLE" "$NAME" </dev/null
	wait_for grep -q '^2 ' "$OUT"
	tr -d '\r' <"$OUT" >"$OUT.lf"
	mv "$OUT.lf" "$OUT"
	only_standard
	# A terminal of the container's own is all three, and not the caller's.
	[ "$(cut -d ' ' -f 3 "$OUT" | sort -u | wc -l)" -eq 1 ]
}

@test "exec: foreground, detached, with a terminal, as a user" {
	local how
	hostile sleep 1000
	with_fds creel --root "$CREEL_ROOT" run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 </dev/null
	for how in '' --detach '--user 1000:1000' '--cwd /tmp --cap CAP_SYS_PTRACE'; do
		: >"$OUT"
		# shellcheck disable=SC2086
		with_fds creel --root "$CREEL_ROOT" exec $how "$NAME" /bin/fdlist >"$OUT" 2>&1 </dev/null
		wait_for grep -q '^2 ' "$OUT"
		echo "exec $how"
		only_standard
	done
	with_fds script -qec "creel --root $CREEL_ROOT exec --tty $NAME /bin/fdlist" /dev/null | tr -d '\r\0' | sed 's|\^@||g' >"$OUT"
	only_standard
}

@test "hooks of every kind have 0, 1 and 2 alone" {
	local kind
	hostile true
	for kind in prestart createRuntime createContainer poststart poststop; do
		edit '.hooks[$kind] = [{"path": $p, "args": ["fdlist", $out]}]' --arg kind "$kind" \
			--arg p "$BUILD_DIR/tests/tools/fdlist" --arg out "$OUT.$kind"
	done
	edit '.hooks.startContainer = [{"path": "/bin/fdlist", "args": ["fdlist", "/tmp/startContainer"]}]'
	with_fds creel --root "$CREEL_ROOT" run --bundle "$BUNDLE" "$NAME" </dev/null
	for kind in prestart createRuntime createContainer poststart poststop startContainer; do
		OUT=$BATS_TEST_TMPDIR/out.$kind
		[ "$kind" != startContainer ] || OUT=$IMAGE/tmp/startContainer
		echo "$kind"
		only_standard
	done
}

@test "hooks get none of the descriptors that are kept for the container" {
	hostile true
	edit '.hooks = {"createRuntime": [{"path": $p, "args": ["fdlist", $out]}],
		"createContainer": [{"path": $p, "args": ["fdlist", $out + "2"]}],
		"startContainer": [{"path": "/bin/fdlist", "args": ["fdlist", "/tmp/out3"]}]}' \
		--arg p "$BUILD_DIR/tests/tools/fdlist" --arg out "$OUT"
	with_fds creel --root "$CREEL_ROOT" run --preserve-fds 2 --bundle "$BUNDLE" "$NAME" </dev/null
	cat "$OUT"2 >>"$OUT"
	cat "$IMAGE/tmp/out3" >>"$OUT"
	cat "$OUT"
	refute grep directory "$OUT"
	[ "$(wc -l <"$OUT")" -eq 9 ]
}

@test "--preserve-fds keeps as many as it says, and exec too" {
	hostile /bin/fdlist
	with_fds creel --root "$CREEL_ROOT" run --preserve-fds 2 --bundle "$BUNDLE" "$NAME" >"$OUT" </dev/null
	cat "$OUT"
	[ "$(cut -d ' ' -f 1 "$OUT" | tr '\n' ' ')" = '0 1 2 3 4 ' ]
	edit '.process.args = ["sleep", "1000"]'
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	with_fds creel --root "$CREEL_ROOT" exec --preserve-fds 1 "$NAME" /bin/fdlist >"$OUT" </dev/null
	[ "$(cut -d ' ' -f 1 "$OUT" | tr '\n' ' ')" = '0 1 2 3 ' ]
}

@test "where close_range(2) is refused" {
	hostile /bin/fdlist
	with_fds no_syscall close_range -- creel --root "$CREEL_ROOT" run --bundle "$BUNDLE" "$NAME" >"$OUT" </dev/null
	only_standard
}

@test "CVE-2024-21626: no working directory, program or directory behind a descriptor of the host" {
	local n
	hostile sh -c 'cat ../canary/file ../../canary/file ../../../canary/file 2>/dev/null; ls; true'
	for n in $(full "$(seq 0 64 | tr '\n' ' ')" '3 4 5 6 7 9 12 20 52'); do
		edit '.process.cwd = "/proc/self/fd/" + $n' --arg n "$n"
		run with_fds creel --root "$CREEL_ROOT" run --bundle "$BUNDLE" "$NAME"
		echo "cwd fd $n: $status $output"
		[[ $output != *untouched* && $output != *secret* && $output != *config.json* ]]
		nothing_left
	done
	edit '.process.cwd = "/" | .process.args = ["sleep", "1000"]'
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	cp "$IMAGE/bin/busybox" "$BATS_TEST_TMPDIR/echo"
	for n in $(full "$(seq 0 64 | tr '\n' ' ')" '3 4 6 8 11 20 52'); do
		run with_fds creel --root "$CREEL_ROOT" exec --cwd "/proc/self/fd/$n" "$NAME" \
			sh -c 'cat ../canary/file ../../canary/file 2>/dev/null; ls'
		echo "exec cwd fd $n: $status $output"
		[[ $output != *untouched* && $output != *secret* && $output != *state.json* ]]
		for up in .. ../..; do
			run with_fds creel --root "$CREEL_ROOT" exec "$NAME" "/proc/self/fd/$n/$up/echo" escaped
			[ "$status" -ne 0 ]
			[[ $output != escaped ]]
		done
	done
	canary_untouched
}
