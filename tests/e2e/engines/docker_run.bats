#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What `docker run` promises its users, with creel under a Docker Engine.

bats_require_minimum_version 1.5.0
load docker

setup_file() { docker_open; }
teardown_file() { docker_close; }
setup() { docker_needs; }
teardown() { remove_containers; }

# prints OUTPUT BOX-ARG...: a container with these arguments prints exactly that, and succeeds.
prints() {
	local want=$1
	shift
	run box "$@"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$output" = "$want" ]
}

@test "creel is the engine's default runtime and what runs a container" {
	[ "$(d info -f '{{.DefaultRuntime}}')" = creel ]
	d run -d --name one busybox sleep 1000
	[ "$(field one '{{.HostConfig.Runtime}}')" = creel ]
	[ "$(runtime_runs)" = "$(field one '{{.Id}}')" ]
}

@test "--runtime creel chooses it by name, and an unknown runtime is refused" {
	prints hi --runtime creel busybox echo hi
	run box --runtime other busybox true
	[ "$status" -eq 125 ]
}

@test "standard input, output and error are three streams" {
	echo input >"$BATS_TEST_TMPDIR/in"
	run --separate-stderr box -i busybox sh -c 'cat; echo oops >&2' <"$BATS_TEST_TMPDIR/in"
	[ "$output" = input ]
	[ "$stderr" = oops ]
}

@test "-it gives the program a terminal of the user's size" {
	# The engine passes the size on when the program runs already.
	run typed sh -c 'stty rows 33 cols 99
		docker run --rm -it busybox sh -c "while [ -z \"\$(stty size 2>&1 | grep 99)\" ]; do sleep 0.05; done; stty size; tty"'
	echo "$output"
	[[ $output == *"33 99"* ]]
	[[ $output == *"/dev/pts/0"* ]]
}

@test "-d returns at once and the container goes on" {
	d run -d --name one busybox sh -c 'echo started; sleep 1000'
	[ "$(field one '{{.State.Running}}')" = true ]
	wait_for logs_say one started
}

logs_say() {
	[[ $(d logs "$1" 2>&1) == *"$2"* ]]
}

@test "-p publishes a port and the server behind it answers" {
	d run -d --name web -p 127.0.0.1:8080:80 busybox sh -c 'echo served >/tmp/index.html; exec httpd -f -p 80 -h /tmp'
	wait_for in_room curl -fs http://127.0.0.1:8080/
	[ "$(in_room curl -fs http://127.0.0.1:8080/)" = served ]
	[ "$(d port web)" = "80/tcp -> 127.0.0.1:8080" ]
}

@test "-e, --env-file, -w, --hostname, --entrypoint and --add-host reach the program" {
	echo B=2 >"$ROOM_DIR/env"
	prints "1 2 /srv me" -e A=1 --env-file "$ROOM_DIR/env" -w /srv --hostname me --entrypoint sh busybox \
		-c 'echo $A $B $PWD $(hostname)'
	prints "10.1.2.3	friend" --add-host friend:10.1.2.3 busybox grep friend /etc/hosts
}

@test "-v mounts a host directory, read-write or read-only, and a volume keeps its data" {
	mkdir -p "$ROOM_DIR/host"
	echo there >"$ROOM_DIR/host/file"
	prints there -v "$ROOM_DIR/host:/data" busybox sh -c 'cat /data/file; echo back >/data/new'
	[ "$(cat "$ROOM_DIR/host/new")" = back ]
	run box -v "$ROOM_DIR/host:/data:ro" busybox touch /data/file
	[ "$status" -eq 1 ]
	[[ $output == *"Read-only file system"* ]]
	box -v keep:/data busybox sh -c 'echo kept >/data/file'
	prints kept -v keep:/data busybox cat /data/file
	d volume rm keep
}

@test "a volume takes over what the image has below its destination" {
	prints "root:x:0:0:root:/root:/bin/sh" -v copied:/etc busybox head -n 1 /etc/passwd
	d volume rm copied
}

@test "--mount with bind propagation shows the host's later mounts" {
	in_room sh -c 'mkdir -p /run/shared && mount -t tmpfs none /run/shared && mount --make-shared /run/shared'
	d run -d --name one --mount type=bind,source=/run/shared,target=/data,bind-propagation=rslave \
		busybox sleep 1000
	in_room sh -c 'mkdir /run/shared/later && mount -t tmpfs none /run/shared/later && touch /run/shared/later/seen'
	[ "$(d exec one ls /data/later)" = seen ]
	d rm -f one
	in_room umount -R -l /run/shared
}

@test "--tmpfs and --shm-size are memory of the size asked for" {
	prints "4096 tmpfs rw,nosuid,nodev,noexec" --tmpfs /scratch:size=4m busybox \
		sh -c 'echo $(df -k /scratch | tail -n 1 | tr -s " " | cut -d" " -f2) $(grep " /scratch " /proc/mounts | cut -d" " -f3,4 | cut -d, -f1-4)'
	prints 2048 --shm-size 2m busybox sh -c 'df -k /dev/shm | tail -n 1 | tr -s " " | cut -d" " -f2'
}

