#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What Podman's users do with containers and pods that are there, with creel as the runtime.

bats_require_minimum_version 1.5.0
load podman

setup_file() { podman_open; }
teardown_file() { podman_close; }
setup() { podman_needs; }
teardown() { remove_containers; }

@test "podman exec: output, input, exit code, -u, -w and -e" {
	sleeper
	[ "$(p exec one echo hello)" = hello ]
	[ "$(echo typed | p exec -i one cat)" = typed ]
	run -7 p exec one sh -c 'exit 7'
	[ "$(p exec -u user -w /tmp -e A=b one sh -c 'echo $(id -un) $PWD $A')" = "user /tmp b" ]
	run -127 p exec one no-such-program
	[[ $output == *'executable file not found in $PATH'* ]]
	run -126 p exec one /etc/passwd
	run -126 p exec one /etc
}

@test "podman exec -it has a terminal, -d goes on alone" {
	sleeper
	run typed podman exec -it one sh -c 'tty; exit 5'
	echo "$output"
	[ "$status" -eq 5 ]
	[[ $output == *"/dev/pts/"* ]]
	p exec -d one sh -c 'echo done >/tmp/done; sleep 1000'
	wait_for p exec one test -e /tmp/done
}

@test "podman exec runs under the container's seccomp profile, capabilities and limits" {
	sleeper --cap-drop CHOWN --memory 32m --security-opt no-new-privileges
	[ "$(p exec one status Seccomp NoNewPrivs CapEff)" = "$(printf '2\n1\n00000000800405fa')" ]
	[ "$(p exec one limit memory.limit_in_bytes memory.max)" = 33554432 ]
	[ "$(p exec one cat /proc/self/cgroup)" = "$(p exec one cat /proc/1/cgroup)" ]
}

@test "podman logs shows both streams, --tail their end, and -f follows until the end" {
	prun -d --name one busybox sh -c 'echo first; echo second >&2; until [ -e /go ]; do sleep 0.1; done
		echo third; until [ -e /end ]; do sleep 0.1; done' >/dev/null
	p logs -f one >"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
	wait_for grep -q second "$BATS_TEST_TMPDIR/log"
	p exec one touch /go
	wait_for grep -q third "$BATS_TEST_TMPDIR/log"
	p exec one touch /end
	wait $!
	cat "$BATS_TEST_TMPDIR/log"
	[ "$(sort "$BATS_TEST_TMPDIR/log")" = "$(printf 'first\nsecond\nthird')" ]
	[ "$(p logs --tail 1 one)" = third ]
}

@test "podman stats and top show memory, its limit and the processes" {
	sleeper --memory 64m
	run p stats --no-stream --format '{{.Name}} {{.PIDs}} {{.MemUsage}}' one
	echo "$output"
	[[ $output =~ ^one\ [12]\ [0-9.]+[kM]B\ /\ 67.11MB$ ]]
	run p top one pid args
	[[ $output == *"sleep 0.1"* || $output == *"trap"* ]]
}

@test "podman pause freezes every process, unpause lets them go on" {
	prun -d --name one busybox sh -c 'while :; do echo >>/tmp/count; sleep 0.02; done'
	wait_for p exec one test -s /tmp/count
	local count before
	count=/proc/$(field one '{{.State.Pid}}')/root/tmp/count
	p pause one
	state_is paused
	before=$(in_room stat -c %s "$count")
	sleep 0.3
	[ "$(in_room stat -c %s "$count")" = "$before" ]
	p unpause one
	state_is running
	wait_for counts_past "$before"
}

counts_past() {
	[ "$(p exec one stat -c %s /tmp/count)" -gt "$1" ]
}

@test "podman stop lets the program end by itself, kill sends any signal" {
	sleeper
	p stop -t 100 one
	[ "$(field one '{{.State.ExitCode}}')" = 3 ]
	p rm one
	prun -d --name one busybox sh -c 'trap "echo told" USR1; echo started; while :; do sleep 0.1; done'
	wait_for logs_say started
	p kill -s USR1 one
	wait_for logs_say told
	p kill one
	[ "$(p wait one)" = 137 ]
}

@test "a paused container is removed by force" {
	sleeper
	p pause one
	p rm -f -t 0 one
	run runtime_runs
	[ -z "$output" ]
}

@test "podman restart and start run the same container again, a restart policy too" {
	prun -d --name one busybox sh -c 'echo run >>/log; wc -l </log; sleep 1000'
	wait_for logs_say 1
	p restart -t 0 one
	wait_for logs_say 2
	p kill one
	p wait one
	p start one
	wait_for logs_say 3
	p rm -f -t 0 one
	prun -d --name one --restart on-failure:2 busybox sh -c 'echo try; exit 4'
	wait_for tried_three_times
}

