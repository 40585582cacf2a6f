#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Limits that limit, on a pure cgroup v2 host, with the cgroupfs driver; devices, freezer, ownership.
# shellcheck disable=SC2016
load guest

setup() {
	setup_creel
	GROUP=$CGROUP/creel-e2e/$NAME
}

start() {
	c run --bundle "$BUNDLE" --detach "$NAME" >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null || {
		cat "$BATS_TEST_TMPDIR/out"
		return 1
	}
}

counter() {
	sed -n "s/^$2 //p" "$GROUP/$1"
}

@test "a process that wants more memory than the limit is killed, and state says why" {
	bundle sh -c 'dd if=/dev/zero of=/dev/null bs=64M count=1; sleep 100'
	edit '.linux.resources.memory = {limit: 16777216, swap: 16777216}'
	start
	wait_for eval '[ "$(counter memory.events oom_kill)" = 1 ]'
	[ "$(status_of "$NAME")" = running ]
	c delete --force "$NAME"
	bundle dd if=/dev/zero of=/dev/null bs=64M count=1
	edit '.linux.resources.memory = {limit: 16777216, swap: 16777216}'
	start
	wait_for has_status "$NAME" stopped
	c state "$NAME" | jq -e '.exit.oomKills == 1'
}

@test "a small limit is enough for a small program" {
	bundle true
	edit '.linux.resources.memory = {limit: 1048576, swap: 1048576}'
	c run --bundle "$BUNDLE" "$NAME"
}

@test "memory.oom.group ends all of the container" {
	bundle sh -c 'sleep 1000 & dd if=/dev/zero of=/dev/null bs=64M count=1; sleep 1000'
	edit '.linux.resources.memory = {limit: 16777216, swap: 16777216}
		| .linux.resources.unified = {"memory.oom.group": "1"}'
	start
	wait_for has_status "$NAME" stopped
}

@test "more processes than pids.limit can't be forked" {
	bundle sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 100 & done; sleep 100'
	edit '.linux.resources.pids = {limit: 4}'
	start
	wait_for eval '[ "$(counter pids.events max)" -ge 1 ]'
	[ "$(cat "$GROUP/pids.current")" -le 4 ]
}

@test "a quota throttles" {
	bundle sh -c 'while :; do :; done'
	edit '.linux.resources.cpu = {quota: 10000, period: 100000}'
	start
	wait_for eval '[ "$(counter cpu.stat nr_throttled)" -ge 5 ]'
	before=$(counter cpu.stat usage_usec)
	begin=$(date +%s%N)
	# A virtual processor that stood still while it was the container's counts as used by it, and the
	# container waits for that later: what holds is the mean.
	uses_little() {
		sleep 2
		used=$(($(counter cpu.stat usage_usec) - before))
		wall=$((($(date +%s%N) - begin) / 1000))
		[ "$used" -lt $((wall / 4)) ]
	}
	wait_for uses_little || {
		echo "used $used of $wall us"
		false
	}
}

@test "processes stay on their cpus" {
	bundle sh -c 'grep Cpus_allowed_list /proc/self/status; grep Mems_allowed_list /proc/self/status'
	edit '.linux.resources.cpu = {cpus: "1", mems: "0"}'
	[ "$(nproc)" -gt 1 ] || edit '.linux.resources.cpu.cpus = "0"'
	run c run --bundle "$BUNDLE" "$NAME"
	[ "${lines[0]##*	}" = "$(jq -r .linux.resources.cpu.cpus "$BUNDLE/config.json")" ]
	[ "${lines[1]##*	}" = 0 ]
}

@test "writes to a disk are slowed down to their rate" {
	read -r major minor < <(stat -c '%Hd %Ld' /)
	# busybox knows no direct I/O, so the guest's own dd is lent.
	bundle dd if=/dev/zero of=/data/file bs=64k count=8 oflag=direct
	mkdir -p "$BATS_TEST_TMPDIR/data"
	edit '.linux.resources.blockIO.throttleWriteBpsDevice = [{major: $major, minor: $minor, rate: 262144}]
		| .mounts += [{destination: "/data", type: "bind", source: $data, options: ["rbind"]}]
		| .mounts += (["/usr", "/lib", "/lib64", "/bin"]
			| map({destination: ., type: "bind", source: ., options: ["rbind", "ro"]}))' \
		--arg data "$BATS_TEST_TMPDIR/data" --argjson major "$major" --argjson minor "$minor"
	begin=$(date +%s%N)
	c run --bundle "$BUNDLE" "$NAME"
	took=$((($(date +%s%N) - begin) / 1000000))
	echo "512 KiB at 256 KiB/s took $took ms"
	[ "$took" -ge 1500 ]
}

