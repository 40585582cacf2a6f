#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Every string, number, truth value and free name of config.json, each with every hostile value: huge, negative,
# with a NUL, a newline, `..`, very long, empty, of another type.  Never a crash or a hang; an error is one line,
# and nothing has changed.  (CVE-2021-43784: lengths that overflow on the way to the first process.)

load helpers

setup() {
	requires root
	requires program jq unshare
	setup_creel
	hostile_image
	hostile true
	edit '.process.rlimits = []'
	LINES_=$BATS_TEST_TMPDIR/lines
}

teardown() {
	teardown_creel
}

# Filters over the plain configuration, each of them valid or refused as a whole: together they have every row.
features=(
	'.'
	'.process.consoleSize = {"height": 24, "width": 80} | .process.noNewPrivileges = true'
	'.process.user = {"uid": 1000, "gid": 1000, "umask": 18, "additionalGids": [7], "username": "x"}'
	'.process.commandLine = "x" | .domainname = "d" | .annotations = {"a.b": "c"}'
	'.process.capabilities |= (.inheritable = ["CAP_CHOWN"] | .ambient = ["CAP_CHOWN"])'
	'.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 64, "hard": 128}] | .process.oomScoreAdj = 10'
	'.process.scheduler = {"policy": "SCHED_BATCH", "nice": 5, "priority": 0, "flags": ["SCHED_FLAG_RESET_ON_FORK"]}'
	'.process.scheduler = {"policy": "SCHED_DEADLINE", "runtime": 1000000, "deadline": 10000000, "period": 10000000}'
	'.process.ioPriority = {"class": "IOPRIO_CLASS_BE", "priority": 4}'
	'.process.execCPUAffinity = {"initial": "0", "final": "0"}'
	'.process.apparmorProfile = "x"'
	'.process.selinuxLabel = "x" | .linux.mountLabel = "x"'
	'.mounts += [{"destination": "/data", "type": "bind", "source": "/etc", "options": ["rbind", "ro"],
		"uidMappings": [{"containerID": 0, "hostID": 0, "size": 10}],
		"gidMappings": [{"containerID": 0, "hostID": 0, "size": 10}]}]'
	'.mounts += [{"destination": "/data", "type": "tmpfs", "source": "t", "options": ["size=1k", "mode=700", "tmpcopyup"]}]'
	'.hooks.prestart = [{"path": "/bin/true", "args": ["a"], "env": ["A=b"], "timeout": 5}]'
	'.hooks.createRuntime = [{"path": "/bin/true", "args": ["a"], "env": ["A=b"], "timeout": 5}]'
	'.hooks.createContainer = [{"path": "/bin/true", "args": ["a"], "env": ["A=b"], "timeout": 5}]'
	'.hooks.startContainer = [{"path": "/bin/true", "args": ["a"], "env": ["A=b"], "timeout": 5}]'
	'.hooks.poststart = [{"path": "/bin/true", "args": ["a"], "env": ["A=b"], "timeout": 5}]'
	'.hooks.poststop = [{"path": "/bin/true", "args": ["a"], "env": ["A=b"], "timeout": 5}]'
	'.linux.namespaces[1].path = "/proc/self/ns/ipc"'
	'.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 65536}]
		| .linux.gidMappings = [{"containerID": 0, "hostID": 0, "size": 65536}]'
	'.linux.namespaces += [{"type": "time"}] | .linux.timeOffsets = {"monotonic": {"secs": 5, "nanosecs": 5}}'
	'.linux.devices = [{"path": "/dev/x", "type": "c", "major": 1, "minor": 3, "fileMode": 438, "uid": 1, "gid": 1}]'
	'.linux.netDevices = {"none0": {"name": "eth0"}}'
	'.linux.resources.devices += [{"allow": true, "type": "c", "major": 1, "minor": 3, "access": "rw"}]'
	'.linux.resources.memory = {"limit": 99999744, "reservation": 50000000, "swap": 199999488, "swappiness": 10}'
	'.linux.resources.memory = {"kernel": 99999744, "kernelTCP": 99999744, "disableOOMKiller": false,
		"useHierarchy": true, "checkBeforeUpdate": true}'
	'.linux.resources.cpu = {"shares": 512, "quota": 50000, "burst": 1000, "period": 100000, "cpus": "0", "mems": "0"}'
	'.linux.resources.cpu = {"realtimeRuntime": 1000, "realtimePeriod": 100000, "idle": 0}'
	'.linux.resources.pids = {"limit": 50}'
	'.linux.resources.blockIO = {"weight": 100, "leafWeight": 100,
		"weightDevice": [{"major": 7, "minor": 0, "weight": 100, "leafWeight": 100}]}'
	'.linux.resources.blockIO = {"throttleReadBpsDevice": [{"major": 7, "minor": 0, "rate": 1000000}],
		"throttleWriteBpsDevice": [{"major": 7, "minor": 0, "rate": 1000000}],
		"throttleReadIOPSDevice": [{"major": 7, "minor": 0, "rate": 1000}],
		"throttleWriteIOPSDevice": [{"major": 7, "minor": 0, "rate": 1000}]}'
	'.linux.resources.hugepageLimits = [{"pageSize": "2MB", "limit": 2097152}]'
	'.linux.resources.network = {"classID": 1, "priorities": [{"name": "lo", "priority": 1}]}'
	'.linux.resources.rdma = {"mlx5_0": {"hcaHandles": 1, "hcaObjects": 1}}'
	'.linux.resources.unified = {"pids.max": "50"}'
	'.linux.intelRdt = {"closID": "x", "schemata": ["L3:0=f"], "l3CacheSchema": "L3:0=f", "memBwSchema": "MB:0=10",
		"enableMonitoring": true}'
	'.linux.memoryPolicy = {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]}'
	'.linux.rootfsPropagation = "slave" | .linux.personality = {"domain": "LINUX", "flags": []}'
	'.linux.personality = {"domain": "LINUX32", "flags": ["x"]}'
	'.linux.sysctl = {"net.ipv4.ip_forward": "1"}'
	'.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "defaultErrnoRet": 1, "architectures": ["SCMP_ARCH_X86_64"],
		"flags": ["SECCOMP_FILTER_FLAG_LOG"], "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO",
		"errnoRet": 1, "args": [{"index": 0, "value": 1, "valueTwo": 1, "op": "SCMP_CMP_MASKED_EQ"}]}]}'
	'.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/no/such", "listenerMetadata": "m",
		"syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_NOTIFY"}]}'
)

