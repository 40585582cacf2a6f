#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# exec: one more process in a running container.

load ../helpers

setup() {
	requires root
	setup_creel
	bundle sleep 1000
}

teardown() {
	teardown_creel
}

start_container() {
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
}

@test "a variable that exec is given replaces the container's" {
	bundle sleep 1000
	edit '.process.env += ["FIRST=1"]'
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	[ "$(c exec --env FIRST=2 "$NAME" env | grep -c ^FIRST=)" = 1 ]
	[ "$(c exec --env FIRST=2 "$NAME" env | grep ^FIRST=)" = FIRST=2 ]
}

@test "the process runs inside, with its own exit status and streams" {
	start_container
	run c exec "$NAME" sh -c 'hostname; readlink /proc/self/ns/pid; exit 5'
	[ "$status" -eq 5 ]
	[ "${lines[1]}" = "$(readlink "/proc/$(c state "$NAME" | jq .pid)/ns/pid")" ]
	[ "$(echo abc | c exec "$NAME" tr a-z A-Z)" = ABC ]
	run c exec "$NAME" sh -c 'kill -TERM $$'
	[ "$status" -eq 143 ]
}

@test "every namespace of the container is entered" {
	edit '.linux.namespaces |= map(select(.type != "cgroup")) + [{"type": "cgroup"}]'
	start_container
	pid=$(c state "$NAME" | jq .pid)
	for ns in cgroup ipc mnt net pid uts; do
		[ "$(c exec "$NAME" readlink "/proc/self/ns/$ns")" = "$(readlink "/proc/$pid/ns/$ns")" ]
	done
}

@test "the process is in the container's control groups" {
	start_container
	c exec --detach "$NAME" sleep 2000 >/dev/null 2>&1 3>&-
	[ "$(c ps -f json "$NAME" | jq length)" -eq 2 ]
	for pid in $(c ps -f json "$NAME" | jq '.[]'); do
		[ "$(cat "/proc/$pid/cgroup")" = "$(cat "/proc/$(c state "$NAME" | jq .pid)/cgroup")" ]
	done
	c delete --force "$NAME"
	nothing_left
}

@test "options change what the process is" {
	start_container
	[ "$(c exec --cwd /tmp "$NAME" pwd)" = /tmp ]
	[ "$(c exec -e A=1 --env B=2 "$NAME" sh -c 'echo $A$B')" = 12 ]
	[ "$(c exec -u 1000:1000 -g 7 "$NAME" sh -c 'id -u; id -g; id -G' | tr '\n' ' ')" = "1000 1000 1000 7 " ]
	[ "$(c exec --user 1000 "$NAME" id -u)" = 1000 ]
	[[ "$(c exec --no-new-privs "$NAME" grep NoNewPrivs /proc/self/status)" == *1 ]]
	[ "$(c exec --env HOME= -u 1000:1000 "$NAME" sh -c 'echo $HOME')" = /home/user ]
}

@test "added capabilities are effective and never inheritable" {
	edit '.process.capabilities |= map_values(["CAP_KILL"]) | del(.process.capabilities.inheritable, .process.capabilities.ambient)'
	start_container
	c exec --cap CAP_CHOWN "$NAME" grep Cap /proc/self/status >"$BATS_TEST_TMPDIR/caps"
	grep -q 'CapEff:.*0000000000000021' "$BATS_TEST_TMPDIR/caps"
	grep -q 'CapInh:.*0000000000000000' "$BATS_TEST_TMPDIR/caps"
}

@test "--process reads the whole process from a file" {
	start_container
	jq '.process | .args = ["sh", "-c", "echo $X; pwd; exit 6"] | .env += ["X=file"] | .cwd = "/tmp"' \
		"$BUNDLE/config.json" >"$BATS_TEST_TMPDIR/process.json"
	run c exec --process "$BATS_TEST_TMPDIR/process.json" "$NAME"
	[ "$status" -eq 6 ]
	[ "$output" = $'file\n/tmp' ]
	echo '{"args": ["true"]}' >"$BATS_TEST_TMPDIR/process.json"
	run c exec --process "$BATS_TEST_TMPDIR/process.json" "$NAME"
	[ "$status" -eq 255 ]
	[[ $output == *"process.json: cwd"* ]]
}

@test "a detached process is named in the pid file" {
	start_container
	c exec --detach --pid-file "$BATS_TEST_TMPDIR/pid" "$NAME" sleep 2000 >/dev/null 2>&1 3>&-
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	[ "$(tr '\0' ' ' <"/proc/$pid/cmdline")" = "sleep 2000 " ]
}

