#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What is said over sockets: readiness to a service manager, pidfds to a caller.

load ../helpers

setup() {
	requires root
	requires program python3
	setup_creel
	OUT=$BATS_TEST_TMPDIR/out
}

teardown() {
	teardown_creel
	[ -z "${LISTENER:-}" ] || kill "$LISTENER" 2>/dev/null || true
}

# listen KIND: note datagrams (KIND dgram), or the message and descriptor of one connection (stream).
listen() {
	SOCKET=$BATS_TEST_TMPDIR/socket
	rm -f "$SOCKET"
	python3 - "$1" "$SOCKET" >"$OUT" 2>&1 3>&- <<-'END' &
		import array, os, socket, sys
		kind, path = sys.argv[1:]
		if kind == "dgram":
		    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		    s.bind(path + ".new"); os.rename(path + ".new", path)
		    while True:
		        print(s.recv(4096).decode(), flush=True)
		s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
		s.bind(path + ".new"); s.listen(); os.rename(path + ".new", path)
		c, _ = s.accept()
		text, control, _, _ = c.recvmsg(4096, socket.CMSG_LEN(4))
		fd = array.array("i", control[0][2])[0]
		info = open(f"/proc/self/fdinfo/{fd}").read()
		print([l.split()[1] for l in info.splitlines() if l.startswith("Pid:")][0], flush=True)
	END
	LISTENER=$!
	wait_for test -S "$SOCKET"
}

@test "start waits for READY and tells it on, with the main process" {
	cp "$BUILD_DIR/tests/tools/notify" "$ROOTFS/bin/notify"
	bundle sh -c 'sleep 1; notify "STATUS=x
READY=1"; sleep 100'
	listen dgram
	NOTIFY_SOCKET=$SOCKET c create --bundle "$BUNDLE" "$NAME" 3>&-
	start=$(date +%s%N)
	NOTIFY_SOCKET=$SOCKET c start "$NAME"
	[ $(($(date +%s%N) - start)) -gt 900000000 ]
	pid=$(c state "$NAME" | jq .pid)
	wait_for grep -q READY=1 "$OUT"
	[ "$(cat "$OUT")" = "MAINPID=$pid"$'\n'READY=1 ]
}

@test "start does not wait for the READY of a program that ends" {
	bundle true
	listen dgram
	NOTIFY_SOCKET=$SOCKET c create --bundle "$BUNDLE" "$NAME" 3>&-
	NOTIFY_SOCKET=$SOCKET timeout 120 creel --root "$CREEL_ROOT" start "$NAME"
	[ ! -s "$OUT" ]
}

@test "--pidfd-socket gets a descriptor of the process" {
	bundle sleep 100
	listen stream
	c create --bundle "$BUNDLE" --pidfd-socket "$SOCKET" "$NAME" 3>&-
	wait "$LISTENER"
	[ "$(cat "$OUT")" = "$(c state "$NAME" | jq .pid)" ]
	listen stream
	c exec --detach --pidfd-socket "$SOCKET" --pid-file "$BATS_TEST_TMPDIR/pid" "$NAME" sleep 50 >/dev/null 2>&1 3>&-
	wait "$LISTENER"
	[ "$(cat "$OUT")" = "$(cat "$BATS_TEST_TMPDIR/pid")" ]
	# crun's way to say it; the option wins.
	edit '.annotations = {"run.oci.pidfd_receiver": $s} | .linux.cgroupsPath += "-3"' --arg s "$SOCKET"
	listen stream
	c create --bundle "$BUNDLE" "$NAME-3" 3>&-
	wait "$LISTENER"
	[ "$(cat "$OUT")" = "$(c state "$NAME-3" | jq .pid)" ]
	run c create --bundle "$BUNDLE" --pidfd-socket /no/such "$NAME-2"
	[ "$status" -eq 1 ]
	[[ $output == *"--pidfd-socket"* ]]
}
