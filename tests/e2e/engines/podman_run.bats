#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What `podman run` promises its users, with creel as the runtime of root's containers.

bats_require_minimum_version 1.5.0
load podman

setup_file() { podman_open; }
teardown_file() { podman_close; }
setup() { podman_needs; }
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

@test "creel is the runtime by the name in containers.conf, and by --runtime and its path" {
	[ "$(p info -f '{{.Host.OCIRuntime.Name}}')" = creel ]
	prun -d --name one busybox sleep 1000
	[ "$(field one '{{.OCIRuntime}}')" = creel ]
	[ "$(runtime_runs)" = "$(field one '{{.Id}}')" ]
	[ "$(p --runtime "$RUNTIME" run --cgroup-parent "/$ROOM_CGROUP" --rm busybox echo hi)" = hi ]
}

@test "standard input, output and error are three streams" {
	run --separate-stderr box -i busybox sh -c 'cat; echo oops >&2' <<<input
	[ "$output" = input ]
	[ "$stderr" = oops ]
}

@test "-it gives the program a terminal of the user's size" {
	run typed sh -c "stty rows 33 cols 99
		podman run --cgroup-parent /$ROOM_CGROUP --rm -it busybox \
			sh -c 'while [ -z \"\$(stty size 2>&1 | grep 99)\" ]; do sleep 0.05; done; stty size; tty; exit 6'"
	echo "$output"
	[ "$status" -eq 6 ]
	[[ $output == *"33 99"* ]]
	[[ $output == *"/dev/pts/0"* ]]
}

@test "-d and -p: a server in the background answers on the published port" {
	prun -d --name web -p 127.0.0.1:8080:80 busybox sh -c 'echo served >/tmp/index.html; exec httpd -f -p 80 -h /tmp'
	wait_for in_room curl -fs http://127.0.0.1:8080/
	[ "$(in_room curl -fs http://127.0.0.1:8080/)" = served ]
}

@test "-e, --env-file, -w, --hostname, --entrypoint and --add-host reach the program" {
	echo B=2 >"$ROOM_DIR/env"
	prints "1 2 /tmp me" -e A=1 --env-file "$ROOM_DIR/env" -w /tmp --hostname me --entrypoint sh busybox \
		-c 'echo $A $B $PWD $(hostname)'
	run box --add-host friend:10.1.2.3 busybox cat /etc/hosts
	[[ $output == *10.1.2.3*friend* ]]
}

@test "-v mounts a host directory, read-write or read-only, and a volume keeps its data" {
	mkdir -p "$ROOM_DIR/host"
	echo there >"$ROOM_DIR/host/file"
	prints there -v "$ROOM_DIR/host:/data" busybox sh -c 'cat /data/file; echo back >/data/new'
	[ "$(cat "$ROOM_DIR/host/new")" = back ]
	run box -v "$ROOM_DIR/host:/data:ro,noexec" busybox touch /data/file
	[ "$status" -eq 1 ]
	[[ $output == *"Read-only file system"* ]]
	box -v keep:/data busybox sh -c 'echo kept >/data/file'
	prints kept -v keep:/data busybox cat /data/file
	p volume rm keep
}

@test "-v with O is an overlay: the container writes, the host's directory stays" {
	mkdir -p "$ROOM_DIR/lower"
	echo below >"$ROOM_DIR/lower/file"
	prints above -v "$ROOM_DIR/lower:/data:O" busybox sh -c 'echo above >/data/file; cat /data/file'
	[ "$(cat "$ROOM_DIR/lower/file")" = below ]
}

@test "--tmpfs takes over the image's files, --shm-size is what it says" {
	run box --tmpfs /etc busybox cat /etc/passwd
	echo "$output"
	[[ $output == *root:x:0:0* ]]
	prints 2048 --shm-size 2m busybox sh -c 'df -k /dev/shm | tail -n 1 | tr -s " " | cut -d" " -f2'
}

@test "--memory limits memory, and a program over it is killed" {
	prints 33554432 --memory 32m busybox limit memory.limit_in_bytes memory.max
	run -137 box --memory 32m --memory-swap 32m busybox tail /dev/zero
}

@test "--cpus, --cpuset-cpus and --pids-limit" {
	prints 150000 --cpus 1.5 busybox limit cpu.cfs_quota_us cpu.max
	prints 0 --cpuset-cpus 0 busybox limit cpuset.cpus cpuset.cpus
	prints 20 --pids-limit 20 busybox limit pids.max pids.max
	run box --pids-limit 20 busybox sh -c 'for i in $(seq 40); do sleep 3 & done; wait'
	[[ $output == *"can't fork: Resource temporarily unavailable"* ]]
}

@test "--cgroups disabled runs without a control group of its own" {
	run p run --rm --cgroups disabled busybox cat /proc/self/cgroup
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output != *libpod-* ]]
}

@test "--cap-add and --cap-drop change exactly those capabilities" {
	prints "00000000800405fb" busybox status CapEff
	prints "00000000800415fb" --cap-add NET_ADMIN busybox status CapEff
	prints "00000000800405fa" --cap-drop CHOWN busybox status CapBnd
	prints "0000000000000000" --cap-drop ALL busybox status CapPrm
	prints "0000000000000000" busybox status CapInh
}

@test "seccomp: the default profile, unconfined, and a profile of one's own" {
	prints 2 busybox status Seccomp
	prints 0 --security-opt seccomp=unconfined busybox status Seccomp
	echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":28}]}' \
		>"$ROOM_DIR/seccomp.json"
	run box --security-opt "seccomp=$ROOM_DIR/seccomp.json" busybox mkdir /new
	[[ $output == *"No space left on device"* ]]
}

