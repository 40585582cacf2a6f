#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# create, start, state, kill, delete, and what each says in the wrong moment.

load ../helpers

setup() {
	requires root
	setup_creel
}

teardown() {
	teardown_creel
}

two_processes() {
	[ "$(c ps -f json "$NAME" | jq length)" -eq 2 ]
}

@test "a container goes from created to running to stopped to gone" {
	bundle sleep 100
	c create --bundle "$BUNDLE" "$NAME"
	[ "$(status_of "$NAME")" = created ]
	c start "$NAME"
	[ "$(status_of "$NAME")" = running ]
	c kill "$NAME" KILL
	wait_for has_status "$NAME" stopped
	c delete "$NAME"
	run c state "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"container '$NAME' does not exist"* ]]
	nothing_left
}

@test "state tells what callers read, and nothing else of the process once it is gone" {
	bundle sleep 100
	edit '.annotations = {"org.example": "yes"}'
	c create --bundle "$BUNDLE" --pid-file "$BATS_TEST_TMPDIR/pid" "$NAME"
	run c state "$NAME"
	[ "$(jq -r .ociVersion <<<"$output")" = 1.3.0 ]
	[ "$(jq -r .id <<<"$output")" = "$NAME" ]
	[ "$(jq -r .pid <<<"$output")" = "$(cat "$BATS_TEST_TMPDIR/pid")" ]
	[ "$(jq -r .bundle <<<"$output")" = "$BUNDLE" ]
	[ "$(jq -r .rootfs <<<"$output")" = "$ROOTFS" ]
	[ "$(jq -r '.annotations["org.example"]' <<<"$output")" = yes ]
	[ "$(jq -r .owner <<<"$output")" = "" ]
	date -d "$(jq -r .created <<<"$output")"
	[[ ${lines[1]} == '  "'* ]]
	c kill "$NAME" 9
	wait_for has_status "$NAME" stopped
	[ "$(c state "$NAME" | jq .pid)" = 0 ]
}

@test "the program does not run before start" {
	bundle sh -c 'echo ran >/tmp/lifecycle-ran'
	rm -f "$ROOTFS/tmp/lifecycle-ran"
	c create --bundle "$BUNDLE" "$NAME"
	sleep 0.3
	[ ! -e "$ROOTFS/tmp/lifecycle-ran" ]
	c start "$NAME"
	wait_for test -e "$ROOTFS/tmp/lifecycle-ran"
	wait_for has_status "$NAME" stopped
}

@test "the pid file is a number and nothing else" {
	bundle sleep 100
	c create --bundle "$BUNDLE" --pid-file "$BATS_TEST_TMPDIR/pid" "$NAME"
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	[ "$(wc -c <"$BATS_TEST_TMPDIR/pid")" -eq "${#pid}" ]
	[[ $pid =~ ^[0-9]+$ ]]
	kill -0 "$pid"
	[ "$(find "$BATS_TEST_TMPDIR" -maxdepth 1 -name '*pid*' | wc -l)" -eq 1 ]
}

@test "a relative pid file is below the caller's directory" {
	bundle sleep 100
	cd "$BATS_TEST_TMPDIR"
	c create --bundle bundle --pid-file my.pid "$NAME"
	[ -s my.pid ]
}

@test "changes to config.json after create have no effect" {
	bundle sh -c 'exit 7'
	edit '.hooks = {"poststop": [{"path": "/bin/sh", "args": ["sh", "-c", "echo first >> \($f)"]}]}' \
		--arg f "$BATS_TEST_TMPDIR/hook"
	c create --bundle "$BUNDLE" "$NAME"
	rm "$BUNDLE/config.json"
	c start "$NAME"
	wait_for has_status "$NAME" stopped
	c delete "$NAME"
	[ "$(cat "$BATS_TEST_TMPDIR/hook")" = first ]
}

@test "an id is taken once" {
	bundle sleep 100
	c create --bundle "$BUNDLE" "$NAME"
	edit '.linux.cgroupsPath += "-2"'
	run c create --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"container '$NAME' already exists"* ]]
	[ "$(status_of "$NAME")" = created ]
}

@test "a container without a process is created, and start says that there is none" {
	bundle
	edit 'del(.process)'
	c create --bundle "$BUNDLE" "$NAME"
	[ "$(status_of "$NAME")" = created ]
	run c exec "$NAME" true
	[ "$status" -eq 255 ]
	[[ $output == *"--process"* ]]
	run c start "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"start '$NAME': process: config.json names no program"* ]]
	c delete "$NAME"
	nothing_left
}

