#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What Docker's users do with a container that is there: exec, logs, stats, pause, stop, update, and
# the exit codes they get.

bats_require_minimum_version 1.5.0
load docker

setup_file() { docker_open; }
teardown_file() { docker_close; }
setup() { docker_needs; }
teardown() { remove_containers; }

# sleeper [DOCKER-ARG...]: a container "one" that waits, and ends by SIGTERM.
sleeper() {
	d run -d --name one "$@" busybox sh -c 'trap "exit 3" TERM; echo started; while :; do sleep 0.1; done' >/dev/null
	wait_for logs_say started
}

logs_say() {
	[[ $(d logs one 2>&1) == *"$1"* ]]
}

state() {
	field one '{{.State.Status}}'
}

state_is() {
	[ "$(state)" = "$1" ]
}

# exits CODE COMMAND...
exits() {
	run "-$1" "${@:2}"
	echo "$output"
}

@test "docker exec: output, input, exit code, -u, -w and -e" {
	sleeper
	[ "$(d exec one echo hello)" = hello ]
	[ "$(echo typed | d exec -i one cat)" = typed ]
	exits 7 d exec one sh -c 'exit 7'
	[ "$(d exec -u user -w /tmp -e A=b one sh -c 'echo $(id -un) $PWD $A')" = "user /tmp b" ]
	[ "$(d exec --privileged one status CapEff)" != "$(d exec one status CapEff)" ] ||
		[ "$(d exec one status CapEff)" != 00000000a80425fb ]
}

@test "docker exec -it has a terminal, -d goes on alone" {
	sleeper
	run typed docker exec -it one sh -c 'test -t 1 && tty; exit 5'
	echo "$output"
	[ "$status" -eq 5 ]
	[[ $output == *"/dev/pts/"* ]]
	d exec -d one sh -c 'echo done >/tmp/done; sleep 1000'
	wait_for d exec one test -e /tmp/done
}

@test "docker exec says what is missing: the program, the right to run it, the container" {
	sleeper
	# Newer engines exit with 127 here, as docker run does.
	run d exec one no-such-program
	[ "$status" -eq 126 ] || [ "$status" -eq 127 ]
	[[ $output == *'executable file not found in $PATH'* ]]
	exits 126 d exec one /etc/passwd
	exits 126 d exec one /etc
	exits 1 d exec other true
}

@test "docker exec runs under the container's seccomp profile, capabilities and limits" {
	sleeper --cap-drop CHOWN --memory 32m --security-opt no-new-privileges
	[ "$(d exec one status Seccomp NoNewPrivs CapEff)" = "$(printf '2\n1\n00000000a80425fa')" ]
	[ "$(d exec one limit memory.limit_in_bytes memory.max)" = 33554432 ]
	[ "$(d exec one cat /proc/self/cgroup)" = "$(d exec one cat /proc/1/cgroup)" ]
}

@test "docker exec gets the ulimits" {
	sleeper --ulimit nofile=100:200
	[ "$(d exec one sh -c 'echo $(ulimit -Sn) $(ulimit -Hn)')" = "100 200" ]
}

@test "docker logs shows both streams, --tail their end, and -f follows until the end" {
	d run -d --name one busybox sh -c 'echo first; echo second >&2; until [ -e /go ]; do sleep 0.1; done
		echo third; until [ -e /end ]; do sleep 0.1; done' >/dev/null
	d logs -f one >"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
	wait_for grep -q second "$BATS_TEST_TMPDIR/log"
	d exec one touch /go
	wait_for grep -q third "$BATS_TEST_TMPDIR/log"
	d exec one touch /end
	wait $!
	cat "$BATS_TEST_TMPDIR/log"
	[ "$(sort "$BATS_TEST_TMPDIR/log")" = "$(printf 'first\nsecond\nthird')" ]
	[ "$(d logs --tail 1 one)" = third ]
	[ "$(d logs one 2>/dev/null)" = "$(printf 'first\nthird')" ]
}

