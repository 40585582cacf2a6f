#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Members of process, and how the kernel schedules it, as the program itself sees them.
# shellcheck disable=SC2016 # jq and the shell inside expand them

load ../helpers

setup() {
	requires root
	requires program jq
	setup_creel
}

teardown() {
	teardown_creel
}

# scheduled JSON: policy and nice value of a program with this scheduler.
scheduled() {
	bundle cat /proc/self/stat
	edit '.process.scheduler = $s' --argjson s "$1"
	run c run --bundle "$BUNDLE" "$NAME"
	echo "$1: $output"
	[ "$status" -eq 0 ]
	output=$(cut -d' ' -f41,19,40 <<<"$output")
}

@test "every policy that needs no realtime share" {
	scheduled '{"policy":"SCHED_OTHER","nice":5}'
	[ "$output" = "5 0 0" ]
	scheduled '{"policy":"SCHED_OTHER","nice":-3}'
	[ "$output" = "-3 0 0" ]
	scheduled '{"policy":"SCHED_BATCH","nice":3}'
	[ "$output" = "3 0 3" ]
	scheduled '{"policy":"SCHED_IDLE"}'
	[ "$output" = "0 0 5" ]
	scheduled '{"policy":"SCHED_OTHER","flags":["SCHED_FLAG_RESET_ON_FORK","SCHED_FLAG_KEEP_POLICY","SCHED_FLAG_KEEP_PARAMS"]}'
	[ "$output" = "0 0 0" ]
}

@test "deadlines are kept, or the error says what is wrong with them" {
	bundle cat /proc/self/stat
	edit '.process.scheduler = {"policy":"SCHED_DEADLINE","runtime":1000000,"deadline":10000000,"period":20000000,
		"flags":["SCHED_FLAG_RESET_ON_FORK"]}'
	run c run --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[ "$(cut -d' ' -f41 <<<"$output")" = 6 ] || [[ $output == *"process.scheduler: "*"all cpus of the machine"* ]]
	edit '.process.scheduler.runtime = 10'
	refuses "process.scheduler.runtime: 10 is below 1024 ns"
	edit '.process.scheduler.runtime = 10000001'
	refuses "process.scheduler.deadline: 10000000 is below runtime 10000001"
	edit '.process.scheduler.runtime = 1024 | .process.scheduler.period = 9999999'
	refuses "process.scheduler.period: 9999999 is below deadline 10000000"
	edit '.process.scheduler.period = 3600000000000'
	refuses "sched_deadline_period_min_us"
	edit '.process.scheduler = {"policy":"SCHED_OTHER","runtime":1}'
	refuses "process.scheduler.runtime: only SCHED_DEADLINE takes it"
}

@test "realtime: the priority, or the error names the share that is missing" {
	local policy
	for policy in FIFO:1 RR:2; do
		bundle cat /proc/self/stat
		edit '.process.scheduler = {"policy":$p,"priority":7}' --arg p "SCHED_${policy%:*}"
		run c run --bundle "$BUNDLE" "$NAME"
		echo "$output"
		[ "$(cut -d' ' -f40,41 <<<"$output")" = "7 ${policy#*:}" ] ||
			[[ $output == *"process.scheduler: Operation not permitted: it takes CAP_SYS_NICE"*realtimeRuntime* ]]
		edit '.process.scheduler.priority = 0'
		refuses "process.scheduler.priority: 0 is out of range 1 to 99"
	done
	edit '.process.scheduler = {"policy":"SCHED_ISO"}'
	refuses "process.scheduler: Invalid argument: this kernel has no SCHED_ISO"
}

@test "the io priority is the program's, and not its caller's" {
	requires program ionice
	local mine class
	mine=$(ionice -p $$)
	for class in "BE 6:best-effort: prio 6" "RT 1:realtime: prio 1" "IDLE 0:idle"; do
		bundle ionice
		edit '.process.ioPriority = {"class":$c,"priority":$p}' \
			--arg c "IOPRIO_CLASS_${class%% *}" --argjson p "$(cut -d' ' -f2 <<<"${class%%:*}")"
		runs
		[ "$output" = "${class#*:}" ]
		[ "$(ionice -p $$)" = "$mine" ]
	done
	edit '.process.ioPriority.priority = 8'
	refuses "process.ioPriority.priority: 8 is out of range 0 to 7"
}

