#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Root's Podman with creel-shim in conmon's place: what conmon is there for.

bats_require_minimum_version 1.5.0
load ../engines/podman

setup_file() {
	export ENGINE_CONMON=$BUILD_DIR/creel-shim
	podman_open
}

teardown_file() { podman_close; }
setup() { podman_needs; }
teardown() { remove_containers; }

# supervisor: the process that podman thinks is its conmon.
supervisor() {
	field one '{{.State.ConmonPid}}'
}

@test "podman takes creel-shim from containers.conf and by --conmon" {
	[ "$(p info -f '{{.Host.Conmon.Path}}')" = "$ENGINE_CONMON" ]
	[[ $(p info -f '{{.Host.Conmon.Version}}') == "conmon version 2."*"creel-shim "* ]]
	sleeper
	[ "$(in_room readlink "/proc/$(supervisor)/exe")" = "$ENGINE_CONMON" ]
	[ "$(p --conmon "$ENGINE_CONMON" run --cgroup-parent "/$ROOM_CGROUP" --rm busybox echo hi)" = hi ]
}

@test "run: streams, input and its end, exit codes" {
	run --separate-stderr box -i busybox sh -c 'cat; echo oops >&2; exit 9' <<<input
	[ "$status" -eq 9 ]
	[ "$output" = input ]
	[ "$stderr" = oops ]
	run -127 box busybox no-such-program
	[[ $output == *'executable file not found in $PATH'* ]]
}

@test "run: output of many megabytes arrives whole, also by a reader that is slow" {
	# shellcheck disable=SC2016
	[ "$(box busybox sh -c 'head -c 20000000 /dev/zero | tr "\0" x' | (sleep 2 && wc -c))" = 20000000 ]
}

@test "run -it: a terminal of the user's size" {
	run typed sh -c "stty rows 33 cols 99
		podman run --cgroup-parent /$ROOM_CGROUP --rm -it busybox \
			sh -c 'while [ -z \"\$(stty size 2>&1 | grep 99)\" ]; do sleep 0.05; done; stty size; exit 6'"
	echo "$output"
	[ "$status" -eq 6 ]
	[[ $output == *"33 99"* ]]
}

@test "logs -f follows to the end, and a full log begins anew" {
	prun -d --name one busybox sh -c 'echo first; echo second >&2; sleep 1; echo third' >/dev/null
	[ "$(p logs -f one 2>&1 | sort)" = "$(printf 'first\nsecond\nthird')" ]
	remove_containers
	prun -d --name one --log-opt max-size=10kb busybox sh -c 'seq 100000; echo last; sleep 1000' >/dev/null
	wait_for logs_say last
	[ "$(in_room stat -c %s "$(field one '{{.HostConfig.LogConfig.Path}}')")" -le 10240 ]
}

@test "log drivers none and passthrough" {
	[ "$(box --log-driver none busybox echo hi)" = hi ]
	[ "$(box --log-driver passthrough busybox echo through)" = through ]
}

@test "stop, kill and restart reach the container, and the policy starts it again" {
	sleeper
	p stop -t 50 one
	[ "$(field one '{{.State.ExitCode}}')" -eq 3 ]
	p start one
	wait_for state_is running
	p kill -s KILL one
	wait_for state_is exited
	[ "$(field one '{{.State.ExitCode}}')" -eq 137 ]
	p restart one
	wait_for state_is running
	remove_containers
	prun -d --name one --restart on-failure:2 busybox sh -c 'echo try; exit 4' >/dev/null
	wait_for restarted_twice
	[ "$(p logs one | grep -c try)" -eq 3 ]
}

restarted_twice() {
	[ "$(field one '{{.RestartCount}} {{.State.Status}} {{.State.ExitCode}}')" = "2 exited 4" ]
}

@test "exec: output, input, exit code, a terminal, in the background" {
	sleeper
	[ "$(p exec one echo hello)" = hello ]
	[ "$(echo typed | p exec -i one cat)" = typed ]
	run -7 p exec one sh -c 'exit 7'
	run -127 p exec one no-such-program
	[[ $output == *'executable file not found in $PATH'* ]]
	run typed podman exec -it one sh -c 'tty; exit 5'
	[ "$status" -eq 5 ]
	[[ $output == *"/dev/pts/"* ]]
	p exec -d one sh -c 'echo done >/tmp/done'
	wait_for p exec one test -e /tmp/done
}

