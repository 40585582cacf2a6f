#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# CVE-2019-5736: nothing inside a container can write to the runtime's own file.

load ../helpers

setup() {
	requires root
	setup_creel
	SUM=$(sha256sum <"$BUILD_DIR/creel")
	# Writing to a running program is refused anyway (ETXTBSY); what matters is that no open succeeds once it is not.
	cp "$BUILD_DIR/creel" "$BATS_TEST_TMPDIR/creel"
	PATH=$BATS_TEST_TMPDIR:$PATH
}

teardown() {
	teardown_creel
}

unharmed() {
	[ "$(sha256sum <"$BATS_TEST_TMPDIR/creel")" = "$SUM" ]
}

@test "an image that executes /proc/self/exe gets a file it cannot write" {
	bundle /proc/self/exe --version
	edit '.process.capabilities |= map_values(["CAP_DAC_OVERRIDE", "CAP_SYS_PTRACE"])'
	run c run --bundle "$BUNDLE" "$NAME"
	[[ $output == *"creel version"* ]] || [[ $output == *"permission denied"* ]]
	unharmed
}

# Whoever gets hold of the file waits until it no longer runs, and opens it again for writing.
@test "the waiting first process shows a file that can never be written" {
	bundle sleep 100
	c create --bundle "$BUNDLE" "$NAME"
	exec 7<"/proc/$(c state "$NAME" | jq .pid)/exe"
	run sh -c "echo overwritten >/proc/self/fd/7"
	[ "$status" -ne 0 ]
	[[ $output == *"Read-only file system"* ]]
	c delete --force "$NAME"
	run sh -c "echo overwritten >/proc/self/fd/7"
	exec 7<&-
	[ "$status" -ne 0 ]
	[[ $output == *"Read-only file system"* ]]
	unharmed
}

@test "where mounts cannot be cloned, a sealed copy runs" {
	bundle sleep 100
	no_syscall open_tree -- creel --root "$CREEL_ROOT" create --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	exe=/proc/$(c state "$NAME" | jq .pid)/exe
	[[ $(readlink "$exe") == /memfd:creel* ]]
	run sh -c "echo overwritten >$exe"
	[ "$status" -ne 0 ]
	c start "$NAME"
	c delete --force "$NAME"
	nothing_left
}

@test "no variable of the caller skips the protection" {
	bundle sleep 100
	env -i PATH="$PATH" CREEL_REEXEC=1 _CREEL_PROTECTED=1 LIBCONTAINER_CLONED_BINARY=1 \
		creel --root "$CREEL_ROOT" create --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	run sh -c "echo overwritten >/proc/$(c state "$NAME" | jq .pid)/exe"
	[ "$status" -ne 0 ]
	[[ $output == *"Read-only file system"* ]]
}

@test "the protected process keeps its name, arguments and environment" {
	bundle sleep 100
	MARK=kept c create --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	pid=$(c state "$NAME" | jq .pid)
	[ "$(cat "/proc/$pid/comm")" = creel ]
	[[ "$(tr '\0' ' ' <"/proc/$pid/cmdline")" == "creel "*" create --bundle $BUNDLE $NAME " ]]
	tr '\0' '\n' <"/proc/$pid/environ" | grep -qx MARK=kept
}

# The first prctl of all is the one that names the clone as the executable.
@test "where a process may not name its executable, it executes the clone once" {
	requires program strace
	bundle sh -c 'exit 3'
	run strace -o "$BATS_TEST_TMPDIR/trace" -e trace=execve,execveat,prctl \
		-e inject=prctl:error=EPERM:when=1 creel --root "$CREEL_ROOT" run --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 3 ]
	[ "$(grep -c 'execveat(' "$BATS_TEST_TMPDIR/trace")" -eq 1 ]
}

@test "what enters no container is not executed again" {
	requires program strace
	strace -f -o "$BATS_TEST_TMPDIR/trace" -e trace=execve,execveat,open_tree creel --root "$CREEL_ROOT" list
	[ "$(grep -c 'execveat(\|open_tree(' "$BATS_TEST_TMPDIR/trace")" -eq 0 ]
}

@test "a process that exec brings in shows a file that cannot be written" {
	bundle sleep 100
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	run c exec "$NAME" /proc/self/exe --version
	[[ $output == *"creel version"* ]] || [[ $output == *"permission denied"* ]]
	unharmed
}
