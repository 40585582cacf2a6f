#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Namespaces made and joined, ids mapped, and what belongs to each namespace.
# shellcheck disable=SC2016 # jq and the shell inside expand them

load ../helpers

setup() {
	requires root
	requires program jq
	setup_creel
}

teardown() {
	umount "$BATS_TEST_TMPDIR/net" 2>/dev/null || true
	teardown_creel
	[ -z "${netns-}" ] || ip netns delete "$netns"
}

mapped() { # PROGRAM...: in a user namespace whose root is nobody here
	bundle "$@"
	edit '.linux.namespaces += [{"type":"user"}]
		| .linux.uidMappings = [{"containerID":0,"hostID":100000,"size":65536}]
		| .linux.gidMappings = [{"containerID":0,"hostID":100000,"size":65536}]'
}

namespace_of() { # PID TYPE
	readlink "/proc/$1/ns/$2"
}

@test "a network namespace that is not the joined user namespace's" {
	local maps='[{"containerID":0,"hostID":100000,"size":65536}]' pid
	chmod 755 "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
	bundle sleep 1000
	edit '.linux.namespaces += [{"type":"user"}] | .linux.uidMappings = $m | .linux.gidMappings = $m' --argjson m "$maps"
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	pid=$(c state "$NAME" | jq .pid)
	touch "$BATS_TEST_TMPDIR/net"
	unshare --net="$BATS_TEST_TMPDIR/net" true
	edit '.linux.namespaces |= map(if .type == "user" then .path = "/proc/\($pid)/ns/user" elif .type == "network" then .path = $net else . end)
		| .linux.cgroupsPath += "-two"' --argjson pid "$pid" --arg net "$BATS_TEST_TMPDIR/net"
	c run --detach --bundle "$BUNDLE" "$NAME-two" >/dev/null 2>"$BATS_TEST_TMPDIR/err" 3>&- || cat "$BATS_TEST_TMPDIR/err"
	[ "$(c exec "$NAME-two" readlink /proc/self/ns/net)" = "net:[$(stat -Lc %i "$BATS_TEST_TMPDIR/net")]" ]
	c delete --force "$NAME-two"
}

@test "a device that has to be bound may be a link on the host" {
	chmod 755 "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR"
	ln -s /dev/fuse "$BATS_TEST_TMPDIR/link"
	mapped stat -c %t:%T "$BATS_TEST_TMPDIR/link"
	cp -a "$ROOTFS" "$BATS_TEST_TMPDIR/image"
	chown -R 100000:100000 "$BATS_TEST_TMPDIR/image"
	edit '.root.path = $i | .linux.devices = [{"path": $d, "type": "c", "major": 10, "minor": 229}]' \
		--arg i "$BATS_TEST_TMPDIR/image" --arg d "$BATS_TEST_TMPDIR/link"
	runs
	[ "$output" = a:e5 ]
}

@test "namespaces in the list are new, others are the caller's" {
	bundle sh -c 'for n in ipc mnt net pid uts cgroup user time; do readlink /proc/self/ns/$n; done'
	runs
	for n in ipc mnt net pid uts cgroup; do
		[[ $output != *"$(namespace_of $$ $n)"* ]]
	done
	for n in user time; do
		[[ $output == *"$(namespace_of $$ $n)"* ]]
	done
	edit '.linux.namespaces |= map(select(.type != "network" and .type != "ipc"))'
	runs
	for n in ipc net; do
		[[ $output == *"$(namespace_of $$ $n)"* ]]
	done
}