@test "docker stats --no-stream shows processes, memory and its limit" {
	sleeper --memory 64m
	run d stats --no-stream --format '{{.Name}} {{.PIDs}} {{.MemUsage}}' one
	echo "$output"
	[[ $output =~ ^one\ [12]\ [0-9.]+[KM]iB\ /\ 64MiB$ ]]
}

@test "docker top lists the container's processes" {
	d run -d --name one busybox sleep 1234
	run d top one -o pid,args
	echo "$output"
	[[ $output == *"sleep 1234"* ]]
	[ "${#lines[@]}" -eq 2 ]
}

@test "docker pause freezes every process, unpause lets them go on" {
	d run -d --name one busybox sh -c 'while :; do echo >>/tmp/count; sleep 0.02; done'
	wait_for d exec one test -s /tmp/count
	d pause one
	[ "$(state)" = paused ]
	local pid before
	pid=$(field one '{{.State.Pid}}')
	before=$(in_room stat -c %s "/proc/$pid/root/tmp/count")
	sleep 0.3
	[ "$(in_room stat -c %s "/proc/$pid/root/tmp/count")" = "$before" ]
	exits 1 d exec one true
	d unpause one
	[ "$(state)" = running ]
	wait_for counts_past "$before"
}

counts_past() {
	[ "$(d exec one stat -c %s /tmp/count)" -gt "$1" ]
}

@test "docker stop lets the program end by itself, and kills one that does not" {
	sleeper
	d stop -t 100 one
	[ "$(field one '{{.State.ExitCode}}')" = 3 ]
	d rm one
	d run -d --name one busybox sleep 1000
	d stop -t 1 one
	[ "$(field one '{{.State.ExitCode}}')" = 137 ]
}

@test "docker kill ends it at once, or sends the signal asked for" {
	d run -d --name one busybox sh -c 'trap "echo told" USR1; echo started; while :; do sleep 0.1; done'
	wait_for logs_say started
	d kill -s USR1 one
	wait_for logs_say told
	d kill one
	wait_for state_is exited
	[ "$(field one '{{.State.ExitCode}}')" = 137 ]
	exits 1 d kill one
	[[ $output == *"is not running"* ]]
}

@test "a container that is paused is killed and removed all the same" {
	sleeper
	d pause one
	d kill one
	wait_for state_is exited
	d rm one
	sleeper
	d pause one
	d rm -f one
}

@test "docker restart and start run the same container again" {
	d run -d --name one busybox sh -c 'echo run >>/log; wc -l </log; sleep 1000'
	wait_for logs_say 1
	d restart -t 0 one
	wait_for logs_say 2
	d kill one
	d start one
	wait_for logs_say 3
}

@test "a restart policy starts what failed, as often as it says" {
	d run -d --name one --restart on-failure:2 busybox sh -c 'echo try; exit 4'
	wait_for restarted 2
	wait_for state_is exited
	# The log has it by and by: the engine waits two seconds for a container's last words.
	wait_for tried_three_times
	[ "$(field one '{{.State.ExitCode}}')" = 4 ]
}

tried_three_times() {
	[ "$(d logs one | grep -c try)" -eq 3 ]
}

restarted() {
	[ "$(field one '{{.RestartCount}}')" = "$1" ]
}

@test "docker update changes memory, processors and processes of a running container" {
	sleeper --memory 64m --memory-swap 128m --cpus 1
	d update --memory 96m --memory-swap 192m one
	[ "$(d exec one limit memory.limit_in_bytes memory.max)" = 100663296 ]
	d update --cpus 0.5 one
	[ "$(d exec one limit cpu.cfs_quota_us cpu.max)" = 50000 ]
	d update --pids-limit 33 one
	[ "$(d exec one limit pids.max pids.max)" = 33 ]
	d update --cpuset-cpus 0 one
	[ "$(d exec one limit cpuset.cpus cpuset.cpus)" = 0 ]
	# What was not named is as before.
	[ "$(d exec one limit memory.limit_in_bytes memory.max)" = 100663296 ]
	[ "$(field one '{{.State.Running}}')" = true ]
}

