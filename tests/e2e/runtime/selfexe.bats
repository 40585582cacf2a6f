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
	requires program strace
	bundle true
	strace -f -o "$BATS_TEST_TMPDIR/trace" -e trace=execve,execveat env -i PATH="$PATH" \
		CREEL_REEXEC=1 _CREEL_PROTECTED=1 LIBCONTAINER_CLONED_BINARY=1 \
		creel --root "$CREEL_ROOT" run --bundle "$BUNDLE" "$NAME" 3>&-
	grep -q 'execveat(' "$BATS_TEST_TMPDIR/trace"
}

@test "the program executes itself again once, and shows its own name" {
	requires program strace
	bundle sh -c 'exit 3'
	run strace -f -o "$BATS_TEST_TMPDIR/trace" -e trace=execve,execveat creel --root "$CREEL_ROOT" run --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 3 ]
	[ "$(grep -c 'execveat(' "$BATS_TEST_TMPDIR/trace")" -eq 1 ]
	strace -f -o "$BATS_TEST_TMPDIR/trace" -e trace=execve,execveat creel --root "$CREEL_ROOT" list
	[ "$(grep -c 'execveat(' "$BATS_TEST_TMPDIR/trace")" -eq 0 ]
}

@test "a process that exec brings in shows a file that cannot be written" {
	bundle sleep 100
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	run c exec "$NAME" /proc/self/exe --version
	[[ $output == *"creel version"* ]] || [[ $output == *"permission denied"* ]]
	unharmed
}