@test "failures of exec itself are 255 and say what callers look for" {
	start_container
	run c exec "$NAME" no-such-program
	[ "$status" -eq 255 ]
	[[ $output == *"executable file not found in \$PATH"* ]]
	run c exec "$NAME" /no/such
	[ "$status" -eq 255 ]
	[[ $output == *"no such file or directory"* ]]
	run c exec "$NAME" /etc/passwd
	[ "$status" -eq 255 ]
	[[ $output == *"permission denied"* ]]
	run c exec "$NAME"
	[ "$status" -eq 255 ]
	run c exec no-such true
	[ "$status" -eq 255 ]
	[[ $output == *"does not exist"* ]]
	run c exec -u 1x "$NAME" true
	[ "$status" -eq 255 ]
}

@test "a created container can be entered, a stopped one not" {
	c create --bundle "$BUNDLE" "$NAME"
	[ "$(c exec "$NAME" echo in)" = in ]
	c kill "$NAME" KILL
	wait_for has_status "$NAME" stopped
	run c exec "$NAME" true
	[ "$status" -eq 255 ]
	[[ $output == *"container not running"* ]]
}

@test "a process whose container ends before it runs says just that" {
	start_container
	c pause "$NAME"
	# It is there, and cannot go on: the container ends in between for certain.
	creel --root "$CREEL_ROOT" exec --ignore-paused "$NAME" true 3>&- 2>"$BATS_TEST_TMPDIR/err" &
	pid=$!
	wait_for pgrep -P "$pid"
	c delete --force "$NAME"
	got=0
	wait "$pid" || got=$?
	echo "$got: $(cat "$BATS_TEST_TMPDIR/err")"
	[ "$got" -eq 255 ]
	[ "$(cat "$BATS_TEST_TMPDIR/err")" = "creel: error: exec in '$NAME': container not running: it ended meanwhile" ]
}

@test "a paused container is entered only on demand" {
	start_container
	c pause "$NAME"
	run c exec "$NAME" true
	[ "$status" -eq 255 ]
	[[ $output == *"paused"* ]]
	creel --root "$CREEL_ROOT" exec --ignore-paused "$NAME" sh -c 'exit 8' 3>&- &
	pid=$!
	sleep 0.3
	kill -0 "$pid"
	c resume "$NAME"
	got=0
	wait "$pid" || got=$?
	[ "$got" -eq 8 ]
}

@test "the container's user namespace is entered too" {
	requires userns
	edit '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	cp -a "$ROOTFS" "$BATS_TEST_TMPDIR/rootfs"
	chown -hR 100000:100000 "$BATS_TEST_TMPDIR/rootfs"
	# Every directory above must let the mapped user through.
	dir=$BATS_TEST_TMPDIR
	while [ "$dir" != / ] && [ "$dir" != /tmp ]; do
		chmod a+x "$dir"
		dir=$(dirname "$dir")
	done
	edit '.root.path = $r' --arg r "$BATS_TEST_TMPDIR/rootfs"
	start_container
	pid=$(c state "$NAME" | jq .pid)
	[ "$(c exec "$NAME" readlink /proc/self/ns/user)" = "$(readlink "/proc/$pid/ns/user")" ]
	[ "$(c exec "$NAME" id -u)" = 0 ]
	[ "$(c exec -u 1000 "$NAME" id -u)" = 1000 ]
}

@test "many processes at once come in and go out" {
	start_container
	for i in $(seq 20); do
		creel --root "$CREEL_ROOT" exec "$NAME" sh -c "exit $i" 3>&- &
		pids[i]=$!
	done
	for i in $(seq 20); do
		got=0
		wait "${pids[i]}" || got=$?
		[ "$got" -eq "$i" ]
	done
}

@test "a process that waits to be thawed can be given up" {
	start_container
	c pause "$NAME"
	creel --root "$CREEL_ROOT" exec --ignore-paused "$NAME" sh -c 'touch /tmp/'"$NAME" 3>&- 2>"$BATS_TEST_TMPDIR/err" &
	pid=$!
	wait_for pgrep -P "$pid"
	sleep 0.3
	kill -INT "$pid"
	got=0
	wait "$pid" || got=$?
	[ "$got" -eq 255 ]
	[ "$(status_of "$NAME")" = paused ]
	c resume "$NAME"
	grep -q 'interrupted by SIGINT' "$BATS_TEST_TMPDIR/err"
	[ ! -e "$ROOTFS/tmp/$NAME" ]
}