@test "a health check decides whether a container is healthy" {
	d run -d --name one --health-cmd 'test -e /tmp/well' --health-interval 200ms --health-retries 1 \
		--health-timeout 5s busybox sleep 1000
	wait_for health_is unhealthy
	d exec one touch /tmp/well
	wait_for health_is healthy
}

health_is() {
	[ "$(field one '{{.State.Health.Status}}')" = "$1" ]
}

@test "docker wait and run give the program's exit code, 128+n for a signal" {
	d run -d --name one busybox sh -c 'sleep 0.3; exit 42'
	[ "$(d wait one)" = 42 ]
	exits 42 d run --rm busybox sh -c 'exit 42'
	exits 143 d run --rm busybox sh -c 'kill -TERM $$; sleep 1' || true
	exits 137 d run --rm --init busybox sh -c 'kill -KILL $$'
}

@test "docker run: 125 for what the engine refuses, 126 and 127 for the program, with the reason" {
	exits 125 d run --rm --no-such-option busybox true
	exits 127 d run --rm busybox no-such-program
	[[ $output == *'executable file not found in $PATH'* ]]
	exits 127 d run --rm busybox /no/such/program
	[[ $output == *"no such file or directory"* ]]
	exits 126 d run --rm busybox /etc/passwd
	[[ $output == *"permission denied"* ]]
	exits 126 d run --rm busybox /etc
}

@test "a file mounted over a directory is refused with the engine's own hint" {
	touch "$ROOM_DIR/file"
	run d run --rm -v "$ROOM_DIR/file:/etc" busybox true
	echo "$output"
	[ "$status" -eq 125 ] || [ "$status" -eq 127 ]
	[[ $output == *"Are you trying to mount a directory onto a file"* ]]
}

@test "docker attach passes input, cp and diff see the files" {
	d run -d -i --name one busybox sh -c 'read line; touch /new; echo "got $line"; read line' >/dev/null
	# The client leaves when its input ends, so that stays open until the answer is there.
	touch "$BATS_TEST_TMPDIR/answer"
	{
		echo words
		types "$BATS_TEST_TMPDIR/answer" 'got words' 'end\n'
	} | d attach one >"$BATS_TEST_TMPDIR/answer"
	[ "$(cat "$BATS_TEST_TMPDIR/answer")" = "got words" ]
	[[ $(d diff one) == *"A /new"* ]]
	sleeper_again
	echo content >"$ROOM_DIR/copied"
	d cp "$ROOM_DIR/copied" one:/tmp/
	[ "$(d exec one cat /tmp/copied)" = content ]
}

sleeper_again() {
	d rm -f one
	sleeper
}

@test "docker commit keeps what the container wrote" {
	d run --name one busybox sh -c 'echo kept >/kept'
	d commit one kept:1 >/dev/null
	[ "$(d run --rm kept:1 cat /kept)" = kept ]
	d rmi -f kept:1
}

@test "the engine restarts while a container runs, and finds it again" {
	sleeper
	in_room cat /run/docker.pid >"$ROOM_DIR/pid"
	in_room kill -TERM "$(cat "$ROOM_DIR/pid")"
	wait_for in_room test ! -e /run/docker.pid
	docker_daemon
	[ "$(state)" = running ]
	[ "$(d exec one echo alive)" = alive ]
	d stop -t 100 one
	[ "$(field one '{{.State.ExitCode}}')" = 3 ]
}

@test "after all containers are gone nothing of creel's is left" {
	sleeper
	[ "$(runtime_runs)" = "$(field one '{{.Id}}')" ]
	[ -n "$(room_cgroups)" ]
	d rm -f one
	wait_for nothing_runs
}
