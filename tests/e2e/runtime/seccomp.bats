#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# System call filters as a user meets them.

load ../helpers

setup() {
	requires root
	setup_creel
}

teardown() {
	[ -z "${AGENT:-}" ] || kill "$AGENT" 2>/dev/null || true
	teardown_creel
}

# agent: takes listeners at $SOCKET; mkdir fails there with EXDEV, every other call goes on.
agent() {
	SOCKET=$BATS_TEST_TMPDIR/agent
	DOC=$BATS_TEST_TMPDIR/doc
	python3 - "$SOCKET" "$DOC" >"$BATS_TEST_TMPDIR/agent.log" 2>&1 3>&- <<-'END' &
		import array, fcntl, os, select, socket, struct, sys
		path, doc = sys.argv[1:]
		s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
		s.bind(path + ".new"); s.listen(); os.rename(path + ".new", path)
		poll = select.poll(); poll.register(s, select.POLLIN)
		while True:
		    for fd, event in poll.poll():
		        if fd == s.fileno():
		            c, _ = s.accept()
		            text, control, _, _ = c.recvmsg(65536, socket.CMSG_LEN(4))
		            open(doc + ".new", "wb").write(text); os.rename(doc + ".new", doc)
		            poll.register(array.array("i", control[0][2])[0], select.POLLIN)
		        elif not event & select.POLLIN:
		            poll.unregister(fd); os.close(fd)
		        else:
		            try:
		                call = fcntl.ioctl(fd, 0xC0502100, bytes(80))
		                ident, _, _, nr = struct.unpack_from("QIIi", call)
		                refuse = nr in (83, 258)
		                fcntl.ioctl(fd, 0xC0182101, struct.pack("QqiI", ident, 0, -18 if refuse else 0, 0 if refuse else 1))
		            except OSError:
		                pass
	END
	AGENT=$!
	wait_for test -S "$SOCKET"
}

# notified CALL...: these go to the agent.
notified() {
	edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $s, listenerMetadata: "meta data",
		syscalls: [{names: $ARGS.positional, action: "SCMP_ACT_NOTIFY"}]}' --arg s "$SOCKET" --args -- "$@"
}

no_mkdir() {
	bundle mkdir /tmp/never
	edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
		syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 31}]}'
}

@test "a filtered call fails with the number the profile gives" {
	no_mkdir
	run c run --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *"Too many links"* ]]
	[ ! -e "$ROOTFS/tmp/never" ]
}

