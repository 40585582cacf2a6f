#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Other limits and devices for a running container, on a pure cgroup v2 host.
# shellcheck disable=SC2016 # jq and the shell inside expand them
load guest

setup() {
	requires program jq
	setup_creel
	GROUP=$CGROUP/creel-e2e/$NAME
}

# started [FILTER]: $NAME sleeps, with that change of linux.resources.
started() {
	bundle sleep 1000
	edit ".linux.resources = (.linux.resources | ${1:-.})"
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
}

# file NAME
file() {
	cat "$GROUP/$1"
}

stored() {
	jq -c ".linux.resources$1" <"$CREEL_ROOT/$NAME/config.json"
}

@test "options and documents change limits" {
	started '.memory = {limit: 67108864, swap: 134217728}'
	c update --memory 32m --memory-reservation 16m --cpu-quota 50000 --cpu-period 100000 --cpu-share 512 --pids-limit 77 \
		--cpuset-cpus 0 "$NAME"
	[ "$(file memory.max)" = $((32 << 20)) ]
	# Memory and swap together are remembered: 128 MiB, of which 32 are memory now.
	[ "$(file memory.swap.max)" = $((96 << 20)) ]
	[ "$(file memory.low)" = $((16 << 20)) ]
	[ "$(file cpu.max)" = '50000 100000' ]
	[ "$(file cpu.weight)" = 59 ]
	[ "$(file pids.max)" = 77 ]
	[ "$(file cpuset.cpus)" = 0 ]
	c update --cpu-period 80000 "$NAME"
	[ "$(file cpu.max)" = '50000 80000' ]
	c update --cpu-quota -1 "$NAME"
	[ "$(file cpu.max)" = 'max 80000' ]
	c update --memory 64m --memory-swap 64m "$NAME"
	[ "$(file memory.max) $(file memory.swap.max)" = "$((64 << 20)) 0" ]
	c update --memory -1 "$NAME"
	[ "$(file memory.max) $(file memory.swap.max)" = 'max max' ]
	[ "$(stored .memory)" = '{"limit":-1,"reservation":16777216,"swap":-1}' ]
	echo '{"unified": {"memory.high": "50331648", "cpu.max": "max 90000"}}' | c update -r - "$NAME"
	[ "$(file memory.high) $(file cpu.max)" = '50331648 max 90000' ]
	c update --cpu-idle 1 "$NAME"
	[ "$(file cpu.idle)" = 1 ]
	c update --cpu-idle 0 "$NAME"
	[ "$(file cpu.weight)" = 59 ]
}

@test "a burst and the quota that limits it change in any order" {
	started '.cpu = {quota: 50000, period: 100000, burst: 40000}'
	[ "$(file cpu.max.burst)" = 40000 ]
	c update --cpu-quota 20000 --cpu-burst 10000 "$NAME"
	[ "$(file cpu.max) $(file cpu.max.burst)" = '20000 100000 10000' ]
	c update --cpu-quota 90000 --cpu-burst 80000 "$NAME"
	[ "$(file cpu.max) $(file cpu.max.burst)" = '90000 100000 80000' ]
}

@test "what the kernel refuses leaves all as it was" {
	started '.memory = {limit: 67108864} | .pids = {limit: 50}'
	local before
	before=$(stored '')
	run c update -r - "$NAME" <<<'{"memory": {"limit": 33554432}, "pids": {"limit": 9}, "unified": {"cpu.max": "x"}}'
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"linux.resources.unified.cpu.max: write 'x' to 'cpu.max'"* ]]
	[[ $output != *"not put back"* ]]
	[ "$(file memory.max) $(file pids.max)" = '67108864 50' ]
	[ "$(stored '')" = "$before" ]
	for doc in '{"memory": {"swappiness": 5}}' '{"memory": {"disableOOMKiller": true}}' '{"cpu": {"realtimeRuntime": 5}}' \
		'{"network": {"classID": 5}}' '{"blockIO": {"leafWeight": 50}}' '{"memory": {"kernel": 5}}' \
		'{"unified": {"nosuch.max": "1"}}' '{"unified": {"memory.nosuch": "1"}}' '{"unified": {"a/b.c": "1"}}'; do
		run c update -r - "$NAME" <<<"$doc"
		echo "$output"
		[ "$status" -eq 1 ]
	done
	[ "$(stored '')" = "$before" ]
}

@test "a limit below what is in use is refused where that was asked for" {
	started '.memory = {limit: 104857600, checkBeforeUpdate: true}'
	c exec "$NAME" sh -c 'head -c 20m /dev/zero >/dev/shm/fill'
	run c update --memory 8m "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"is below the "*" bytes in use"* ]]
	[ "$(file memory.max)" = 104857600 ]
}

@test "device rules are exchanged while a program runs" {
	started '.devices = [{"allow": false, "access": "rwm"}]'
	c exec --detach "$NAME" sh -c 'while : <>/dev/null; do :; done; echo >/dev/shm/broken' >/dev/null 2>&1 3>&-
	c exec "$NAME" mknod /tmp/kmsg c 1 11
	run c exec "$NAME" dd if=/tmp/kmsg of=/dev/null count=0
	[ "$status" -ne 0 ]
	for _ in 1 2 3 4; do
		echo '{"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "b", "access": "r"}]}' | c update -r - "$NAME"
		echo '{"devices": [{"allow": false, "access": "rwm"}]}' | c update -r - "$NAME"
	done
	run c exec "$NAME" ls /dev/shm/broken
	[ "$status" -ne 0 ]
}

@test "a device is added with its permission, and both are taken away" {
	[ -c /dev/full ] || skip "needs /dev/full"
	# One that is not among the defaults: the first terminal.
	started '.devices = [{"allow": false, "access": "rwm"}]'
	c devices add --device /dev/ttyS0 "$NAME" || skip "needs /dev/ttyS0"
	c exec "$NAME" dd if=/dev/ttyS0 of=/dev/null count=0 iflag=nonblock || c exec "$NAME" sh -c ': >/dev/ttyS0'
	c exec "$NAME" mknod /tmp/again c 4 64
	c devices remove --device /dev/ttyS0 "$NAME"
	run c exec "$NAME" sh -c ': >/tmp/again'
	[ "$status" -ne 0 ]
	[[ $output == *"not permitted"* ]]
}

@test "exec goes into a group below, and nowhere else" {
	started
	mkdir "$GROUP/sub"
	c exec --detach --cgroup sub --pid-file "$BATS_TEST_TMPDIR/pid" "$NAME" sleep 1000 >/dev/null 2>&1 3>&-
	[ "$(cat "/proc/$(cat "$BATS_TEST_TMPDIR/pid")/cgroup")" = "0::/creel-e2e/$NAME/sub" ]
	c exec --detach --cgroup unified:/sub --pid-file "$BATS_TEST_TMPDIR/pid" "$NAME" sleep 1000 >/dev/null 2>&1 3>&-
	[ "$(cat "/proc/$(cat "$BATS_TEST_TMPDIR/pid")/cgroup")" = "0::/creel-e2e/$NAME/sub" ]
	for bad in .. sub/../.. ../../ memory:sub nowhere; do
		run c exec --cgroup "$bad" "$NAME" true
		echo "$output"
		[ "$status" -eq 255 ]
	done
}