# Lines of mutated configurations, 'ROW TAB WHERE = WHAT TAB DOCUMENT', in $LINES_.
mutate() {
	local feature plain=true
	: >"$LINES_"
	cp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/base.json"
	for feature in "${features[@]}"; do
		jq "$feature" "$BATS_TEST_TMPDIR/base.json" |
			jq -r --slurpfile base "$BATS_TEST_TMPDIR/base.json" --argjson plain "$plain" \
				"\$base[0] as \$base | $(cat "$BATS_TEST_DIRNAME/mutate.jq")" |
			sed 's/"@\([^"@]*\)@"/\1/g' >>"$LINES_"
		plain=false
	done
}

@test "every value of a configuration mutated" {
	mutate
	# None is left out of those that the decoder knows.
	comm -23 <(spec_rows | sort -u) <(cut -f 1 "$LINES_" | sort -u) >"$BATS_TEST_TMPDIR/forgotten"
	cat "$BATS_TEST_TMPDIR/forgotten"
	[ ! -s "$BATS_TEST_TMPDIR/forgotten" ]
	[ "$(wc -l <"$LINES_")" -gt 4000 ]
	before=$(picture "$BATS_TEST_TMPDIR/bundle" | grep -v -e config.json -e message)
	# Not all of them: each member once without its value, as that is what code forgets, and a few of the others.
	cut -f 2- "$LINES_" | awk -v n="$(full 1 67)" 'NR % n == 0 || / = null\t/' |
		unshare -m -u -i -n --propagation private run_each "$CREEL_ROOT" "$BUNDLE" \
		"$NAME" creel --root "$CREEL_ROOT" run --bundle "$BUNDLE" "$NAME" >"$BATS_TEST_TMPDIR/out" 3>&- || {
		cat "$BATS_TEST_TMPDIR/out"
		return 1
	}
	tail -n 1 "$BATS_TEST_TMPDIR/out" | sed "s/^/# config: /" >>"${SAFETY_REPORT:-/dev/null}"
	nothing_at_all
}

@test "CVE-2021-43784: lengths around 2^16, in every string that reaches the first process" {
	local n member
	for n in $(full '65535 65536 65537 131072' 65536); do
		for member in .process.env[0] .process.args[1] .process.cwd .hostname .mounts[6].source .mounts[6].destination \
			.linux.sysctl.x .root.path .linux.maskedPaths[0] .process.apparmorProfile; do
			hostile true
			printf 'A=/%0*d' "$n" 0 >"$BATS_TEST_TMPDIR/value"
			edit "$member = \$v" --rawfile v "$BATS_TEST_TMPDIR/value"
			run timeout 120 creel --root "$CREEL_ROOT" run --bundle "$BUNDLE" "$NAME"
			# What is too long for its place is refused; an environment of that length is not.
			[ "$status" -le 1 ]
			nothing_left
		done
	done
	# A whole environment of megabytes arrives as it was.
	hostile sh -c 'echo ${#A} ${#B}'
	edit '.process.env += ["A=" + ("a" * 100000), "B=" + ("b" * 65536)]'
	runs
	[ "$output" = '100000 65536' ]
}

@test "cgroupsPath leads nowhere above, and what others use is not taken" {
	local path
	for path in / // /. /.. .. . ../.. ../../.. /../.. '/a/../..' './..'; do
		edit '.linux.cgroupsPath = $p' --arg p "$path"
		run c run --bundle "$BUNDLE" "$NAME"
		echo "$path: $status $output"
		[ "$status" -eq 1 ]
		nothing_left
	done
}