@test "host name, domain name, loopback and sysctls belong to the new namespaces" {
	bundle sh -c 'hostname; cat /proc/sys/kernel/domainname /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmni
		ip link show lo | grep -c UP'
	edit '.hostname = "box" | .domainname = "example.org"
		| .linux.sysctl = {"net.ipv4.ip_forward":"1","kernel.shmmni":"77"}'
	runs
	[ "$output" = "box
example.org
1
77
1" ]
	[ "$(hostname)" != box ]
}

@test "a member that would change the host names the namespace it needs" {
	bundle true
	edit '.linux.namespaces |= map(select(.type != "uts")) | .hostname = "box"'
	refuses "hostname: needs a namespace of type 'uts'"
	edit 'del(.hostname) | .linux.namespaces |= map(select(.type != "network")) | .linux.sysctl = {"net.ipv4.ip_forward":"1"}'
	refuses "the container has no network namespace of its own"
}

@test "namespaces are joined by path" {
	requires program ip
	netns=$NAME
	ip netns add "$netns"
	bundle readlink /proc/self/ns/net
	edit '(.linux.namespaces[] | select(.type == "network")).path = $p' --arg p "/run/netns/$netns"
	runs
	[ "$output" = "net:[$(stat -L -c %i "/run/netns/$netns")]" ]
	nothing_left
}

@test "a path of another type of namespace, or of none, is refused" {
	bundle true
	edit '(.linux.namespaces[] | select(.type == "network")).path = "/proc/self/ns/ipc"'
	refuses "join network namespace '/proc/self/ns/ipc': it is no network namespace"
	edit '(.linux.namespaces[] | select(.type == "network")).path = "/etc/passwd"'
	refuses "join network namespace '/etc/passwd': it is no network namespace"
	edit '(.linux.namespaces[] | select(.type == "network")).path = "/no/such"'
	refuses "join network namespace '/no/such': No such file or directory"
}

@test "two containers share a pod: pid, ipc, network and user namespaces" {
	local pid
	mapped sleep 100
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	pid=$(c state "$NAME" | jq .pid)
	mapped sh -c 'id -u; for n in user pid ipc net; do readlink /proc/self/ns/$n; done; cat /proc/1/cmdline | tr "\0" " "'
	edit '.linux.namespaces |= map(
			if .type == "user" then .path = $d + "/user"
			elif .type == "pid" then .path = $d + "/pid"
			elif .type == "ipc" then .path = $d + "/ipc"
			elif .type == "network" then .path = $d + "/net" else . end)
		| .linux.cgroupsPath += "-2"' --arg d "/proc/$pid/ns"
	run c run --bundle "$BUNDLE" "$NAME-2"
	echo "$output"
	[ "$output" = "0
$(namespace_of "$pid" user)
$(namespace_of "$pid" pid)
$(namespace_of "$pid" ipc)
$(namespace_of "$pid" net)
sleep 100 " ]
}

@test "in a user namespace: root inside, nobody outside, exec too" {
	mapped sleep 100
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	pid=$(c state "$NAME" | jq .pid)
	[ "$(stat -c %u "/proc/$pid")" = 100000 ]
	run c exec "$NAME" sh -c 'id -u; cat /proc/self/uid_map; grep -c . /proc/self/mounts >/dev/null && echo x >/dev/null && echo dev'
	echo "$output"
	[[ $output == 0*"0     100000      65536"*dev ]]
	[ "$(namespace_of "$pid" user)" = "$(c exec "$NAME" readlink /proc/self/ns/user)" ]
}

@test "a user namespace's root need not reach the root file system, nor volumes" {
	mkdir -m 700 "$BATS_TEST_TMPDIR/closed"
	cp -a "$ROOTFS" "$BATS_TEST_TMPDIR/closed/rootfs"
	mkdir -p "$BATS_TEST_TMPDIR"/closed/{volume,rootfs/mnt/{v,m}}
	echo in >"$BATS_TEST_TMPDIR/closed/volume/file"
	mapped sh -c 'cat /mnt/v/file; stat -c %u /mnt/v/file /mnt/m/file'
	edit '.root.path = $d + "/rootfs" | .mounts += [
			{"destination":"/mnt/v","source":($d + "/volume"),"options":["bind"]},
			{"destination":"/mnt/m","source":($d + "/volume"),"options":["bind","idmap"]}]' \
		--arg d "$BATS_TEST_TMPDIR/closed"
	run c run --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[[ $output != *"has no idmapped mounts"* ]] || skip "the file system has no idmapped mounts"
	[ "$output" = "in
65534
0" ]
}

@test "a user namespace in somebody else's network shows the host's /sys, read-only" {
	requires program ip
	netns=$NAME
	ip netns add "$netns"
	mapped sh -c 'ls /sys/class >/dev/null && echo there; touch /sys/fs/cgroup/x 2>/dev/null || echo refused
		grep " /sys " /proc/self/mounts | cut -d " " -f 1-4'
	edit '(.linux.namespaces[] | select(.type == "network")).path = $p' --arg p "/run/netns/$netns"
	runs
	[[ $output == "there
refused
sysfs /sys sysfs ro,"* ]]
}

@test "the clocks of a time namespace have their offsets" {
	[ -e /proc/self/ns/time ] || skip "needs time namespaces"
	bundle cut -d. -f1 /proc/uptime
	edit '.linux.namespaces += [{"type":"time"}] | .linux.timeOffsets = {"boottime":{"secs":10000000}}'
	runs
	[ "$output" -gt 10000000 ]
}

@test "limits, scores and masks: as asked, or an error that says what is missing" {
	bundle sh -c 'ulimit -n; ulimit -Hn; cat /proc/self/oom_score_adj; umask; echo $HOME; id'
	edit '.process.rlimits = [{"type":"RLIMIT_NOFILE","soft":100,"hard":200}] | .process.oomScoreAdj = 500
		| .process.user = {"uid":1000,"gid":1000,"additionalGids":[7],"umask":63}'
	runs
	[ "$output" = "100
200
500
0077
/home/user
uid=1000(user) gid=1000(user) groups=7" ]
	grep -q 'CapBnd:.*000001fffeffffff' /proc/self/status || skip "this machine withholds no CAP_SYS_RESOURCE"
	edit '.process.rlimits[0].hard = 100000000'
	refuses "process.rlimits[0]: RLIMIT_NOFILE: raising the hard limit from"
	edit 'del(.process.rlimits) | .process.oomScoreAdj = -1000'
	refuses "process.oomScoreAdj: lowering it to -1000 needs CAP_SYS_RESOURCE"
}

@test "the oom score is set in a user namespace as well" {
	mapped cat /proc/self/oom_score_adj
	edit '.process.oomScoreAdj = 345'
	runs
	[ "$output" = 345 ]
}

@test "a start behind a log file at debug level is not disturbed by it" {
	bundle true
	creel --debug --log "$BATS_TEST_TMPDIR/log" --root "$CREEL_ROOT" create --bundle "$BUNDLE" "$NAME" \
		>/dev/null 2>&1 3>&-
	run creel --debug --log "$BATS_TEST_TMPDIR/log" --root "$CREEL_ROOT" start "$NAME"
	[ "$status" -eq 0 ]
	grep -q "init: ready" "$BATS_TEST_TMPDIR/log"
}

@test "hooks of creation run between mounts and pivot, in their namespaces" {
	local log=$BATS_TEST_TMPDIR/log
	cat >"$BATS_TEST_TMPDIR/hook" <<-EOF
		#!/bin/sh
		echo "\$1 \$(readlink /proc/self/ns/mnt) \$(grep -c ' $ROOTFS/proc ' /proc/self/mounts)" >>$log
	EOF
	chmod +x "$BATS_TEST_TMPDIR/hook"
	bundle readlink /proc/self/ns/mnt
	edit '.hooks = ([["prestart"],["createRuntime"],["createContainer"]]
		| map({(.[0]): [{"path":$p,"args":["hook",.[0]],"env":["PATH=/usr/bin:/bin"]}]}) | add)' \
		--arg p "$BATS_TEST_TMPDIR/hook"
	runs
	cat "$log"
	[ "$(cat "$log")" = "prestart $(namespace_of $$ mnt) 0
createRuntime $(namespace_of $$ mnt) 0
createContainer $output 1" ]
}

@test "without pivot_root the host's tree is out of reach as well" {
	bundle sh -c 'cut -d " " -f 5 /proc/self/mountinfo | grep -v -E "^/(proc|dev|sys)?(/.*)?$"; ls / | tr "\n" " "'
	run unshare -m creel --root "$CREEL_ROOT" run --no-pivot --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[[ $output == "bin "*"var " ]]
}

@test "what a user namespace's root mounts in a shared volume stays inside" {
	mkdir -p "$BATS_TEST_TMPDIR/volume" "$ROOTFS/mnt/v"
	mapped sh -c 'mount -t tmpfs inside /mnt/v/below && grep -c "^inside /mnt/v/below " /proc/self/mounts; echo made >/mnt/v/fifo; cat /mnt/v/fifo'
	edit '.process.capabilities = ({"bounding":1,"permitted":1,"effective":1} | map_values(["CAP_SYS_ADMIN","CAP_DAC_OVERRIDE"]))
		| .mounts += [{"destination":"/mnt/v","source":$v,"options":["rbind"]}]' --arg v "$BATS_TEST_TMPDIR/volume"
	run unshare -m sh -c 'mount -t tmpfs v "$1" && mount --make-shared "$1" && mkdir "$1/below" && mkfifo -m 666 "$1/fifo" || exit 9
		creel --root "$2" run --bundle "$3" "$4" & cat "$1/fifo"; grep "^inside " /proc/self/mounts; echo >"$1/fifo"; wait $!' \
		sh "$BATS_TEST_TMPDIR/volume" "$CREEL_ROOT" "$BUNDLE" "$NAME"
	echo "$output"
	[ "${lines[0]}" = 1 ]
	[ "${lines[1]}" = made ]
	[ "${#lines[@]}" -eq 2 ]
}

@test "every type of namespace is joined by path" {
	local pid type file
	bundle sleep 100
	edit '.linux.namespaces += [{"type":"time"}]'
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	pid=$(c state "$NAME" | jq .pid)
	for type in ipc:ipc uts:uts network:net cgroup:cgroup pid:pid time:time mount:mnt; do
		file=${type#*:}
		bundle readlink "/proc/self/ns/$file"
		edit '.linux.namespaces |= (map(select(.type != $t)) + [{"type":$t,"path":$p}]) | .linux.cgroupsPath += "-2"
			| if $t == "mount" then (.linux.namespaces[] | select(.type == "pid")).path = ($p | sub("mnt$"; "pid")) | .mounts = [] | .linux.maskedPaths = [] | .linux.readonlyPaths = []
				| .root.path = "/" | del(.hostname) else . end' \
			--arg t "${type%:*}" --arg p "/proc/$pid/ns/$file"
		run c run --bundle "$BUNDLE" "$NAME-2"
		echo "$type: $output"
		[ "$output" = "$(namespace_of "$pid" "$file")" ]
		# A file of another type.
		edit '(.linux.namespaces[] | select(.type == $t)).path = $p' --arg t "${type%:*}" --arg p /proc/self/ns/user
		run c run --bundle "$BUNDLE" "$NAME-2"
		echo "$output"
		[ "$status" -eq 1 ]
		[[ $output == *"join ${type%:*} namespace '/proc/self/ns/user': it is no ${type%:*} namespace"* ]]
	done
}

@test "a user namespace that is joined has the mappings that are given, or it is an error" {
	local pid
	mapped sleep 100
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	pid=$(c state "$NAME" | jq .pid)
	mapped cat /proc/self/uid_map
	edit '(.linux.namespaces[] | select(.type == "user")).path = $p | .linux.cgroupsPath += "-2"' \
		--arg p "/proc/$pid/ns/user"
	run c run --bundle "$BUNDLE" "$NAME-2"
	echo "$output"
	[[ $output == *"0     100000      65536" ]]
	edit '.linux.gidMappings[0].hostID = 200000'
	run c run --bundle "$BUNDLE" "$NAME-2"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"linux.gidMappings: the user namespace that is joined by path has other mappings"* ]]
}

@test "sysctls of a user namespace, and negative offsets of clocks" {
	[ -e /proc/sys/user/max_ipc_namespaces ] || skip "needs sysctls of user namespaces"
	mapped sh -c 'cat /proc/sys/user/max_ipc_namespaces'
	edit '.linux.sysctl = {"user.max_ipc_namespaces":"33"}'
	runs
	[ "$output" = 33 ]
	bundle true
	edit '.linux.sysctl = {"user.max_ipc_namespaces":"33"}'
	refuses "has no user namespace of its own"
	[ -e /proc/self/ns/time ] || skip "needs time namespaces"
	bundle cat /proc/self/timens_offsets
	edit '.linux.namespaces += [{"type":"time"}]
		| .linux.timeOffsets = {"monotonic":{"secs":-5,"nanosecs":7},"boottime":{"secs":3600}}'
	runs
	[[ $output == "monotonic "*"-5"*"7"*"boottime "*"3600"* ]]
}