@test "a filter is compiled once, kept, and is no container" {
	no_mkdir
	run c run --bundle "$BUNDLE" "$NAME"
	[ "$(find "$CREEL_ROOT/.seccomp" -type f | wc -l)" -eq 1 ]
	first=$(stat -c %i "$CREEL_ROOT"/.seccomp/*)
	run c run --bundle "$BUNDLE" "$NAME"
	[[ $output == *"Too many links"* ]]
	[ "$(stat -c %i "$CREEL_ROOT"/.seccomp/*)" = "$first" ]
	[ -z "$(c list -q)" ]
}

@test "a kept filter that was tampered with is made again" {
	no_mkdir
	run c run --bundle "$BUNDLE" "$NAME"
	# What fails becomes what is allowed: a program like any other for the kernel.
	file=$(echo "$CREEL_ROOT"/.seccomp/*)
	cp "$file" "$BATS_TEST_TMPDIR/kept"
	LC_ALL=C sed -i 's/\x06\x00\x00\x00\x1f\x00\x05\x00/\x06\x00\x00\x00\x00\x00\xff\x7f/g' "$file"
	[ "$(cmp -s "$file" "$BATS_TEST_TMPDIR/kept"; echo $?)" -eq 1 ]
	run c run --bundle "$BUNDLE" "$NAME"
	[[ $output == *"Too many links"* ]]
	cmp "$file" "$BATS_TEST_TMPDIR/kept"
}

@test "exec is under the same filter" {
	no_mkdir
	edit '.process.args = ["sleep", "100"]'
	c run -d --bundle "$BUNDLE" "$NAME"
	run c exec "$NAME" mkdir /tmp/never
	[[ $output == *"Too many links"* ]]
}

@test "the listener goes to the agent, with the state of the container, and the agent decides" {
	requires program python3
	[ "$(uname -m)" = x86_64 ] || skip "the agent knows this machine's numbers only"
	agent
	bundle sh -c 'mkdir /tmp/never; cat /proc/1/comm; sleep 100'
	edit '.annotations = {"com.example.key": "value"}'
	notified mkdir mkdirat
	c create --bundle "$BUNDLE" "$NAME" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&-
	pid=$(c state "$NAME" | jq .pid)
	wait_for test -e "$DOC"
	jq -e --arg id "$NAME" --arg b "$BUNDLE" --argjson pid "$pid" '.ociVersion == "1.3.0" and .fds == ["seccompFd"]
		and .pid == $pid and .metadata == "meta data" and .state.id == $id and .state.status == "creating"
		and .state.pid == $pid and .state.bundle == $b and .state.annotations["com.example.key"] == "value"' "$DOC"
	c start "$NAME"
	wait_for grep -q sh "$BATS_TEST_TMPDIR/out"
	grep -q "Invalid cross-device link" "$BATS_TEST_TMPDIR/out"
	# A process of exec has a listener of its own, of a container that runs.
	rm "$DOC"
	run c exec "$NAME" mkdir /tmp/never
	[[ $output == *"Invalid cross-device link"* ]]
	jq -e --argjson pid "$pid" '.state.status == "running" and .state.pid == $pid and .pid != $pid' "$DOC"
	[ ! -e "$ROOTFS/tmp/never" ]
}

@test "calls by which the listener is handed over may go to it too" {
	requires program python3
	[ "$(uname -m)" = x86_64 ] || skip "the agent knows this machine's numbers only"
	agent
	for calls in "sendmsg" "sendmsg write" "sendmsg recvmsg close prctl execve mkdir"; do
		bundle sh -c 'echo ran'
		# shellcheck disable=SC2086 # words
		notified $calls
		run timeout 120 creel --root "$CREEL_ROOT" run --bundle "$BUNDLE" "$NAME"
		echo "$calls: $output"
		[ "$status" -eq 0 ]
		[ "$output" = ran ]
	done
	notified sendmsg write sendto
	run c run --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"leaves no way to hand the listener over"* ]]
	[ -z "$(c list -q)" ]
}

@test "an agent that is not there fails the creation; so does a profile without its address" {
	bundle true
	SOCKET=/no/such/agent
	notified mkdir
	run c create --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"seccomp listener"*"/no/such/agent"* ]]
	[ -z "$(c list -q)" ]
	edit 'del(.linux.seccomp.listenerPath, .linux.seccomp.listenerMetadata)'
	run c create --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"linux.seccomp.listenerPath: missing, though a rule has SCMP_ACT_NOTIFY"* ]]
	[ -z "$(c list -q)" ]
}

@test "crun's annotations: an unknown call fails on demand, a compiled filter is loaded" {
	no_mkdir
	edit '.linux.seccomp.syscalls[0].names += ["no_such_call"]'
	run c run --bundle "$BUNDLE" "$NAME"
	[[ $output == *"Too many links"* ]]
	edit '.annotations = {"run.oci.seccomp_fail_unknown_syscall": "true"}'
	run c run --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"linux.seccomp.syscalls[0].names[2]: unknown system call 'no_such_call'"* ]]
	[ -z "$(c list -q)" ]
	# A = number; mkdir of x86_64: EXDEV; all others: allow.
	[ "$(uname -m)" = x86_64 ] || skip "the filter is this machine's"
	edit 'del(.linux.seccomp) | .annotations = {"run.oci.seccomp_bpf_data": $f}' \
		--arg f "$(printf '\40\0\0\0\0\0\0\0\25\0\0\1\123\0\0\0\6\0\0\0\22\0\5\0\6\0\0\0\0\0\377\177' | base64 -w0)"
	run c run --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[[ $output == *"Invalid cross-device link"* ]]
	edit '.annotations["run.oci.seccomp_bpf_data"] = "AAAA"'
	run c run --bundle "$BUNDLE" "$NAME"
	[[ $output == *"annotations.run.oci.seccomp_bpf_data: 3 bytes are not 1 to 4096 instructions"* ]]
	[ -z "$(c list -q)" ]
}

@test "crun's annotations: a compiled filter that notifies has the agent named in another" {
	requires program python3
	[ "$(uname -m)" = x86_64 ] || skip "the agent knows this machine's numbers only"
	agent
	bundle sh -c 'mkdir /tmp/never; true'
	# The same, but mkdir goes to the listener.
	edit '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW"}
		| .annotations = {"run.oci.seccomp_bpf_data": $f, "run.oci.seccomp.receiver": $s}' --arg s "$SOCKET" \
		--arg f "$(printf '\40\0\0\0\0\0\0\0\25\0\0\1\123\0\0\0\6\0\0\0\0\0\300\177\6\0\0\0\0\0\377\177' | base64 -w0)"
	run c run --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[[ $output == *"Invalid cross-device link"* ]]
}

@test "an architecture that the library lacks is an error, and features lists the others" {
	bundle true
	local arch
	for arch in LOONGARCH64 M68K SH RISCV64; do
		creel features | jq -e '.linux.seccomp.archs | index($a) | not' --arg a "SCMP_ARCH_$arch" || continue
		edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: [$a]}' --arg a "SCMP_ARCH_$arch"
		run c run --bundle "$BUNDLE" "$NAME"
		[ "$status" -eq 1 ]
		[[ $output == *"linux.seccomp.architectures[0]: 'SCMP_ARCH_$arch' is unknown to libseccomp"* ]]
		[ -z "$(c list -q)" ]
		return 0
	done
	skip "this libseccomp knows them all"
}
