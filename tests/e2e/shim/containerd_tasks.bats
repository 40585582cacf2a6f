#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# containerd's Task service by our shim, driven by ctr: what a user of containerd sees.

bats_require_minimum_version 1.5.0
load ctr

setup_file() { ctr_open; }

teardown_file() { [ -z "${ROOM_PID:-}" ] || room_close; }

setup() {
	room_needs containerd ctr
	# The events of a name are those of one test.
	ONE=one-$BATS_TEST_NUMBER
}

teardown() {
	ctr_clean "$ONE"
}

@test "ctr run: output, input, exit code, directory, environment, a read-only root" {
	[ "$(box "$ONE" --rm -- echo hello)" = hello ]
	[ "$(echo words | box "$ONE" --rm -- head -n 1)" = words ]
	run -7 box "$ONE" --rm -- sh -c 'exit 7'
	[ "$(box "$ONE" --rm --cwd /tmp --env A=b -- sh -c 'echo $PWD $A')" = "/tmp b" ]
	run box "$ONE" --rm --read-only -- touch /file
	[[ $output == *"Read-only file system"* ]]
	run --separate-stderr box "$ONE" --rm -- sh -c 'echo out; echo err >&2'
	[ "$output" = out ]
	[ "$stderr" = err ]
}

@test "ctr run -d: listed, signalled, stopped, removed; nothing is left" {
	box "$ONE" -d -- sleep 1000
	task_is "$ONE" RUNNING
	wait_for eval '[ "$(shims)" -eq 1 ]' # the last test's may be about to end
	[ "$(ctr task ps "$ONE" | wc -l)" -eq 2 ]
	wait_for eval '[ "$(in_room cat "/proc/$(task_pid "$ONE")/comm")" = sleep ]'
	ctr task kill -s TERM "$ONE"
	task_is "$ONE" RUNNING
	ctr task kill -s KILL "$ONE"
	wait_for task_is "$ONE" STOPPED
	run ctr task rm "$ONE"
	[[ $output == *"exit code 137"* ]]
	ctr container rm "$ONE"
	wait_for in_room test ! -e "/run/containerd/io.containerd.runtime.v2.task/default/$ONE"
	wait_for eval '[ -z "$(room_cgroups)" ]'
	wait_for eval '[ "$(shims)" -eq 0 ]'
	[ -z "$(in_room ls -A /run/containerd/s)" ]
	run ! in_room grep -q io.containerd.runtime.v2.task /proc/mounts
}

@test "events: create, start, exit, delete, also of a process that ends at once" {
	local turn
	for turn in {1..8}; do
		run -3 box "$ONE-$turn" --rm -- sh -c 'exit 3'
		wait_for eval '[[ $(topics_of "$ONE-$turn") == *delete ]]'
		[ "$(topics_of "$ONE-$turn")" = "/tasks/create /tasks/start /tasks/exit /tasks/delete" ]
	done
}

@test "ctr run -t: a terminal of the size it is told, its output and exit code" {
	run typed ctr run --rm -t --runtime io.containerd.creel.v2 --cgroup "/$ROOM_CGROUP/$ONE" \
		example.com/busybox:latest "$ONE" sh -c 'tty; stty size; exit 4'
	echo "$output"
	[ "$status" -eq 4 ]
	[[ $output == *"/dev/pts/0"* ]]
}

@test "ctr task exec: output, exit code, user, a terminal, events in their order" {
	box "$ONE" -d -- sleep 1000
	[ "$(ctr task exec --exec-id x "$ONE" echo hello)" = hello ]
	wait_for eval '[[ $(topics_of "$ONE") == *exit ]]'
	[ "$(topics_of "$ONE")" = "/tasks/create /tasks/start /tasks/exec-added /tasks/exec-started /tasks/exit" ]
	run -9 ctr task exec --exec-id x "$ONE" sh -c 'exit 9'
	[ "$(ctr task exec --exec-id x --user 7 "$ONE" id -u)" = 7 ]
	[ "$(echo words | ctr task exec --exec-id x "$ONE" cat)" = words ]
	run typed ctr task exec -t --exec-id x "$ONE" tty
	[[ $output == *"/dev/pts/0"* ]]
	run ctr task exec --exec-id x "$ONE" no-such-program
	[ "$status" -ne 0 ]
	[[ $output == *'executable file not found in $PATH'* ]]
	[ "$(ctr task exec --exec-id x "$ONE" echo again)" = again ]
}

@test "execs of which some run on: each is listed by its name, and ends with the first process" {
	box "$ONE" -d -- sleep 1000
	ctr task exec -d --exec-id a "$ONE" sleep 2000
	ctr task exec -d --exec-id b "$ONE" sleep 3000
	run ctr task ps "$ONE"
	echo "$output"
	[ "${#lines[@]}" -eq 4 ]
	[[ $output == *ExecID:a,*ExecID:b,* ]]
	ctr task kill -s KILL "$ONE"
	wait_for task_is "$ONE" STOPPED
	wait_for eval '[[ $(topics_of "$ONE") == *"/tasks/exit /tasks/exit /tasks/exit" ]]'
	# The container's own exit is the last.
	grep /tasks/exit "$ROOM_DIR/events" | tail -n 1 | grep -q '"id":"'"$ONE"'"'
}