@test "--memory, --memory-swap and --memory-reservation limit memory, and a program over it is killed" {
	prints 33554432 --memory 32m busybox limit memory.limit_in_bytes memory.max
	prints 16777216 --memory 32m --memory-reservation 16m busybox limit memory.soft_limit_in_bytes memory.low
	# containerd tells of it beside the exit: an engine that hears of the exit first never notes it.
	d run -d --name hog --memory 32m --memory-swap 32m busybox \
		sh -c 'tail /dev/zero; code=$?; until [ -e /seen ]; do sleep 0.1; done; exit $code'
	wait_for engine_has_seen oom
	d exec hog touch /seen
	[ "$(d wait hog)" = 137 ]
	[ "$(field hog '{{.State.OOMKilled}} {{.State.ExitCode}}')" = "true 137" ]
}

engine_has_seen() {
	d events --since 10m --until 0s --filter container=hog --filter "event=$1" | grep -q " $1 "
}

@test "--cpus, --cpu-shares and --cpuset-cpus limit processors" {
	prints 150000 --cpus 1.5 busybox limit cpu.cfs_quota_us cpu.max
	run box --cpu-shares 512 busybox limit cpu.shares cpu.weight
	[ "$output" = 512 ] || [ "$output" = 59 ] || [ "$output" = 20 ]
	prints 0 --cpuset-cpus 0 busybox limit cpuset.cpus cpuset.cpus
}

@test "--pids-limit stops a fork bomb" {
	prints 20 --pids-limit 20 busybox limit pids.max pids.max
	run box --pids-limit 20 busybox sh -c 'for i in $(seq 40); do sleep 3 & done; wait'
	[[ $output == *"can't fork: Resource temporarily unavailable"* ]]
}

@test "--cap-add and --cap-drop change exactly those capabilities" {
	prints "00000000a80425fb" busybox status CapEff
	prints "00000000a80435fb" --cap-add NET_ADMIN busybox status CapEff
	prints "00000000a80425fa" --cap-drop CHOWN busybox status CapBnd
	prints "0000000000000000" --cap-drop ALL busybox status CapPrm
	prints "0000000000000000" busybox status CapInh
	prints "0000000000000000" busybox status CapAmb
}

@test "the default seccomp profile holds, seccomp=unconfined lifts it, a profile of one's own rules" {
	prints 2 busybox status Seccomp
	prints 0 --security-opt seccomp=unconfined busybox status Seccomp
	run box busybox unshare -U true
	[ "$status" -ne 0 ]
	[[ $output == *"Operation not permitted"* ]]
	echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":28}]}' \
		>"$ROOM_DIR/seccomp.json"
	run box --security-opt "seccomp=$ROOM_DIR/seccomp.json" busybox mkdir /new
	[[ $output == *"No space left on device"* ]]
}

@test "--security-opt no-new-privileges and systempaths=unconfined" {
	prints 1 --security-opt no-new-privileges busybox status NoNewPrivs
	prints 0 busybox sh -c 'wc -c </proc/keys'
	run box --security-opt systempaths=unconfined busybox sh -c 'wc -c </proc/keys'
	[ "$output" -gt 0 ]
}

@test "--ulimit sets soft and hard limits" {
	prints "100 200" --ulimit nofile=100:200 busybox sh -c 'echo $(ulimit -Sn) $(ulimit -Hn)'
	prints 0 --ulimit core=0 busybox sh -c 'ulimit -c'
}

@test "--device passes a device, without it the same device is out of reach" {
	# The kernel's log; SYSLOG, as its driver asks for that besides.
	in_room mknod /run/log c 1 11
	prints read --cap-add SYSLOG --device /run/log:/dev/log:r busybox sh -c ': </dev/log && echo read'
	run box --cap-add SYSLOG --device /run/log:/dev/log:r busybox sh -c 'echo >/dev/log'
	[[ $output == *"Operation not permitted"* ]]
	run box --cap-add SYSLOG busybox sh -c 'mknod /dev/log c 1 11 && : </dev/log'
	[[ $output == *"Operation not permitted"* ]]
	prints read --cap-add SYSLOG --device-cgroup-rule 'c 1:11 r' busybox sh -c 'mknod /log c 1 11 && : </log && echo read'
}

@test "--read-only makes the root read-only, but not a tmpfs on it" {
	run box --read-only busybox touch /file
	[ "$status" -eq 1 ]
	[[ $output == *"Read-only file system"* ]]
	prints ok --read-only --tmpfs /tmp busybox sh -c 'touch /tmp/file && echo ok'
}