@test "kill with signal 0 only looks" {
	bundle sleep 100
	c create --bundle "$BUNDLE" "$NAME"
	c kill "$NAME" 0
	[ "$(status_of "$NAME")" = created ]
	c kill "$NAME" KILL
	wait_for has_status "$NAME" stopped
	run c kill "$NAME" 0
	[ "$status" -eq 1 ]
	[[ $output == *"container not running"* ]]
}

@test "start works once" {
	bundle sleep 100
	c create --bundle "$BUNDLE" "$NAME"
	c start "$NAME"
	run c start "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"it is already running"* ]]
	c kill "$NAME" KILL
	wait_for has_status "$NAME" stopped
	run c start "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"it has stopped"* ]]
}

@test "of two starts at once one wins" {
	bundle sleep 100
	c create --bundle "$BUNDLE" "$NAME"
	c start "$NAME" 2>"$BATS_TEST_TMPDIR/1" &
	first=$!
	c start "$NAME" 2>"$BATS_TEST_TMPDIR/2" &
	second=$!
	won=0
	wait "$first" && won=$((won + 1))
	wait "$second" && won=$((won + 1))
	[ "$won" -eq 1 ]
	[ "$(status_of "$NAME")" = running ]
}

@test "a created container can be killed and deleted" {
	bundle sleep 100
	c create --bundle "$BUNDLE" "$NAME"
	c kill "$NAME" KILL
	wait_for has_status "$NAME" stopped
	c delete "$NAME"
	nothing_left
	c create --bundle "$BUNDLE" "$NAME"
	c delete "$NAME"
	nothing_left
}

@test "a running container is deleted only by force" {
	bundle sleep 100
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	run c delete "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"cannot delete container '$NAME' that is not stopped: running"* ]]
	[ "$(status_of "$NAME")" = running ]
	c delete --force "$NAME"
	nothing_left
}

@test "a missing container is no error for delete --force alone" {
	c delete --force no-such
	run c delete no-such
	[ "$status" -eq 1 ]
	[[ $output == *"container 'no-such' does not exist"* ]]
	run c kill no-such TERM
	[ "$status" -eq 1 ]
	[[ $output == *"container 'no-such' does not exist"* ]]
}

@test "signals are known by name and number" {
	bundle sh -c 'trap "exit 33" USR1; trap "exit 44" TERM; touch /tmp/ready-'"$NAME"'; while :; do sleep 0.1; done'
	for signal in SIGUSR1 USR1 usr1 10; do
		rm -f "$ROOTFS/tmp/ready-$NAME"
		c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
		wait_for test -e "$ROOTFS/tmp/ready-$NAME"
		c kill "$NAME" "$signal"
		wait_for has_status "$NAME" stopped
		c delete "$NAME"
	done
	run c kill "$NAME" NOSUCH
	[ "$status" -eq 1 ]
	[[ $output == *"NOSUCH"* ]]
	rm -f "$ROOTFS/tmp/ready-$NAME"
}

@test "kill without a signal sends SIGTERM" {
	rm -f "$ROOTFS/tmp/$NAME"
	bundle sh -c 'trap "echo term >/tmp/'"$NAME"'.got; exit" TERM; touch /tmp/'"$NAME"'; while :; do sleep 0.1; done'
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	wait_for test -e "$ROOTFS/tmp/$NAME"
	c kill "$NAME"
	wait_for has_status "$NAME" stopped
	[ "$(cat "$ROOTFS/tmp/$NAME.got")" = term ]
}

@test "a stopped container is not running, for kill" {
	bundle true
	c create --bundle "$BUNDLE" "$NAME"
	c start "$NAME"
	wait_for has_status "$NAME" stopped
	run c kill "$NAME" TERM
	[ "$status" -eq 1 ]
	[[ $output == *"container not running"* ]]
	c kill --all "$NAME" TERM
}

@test "without a pid namespace SIGKILL reaches all, and delete leaves none" {
	bundle sh -c 'sleep 1000 & sleep 1000'
	edit 'del(.linux.namespaces[] | select(.type == "pid"))'
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	wait_for two_processes
	pids=$(c ps -f json "$NAME" | jq '.[]')
	c kill "$NAME" KILL
	for pid in $pids; do
		wait_for test ! -e "/proc/$pid/root/bin/busybox"
	done
	c delete "$NAME"
	nothing_left
}

@test "without a pid namespace delete ends what the first process left" {
	bundle sh -c 'sleep 1000 >/dev/null 2>&1 &'
	edit 'del(.linux.namespaces[] | select(.type == "pid"))'
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	wait_for has_status "$NAME" stopped
	[ "$(c ps -f json "$NAME" | jq length)" -eq 1 ]
	c delete "$NAME"
	nothing_left
}

