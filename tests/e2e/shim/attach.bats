#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154,SC2030,SC2031 # scripts for the container; stderr is set by run
# creel-shim attach: input and output of a running container, for any number of people.

bats_require_minimum_version 1.5.0
load shim

setup() {
	shim_setup
}

teardown() {
	shim_teardown
}

@test "attach: input goes in, output comes out, and the end of input is the container's" {
	container 'while read line; do echo "got $line"; echo "err $line" >&2; done; exit 6'
	shim_run -d -i "$ID"
	local status=0
	printf 'one\ntwo\n' | shim attach "$ID" >"$T/out" 2>"$T/err" || status=$?
	[ "$status" -eq 6 ]
	[ "$(cat "$T/out")" = $'got one\ngot two' ]
	[ "$(cat "$T/err")" = $'err one\nerr two' ]
}

@test "attach: a client that is killed leaves the input open for the next" {
	container 'while read line; do echo "got $line"; done; echo end'
	shim_run -d -i "$ID"
	mkfifo "$T/fifo"
	exec 9<>"$T/fifo" # there is always a writer: the client sees no end
	shim_exec attach "$ID" <"$T/fifo" 9>&- &
	local pid=$!
	echo first >&9
	eventually 5 grep -q 'got first' "$STATE/$ID/log"
	kill -KILL "$pid"
	exec 9>&-
	sleep 0.2
	[[ $(shim list) == *" Up "* ]]
	[ "$(echo second | shim attach "$ID")" = $'got second\nend' ]
}

@test "attach: several see the same output" {
	container 'read line; seq 1 1000; exit 2'
	shim_run -d -i "$ID"
	for i in 1 2 3; do
		shim attach --no-stdin "$ID" >"$T/out.$i" &
	done
	eventually 5 attached 3
	echo go | shim attach "$ID" >"$T/out.4" || [ $? -eq 2 ]
	wait
	for i in 1 2 3 4; do
		seq 1 1000 | cmp - "$T/out.$i"
	done
}

@test "attach: who does not read holds up nobody and loses nothing" {
	container 'read line; seq 1 2000000; exit 2'
	shim_run -d -i "$ID"
	mkfifo "$T/slow"
	sleep 1000 <>"$T/slow" 3>&- &
	local holder=$!
	shim_exec attach --no-stdin "$ID" >"$T/slow" &
	local slow=$!
	eventually 5 attached 1
	echo go | timeout 300 creel-shim --state "$STATE" attach "$ID" >"$T/fast" || [ $? -eq 2 ]
	[ "$(timeout 300 creel-shim --state "$STATE" wait "$ID")" = 2 ]
	seq 1 2000000 | cmp - "$T/fast"
	kill -0 "$slow"
	# Now it reads: what it missed comes from the log.
	timeout 300 cat "$T/slow" >"$T/got" &
	local reader=$!
	eventually 5 test -s "$T/got"
	kill "$holder"
	wait "$slow" || [ $? -eq 2 ]
	wait "$reader"
	seq 1 2000000 | cmp - "$T/got"
}

@test "attach: a signal ends it while nobody reads its output" {
	container 'while :; do echo output; done'
	shim_run -d "$ID"
	mkfifo "$T/full"
	sleep 1000 <>"$T/full" 3>&- &
	local holder=$! status=0
	shim_exec attach "$ID" >"$T/full" 2>/dev/null &
	local client=$!
	eventually 5 attached 1
	sleep 1
	kill -TERM "$client"
	eventually 5 gone "$client" || {
		kill -KILL "$client" "$holder"
		return 1
	}
	wait "$client" || status=$?
	[ "$status" -eq 143 ]
	kill "$holder"
}

@test "attach: keys detach from a terminal, and the container goes on" {
	container -t 'while read line; do echo "got $line"; done'
	shim_run -d "$ID"
	touch "$T/out"
	(types_until "$T/out" 'got hello' 'hello\r'; types "$T/out" 'got hello' '\020\021' '^status' '') |
		script -qec "creel-shim --state '$STATE' attach '$ID'; echo status \$?" /dev/null >"$T/out"
	cat "$T/out"
	grep -q 'got hello' "$T/out"
	grep -q '^status 0' "$T/out"
	[[ $(shim list) == *" Up "* ]]
}

@test "attach: other detach keys can be chosen" {
	container -t 'while read line; do echo "got $line"; done'
	shim_run -d "$ID"
	touch "$T/out"
	(types_until "$T/out" 'got hello' 'hello\r'; types "$T/out" 'got hello' '\020\021ab' '^status' '') |
		script -qec "creel-shim --state '$STATE' attach --detach-keys a,b '$ID'; echo status \$?" \
			/dev/null >"$T/out"
	grep -q '^status 0' "$T/out"
	run shim attach --detach-keys nonsense "$ID"
	[ "$status" -eq 125 ]
	[[ $output == *"'nonsense' is neither a character nor ctrl-X" ]]
}

@test "attach: a terminal takes the size of who attaches" {
	container -t 'read line; stty size'
	shim_run -d "$ID"
	touch "$T/out"
	types_until "$T/out" '^21 43' 'go\r' |
		script -qec "stty rows 21 cols 43; creel-shim --state '$STATE' attach '$ID'" /dev/null >"$T/out"
	grep -q '^21 43' "$T/out"
}

@test "attach: output without -i needs no input" {
	container 'until [ -e /go ]; do sleep 0.05; done; echo hello; exit 3'
	shim_run -d "$ID"
	shim_exec attach "$ID" </dev/null >"$T/out" &
	local status=0
	eventually 5 attached 1
	touch "$BUNDLE/rootfs/go"
	wait $! || status=$?
	[ "$status" -eq 3 ]
	[ "$(cat "$T/out")" = hello ]
}

@test "attach: refuses a container that has ended" {
	container 'true'
	shim_run "$ID"
	run shim attach "$ID"
	[ "$status" -eq 125 ]
	[ "$output" = "creel-shim: error: attach '$ID': the container is not running (exited)" ]
}

@test "attach: input that the container does not read waits, and output goes on meanwhile" {
	container 'for i in 1 2 3; do echo $i; sleep 0.5; done; wc -c'
	seq 1 100000 >"$T/in"
	shim_run -i "$ID" <"$T/in" >"$T/out"
	[ "$(cat "$T/out")" = $'1\n2\n3\n'"$(wc -c <"$T/in")" ]
}