@test "execCPUAffinity is for exec alone, final over initial" {
	[ "$(nproc)" -gt 1 ] || skip "needs two cpus"
	bundle sh -c 'grep Cpus_allowed_list /proc/self/status; sleep 100'
	edit '.process.execCPUAffinity = {"initial":"0","final":"0"}'
	c run -d --bundle "$BUNDLE" "$NAME" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&-
	wait_for grep -q Cpus "$BATS_TEST_TMPDIR/out"
	grep -qP '\t0-' "$BATS_TEST_TMPDIR/out"
	affinity() {
		jq -n '{cwd:"/",args:["grep","Cpus_allowed_list","/proc/self/status"],execCPUAffinity:$a}' \
			--argjson a "$1" >"$BATS_TEST_TMPDIR/process"
		run c exec --process "$BATS_TEST_TMPDIR/process" "$NAME"
		echo "$1: $output"
	}
	affinity '{"initial":"0","final":"1"}'
	[ "$output" = $'Cpus_allowed_list:\t1' ]
	affinity '{"initial":"0"}'
	[ "$output" = $'Cpus_allowed_list:\t0' ]
	affinity '{"final":"0-1"}'
	[ "$output" = $'Cpus_allowed_list:\t0-1' ]
	affinity '{"initial":"x"}'
	[[ $output == *"execCPUAffinity.initial: 'x' is not a list of CPUs"* ]]
}

@test "memory policy: every mode and flag that this machine can have" {
	[ -e /proc/self/numa_maps ] || skip "needs a kernel with NUMA"
	local row
	for row in '{"mode":"MPOL_DEFAULT"}=default' '{"mode":"MPOL_DEFAULT","nodes":""}=default' \
		'{"mode":"MPOL_BIND","nodes":"0"}=bind:0' '{"mode":"MPOL_INTERLEAVE","nodes":"0"}=interleave:0' \
		'{"mode":"MPOL_PREFERRED","nodes":"0"}=prefer:0' '{"mode":"MPOL_PREFERRED","nodes":""}=local' \
		'{"mode":"MPOL_PREFERRED_MANY","nodes":"0"}=prefer (many):0' '{"mode":"MPOL_LOCAL"}=local' \
		'{"mode":"MPOL_BIND","nodes":"0","flags":["MPOL_F_STATIC_NODES"]}=bind=static:0' \
		'{"mode":"MPOL_BIND","nodes":"0","flags":["MPOL_F_RELATIVE_NODES"]}=bind=relative:0'; do
		bundle head -n1 /proc/self/numa_maps
		edit '.linux.memoryPolicy = $p' --argjson p "${row%%\}=*}}"
		run c run --bundle "$BUNDLE" "$NAME"
		echo "$row: $output"
		[[ $output == *" ${row#*\}=} "* ]]
	done
	edit '.linux.memoryPolicy = {"mode":"MPOL_BIND","nodes":"1000"}'
	refuses "linux.memoryPolicy: set_mempolicy MPOL_BIND, nodes '1000': Invalid argument"
	edit '.linux.memoryPolicy = {"mode":"MPOL_NONE"}'
	refuses "linux.memoryPolicy.mode: unknown mode 'MPOL_NONE'"
}

@test "a 32-bit personality, before the filter could forbid it" {
	[ "$(uname -m)" = x86_64 ] || skip "the name below is this machine's"
	bundle true
	edit '.linux.personality = {"domain":"LINUX","flags":["X"]}'
	refuses "linux.personality.flags: none is defined"
	bundle uname -m
	edit '.linux.personality = {"domain":"LINUX32"} | .linux.seccomp = {"defaultAction":"SCMP_ACT_ALLOW",
		"syscalls":[{"names":["personality"],"action":"SCMP_ACT_ERRNO"}]}'
	runs
	[ "$output" = i686 ]
	edit '.linux.personality = {"domain":"LINUX"}'
	runs
	[ "$output" = x86_64 ]
}

