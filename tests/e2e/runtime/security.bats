#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Ways out of other runtimes' containers, each named after where it was found.  Every image here is hostile;
# a canary on the host must stay as it is.
# shellcheck disable=SC2016 # jq and the shell inside expand them

load ../helpers

setup() {
	requires root
	requires program jq
	setup_creel
	CANARY=$BATS_TEST_TMPDIR/canary
	mkdir -p "$CANARY/pts" "$CANARY/shm"
	echo untouched | tee "$CANARY/ptmx" "$CANARY/null" "$CANARY/file" >/dev/null
	before=$(picture)
	IMAGE=$BATS_TEST_TMPDIR/image
	cp -a "$ROOTFS" "$IMAGE"
	PATTERN=$(cat /proc/sys/kernel/core_pattern)
}

teardown() {
	# On a runtime that fails here it is the host's that has changed.
	! grep -q evil /proc/sys/kernel/core_pattern || echo "$PATTERN" >/proc/sys/kernel/core_pattern
	teardown_creel
}

# Every name, type, mode, time and content of the canary.
picture() {
	find "$CANARY" -printf '%P %y %m %u:%g %s %T@ %l\n' | sort
	find "$CANARY" -type f -exec cat {} +
}

canary_untouched() {
	local now
	now=$(picture)
	[ "$now" = "$before" ] || {
		diff <(echo "$before") <(echo "$now") >&2
		return 1
	}
}

# hostile PROGRAM [ARG...]: a bundle of the hostile image.
hostile() {
	bundle "$@"
	edit '.root.path = $p' --arg p "$IMAGE"
}

# replace PATH TARGET: a symbolic link in the image where a directory was.
replace() {
	rm -rf "${IMAGE:?}/$1"
	mkdir -p "$(dirname "$IMAGE/$1")"
	ln -s "$2" "$IMAGE/$1"
}

up=../../../../../../../../../../../../../..

@test "CVE-2019-18837: a standard target that is a link to the host" {
	local target
	for target in dev dev/pts dev/shm dev/mqueue sys/fs/cgroup etc run var; do
		for link in "$CANARY" "$up$CANARY"; do
			rm -rf "$IMAGE"
			cp -a "$ROOTFS" "$IMAGE"
			replace "$target" "$link"
			hostile true
			edit '.mounts += [{"destination":"/run/made/dir","type":"tmpfs","source":"t"},
				{"destination":"/etc/made/hosts","source":"/etc/hostname","options":["bind"]}]
				| if $t == "dev" then .mounts |= map(select(.destination != "/dev")) else . end
				| .process.cwd = "/var/made/cwd"' --arg t "$target"
			# It may work, inside the image, or be refused; what counts is the host.
			run c run --bundle "$BUNDLE" "$NAME"
			echo "$target -> $link: $output"
			canary_untouched
			nothing_left
		done
	done
}

@test "CVE-2026-41579: an image whose /dev is a link, with and without a mount there" {
	local link
	for link in "$CANARY" "$up$CANARY"; do
		replace dev "$link"
		hostile true
		run c run --bundle "$BUNDLE" "$NAME"
		echo "$output"
		canary_untouched
		edit '.mounts |= map(select(.destination | startswith("/dev") | not)) | .linux.maskedPaths = []'
		run c run --bundle "$BUNDLE" "$NAME"
		echo "$output"
		canary_untouched
	done
}

@test "CVE-2019-19921, CVE-2023-27561: an image whose /proc or /sys is a link" {
	replace proc /tmp/fake
	hostile true
	refuses "mounts[0]: mount proc on '/proc': the image has a symbolic link there"
	rm "$IMAGE/proc"
	mkdir "$IMAGE/proc"
	replace sys "$CANARY"
	refuses "mounts[5]: mount sysfs on '/sys': the image has a symbolic link there"
	canary_untouched
}

