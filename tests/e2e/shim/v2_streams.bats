#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Streams between a container and containerd's client: FIFOs, both ends of which come and go.

bats_require_minimum_version 1.5.0
load v2

setup() { v2_setup; }

teardown() { v2_teardown; }

# exec_in ID EXEC SCRIPT WORD...: an exec of a shell script, started.
exec_in() {
	add_exec "$@"
	ask "$1" Start "id=$1" "exec_id=$2"
}

add_exec() {
	local id=$1 exec=$2 script=$3
	shift 3
	jq -n --arg s "$script" '{cwd: "/", env: ["PATH=/bin"], user: {uid: 0, gid: 0}, args: ["/bin/sh", "-c", $s]}' >"$T/$exec.json"
	ask "$id" Exec "id=$id" "exec_id=$exec" \
		spec.type_url=types.containerd.io/opencontainers/runtime-spec/1/Process "spec.value=@$T/$exec.json" "$@"
}

waits_for() { # ID [WORD...]: prints the exit status
	ask "$1" Wait "id=$1" "${@:2}" | sed -n 's/^exit_status: //p'
}

slowly() {
	python3 -c '
import os, sys, time
fd = os.open(sys.argv[1], os.O_RDONLY)
out = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT, 0o600)
n = 0
while True:
    data = os.read(fd, 4096)
    if not data: break
    os.write(out, data)
    n += 1
    if n < 50: time.sleep(0.01)
' "$1" "$2"
}

@test "a container's output goes to the client without the shim between: 200 MB arrive whole" {
	bundle "$P" 'yes 0123456789 | head -c 200000000; echo done >&2; exit 5'
	mkdir -p "$T/fifo/$P"
	mkfifo "$T/fifo/$P/out" "$T/fifo/$P/err"
	md5sum <"$T/fifo/$P/out" >"$T/sum" 3>&- &
	cat "$T/fifo/$P/err" >"$T/err" 3>&- &
	v2_start "$P" >/dev/null
	# shellcheck disable=SC2046 # words
	create "$P" $(with_fifos "$P")
	# It does not pass through the shim: the container writes into the FIFO itself.
	[ "$(readlink "/proc/$(cat "$T/ns/$P/init.pid")/fd/1")" = "$T/fifo/$P/out" ]
	ask "$P" Start "id=$P"
	[ "$(waits_for "$P")" = 5 ]
	wait_for test -s "$T/sum"
	[ "$(cat "$T/sum")" = "$(yes 0123456789 | head -c 200000000 | md5sum)" ]
	wait_for test -s "$T/err"
	[ "$(cat "$T/err")" = done ]
}

@test "an exec's output, read slowly and long after its end, arrives whole" {
	bundle "$P" 'sleep 1000'
	v2_start "$P" >/dev/null
	create "$P"
	ask "$P" Start "id=$P"
	mkdir -p "$T/fifo/x"
	mkfifo "$T/fifo/x/out"
	slowly "$T/fifo/x/out" "$T/got" 3>&- &
	local reader=$!
	exec_in "$P" x 'seq 1 30000; exit 4' "stdout_path=$T/fifo/x/out"
	[ "$(waits_for "$P" exec_id=x)" = 4 ]
	ask "$P" Delete "id=$P" exec_id=x
	wait "$reader"
	[ "$(md5sum <"$T/got")" = "$(seq 1 30000 | md5sum)" ]
}

@test "a client that goes away breaks no pipe; the next one gets the rest" {
	bundle "$P" 'trap "" PIPE; i=0; while [ ! -e /tmp/stop ]; do i=$((i + 1)); echo $i || exit 9; echo >>/tmp/count; sleep 0.01; done'
	mkdir -p "$T/fifo/$P"
	mkfifo "$T/fifo/$P/out"
	head -n 20 "$T/fifo/$P/out" >"$T/first" 3>&- &
	local first=$!
	v2_start "$P" >/dev/null
	create "$P" "stdout_path=$T/fifo/$P/out"
	ask "$P" Start "id=$P"
	wait "$first"
	local count
	count=$(wc -l <"$T/rootfs/tmp/count")
	wait_for eval '[ "$(wc -l <"$T/rootfs/tmp/count")" -gt $((count + 30)) ]'
	cat "$T/fifo/$P/out" >"$T/second" 3>&- &
	local second=$!
	touch "$T/rootfs/tmp/stop"
	[ "$(waits_for "$P")" = 0 ]
	wait "$second"
	# What head had read ahead is its own loss; from there on nothing is missing.
	[ "$(awk 'NR > 1 && $1 != last + 1 { bad++ } { last = $1 } END { print bad + 0 }' "$T/second")" = 0 ]
	[ "$(wc -l <"$T/second")" -gt 20 ]
}

@test "output before any client comes is kept, also beyond the end" {
	bundle "$P" 'echo early'
	mkdir -p "$T/fifo/$P"
	mkfifo "$T/fifo/$P/out"
	v2_start "$P" >/dev/null
	create "$P" "stdout_path=$T/fifo/$P/out"
	ask "$P" Start "id=$P"
	[ "$(waits_for "$P")" = 0 ]
	sleep 0.5
	[ "$(timeout 300 cat "$T/fifo/$P/out")" = early ]
	ask "$P" Delete "id=$P"
}