@test "pause stops every process and resume lets them go" {
	bundle sh -c 'i=0; while :; do echo $((i += 1)) >/tmp/'"$NAME"'; sleep 0.05; done'
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	wait_for test -s "$ROOTFS/tmp/$NAME"
	c pause "$NAME"
	[ "$(status_of "$NAME")" = paused ]
	before=$(cat "$ROOTFS/tmp/$NAME")
	sleep 0.3
	[ "$(cat "$ROOTFS/tmp/$NAME")" = "$before" ]
	run c pause "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"cannot pause container '$NAME': it is paused"* ]]
	c resume "$NAME"
	[ "$(status_of "$NAME")" = running ]
	went_on() { [ "$(cat "$ROOTFS/tmp/$NAME")" != "$before" ]; }
	wait_for went_on
	run c resume "$NAME"
	[ "$status" -eq 1 ]
}

@test "a paused container can be killed and deleted by force" {
	bundle sleep 100
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	c pause "$NAME"
	run c delete "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"that is not stopped: paused"* ]]
	c kill "$NAME" KILL
	wait_for has_status "$NAME" stopped
	c delete "$NAME"
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	c pause "$NAME"
	c delete --force "$NAME"
	nothing_left
}

@test "delete and kill take a regular expression" {
	for n in a1 a2 b1; do
		bundle sleep 100
		edit '.linux.cgroupsPath += "-" + $n' --arg n "$n"
		c create --bundle "$BUNDLE" "$n"
	done
	c kill --regex '^a[0-9]$' KILL
	wait_for has_status a1 stopped
	wait_for has_status a2 stopped
	[ "$(status_of b1)" = created ]
	c delete --regex '^a'
	[ "$(c list -q)" = b1 ]
	c delete --regex --force .
	nothing_left
}

@test "list and ps look as runc's, and send nothing to the terminal" {
	requires program runc
	bundle sleep 1000
	odd=$BATS_TEST_TMPDIR/$'a\tb\e[2J'
	cp -a "$BUNDLE" "$odd"
	c run -d --bundle "$odd" "$NAME" </dev/null >/dev/null 2>&1
	run c list
	[[ $output != *$'\e'* ]]
	[[ ${lines[1]} == *'a\tb\x1b[2J'* ]]
	c delete --force "$NAME"
	c run -d --bundle "$BUNDLE" "$NAME" </dev/null >/dev/null 2>&1
	ours=$(c list)
	our_ps=$(c ps "$NAME" -o comm,pid)
	our_keys=$(c list -f json | jq -c '.[0] | keys_unsorted')
	pid=$(c state "$NAME" | jq .pid)
	c delete --force "$NAME"
	runc --root "$BATS_TEST_TMPDIR/runc" run -d --bundle "$BUNDLE" "$NAME" </dev/null >/dev/null 2>&1 ||
		skip "runc runs no container here"
	theirs=$(runc --root "$BATS_TEST_TMPDIR/runc" list)
	their_ps=$(runc --root "$BATS_TEST_TMPDIR/runc" ps "$NAME" -o comm,pid)
	their_keys=$(runc --root "$BATS_TEST_TMPDIR/runc" list -f json | jq -c '.[0] | keys_unsorted')
	their_pid=$(runc --root "$BATS_TEST_TMPDIR/runc" state "$NAME" | jq .pid)
	runc --root "$BATS_TEST_TMPDIR/runc" delete --force "$NAME"
	same() { sed -E "s/[0-9]{4}-[0-9-]+T[0-9:.]+Z */TIME /; s/\\b$1\\b/PID/g; s/ +/ /g" <<<"$2"; }
	diff <(same "$pid" "$ours") <(same "$their_pid" "$theirs")
	diff <(same "$pid" "$our_ps") <(same "$their_pid" "$their_ps")
	[ "$our_keys" = "$their_keys" ]
}

@test "list prints a table, JSON and ids" {
	run c list
	[ "$status" -eq 0 ]
	[[ ${lines[0]} =~ ^ID\ +PID\ +STATUS\ +BUNDLE\ +CREATED\ +OWNER$ ]]
	[ "${#lines[@]}" -eq 1 ]
	[ "$(c list -f json)" = null ]
	bundle sleep 100
	c create --bundle "$BUNDLE" "$NAME"
	pid=$(c state "$NAME" | jq .pid)
	run c list
	[[ ${lines[1]} =~ ^"$NAME"\ +"$pid"\ +created\ +"$BUNDLE"\ +[0-9T:.Z-]+\ +root$ ]]
	[ "$(c list -q)" = "$NAME" ]
	[ "$(c list --format=json | jq -r '.[0] | "\(.id) \(.pid) \(.status) \(.owner)"')" = "$NAME $pid created root" ]
}