@test "CVE-2019-16884: a volume cannot take the place of /proc" {
	mkdir -p "$BATS_TEST_TMPDIR/fake/self/attr"
	hostile true
	edit '.mounts += [{"destination":"/proc","source":$s,"options":["rbind"]}]' --arg s "$BATS_TEST_TMPDIR/fake"
	refuses "may not cover '/proc': what is mounted on '/proc' is not a procfs"
	edit '.mounts[-1] = {"destination":"/x/../proc","type":"tmpfs","source":"t"}'
	refuses "mounts[7].type: 'tmpfs' on /proc, where only a proc may be"
}

@test "CVE-2024-21626: no working directory outside the root" {
	local n
	for n in 3 4 5 6 7 8 9 10 11 12; do
		hostile sh -c 'cat ../canary/file ../../canary/file 2>/dev/null; true'
		edit '.process.cwd = "/proc/self/fd/" + $n' --arg n "$n"
		run c run --bundle "$BUNDLE" "$NAME"
		echo "$n: $status $output"
		# The container's own root is no way out; everything else is refused.
		[ "$status" -ne 0 ] || [ -z "$output" ]
		nothing_left
	done
}

@test "CVE-2024-21626: exec with a working directory or program behind a descriptor" {
	local n
	hostile sleep 100
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	mkdir -p "$IMAGE/../bin"
	cp "$IMAGE/bin/busybox" "$CANARY/../bin/echo"
	for n in 3 4 5 6 7 8 9 10 11 12; do
		run c exec --cwd "/proc/self/fd/$n" "$NAME" cat ../canary/file
		echo "$n: $status $output"
		[[ $output != *untouched* ]]
		run c exec "$NAME" "/proc/self/fd/$n/../bin/echo" escaped
		[[ $output != *escaped* ]] || [ ! -e "$CANARY/../bin/echo" ] || [[ $output != escaped ]]
	done
}

@test "CVE-2024-21626: the program starts with 0, 1, 2 and no other descriptor" {
	hostile sh -c 'for f in /proc/$$/fd/*; do [ ! -e "$f" ] || echo "${f##*/}"; done'
	exec 8</ 9<"$CANARY"
	run c run --bundle "$BUNDLE" "$NAME"
	exec 8<&- 9<&-
	echo "$output"
	[ "$output" = $'0\n1\n2' ]
}

@test "CVE-2022-29162: inheritable capabilities are empty, for run and for exec" {
	hostile grep CapInh /proc/self/status
	runs
	[[ $output == *$'\t0000000000000000' ]]
	hostile sleep 100
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	run c exec --cap CAP_NET_RAW "$NAME" grep CapInh /proc/self/status
	echo "$output"
	[[ $output == *$'\t0000000000000000' ]]
}