@test "a hundred execs leave no descriptor and no file behind" {
	local shim fds before after bundle=/run/containerd/io.containerd.runtime.v2.task/default/$ONE
	box "$ONE" -d -- sleep 1000
	ctr task exec --exec-id x "$ONE" true
	wait_for eval '[ "$(shims)" -eq 1 ]'
	shim=$(in_room pgrep containerd-shim)
	wait_for eval '[ ! -e "/proc/$ROOM_PID/root/$bundle/x.pid" ]'
	fds=$(in_room ls "/proc/$shim/fd" | wc -l) before=$(in_room ls "$bundle")
	for _ in {1..100}; do
		[ "$(ctr task exec --exec-id x "$ONE" echo hello)" = hello ]
	done
	wait_for eval '[ ! -e "/proc/$ROOM_PID/root/$bundle/x.pid" ]'
	after=$(in_room ls "$bundle")
	echo "$before / $after"
	[ "$after" = "$before" ]
	# A few are for what happens now and then.
	wait_for eval '[ "$(in_room ls "/proc/$shim/fd" | wc -l)" -le $((fds + 5)) ]'
}

@test "ctr task pause and resume; nothing can be exec'ed meanwhile" {
	box "$ONE" -d -- sh -c 'i=0; while :; do i=$((i + 1)); echo $i >/tmp/count; sleep 0.02; done'
	wait_for ctr task exec --exec-id x "$ONE" test -s /tmp/count
	ctr task pause "$ONE"
	task_is "$ONE" PAUSED
	run ctr task exec --exec-id x "$ONE" true
	[ "$status" -ne 0 ]
	[[ $output == *"cannot exec in a paused state"* ]]
	local count before
	count=/proc/$(task_pid "$ONE")/root/tmp/count
	before=$(in_room cat "$count")
	sleep 0.3
	[ "$(in_room cat "$count")" = "$before" ]
	ctr task resume "$ONE"
	task_is "$ONE" RUNNING
	# Killed while it is frozen, it dies.
	ctr task pause "$ONE"
	ctr task kill -s KILL "$ONE"
	wait_for task_is "$ONE" STOPPED
}

@test "ctr task metrics shows the limit and the use of memory" {
	box "$ONE" -d --memory-limit 67108864 -- sleep 1000
	run ctr task metrics "$ONE"
	echo "$output"
	[[ $output == *memory*67108864* ]]
	[[ $output == *pids.current*1* ]]
}

@test "memory that runs out is told before the end that it brings" {
	box "$ONE" -d --memory-limit 8388608 -- sh -c 'sleep 0.3; exec tail /dev/zero'
	wait_for task_is "$ONE" STOPPED
	wait_for eval '[[ $(topics_of "$ONE") == */tasks/exit ]]'
	[[ $(topics_of "$ONE") == "/tasks/create /tasks/start /tasks/oom "*"/tasks/exit" ]]
	grep /tasks/exit "$ROOM_DIR/events" | tail -n 1 | grep -q '"exit_status":137'
}

@test "without a pid namespace of its own the container ends as a whole" {
	box "$ONE" -d --with-ns pid:/proc/1/ns/pid -- sh -c 'sleep 4242 & exec sleep 4243'
	wait_for in_room pgrep -f 'sleep 4242'
	ctr task exec -d --exec-id a "$ONE" sleep 4244
	ctr task kill -s KILL "$ONE"
	wait_for task_is "$ONE" STOPPED
	# They are killed before that is told, but not waited for.
	wait_for eval "! in_room pgrep -f 'sleep 424[234]'"
}

@test "what cannot start says why, in containerd's error" {
	run box "$ONE" --rm -- no-such-program
	[ "$status" -ne 0 ]
	[[ $output == *'OCI runtime create failed'*'executable file not found in $PATH'* ]] ||
		[[ $output == *'executable file not found in $PATH'* ]]
	run box "$ONE" --rm --mount type=bind,src=/no/such,dst=/data,options=rbind -- true
	[ "$status" -ne 0 ]
	[[ $output == *"/no/such"* ]]
	wait_for eval '[ "$(shims)" -eq 0 ]'
	run ! in_room grep -q io.containerd.runtime.v2.task /proc/mounts
}

@test "a program in place of the output's reader gets all of it" {
	in_room tee "$ROOM_DIR/bin/keep" >/dev/null <<-END
		#!/bin/sh
		exec 5>&-
		cat <&3 >"$ROOM_DIR/kept" & cat <&4 >>"$ROOM_DIR/errors" & wait
	END
	in_room chmod +x "$ROOM_DIR/bin/keep"
	box "$ONE" -d --log-uri "binary://$ROOM_DIR/bin/keep" -- sh -c 'seq 1 10000'
	wait_for task_is "$ONE" STOPPED
	wait_for eval '[ "$(tail -n 1 "$ROOM_DIR/kept")" = 10000 ]'
	[ "$(wc -l <"$ROOM_DIR/kept")" -eq 10000 ]
	ctr task rm "$ONE"
	ctr container rm "$ONE"
	box "$ONE" -d --log-uri "file://$ROOM_DIR/logs/deep/file" -- sh -c 'echo out; echo err >&2'
	wait_for task_is "$ONE" STOPPED
	[ "$(cat "$ROOM_DIR/logs/deep/file")" = $'out\nerr' ]
}

@test "ctr task checkpoint works, or says what it lacks and leaves the task running" {
	box "$ONE" -d -- sleep 1000
	run ctr task checkpoint "$ONE"
	echo "$output"
	if [ "$status" -ne 0 ]; then
		[[ $output == *criu* ]]
	fi
	task_is "$ONE" RUNNING
}

@test "ten megabytes of output arrive as they were written" {
	box "$ONE" --rm -- sh -c 'head -c 10000000 /dev/zero | tr "\0" x' >"$ROOM_DIR/out"
	[ "$(wc -c <"$ROOM_DIR/out")" -eq 10000000 ]
	[ -z "$(tr -d x <"$ROOM_DIR/out" | head -c 1)" ]
}