@test "huge pages are limited" {
	bundle sleep 100
	edit '.linux.resources.hugepageLimits = [{pageSize: "2MB", limit: 4194304}]'
	start
	says hugetlb.2MB.max 4194304
	says hugetlb.2MB.rsvd.max 4194304
}

# The disk the guest runs from, which nobody opens by mistake.
disk() {
	read -r major minor < <(stat -c '%Hd %Ld' /)
	edit '.linux.devices = [{path: "/dev/disk", type: "b", major: $major, minor: $minor, fileMode: 438}]
		| .linux.resources.devices = [{allow: false, access: "rwm"}]' \
		--argjson major "$major" --argjson minor "$minor"
	rule=$(printf '{"allow": true, "type": "b", "major": %d, "minor": %d, "access": "r"}' "$major" "$minor")
}

@test "a device that is not allowed can't be opened, whoever asks" {
	bundle sh -c 'head -c 1 /dev/disk | wc -c; echo x >/dev/null && echo null; head -c 1 /dev/disk >>/dev/disk'
	disk
	run c run --bundle "$BUNDLE" "$NAME"
	[[ $output == *"/dev/disk: Operation not permitted"*0*null* ]]
	edit ".linux.resources.devices += [$rule]"
	run c run --bundle "$BUNDLE" "$NAME"
	[[ $output == 1*null*"/dev/disk: Operation not permitted"* ]]
}

@test "systemd's daemon-reload leaves the device rules alone" {
	scoped sleep 100
	disk
	start_scoped
	run c exec "$NAME" head -c 1 /dev/disk
	[[ $output == *"Operation not permitted"* ]]
	echo "{\"devices\": [$rule]}" | c update --resources - "$NAME"
	systemctl daemon-reload
	c exec "$NAME" head -c 1 /dev/disk >/dev/null
	run c exec "$NAME" sh -c 'echo x >>/dev/disk'
	[[ $output == *"Operation not permitted"* ]]
}

@test "a paused container stands still" {
	bundle sh -c 'i=0; while :; do i=$((i + 1)); echo $i >/tmp/i; sleep 0.1; done'
	start
	wait_for c exec "$NAME" test -s /tmp/i
	c pause "$NAME"
	grep -q '^frozen 1' "$GROUP/cgroup.events"
	pid=$(pid_of "$NAME")
	before=$(cat "/proc/$pid/root/tmp/i")
	sleep 0.5
	[ "$(cat "/proc/$pid/root/tmp/i")" = "$before" ]
	c resume "$NAME"
	wait_for eval '[ "$(cat "/proc/$pid/root/tmp/i")" != "$before" ]'
	c pause "$NAME"
	c kill "$NAME" KILL
	wait_for has_status "$NAME" stopped
}

@test "a container that sees its group writable owns it, one that does not does not" {
	bundle sleep 100
	edit '.process.user = {uid: 1000, gid: 1000}
		| (.mounts[] | select(.destination == "/sys/fs/cgroup") | .options) -= ["ro"]'
	start
	[ "$(stat -c %u "$GROUP" "$GROUP/cgroup.procs" "$GROUP/cgroup.subtree_control" "$GROUP/memory.max" | tr '\n' ' ')" = "1000 1000 1000 0 " ]
	c exec --user 1000:1000 "$NAME" mkdir /sys/fs/cgroup/mine
	run c exec --user 1000:1000 "$NAME" sh -c 'echo max >/sys/fs/cgroup/memory.max'
	[ "$status" -ne 0 ]
	c delete --force "$NAME"
	edit '(.mounts[] | select(.destination == "/sys/fs/cgroup") | .options) += ["ro"]'
	start
	[ "$(stat -c %u "$GROUP")" = 0 ]
}