@test "--security-opt no-new-privileges, mask and unmask" {
	prints 1 --security-opt no-new-privileges busybox status NoNewPrivs
	prints 0 --security-opt mask=/etc/passwd busybox sh -c 'wc -c </etc/passwd'
	prints 0 busybox sh -c 'wc -c </proc/keys'
	run box --security-opt unmask=ALL busybox sh -c 'wc -c </proc/keys'
	[ "$output" -gt 0 ]
}

@test "--ulimit sets soft and hard limits" {
	# The other limits of containers.conf do not hold beside it.
	prints "100 200" --ulimit nofile=100:200 --ulimit "nproc=$(ulimit -Hu):$(ulimit -Hu)" busybox sh -c 'echo $(ulimit -Sn) $(ulimit -Hn)'
}

@test "--device passes a device, read-only when asked" {
	in_room mknod /run/log c 1 11
	prints read --cap-add SYSLOG --device /run/log:/dev/log:r busybox sh -c ': </dev/log && echo read'
	run box --cap-add SYSLOG --device /run/log:/dev/log:r busybox sh -c 'echo >/dev/log'
	[[ $output == *"Operation not permitted"* ]]
}

@test "--read-only makes the root read-only, but not /tmp on it" {
	run box --read-only busybox touch /file
	[ "$status" -eq 1 ]
	[[ $output == *"Read-only file system"* ]]
	prints ok --read-only busybox sh -c 'touch /tmp/file && echo ok'
}

@test "--user by name and by number, with groups, and --umask" {
	prints "user 1000" --user user busybox sh -c 'echo $(id -un) $(id -u)'
	prints "7 8 8 9" --user 7:8 --group-add 9 busybox sh -c 'echo $(id -u) $(id -g) $(id -G)'
	prints 0027 --umask 0027 busybox sh -c umask
}

@test "--uidmap gives a user namespace in which root is another user" {
	prints "0 0 100000 1000" --uidmap 0:100000:1000 --gidmap 0:200000:1000 busybox \
		sh -c 'echo $(id -u) $(cat /proc/self/uid_map)'
	prun -d --name one --uidmap 0:100000:1000 --gidmap 0:200000:1000 busybox sleep 1000
	[ "$(in_room stat -c %u "/proc/$(field one '{{.State.Pid}}')")" = 100000 ]
	[ "$(p exec one id -u)" = 0 ]
}

@test "--init puts a small init before the program, which the program may kill itself under" {
	prints podman-init --init --init-path /usr/bin/tini-static busybox cat /proc/1/comm
	run -137 box --init --init-path /usr/bin/tini-static busybox sh -c 'kill -9 $$'
}

@test "--pid host and container:, --ipc host and container:" {
	run box --pid host busybox ps -o args
	[[ $output == *"sleep infinity"* ]]
	prun -d --name one --ipc shareable busybox sleep 1234
	run box --pid container:one busybox ps -o args
	[[ $output == *"sleep 1234"* ]]
	prints "$(in_room readlink /proc/self/ns/ipc)" --ipc host busybox readlink /proc/self/ns/ipc
	prints "$(p exec one readlink /proc/self/ns/ipc)" --ipc container:one busybox readlink /proc/self/ns/ipc
}

@test "--network none, host, bridge and container:" {
	prints lo --network none busybox ls /sys/class/net
	prints "$(in_room readlink /proc/self/ns/net)" --network host busybox readlink /proc/self/ns/net
	run box busybox ip -o -4 addr show eth0
	[[ $output == *"inet 10.88."* ]]
	prun -d --name one busybox sleep 1000
	prints "$(p exec one readlink /proc/self/ns/net)" --network container:one busybox readlink /proc/self/ns/net
}

@test "--sysctl sets a namespaced parameter" {
	prints 4242 --sysctl kernel.msgmax=4242 busybox cat /proc/sys/kernel/msgmax
}

@test "--privileged gives the capabilities that the host has" {
	prints "$(in_room sed -n 's/^CapBnd:\t//p' /proc/self/status)" --privileged busybox status CapEff
}

@test "--preserve-fds passes open files to the program" {
	run box --preserve-fds 1 busybox cat /proc/self/fd/3 3<<<"through 3"
	echo "$output"
	[ "$output" = "through 3" ]
}

@test "--sdnotify container: the program's READY=1 reaches the socket of podman's caller" {
	cp "$(command -v notify)" "$ROOM_DIR/notify"
	in_room timeout 180 python3 -c '
import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("/run/ready.sock")
while True:
    text = s.recv(4096).decode()
    print(text, flush=True)
    if "READY=1" in text: break' >"$ROOM_DIR/ready.log" 3>&- &
	wait_for in_room test -S /run/ready.sock
	in_room env NOTIFY_SOCKET=/run/ready.sock timeout 180 podman run --cgroup-parent "/$ROOM_CGROUP" -d --name one \
		--sdnotify container -v "$ROOM_DIR/notify:/bin/notify" busybox sh -c 'notify READY=1; sleep 1000'
	wait $!
	cat "$ROOM_DIR/ready.log"
	grep -q READY=1 "$ROOM_DIR/ready.log"
}

@test "--secret is a file for the container alone" {
	echo -n hidden | p secret create key - >/dev/null
	prints hidden --secret key busybox cat /run/secrets/key
	p secret rm key
}

@test "exit codes: the program's own, 125 for podman, 126 and 127 for the program" {
	run -42 box busybox sh -c 'exit 42'
	run -125 box --no-such-option busybox true
	run -127 box busybox no-such-program
	[[ $output == *'executable file not found in $PATH'* ]]
	run -126 box busybox /etc/passwd
	[[ $output == *"permission denied"* ]]
	run -126 box busybox /etc
}