@test "CVE-2019-5736: an entry point that is the runtime itself cannot be written to" {
	local digest
	# A copy, should the attack succeed.
	mkdir "$BATS_TEST_TMPDIR/bin"
	cp "$(command -v creel)" "$BATS_TEST_TMPDIR/bin/creel"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	digest=$(sha256sum <"$BATS_TEST_TMPDIR/bin/creel")
	printf '#!/proc/self/exe\n' >"$IMAGE/bin/entry"
	chmod +x "$IMAGE/bin/entry"
	ln -s /proc/self/exe "$IMAGE/bin/itself"
	# What holds the runtime up once it runs inside: a document that never comes.
	mkdir "$IMAGE/slow"
	mkfifo "$IMAGE/slow/config.json"
	# Keeps a descriptor of whatever runs that is not the image's, ends it, and appends to its program.
	hostile sh -c 'while :; do for p in /proc/[0-9]*; do
			exe=$(readlink $p/exe) && [ "$exe" != /bin/busybox ] || continue
			command exec 7<$p/exe || continue
			echo "caught $exe"
			kill -9 ${p#/proc/}
			i=0; while [ $i -lt 200 ]; do i=$((i + 1)); echo evil >>/proc/1/fd/7 && echo written && exit; sleep 0.01; done
			echo refused; exit; done; done'
	c run --detach --bundle "$BUNDLE" "$NAME" >"$BATS_TEST_TMPDIR/out" 2>/dev/null 3>&-
	c exec "$NAME" /bin/entry >/dev/null 2>&1 || true
	timeout 120 creel --root "$CREEL_ROOT" exec "$NAME" /bin/itself run --bundle /slow x >/dev/null 2>&1 || true
	wait_for grep -q -e refused -e written "$BATS_TEST_TMPDIR/out"
	cat "$BATS_TEST_TMPDIR/out"
	grep -q caught "$BATS_TEST_TMPDIR/out"
	[ "$(sha256sum <"$BATS_TEST_TMPDIR/bin/creel")" = "$digest" ]
}

@test "CVE-2016-9962: a process that is still the runtime's shows nothing to the container" {
	local pid other
	# The second container's first process waits for start, in the pid namespace of the first.
	hostile sleep 100
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	pid=$(c state "$NAME" | jq .pid)
	bundle sleep 101
	edit '(.linux.namespaces[] | select(.type == "pid")).path = $p | .linux.cgroupsPath += "-2"' \
		--arg p "/proc/$pid/ns/pid"
	c create --bundle "$BUNDLE" "$NAME-2" >/dev/null 2>&1 3>&-
	other=$(c exec "$NAME" sh -c 'for p in /proc/[0-9]*; do grep -q creel $p/comm 2>/dev/null && echo ${p#/proc/}; done; true')
	[ -n "$other" ]
	run c exec "$NAME" sh -c 'for f in exe root cwd fd/1; do readlink /proc/$1/$f && echo "read $f"; done; cat /proc/$1/maps && echo maps; true' sh "$other"
	echo "$output"
	[[ $output != *read* && $output != *maps* || $output == *"Permission denied"* && $output != *"read "* ]]
	c start "$NAME-2"
	# Now it is the container's own.
	run c exec "$NAME" readlink "/proc/$other/exe"
	echo "$output"
	[ "$output" = /bin/busybox ]
}

@test "CVE-2025-31133: masked paths are not writable procfs, whatever /dev/null is" {
	hostile sh -c 'grep -e " /proc/keys " -e " /proc/timer_list " /proc/self/mounts | cut -d " " -f 1-4'
	runs
	[[ $output == *"/proc/keys tmpfs ro"* ]]
	# A bound /dev whose null is something else.
	mkdir -p "$BATS_TEST_TMPDIR/dev"
	ln -s /proc/sysrq-trigger "$BATS_TEST_TMPDIR/dev/null"
	edit '.mounts |= map(select(.destination | startswith("/dev") | not))
		| .mounts += [{"destination":"/dev","source":$s,"options":["bind"]}]' --arg s "$BATS_TEST_TMPDIR/dev"
	refuses "linux.maskedPaths"
}

@test "CVE-2025-52565: a terminal comes from a devpts or not at all" {
	mkdir -p "$BATS_TEST_TMPDIR/pts"
	echo untouched >"$BATS_TEST_TMPDIR/pts/ptmx"
	hostile true
	edit '.process.terminal = true
		| (.mounts[] | select(.destination == "/dev/pts")) |= {"destination":"/dev/pts","source":$s,"options":["bind"]}' \
		--arg s "$BATS_TEST_TMPDIR/pts"
	run script -qec "creel --root $CREEL_ROOT run --bundle $BUNDLE $NAME" /dev/null
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *"process.terminal: '/dev/pts/ptmx' is not a terminal device of a devpts"* ]]
	[ "$(cat "$BATS_TEST_TMPDIR/pts/ptmx")" = untouched ]
}