@test "exec: a hundred short ones, and every byte and status of them" {
	sleeper
	local i
	for i in $(seq 100); do
		run p exec one sh -c "echo $i; exit $((i % 100))"
		[ "$status" -eq $((i % 100)) ]
		[ "$output" = "$i" ]
	done
}

@test "attach: late, twice, and the container goes on when both are gone" {
	prun -d -i --name one busybox sh -c 'while sleep 0.2; do echo tick; done & while read -r l; do echo "got $l"; done; echo over; wait' >/dev/null
	# Who attaches without input ends the container's, which is podman's way.
	local held
	mkfifo "$ROOM_DIR/held"
	exec {held}<>"$ROOM_DIR/held"
	p attach one <&"$held" >"$ROOM_DIR/first" 3>&- &
	local first=$!
	p attach one <&"$held" >"$ROOM_DIR/second" 3>&- &
	local second=$!
	wait_for grep -q tick "$ROOM_DIR/first"
	wait_for grep -q tick "$ROOM_DIR/second"
	echo word | p attach --sig-proxy=false one >"$ROOM_DIR/third" 3>&- &
	local third=$!
	wait_for grep -q over "$ROOM_DIR/first"
	wait_for grep -q over "$ROOM_DIR/second"
	kill "$first" "$second" "$third" || true # one that is gone
	grep -q 'got word' "$ROOM_DIR/first"
	grep -q 'got word' "$ROOM_DIR/second"
	exec {held}>&-
	state_is running
}

@test "a container that ran out of memory says so" {
	run -137 prun --name one --memory 32m --memory-swap 32m busybox tail /dev/zero
	[ "$(field one '{{.State.OOMKilled}}')" = true ]
	remove_containers
	run -137 prun --name one --memory 32m busybox sh -c 'exit 137'
	[ "$(field one '{{.State.OOMKilled}}')" = false ]
}

@test "a health check decides whether a container is healthy" {
	sleeper --health-cmd 'test -e /tmp/well' --health-interval disable --health-retries 1
	run -1 p healthcheck run one
	p exec one touch /tmp/well
	p healthcheck run one
	[ "$(field one '{{.State.Health.Status}}')" = healthy ]
}

@test "pods and podman kube play" {
	p pod create --name group --share net,ipc,uts --cgroup-parent "/$ROOM_CGROUP" >/dev/null
	prun_in_pod first sh -c 'echo here >/tmp/x; sleep 1000'
	prun_in_pod one sh -c 'trap "exit 0" TERM; sleep 1000 & wait'
	[ "$(p exec one readlink /proc/self/ns/net)" = "$(p exec first readlink /proc/self/ns/net)" ]
	p generate kube group >"$ROOM_DIR/pod.yaml"
	p pod stop -t 1 group >/dev/null
	wait_for state_is exited
	p pod rm -f group >/dev/null
	in_room podman kube play "$ROOM_DIR/pod.yaml" >/dev/null
	wait_for kube_runs
	in_room podman kube down "$ROOM_DIR/pod.yaml" >/dev/null
}

prun_in_pod() {
	local name=$1
	shift
	p run -d --pod group --name "$name" busybox "$@" >/dev/null
}

kube_runs() {
	[ "$(p inspect -f '{{.State.Status}}' group-first 2>/dev/null)" = running ]
}

@test "an idle supervisor sleeps" {
	sleeper
	local pid before
	pid=$(supervisor)
	# It has something to do at first.
	slept_on() {
		before=$(in_room grep ctxt_switches "/proc/$pid/status")
		sleep 3
		[ "$(in_room grep ctxt_switches "/proc/$pid/status")" = "$before" ]
	}
	slept_on || slept_on || slept_on || slept_on
	[ "$(in_room ls "/proc/$pid/task" | wc -l)" -eq 1 ]
}