@test "--user by name, by number and with groups" {
	prints "uid=1000(user) gid=1000(user) groups=1000(user)" --user user busybox id
	prints "uid=7 gid=8 groups=8,9" --user 7:8 --group-add 9 busybox sh -c 'id | tr -d " " | sed "s/gid/ gid/;s/groups/ groups/"'
	prints "0000000000000000" --user 7 busybox status CapEff
}

@test "--init puts a small init before the program, which reaps orphans" {
	prints docker-init --init busybox cat /proc/1/comm
	prints sh busybox sh -c 'cat /proc/1/comm; :'
}

@test "--pid host sees the machine's processes, --pid container: the other's" {
	run box --pid host busybox ps -o comm
	[[ $output == *dockerd* ]]
	run box busybox ps -o comm
	[[ $output != *dockerd* ]]
	d run -d --name one busybox sleep 1234
	run box --pid container:one busybox ps -o args
	[[ $output == *"sleep 1234"* ]]
}

@test "--ipc host, container: and private choose the IPC namespace" {
	local host other
	host=$(in_room readlink /proc/self/ns/ipc)
	prints "$host" --ipc host busybox readlink /proc/self/ns/ipc
	d run -d --name one --ipc shareable busybox sh -c 'echo note >/dev/shm/note; sleep 1000'
	other=$(d exec one readlink /proc/self/ns/ipc)
	prints "$other" --ipc container:one busybox readlink /proc/self/ns/ipc
	prints note --ipc container:one busybox cat /dev/shm/note
	run box busybox readlink /proc/self/ns/ipc
	[ "$output" != "$host" ] && [ "$output" != "$other" ]
}

@test "--network none, host, bridge and container: choose the network" {
	prints "lo" --network none busybox ls /sys/class/net
	prints "$(in_room readlink /proc/self/ns/net)" --network host busybox readlink /proc/self/ns/net
	run box busybox ip -o -4 addr show eth0
	[[ $output == *"inet 172."* ]]
	d run -d --name one busybox sleep 1000
	prints "$(d exec one readlink /proc/self/ns/net)" --network container:one busybox readlink /proc/self/ns/net
}

@test "two containers on a network of their own find each other by name" {
	d network create ours >/dev/null
	d run -d --name web --network ours busybox sh -c 'echo served >/tmp/index.html; exec httpd -f -p 80 -h /tmp'
	wait_for box --network ours busybox wget -qO- http://web/
	prints served --network ours busybox wget -qO- http://web/
	d rm -f web
	wait_for d network rm ours
}

@test "--uts host and --cgroupns choose those namespaces" {
	prints room --uts host busybox hostname
	prints "$(in_room readlink /proc/self/ns/cgroup)" --cgroupns host busybox readlink /proc/self/ns/cgroup
	run box --cgroupns private busybox readlink /proc/self/ns/cgroup
	[ "$output" != "$(in_room readlink /proc/self/ns/cgroup)" ]
}

@test "--sysctl sets a namespaced parameter and refuses a global one" {
	prints 4242 --sysctl net.ipv4.ip_default_ttl=42 --sysctl kernel.msgmax=4242 busybox cat /proc/sys/kernel/msgmax
	run box --sysctl kernel.sysrq=1 busybox true
	[ "$status" -eq 125 ] || [ "$status" -eq 1 ]
	[[ $output == *sysrq* ]]
}

@test "--oom-score-adj and --stop-signal are kept" {
	prints 300 --oom-score-adj 300 busybox cat /proc/self/oom_score_adj
	d run -d --name one --stop-signal USR1 busybox sh -c 'trap "echo told; exit 9" USR1; echo started; while :; do sleep 0.1; done'
	wait_for logs_say one started
	d stop -t 100 one
	[ "$(field one '{{.State.ExitCode}}')" = 9 ]
	wait_for logs_say one $'started\ntold'
}

@test "--device-read-bps limits a disk" {
	local numbers
	numbers=$(in_room sh -c 'cat /sys/block/*/dev | head -n 1')
	in_room mknod /run/disk b "${numbers%:*}" "${numbers#*:}"
	run box --device-read-bps /dev/../run/disk:1mb busybox \
		sh -c 'cat /sys/fs/cgroup/blkio/blkio.throttle.read_bps_device || cat /sys/fs/cgroup/io.max'
	echo "$output"
	[[ $output == "$numbers 1048576" || $output == *"$numbers rbps=1048576 "* ]]
}

@test "--privileged gives every capability that the host has, devices and no seccomp filter" {
	local host given
	host=0x$(in_room sed -n 's/^CapBnd:\t//p' /proc/self/status)
	run --separate-stderr box --privileged busybox sh -c 'echo $(status CapEff Seccomp) $(ls /dev/kmsg)'
	[[ $output == *" 0 /dev/kmsg" ]]
	# This engine knows the first 38.
	given=0x${output%% *}
	[ $((given & ~host)) -eq 0 ]
	[ $((host & 0x3fffffffff & ~given)) -eq 0 ]
}
