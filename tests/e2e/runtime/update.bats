#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Other limits for a container that runs, by options and by the documents that engines send.
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

# started [FILTER]: $NAME sleeps, with that change of its configuration.
started() {
	bundle sleep 1000
	edit "${1:-.}"
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
}

# file CONTROLLER NAME: what the container's group says.
file() {
	cat "/sys/fs/cgroup/$1/creel-e2e/$NAME/$2"
}

# stored FILTER: what the container's own configuration says.
stored() {
	jq -c ".linux.resources$1" <"$CREEL_ROOT/$NAME/config.json"
}

@test "options change limits, in the kernel and in the container's configuration" {
	started
	c update --memory 64m --memory-swap 128m --memory-reservation 32m --cpu-quota 50000 --cpu-period 100000 \
		--cpu-share 512 --pids-limit 77 --cpuset-cpus 0 "$NAME"
	[ "$(file memory memory.limit_in_bytes)" = $((64 << 20)) ]
	[ "$(file memory memory.memsw.limit_in_bytes)" = $((128 << 20)) ]
	[ "$(file memory memory.soft_limit_in_bytes)" = $((32 << 20)) ]
	[ "$(file cpu cpu.cfs_quota_us)" = 50000 ]
	[ "$(file cpu cpu.shares)" = 512 ]
	[ "$(file pids pids.max)" = 77 ]
	[ "$(file cpuset cpuset.cpus)" = 0 ]
	[ "$(stored .memory)" = '{"limit":67108864,"reservation":33554432,"swap":134217728}' ]
	[ "$(stored .cpu)" = '{"shares":512,"quota":50000,"period":100000,"cpus":"0"}' ]
	[ "$(stored .pids)" = '{"limit":77}' ]
	# Upwards and downwards, where the kernel wants the two limits in another order.
	c update --memory=256m --memory-swap=512m "$NAME"
	[ "$(file memory memory.memsw.limit_in_bytes)" = $((512 << 20)) ]
	c update --memory=32m --memory-swap=40m "$NAME"
	[ "$(file memory memory.limit_in_bytes)" = $((32 << 20)) ]
	c update --memory -1 "$NAME"
	[ "$(file memory memory.limit_in_bytes)" -gt $((1 << 50)) ]
	[ "$(file memory memory.memsw.limit_in_bytes)" -gt $((1 << 50)) ]
	c update --pids-limit=-1 --cpu-quota -1 "$NAME"
	[ "$(file pids pids.max)" = max ]
	[ "$(file cpu cpu.cfs_quota_us)" = -1 ]
}

@test "a document on standard input changes what it names and nothing else" {
	started '.linux.resources.memory.limit = 104857600 | .linux.resources.cpu = {"quota": 40000, "period": 80000}'
	echo '{"pids": {"limit": 20}}' | c update --resources - "$NAME"
	[ "$(file pids pids.max)" = 20 ]
	[ "$(file memory memory.limit_in_bytes)" = 104857600 ]
	echo '{"memory": {}, "cpu": {"period": 50000}}' >"$BATS_TEST_TMPDIR/r.json"
	c update -r "$BATS_TEST_TMPDIR/r.json" "$NAME"
	[ "$(file cpu cpu.cfs_period_us) $(file cpu cpu.cfs_quota_us)" = '50000 40000' ]
	# What engines send for "not given".
	echo '{"memory":{"limit":0,"swap":0,"reservation":0},"cpu":{"shares":0,"quota":0,"period":0,"cpus":"","mems":""},
		"blockIO":{"weight":0}}' | c update -r - "$NAME"
	[ "$(file cpu cpu.cfs_period_us) $(file cpu cpu.cfs_quota_us)" = '50000 40000' ]
	[ "$(file memory memory.limit_in_bytes)" = 104857600 ]
	# The document and options together.
	echo '{"pids": {"limit": 30}, "memory": {"limit": 52428800}}' | c update -r - --pids-limit 31 "$NAME"
	[ "$(file pids pids.max) $(file memory memory.limit_in_bytes)" = '31 52428800' ]
}