@test "CVE-2022-0811: a sysctl is a name and one line, and the container's own" {
	hostile true
	edit '.linux.sysctl = {"kernel.shm_rmid_forced": "1+kernel.core_pattern=|/evil\n"}'
	refuses "linux.sysctl: the value of 'kernel.shm_rmid_forced' has more than one line"
	edit '.linux.sysctl = {"kernel.core_pattern": "|/evil"}'
	refuses "belongs to the host"
	edit '.linux.sysctl = {"net/../kernel/core_pattern": "|/evil"}'
	refuses "is not a parameter name"
}

@test "CVE-2023-25809: the control groups of others are neither seen nor writable" {
	hostile sh -c 'find /sys/fs/cgroup -name cgroup.procs -path "*..*"; for f in $(find /sys/fs/cgroup -name cgroup.procs); do
			{ echo 0 >$f; } 2>/dev/null && echo "wrote $f"; done; true'
	edit '.linux.namespaces |= map(select(.type != "cgroup"))'
	runs
	[ -z "$output" ]
}

@test "capabilities that cannot be granted or are unknown are warnings, and the others are there" {
	hostile sh -c 'grep -E "^Cap(Prm|Eff|Bnd|Amb)" /proc/self/status | tr -s "\t\n" "  "'
	grep -q 'CapBnd:.*000001fffeffffff' /proc/self/status || skip "this machine withholds no CAP_SYS_RESOURCE"
	edit '.process.capabilities = {"bounding":["CAP_CHOWN","CAP_SYS_RESOURCE","CAP_FOO"],"ambient":["CAP_CHOWN"],
		"permitted":["CAP_CHOWN","CAP_SYS_RESOURCE"],"effective":["CAP_CHOWN","CAP_KILL"]}'
	runs
	[[ $output == *"process.capabilities.bounding[2]: 'CAP_FOO' is left out: no capability has this name"* ]]
	[[ $output == *"process.capabilities.bounding: left out, since the host or an outer container withholds it: CAP_SYS_RESOURCE"* ]]
	[[ $output == *"process.capabilities.permitted: left out, since the host or an outer container withholds it: CAP_SYS_RESOURCE"* ]]
	[[ $output == *"process.capabilities.effective: left out, since it is not permitted: CAP_KILL"* ]]
	[[ $output == *"process.capabilities.ambient: left out, since it is not permitted and inheritable: CAP_CHOWN"* ]]
	[[ $output == *"CapPrm: 0000000000000001 CapEff: 0000000000000001 CapBnd: 0000000000000001 CapAmb: 0000000000000000"* ]]
}

@test "with no_new_privs and without, the filter is in force and the sets are as asked" {
	local nnp
	for nnp in true false; do
		hostile sh -c 'grep -E "^(CapPrm|CapEff|CapBnd|Seccomp|NoNewPrivs):" /proc/self/status | tr -s "\t\n" "  "; true'
		edit '.process.noNewPrivileges = $nnp
			| .process.capabilities = {"bounding":["CAP_CHOWN"],"permitted":["CAP_CHOWN"],"effective":["CAP_CHOWN"]}
			| .linux.seccomp = {"defaultAction":"SCMP_ACT_ALLOW",
				"syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO"}]}' --argjson nnp "$nnp"
		runs
		[[ $output == *"CapPrm: 0000000000000001 CapEff: 0000000000000001 CapBnd: 0000000000000001"* ]]
		[[ $output == *"Seccomp: 2"* ]]
	done
}

@test "a filter that allows little more than execve still lets the program start" {
	# What the runtime itself needs must be done before.
	cp "$BUILD_DIR/tests/bench/empty" "$IMAGE/bin/empty"
	hostile /bin/empty
	edit '.linux.seccomp = {"defaultAction":"SCMP_ACT_KILL_PROCESS","syscalls":[{"action":"SCMP_ACT_ALLOW",
		"names":["execve","brk","arch_prctl","set_tid_address","set_robust_list","rseq","prlimit64","readlink",
		"readlinkat","getrandom","mprotect","exit_group","fstat","newfstatat"]}]}'
	runs
	edit '.process.noNewPrivileges = false'
	runs
}