@test "limits: two of one type, and unknown ones, are errors" {
	bundle true
	edit '.process.rlimits = [{"type":"RLIMIT_CORE","soft":1,"hard":2},{"type":"RLIMIT_CORE","soft":1,"hard":2}]'
	refuses "process.rlimits[1].type: 'RLIMIT_CORE' is given twice"
	edit '.process.rlimits = [{"type":"RLIMIT_FOO","soft":1,"hard":2}]'
	refuses "process.rlimits[0].type: unknown limit 'RLIMIT_FOO'"
	edit '.process.rlimits = [{"type":"RLIMIT_CORE","soft":3,"hard":2}]'
	refuses "process.rlimits[0].soft: 3 is above hard 2"
}

@test "no_new_privs is set for run and for exec, and only when asked for" {
	bundle sh -c 'grep NoNewPrivs /proc/self/status; sleep 100'
	edit '.process.noNewPrivileges = true'
	c run -d --bundle "$BUNDLE" "$NAME" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&-
	wait_for grep -q 1 "$BATS_TEST_TMPDIR/out"
	run c exec "$NAME" grep NoNewPrivs /proc/self/status
	[ "$output" = $'NoNewPrivs:\t1' ]
	c delete --force "$NAME"
	edit '.process.noNewPrivileges = false | .process.args = ["grep","NoNewPrivs","/proc/self/status"]'
	runs
	[ "$output" = $'NoNewPrivs:\t0' ]
}

@test "the environment is as given, HOME comes from the container's passwd" {
	bundle env
	edit '.process.env = ["A=1","B=x=y","A=2"] | .process.user = {"uid":1000,"gid":1000}'
	runs
	# Of two with a name the last: whoever appends one means to replace.
	[ "$output" = "B=x=y
A=2
HOME=/home/user" ]
	edit '.process.env = ["HOME=/given","HOME="]'
	runs
	[ "$output" = HOME=/home/user ]
	edit '.process.env = ["HOME=/given"]'
	runs
	[ "$output" = HOME=/given ]
	edit '.process.env = ["no-value"]'
	refuses "process.env[0]: 'no-value' is not of the form NAME=VALUE"
}

@test "labels: an error that names the file in backquotes, where the kernel has no such module" {
	bundle true
	[ ! -e /sys/module/apparmor/parameters/enabled ] || skip "this kernel has AppArmor"
	edit '.process.apparmorProfile = "web"'
	run c run --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output =~ "process.apparmorProfile: 'web' is not loaded, or the kernel runs without AppArmor"'.*`/proc/[0-9]+/attr/exec`' ]] ||
		[[ $output == *'`/proc/'*'/attr/exec`'* ]]
	[ ! -e /sys/fs/selinux/enforce ] || skip "this kernel has SELinux"
	edit 'del(.process.apparmorProfile) | .process.selinuxLabel = "label_t"'
	run c run --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"process.selinuxLabel"*'`/proc/'*'/attr/exec`'* ]]
	nothing_left
}

# Through the host's, root of the container could change the mode of the host's node.
@test "a stream that is the host's null device becomes the container's" {
	local seen='grep -c "^$(awk "/mnt_id/ {print \$2}" /proc/self/fdinfo/0) " /proc/self/mountinfo'
	bundle sh -c "$seen; exec sleep 100"
	c run --detach --bundle "$BUNDLE" "$NAME" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&-
	wait_for grep -qx 1 "$BATS_TEST_TMPDIR/out"
	[ "$(c exec "$NAME" sh -c "$seen" </dev/null)" = 1 ]
	# Every other stream stays what it is.
	[ "$(echo text | c exec "$NAME" cat)" = text ]
	# In a container that has taken its own away, nothing takes its place.
	c exec "$NAME" sh -c 'rm /dev/null && echo false >/dev/null'
	[ -z "$(c exec "$NAME" cat </dev/null)" ]
}