@test "bad input changes nothing" {
	started '.linux.resources.memory.limit = 104857600 | .linux.resources.memory.swap = 104857600'
	local before
	before=$(stored '')
	for doc in '{"pids": {"limit": 20}, "memory": {"limit": -2}}' '{"pids": {"limit": 20}, "cpu": {"idle": 7}}' \
		'{"pids": {"limit": 20}, "cpu": {"cpus": "a"}}' '{"pids": {"limit": 20}, ' '' '[]' \
		'{"pids": {"limit": 20}, "memory": {"limit": 209715200}}' '{"pids": {"limit": 20}, "unified": {"x.y": "1"}}' \
		'{"pids": {"limit": 20}, "devices": [{"allow": true, "type": "q"}]}'; do
		run c update -r - "$NAME" <<<"$doc"
		echo "$output"
		[ "$status" -eq 1 ]
		[ "$(file pids pids.max)" = max ]
		[ "$(stored '')" = "$before" ]
	done
	for opt in --cpu-share=-5 --memory=12q --pids-limit=many --cpuset-cpus=one --blkio-weight=5 --cpu-idle=2; do
		run c update "$opt" "$NAME"
		echo "$output"
		[ "$status" -eq 1 ]
	done
	[ "$(stored '')" = "$before" ]
	run c update -r /no/such "$NAME"
	[[ $output == *"--resources: open '/no/such'"* ]]
	[ ! -e "$CREEL_ROOT/$NAME/config.json.new" ]
}

@test "a paused container and one that waits can be updated, a stopped one not" {
	bundle sleep 1000
	c create --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	c update --pids-limit 40 "$NAME"
	[ "$(file pids pids.max)" = 40 ]
	c start "$NAME"
	c pause "$NAME"
	c update --pids-limit 41 "$NAME"
	[ "$(file pids pids.max)" = 41 ]
	c resume "$NAME"
	c kill "$NAME" KILL
	wait_for has_status "$NAME" stopped
	run c update --pids-limit 42 "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"container not running: it is stopped"* ]]
	run c update --pids-limit 42 "$NAME-other"
	[[ $output == *"does not exist"* ]]
}

@test "a new list of device rules takes effect, the same one again leaves the rules alone" {
	started '.linux.resources.devices = [{"allow": false, "access": "rwm"}]'
	c exec "$NAME" sh -c 'mknod /tmp/fuse c 10 229'
	run c exec "$NAME" dd if=/tmp/fuse of=/dev/null bs=1 count=0
	[ "$status" -ne 0 ]
	echo '{"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 10, "minor": 229,
		"access": "rw"}]}' | c update -r - "$NAME"
	c exec "$NAME" dd if=/tmp/fuse of=/dev/null bs=1 count=0
	# What somebody else allowed survives an engine that sends back what it once gave.
	echo 'c 1:4 rwm' >"/sys/fs/cgroup/devices/creel-e2e/$NAME/devices.allow"
	stored ".devices" | jq "{devices: .}" | c update -r - "$NAME"
	file devices devices.list | grep 'c 1:4 rwm'
	echo '{"devices": [{"allow": false, "access": "rwm"}]}' | c update -r - "$NAME"
	run c exec "$NAME" dd if=/tmp/fuse of=/dev/null bs=1 count=0
	[ "$status" -ne 0 ]
}

@test "when the kernel refuses one value, those written before it are put back" {
	started '.linux.resources.memory.limit = 104857600 | .linux.resources.cpu.shares = 512'
	local before
	before=$(stored '')
	run c update -r - "$NAME" <<<'{"memory": {"limit": 52428800, "swap": 62914560}, "cpu": {"shares": 100, "cpus": "4000"}}'
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"linux.resources.cpu.cpus: write '4000' to 'cpuset.cpus'"* ]]
	[[ $output != *"not put back"* ]]
	[ "$(file memory memory.limit_in_bytes)" = 104857600 ]
	[ "$(file memory memory.memsw.limit_in_bytes)" -gt $((1 << 50)) ]
	[ "$(file cpu cpu.shares)" = 512 ]
	[ "$(stored '')" = "$before" ]
}