@test "list says of each container what state says" {
	bundle sleep 100
	listed() {
		local status
		status=$(c list -f json | jq -r --arg id "$1" '.[] | select(.id == $id) | .status')
		[ "$status" = "$2" ] && [ "$(c state "$1" | jq -r .status)" = "$2" ]
	}
	c run --detach --bundle "$BUNDLE" "$NAME-run" </dev/null >/dev/null 2>&1
	listed "$NAME-run" running
	c delete --force "$NAME-run"
	c create --bundle "$BUNDLE" "$NAME" </dev/null >/dev/null 2>&1
	listed "$NAME" created
	c start "$NAME"
	listed "$NAME" running
	if c pause "$NAME"; then
		listed "$NAME" paused
		c resume "$NAME"
	fi
	c kill "$NAME" KILL
	until [ "$(c state "$NAME" | jq -r .status)" = stopped ]; do sleep 0.1; done
	listed "$NAME" stopped
	mkdir -m 700 "$CREEL_ROOT/$NAME-half"
	jq -c '.container.phase = "creating" | .container.id += "-half"' "$CREEL_ROOT/$NAME/state.json" \
		>"$CREEL_ROOT/$NAME-half/state.json"
	listed "$NAME-half" stopped
	# Long records are read as well.
	jq -c --arg long "$(printf '%09000d' 0)" '.container.annotations = {"a": $long}' "$CREEL_ROOT/$NAME/state.json" \
		>"$BATS_TEST_TMPDIR/long"
	cp "$BATS_TEST_TMPDIR/long" "$CREEL_ROOT/$NAME/state.json"
	listed "$NAME" stopped
	[ "$(c list -f json | jq -r '[.[].owner] | unique[]')" = root ]
	# Where others can put something, each directory is asked whose it is.
	chmod 1777 "$CREEL_ROOT"
	listed "$NAME" stopped
	chown 4242 "$CREEL_ROOT/$NAME"
	run c list
	[[ $output == *"'$NAME' belongs to user 4242"* ]]
	chown 0 "$CREEL_ROOT/$NAME"
	c delete --force "$NAME-half"
	c delete "$NAME"
	nothing_left
}

@test "a damaged record does not hide the other containers" {
	bundle sleep 100
	c create --bundle "$BUNDLE" "$NAME"
	mkdir "$CREEL_ROOT/broken"
	echo '{' >"$CREEL_ROOT/broken/state.json"
	run c list -f json
	[ "$status" -eq 0 ]
	[[ $output == *"$NAME"* ]]
	[[ $output == *"broken"* ]]
	c delete --force broken
	[ ! -e "$CREEL_ROOT/broken" ]
}

@test "ps prints process ids, and the host's table" {
	requires program ps
	bundle sh -c 'sleep 1000 & wait'
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	first=$(c state "$NAME" | jq .pid)
	wait_for two_processes
	[ "$(c ps --format json "$NAME" | jq '.[0]')" = "$first" ]
	run c ps "$NAME"
	[ "${#lines[@]}" -eq 3 ]
	[[ ${lines[0]} == *PID* ]]
	[[ ${lines[2]} == *"sleep 1000"* ]]
	run c ps "$NAME" -o pid,args
	[[ ${lines[1]} == *"$first"*sh* ]]
	run c ps "$NAME" -o args
	[ "$status" -eq 1 ]
	[[ $output == *"no column PID"* ]]
}

@test "events of a life in the log file are JSON lines that callers decode" {
	bundle sleep 100
	run c --log "$BATS_TEST_TMPDIR/log" --log-format json start no-such
	[ "$status" -eq 1 ]
	[ "$(wc -l <"$BATS_TEST_TMPDIR/log")" -eq 1 ]
	[ "$(jq -r .level "$BATS_TEST_TMPDIR/log")" = error ]
	[ "$(jq -r .msg "$BATS_TEST_TMPDIR/log")" = "container 'no-such' does not exist" ]
	date -d "$(jq -r .time "$BATS_TEST_TMPDIR/log")"
	[[ $output == *"container 'no-such' does not exist"* ]]
}

@test "a record that outlives a boot does not name its process by what the next boot has again" {
	requires program jq
	bundle sleep 100
	local memory disk=$CREEL_ROOT
	memory=$(mktemp -d /dev/shm/creel-e2e.XXXXXX)
	for CREEL_ROOT in "$memory" "$disk"; do
		c create --bundle "$BUNDLE" "$NAME"
		run jq -c '[.. | objects | select(has("startTime")) | has("pidfdInode")]' "$CREEL_ROOT/$NAME/state.json"
		c delete --force "$NAME"
		echo "$CREEL_ROOT: $output"
		[ "$(stat -f -c %T "$CREEL_ROOT")" = tmpfs ] || [ "$output" = '[false]' ]
	done
	rm -r "$memory"
}
