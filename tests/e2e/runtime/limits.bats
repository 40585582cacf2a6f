#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Limits that bite: what a container feels of linux.resources on a host with cgroup v1 controllers.
# shellcheck disable=SC2016 # jq and the shell inside expand them

load ../helpers

setup() {
	requires root
	requires program jq
	requires cgroup1
	setup_creel
}

teardown() {
	teardown_creel
}

# limited FILTER PROGRAM...: run in the foreground with that change of linux.resources.
limited() {
	bundle "${@:2}"
	edit ".linux.resources = (.linux.resources | $1)"
	c run --bundle "$BUNDLE" "$NAME"
}

# started FILTER: $NAME sleeps, with that change of linux.resources.
started() {
	bundle sleep 1000
	edit ".linux.resources = (.linux.resources | $1)"
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
}

file() {
	cat "/sys/fs/cgroup/$1/creel-e2e/$NAME/$2"
}

@test "a process that takes more memory than there is, with swap or without, is ended" {
	# tail keeps the line it reads, which does not end.
	run limited '.memory = {limit: 33554432, swap: 33554432}' sh -c 'head -c 100m /dev/zero | tail >/dev/null'
	echo "$output"
	[ "$status" -eq 137 ]
	run limited '.memory = {limit: 33554432, swap: 33554432}' sh -c 'head -c 4m /dev/zero | tail >/dev/null'
	[ "$status" -eq 0 ]
}

@test "no more processes than allowed, and one even where none is" {
	run limited '.pids = {limit: 4}' sh -c 'for i in 1 2 3 4 5 6; do sleep 100 & done; wait'
	echo "$output"
	[[ $output == *"fork"* ]]
	run limited '.pids = {limit: 0}' echo alone
	[ "$output" = alone ]
	run limited '.pids = {limit: -1}' echo many
	[ "$output" = many ]
}

@test "a quota of processor time is kept, with burst and idle" {
	started '.cpu = {quota: 5000, period: 50000, burst: 2000}'
	[ "$(file cpu cpu.cfs_burst_us)" = 2000 ]
	c exec --detach "$NAME" sh -c 'while :; do :; done' >/dev/null 2>&1 3>&-
	throttled() { [ "$(file cpu cpu.stat | sed -n 's/^nr_throttled //p')" -gt 3 ]; }
	wait_for throttled
	# A burst that the new quota does not allow at first, and a quota that the old burst does not.
	c update --cpu-quota 20000 --cpu-burst 20000 "$NAME"
	[ "$(file cpu cpu.cfs_burst_us)" = 20000 ]
	c update --cpu-quota 4000 --cpu-burst 1000 "$NAME"
	[ "$(file cpu cpu.cfs_quota_us) $(file cpu cpu.cfs_burst_us)" = '4000 1000' ]
	c update --cpu-idle 1 "$NAME"
	[ "$(file cpu cpu.idle)" = 1 ]
	c update --cpu-share 300 "$NAME"
	c update --cpu-idle 0 "$NAME"
	[ "$(file cpu cpu.idle) $(file cpu cpu.shares)" = '0 300' ]
}

@test "reads and writes of a disk are throttled, and no more" {
	local dev
	dev=$(cat /sys/block/*/dev | head -n 1)
	started ".blockIO = {throttleReadBpsDevice: [{major: ${dev%:*}, minor: ${dev#*:}, rate: 1048576}],
		throttleWriteIOPSDevice: [{major: ${dev%:*}, minor: ${dev#*:}, rate: 100}]}"
	[ "$(file blkio blkio.throttle.read_bps_device)" = "$dev 1048576" ]
	[ "$(file blkio blkio.throttle.write_iops_device)" = "$dev 100" ]
	c update -r - "$NAME" <<<"{\"blockIO\": {\"throttleReadBpsDevice\": [{\"major\": ${dev%:*}, \"minor\": ${dev#*:}, \"rate\": 2097152}]}}"
	[ "$(file blkio blkio.throttle.read_bps_device)" = "$dev 2097152" ]
	run c update -r - "$NAME" <<<"{\"blockIO\": {\"throttleReadBpsDevice\": [{\"major\": ${dev%:*}, \"minor\": ${dev#*:}, \"rate\": 1},
		{\"major\": 4000, \"minor\": 0, \"rate\": 1}]}}"
	echo "$output"
	[ "$status" -eq 1 ]
	[ "$(file blkio blkio.throttle.read_bps_device)" = "$dev 2097152" ]
}

@test "a limit below what is in use is refused where that was asked for" {
	started '.memory = {limit: 104857600, checkBeforeUpdate: true}'
	c exec "$NAME" sh -c 'head -c 20m /dev/zero >/dev/shm/fill'
	run c update --memory 8m "$NAME"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"linux.resources.memory.limit: 8388608 is below the "*" bytes in use"* ]]
	[ "$(file memory memory.limit_in_bytes)" = 104857600 ]
	c update --memory 80m "$NAME"
	# What cannot be reclaimed at all is in use, too, when nobody asked for the check.
	c update -r - "$NAME" <<<'{"memory": {"checkBeforeUpdate": false}}'
	run c update --memory 4k "$NAME"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"linux.resources.memory.limit: 4096 is below the "*" bytes in use"* ]]
	[ "$(file memory memory.limit_in_bytes)" = 83886080 ]
}

@test "a limit that the kernel takes and forgets is told, and one that it keeps is not" {
	bundle true
	edit '.linux.resources.memory = {kernel: 20000000, kernelTCP: 20000000}'
	runs
	group=/sys/fs/cgroup/memory/creel-e2e/$NAME-probe
	mkdir -p "$group"
	echo 20000000 >"$group/memory.kmem.limit_in_bytes" || true
	kept=$(cat "$group/memory.kmem.limit_in_bytes")
	rmdir "$group"
	if [ "$kept" -le 20000000 ]; then
		[ -z "$output" ]
	else
		[ "$output" = "creel: warning: linux.resources.memory.kernel: this kernel keeps no such limit; memory.limit counts that memory, too" ]
	fi
}

@test "what this host's controllers cannot do is an error that names the member" {
	local pair
	for pair in '.network = {classID: 1}@linux.resources.network.classID: the net_cls controller is not available' \
		'.network = {priorities: [{name: "lo", priority: 1}]}@linux.resources.network.priorities[0]: the net_prio controller' \
		'.rdma = {mlx5: {hcaHandles: 1}}@linux.resources.rdma.mlx5: the rdma controller is not available' \
		'.rdma = {mlx5: {}}@linux.resources.rdma.mlx5: it needs hcaHandles or hcaObjects' \
		'.memory = {swap: 1048576}@linux.resources.memory.swap: needs memory.limit' \
		'.memory = {limit: 2097152, swap: 1048576}@linux.resources.memory.swap: it is smaller than memory.limit' \
		'.memory = {swappiness: 101}@memory.swappiness: 101 is out of range' \
		'.hugepageLimits = [{pageSize: "3MB", limit: 1}]@linux.resources.hugepageLimits[0]' \
		'.unified = {"io.max": "8:0 rbps=1"}@linux.resources.unified.io.max: the io controller is not available in this cgroup v2 tree' \
		'.unified = {"../x.y": "1"}@unified'; do
		run limited "${pair%%@*}" true
		echo "$output"
		[ "$status" -eq 1 ]
		[[ $output == *"${pair#*@}"* ]]
		nothing_left
	done
}