@test "in a hybrid layout the controllers of the v2 tree are used" {
	grep -qw hugetlb /sys/fs/cgroup/unified/cgroup.controllers || skip "needs hugetlb in the v2 tree"
	started '.linux.resources.hugepageLimits = [{"pageSize": "2MB", "limit": 4194304}]'
	[ "$(file unified hugetlb.2MB.max)" = 4194304 ]
	[ "$(file unified hugetlb.2MB.rsvd.max)" = 4194304 ]
	c update -r - "$NAME" <<<'{"unified": {"hugetlb.2MB.max": "6291456"}}'
	[ "$(file unified hugetlb.2MB.max)" = 6291456 ]
	run c update -r - "$NAME" <<<'{"unified": {"memory.high": "6291456"}}'
	[ "$status" -eq 1 ]
	[[ $output == *"linux.resources.unified.memory.high: the memory controller is not available in this cgroup v2 tree"* ]]
	c delete --force "$NAME"
	edit 'del(.linux.resources.hugepageLimits) | .linux.resources.unified = {"cgroup.max.depth": "3"}'
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	[ "$(file unified cgroup.max.depth)" = 3 ]
}

@test "what is allowed before and after new device rules is allowed all the time" {
	started '.linux.resources.devices = [{"allow": false, "access": "rwm"}]'
	# A group made inside, as systemd does: rules for everything can't be set any more then.
	mkdir "/sys/fs/cgroup/devices/creel-e2e/$NAME/inner"
	c exec --detach "$NAME" sh -c 'while : <>/dev/null; do :; done; echo >/tmp/broken-'"$NAME" >/dev/null 2>&1 3>&-
	local more='{"allow": true, "type": "c", "major": 10, "minor": 229, "access": "rw"}'
	for _ in {1..8}; do
		c update -r - "$NAME" <<<'{"devices": [{"allow": false, "access": "rwm"}, '"$more"']}'
		file devices devices.list | grep -q 'c 10:229 rw'
		c update -r - "$NAME" <<<'{"devices": [{"allow": false, "access": "rwm"}]}'
		[[ $(file devices devices.list) != *'c 10:229 rw'* ]]
	done
	[ ! -e "$ROOTFS/tmp/broken-$NAME" ]
	run c update -r - "$NAME" <<<'{"devices": [{"allow": true, "access": "rwm"}]}'
	[ "$status" -eq 1 ]
	[[ $output == *"groups that the container made in it are in the way"* ]]
	file devices devices.list | grep -q 'c 1:3 rwm'
	rmdir "/sys/fs/cgroup/devices/creel-e2e/$NAME/inner"
	# The kernel counts a group for some time after it was removed.
	echo '{"devices": [{"allow": true, "access": "rwm"}]}' >"$BATS_TEST_TMPDIR/all.json"
	wait_for c update -r "$BATS_TEST_TMPDIR/all.json" "$NAME"
	file devices devices.list | grep -q 'a \*:\* rwm'
	c update -r - "$NAME" <<<'{"devices": []}'
	[[ $(file devices devices.list) != *'a *:* rwm'* ]]
	has_status "$NAME" running
	[ ! -e "$ROOTFS/tmp/broken-$NAME" ]
}

@test "a share of caches is refused where there is no resctrl, with the place in the document" {
	! grep -q ' - resctrl ' /proc/self/mountinfo || skip "this host has resctrl"
	started
	local before
	before=$(cat "$CREEL_ROOT/$NAME/config.json")
	run c update --l3-cache-schema L3:0=f --memory 64m "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"linux.intelRdt: no resctrl is mounted"* ]]
	[ "$(file memory memory.limit_in_bytes)" -gt $((1 << 50)) ]
	run c update --mem-bw-schema L3:0=f "$NAME"
	[[ $output == *"linux.intelRdt.memBwSchema: 'L3:0=f' is not one line that begins with 'MB:'"* ]]
	[ "$(cat "$CREEL_ROOT/$NAME/config.json")" = "$before" ]
}