tried_three_times() {
	[ "$(p logs one | grep -c try)" -eq 3 ]
}

@test "podman update changes memory and processors of a running container" {
	sleeper --memory 64m --memory-swap 128m
	p update --memory 96m --memory-swap 192m one
	[ "$(p exec one limit memory.limit_in_bytes memory.max)" = 100663296 ]
	p update --cpus 0.5 one
	[ "$(p exec one limit cpu.cfs_quota_us cpu.max)" = 50000 ]
	p update --cpu-shares 512 one
	[ "$(p exec one limit cpu.shares cpu.weight)" != "" ]
	state_is running
}

@test "a health check decides whether a container is healthy" {
	# Without systemd nobody runs it in time: the user does.
	sleeper --health-cmd 'test -e /tmp/well' --health-interval disable --health-retries 1
	run -1 p healthcheck run one
	p exec one touch /tmp/well
	p healthcheck run one
	[ "$(field one '{{.State.Health.Status}}')" = healthy ]
}

@test "podman cp, diff, commit, attach and rename" {
	sleeper
	echo content >"$ROOM_DIR/copied"
	p cp "$ROOM_DIR/copied" one:/tmp/
	[ "$(p exec one cat /tmp/copied)" = content ]
	[[ $(p diff one) == *"A /tmp/copied"* ]]
	p commit -q one kept >/dev/null
	[ "$(box kept cat /tmp/copied)" = content ]
	p rmi -f kept
	p rename one two
	p rm -f -t 0 two
	prun -d -i --name one busybox sh -c 'read line; echo "got $line"; read line'
	touch "$BATS_TEST_TMPDIR/answer"
	{
		echo words
		types "$BATS_TEST_TMPDIR/answer" 'got words' 'end\n'
	} | p attach one >"$BATS_TEST_TMPDIR/answer"
	[ "$(cat "$BATS_TEST_TMPDIR/answer")" = "got words" ]
}

@test "podman checkpoint says why it cannot, or does it" {
	sleeper
	run p container checkpoint one
	echo "$output"
	if [ "$status" -eq 0 ]; then
		p container restore one
		state_is running
	else
		[[ $output == *[Cc][Rr][Ii][Uu]* ]]
		state_is running
	fi
}

@test "a pod's containers share network, IPC and host name, and stop together" {
	p pod create --name pod --cgroup-parent "/$ROOM_CGROUP" --infra-image localhost/busybox --infra-command 'sleep 10000' \
		--hostname podded -p 127.0.0.1:8082:80
	p run -d --pod pod --name web busybox sh -c 'echo served >/tmp/index.html; exec httpd -f -p 80 -h /tmp'
	wait_for in_room curl -fs http://127.0.0.1:8082/
	[ "$(p run --rm --pod pod busybox wget -qO- http://127.0.0.1/)" = served ]
	[ "$(p run --rm --pod pod busybox hostname)" = podded ]
	[ "$(p exec web readlink /proc/self/ns/ipc)" = "$(p run --rm --pod pod busybox readlink /proc/self/ns/ipc)" ]
	p pod pause pod
	[ "$(field web '{{.State.Status}}')" = paused ]
	p pod unpause pod
	p pod stop -t 0 pod
	# It is "stopped" until podman has cleaned up behind it.
	wait_for web_has_exited
	p pod start pod
	wait_for in_room curl -fs http://127.0.0.1:8082/
	p pod rm -f -t 0 pod
	run runtime_runs
	[ -z "$output" ]
}

web_has_exited() {
	[ "$(field web '{{.State.Status}}')" = exited ]
}

@test "podman kube play starts what podman generate kube wrote" {
	cat >"$ROOM_DIR/pod.yaml" <<-'END'
		apiVersion: v1
		kind: Pod
		metadata: {name: played}
		spec:
		  containers:
		  - name: web
		    image: localhost/busybox
		    imagePullPolicy: Never
		    command: [sh, -c, 'echo $GREETING >/tmp/index.html; exec httpd -f -p 80 -h /tmp']
		    env: [{name: GREETING, value: played}]
		    ports: [{containerPort: 80, hostPort: 8083, hostIP: 127.0.0.1}]
		    resources: {limits: {memory: 64Mi}}
		    securityContext: {capabilities: {drop: [CHOWN]}}
	END
	p kube play "$ROOM_DIR/pod.yaml"
	wait_for in_room curl -fs http://127.0.0.1:8083/
	[ "$(in_room curl -fs http://127.0.0.1:8083/)" = played ]
	[ "$(p exec played-web limit memory.limit_in_bytes memory.max)" = 67108864 ]
	p generate kube played >"$ROOM_DIR/again.yaml"
	p kube down "$ROOM_DIR/pod.yaml"
	grep -q GREETING "$ROOM_DIR/again.yaml"
	run runtime_runs
	[ -z "$output" ]
}