@test "the shim is killed: the container writes on, to the same client" {
	bundle "$P" 'for i in 1 2 3 4 5 6 7 8 9 10; do echo $i; sleep 0.1; done'
	fifos "$P"
	v2_start "$P" >/dev/null
	# shellcheck disable=SC2046 # words
	create "$P" $(with_fifos "$P")
	ask "$P" Start "id=$P"
	wait_for grep -q 2 "$T/fifo/$P/out.got"
	kill -KILL "$SHIM_PID"
	wait_for grep -q 10 "$T/fifo/$P/out.got"
	[ "$(paste -sd ' ' "$T/fifo/$P/out.got")" = "1 2 3 4 5 6 7 8 9 10" ]
}

@test "input ends when it was closed by CloseIO and by the client" {
	bundle "$P" 'cat; echo end'
	fifos "$P"
	v2_start "$P" >/dev/null
	# shellcheck disable=SC2046 # words
	create "$P" "stdin_path=$T/fifo/$P/in" $(with_fifos "$P")
	ask "$P" Start "id=$P"
	echo one >"$T/fifo/$P/in"
	echo two >"$T/fifo/$P/in"
	wait_for grep -q two "$T/fifo/$P/out.got"
	run ! grep -q end "$T/fifo/$P/out.got"
	ask "$P" CloseIO "id=$P" stdin_too=true
	[ "$(waits_for "$P")" = 0 ]
	wait_for grep -q end "$T/fifo/$P/out.got"
}

@test "an exec's input: a megabyte, its end by CloseIO" {
	bundle "$P" 'sleep 1000'
	v2_start "$P" >/dev/null
	create "$P"
	ask "$P" Start "id=$P"
	fifos x
	exec_in "$P" x 'md5sum' "stdin_path=$T/fifo/x/in" "stdout_path=$T/fifo/x/out"
	head -c 1000000 /dev/zero | tr '\0' y >"$T/in"
	cat "$T/in" >"$T/fifo/x/in"
	ask "$P" CloseIO "id=$P" exec_id=x stdin_too=true
	[ "$(waits_for "$P" exec_id=x)" = 0 ]
	wait_for test -s "$T/fifo/x/out.got"
	[ "$(cat "$T/fifo/x/out.got")" = "$(md5sum <"$T/in")" ]
}

@test "an exec's input that was closed before its start is at its end" {
	bundle "$P" 'sleep 1000'
	v2_start "$P" >/dev/null
	create "$P"
	ask "$P" Start "id=$P"
	fifos x
	add_exec "$P" x 'cat; echo end' "stdin_path=$T/fifo/x/in" "stdout_path=$T/fifo/x/out"
	ask "$P" CloseIO "id=$P" exec_id=x stdin_too=true
	ask "$P" Start "id=$P" exec_id=x
	[ "$(waits_for "$P" exec_id=x)" = 0 ]
	wait_for grep -q end "$T/fifo/x/out.got"
}

@test "what cannot be opened is said, and nothing is left" {
	bundle "$P" 'true'
	v2_start "$P" >/dev/null
	local before
	sleep 0.2
	before=$(ls "/proc/$SHIM_PID/fd" | wc -l)
	run create "$P" stdout_path=/no/such/fifo
	[ "$status" -eq 1 ]
	[[ $output == *"stream '/no/such/fifo': No such file or directory"* ]]
	run create "$P" "stdout_path=ttrpc+unix:///x?streaming_id=1"
	[ "$status" -eq 1 ]
	[[ $output == *"unknown STDIO scheme ttrpc+unix"* ]]
	run create "$P" stdout_path=binary:///no/such/logger
	[ "$status" -eq 1 ]
	[[ $output == *"logger '/no/such/logger'"* ]]
	# The last connection may be just about to be closed.
	wait_for eval '[ "$(ls "/proc/$SHIM_PID/fd" | wc -l)" -eq "$before" ]'
	create "$P"
}

@test "a terminal: output, input, its size, its end" {
	bundle "$P" 'stty size; read x; echo "got $x"; exit 3'
	jq '.process.terminal = true | .mounts += [
		{"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["newinstance", "ptmxmode=0666"]}]' \
		"$T/ns/$P/config.json" >"$T/c.json"
	mv "$T/c.json" "$T/ns/$P/config.json"
	fifos "$P"
	v2_start "$P" >/dev/null
	create "$P" terminal=true "stdin_path=$T/fifo/$P/in" "stdout_path=$T/fifo/$P/out"
	ask "$P" ResizePty "id=$P" width=71 height=23
	ask "$P" Start "id=$P"
	echo hello >"$T/fifo/$P/in"
	[ "$(waits_for "$P")" = 3 ]
	wait_for grep -q 'got hello' "$T/fifo/$P/out.got"
	grep -q '23 71' "$T/fifo/$P/out.got"
}

@test "a logger that is slow to read gets to the end of the output" {
	cat >"$T/logger" <<-END
		#!/bin/sh
		exec 5>&-
		sleep 1
		cat <&3 >"$T/logged"
	END
	chmod +x "$T/logger"
	bundle "$P" 'seq 1000'
	v2_start "$P" >/dev/null
	create "$P" "stdout_path=binary://$T/logger" >/dev/null
	ask "$P" Start "id=$P" >/dev/null
	ask "$P" Wait "id=$P"
	ask "$P" Delete "id=$P"
	wait_for eval 'seq 1000 | cmp - "$T/logged"'
}
