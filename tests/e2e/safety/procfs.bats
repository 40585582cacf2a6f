#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What the runtime writes to /proc lands in the file of the kernel's that is meant, whatever somebody mounted
# over it (CVE-2019-16884, CVE-2019-19921, CVE-2023-27561, CVE-2023-28642, CVE-2025-52881).

load helpers

setup() {
	requires root
	setup_creel
	hostile_image
	make_canary
	TRACE=$BATS_TEST_TMPDIR/trace
}

teardown() {
	teardown_creel
}

# everything PROGRAM...: as much as there is that makes the runtime write to /proc.
everything() {
	hostile "$@"
	edit '.process.oomScoreAdj = 100 | .linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.shm_rmid_forced": "1"}
		| .linux.namespaces += [{"type": "time"}] | .linux.timeOffsets = {"monotonic": {"secs": 5}}
		| .process.rlimits = [{"type": "RLIMIT_CORE", "soft": 0, "hard": 0}]'
}

in_userns() {
	edit '.linux.namespaces += [{"type": "user"}] | .linux.gidMappings = .linux.uidMappings
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$IMAGE"
}

# traced COMMAND...: the calls that open files or change what names mean.
traced() {
	strace -f -o "$TRACE" -e trace=open,openat,openat2,creat,move_mount,mount,pivot_root,chroot,setns,execve \
		"$@" </dev/null >/dev/null 2>"$BATS_TEST_TMPDIR/err" 3>&- || true
}

# by_name: of TRACE, what was opened for writing below /proc by a name from the root, as "host PATH" or, by a
# process that had changed its mounts, its root or its namespaces before, as "inside PATH".
by_name() {
	awk '
		/ (move_mount|mount|pivot_root|chroot)\(/ { inside[$1] = 1 }
		/ setns\(.*CLONE_NEWNS/ { inside[$1] = 1 }
		/ execve\(/ { delete inside[$1] }
		/ (open|openat|creat)\((AT_FDCWD, )?"\/proc/ && /O_WRONLY|O_RDWR|O_CREAT|creat\(/ {
			match($0, /"[^"]*"/)
			path = substr($0, RSTART + 1, RLENGTH - 2)
			gsub(/[0-9]+/, "PID", path)
			print (inside[$1] ? "inside " : "host ") path
		}' "$TRACE" | sort -u
}

# What may be written by name (the last is a terminal of the caller's, opened anew), and only from the host side or before anything of the container is in sight.
allowed() {
	printf 'host /proc/%s\n' PID/gid_map PID/oom_score_adj PID/setgroups PID/uid_map self/oom_score_adj self/fd/PID
}

only_allowed() {
	local found
	[ -s "$TRACE" ]
	found=$(comm -23 <(by_name) <(allowed | sort))
	[ -z "$found" ] || {
		echo "opened for writing by name: $found" >&2
		return 1
	}
	# What is opened below a descriptor of a procfs crosses no mount and follows no link.
	refute grep -E 'openat2\([0-9]+, "(sys|[0-9]+|self)/[^"]*", \{flags=O_(WRONLY|RDWR)' "$TRACE" >"$TRACE.unsafe" ||
		refute grep -v 'RESOLVE_NO_XDEV|RESOLVE_NO_MAGICLINKS|RESOLVE_NO_SYMLINKS|RESOLVE_BENEATH' "$TRACE.unsafe"
}

@test "CVE-2025-52881: nothing below /proc is opened for writing by its name once anything can be in its place" {
	requires program strace
	everything true
	traced creel --root "$CREEL_ROOT" run --bundle "$BUNDLE" "$NAME"
	cat "$BATS_TEST_TMPDIR/err"
	only_allowed
	# That the list sees anything at all:
	by_name | grep -q 'host /proc/self/oom_score_adj'
	grep -q 'openat2([0-9]*, "sys/net/ipv4/ip_forward"' "$TRACE"
	in_userns
	traced creel --root "$CREEL_ROOT" run --bundle "$BUNDLE" "$NAME"
	cat "$BATS_TEST_TMPDIR/err"
	only_allowed
	by_name | grep -q 'host /proc/PID/uid_map'
}

@test "... nor for labels" {
	requires program strace
	for member in apparmorProfile selinuxLabel; do
		everything true
		edit '.process[$m] = "unconfined"' --arg m "$member"
		traced creel --root "$CREEL_ROOT" run --bundle "$BUNDLE" "$NAME"
		only_allowed
		grep -qE 'openat2\([0-9]+, "[0-9]+/attr/[a-z/]*exec", .*RESOLVE_NO_XDEV' "$TRACE"
	done
}

@test "... nor by exec, with labels, a terminal, a user" {
	requires program strace
	everything sleep 1000
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	for how in '' '--user 1000:1000' '--apparmor unconfined' '--tty'; do
		# shellcheck disable=SC2086
		traced creel --root "$CREEL_ROOT" exec $how "$NAME" true
		only_allowed
	done
}

@test "a sysctl is set behind what the host has mounted over it" {
	everything cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shm_rmid_forced
	echo fake >"$BATS_TEST_TMPDIR/fake"
	chmod 666 "$BATS_TEST_TMPDIR/fake"
	# In a user namespace the cover is locked to what it covers, and stays there after the pivot.
	for twice in 1 2; do
		run unshare -m sh -c 'mount --bind "$1" /proc/sys/net/ipv4/ip_forward &&
			mount --bind "$1" /proc/sys/kernel/shm_rmid_forced &&
			exec creel --root "$2" run --bundle "$3" "$4"' - "$BATS_TEST_TMPDIR/fake" "$CREEL_ROOT" "$BUNDLE" "$NAME"
		echo "$twice: $output"
		# In a user namespace the kernel makes no new procfs where the host's is covered in part.
		[ "$output" = $'1\n1' ] || [[ $twice -eq 2 && $output == *"mount proc on '/proc'"* ]]
		[ "$(cat "$BATS_TEST_TMPDIR/fake")" = fake ]
		[ "$twice" -eq 2 ] || in_userns
	done
}

@test "a sysctl in a host's /proc that is a link, or no procfs at all, is written nowhere" {
	everything true
	mkdir -p "$CANARY/sys/net/ipv4" "$CANARY/sys/kernel" "$CANARY/self"
	touch "$CANARY/sys/net/ipv4/ip_forward" "$CANARY/sys/kernel/shm_rmid_forced" "$CANARY/self/"{oom_score_adj,timens_offsets}
	CANARY_BEFORE=$(picture "$CANARY")
	edit 'del(.process.oomScoreAdj, .linux.timeOffsets) | .linux.namespaces |= map(select(.type != "time"))'
	# creel itself runs by the true one, which it left open.
	run unshare -m sh -c 'mount --rbind "$1" /proc/sys && exec creel --root "$2" run --bundle "$3" "$4"' - \
		"$CANARY/sys" "$CREEL_ROOT" "$BUNDLE" "$NAME"
	echo "$output"
	canary_untouched
	run unshare -m sh -c 'mount --rbind "$1" /proc && exec creel --root "$2" run --bundle "$3" "$4"' - \
		"$CANARY" "$CREEL_ROOT" "$BUNDLE" "$NAME"
	echo "$output"
	[ "$status" -ne 0 ]
	canary_untouched
	nothing_left
}

@test "the offsets of a time namespace do not land in the /proc of a mount namespace that was joined" {
	everything sleep 1000
	edit '.mounts |= map(select(.destination != "/proc")) | del(.linux.timeOffsets) | .linux.maskedPaths = []
		| .linux.readonlyPaths = [] | .linux.namespaces |= map(select(.type != "time")) | del(.linux.sysctl)'
	# The trap: a /proc that is a plain directory.
	mkdir -p "$IMAGE/proc/self/ns"
	touch "$IMAGE/proc/self/timens_offsets" "$IMAGE/proc/self/ns/time_for_children"
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	hostile true
	edit 'del(.hostname) | .mounts = [] | .linux.maskedPaths = [] | .linux.readonlyPaths = [] | .linux.cgroupsPath += "-2"
		| .linux.namespaces = [{"type": "pid"}, {"type": "time"}, {"type": "mount", "path": $p}]
		| .linux.timeOffsets = {"monotonic": {"secs": 5}} | .root.path = "/"' \
		--arg p "/proc/$(c state "$NAME" | jq .pid)/ns/mnt"
	run c run --bundle "$BUNDLE" "$NAME-2"
	echo "$output"
	[ ! -s "$IMAGE/proc/self/timens_offsets" ]
}

@test "an image or a volume with a /proc of its own: links, directories, another container's" {
	local volume=$BATS_TEST_TMPDIR/volume fake
	mkdir -p "$volume/proc/self/attr" "$volume/proc/sys/net/ipv4" "$volume/sys"
	touch "$volume/proc/self/attr/exec" "$volume/proc/sys/net/ipv4/ip_forward" "$volume/proc/sysrq-trigger"
	everything cat /proc/sys/net/ipv4/ip_forward
	before=$(picture "$volume")
	for fake in '{"destination": "/proc", "type": "bind", "source": $v, "options": ["rbind"]}' \
		'{"destination": "/proc/self/attr", "type": "bind", "source": $v, "options": ["rbind"]}' \
		'{"destination": "/proc/sys/net", "type": "tmpfs", "source": "t"}' \
		'{"destination": "/proc/sys/../self", "type": "bind", "source": $v, "options": ["rbind"]}' \
		'{"destination": "//proc//sys", "type": "bind", "source": $v, "options": ["rbind"]}' \
		'{"destination": "proc", "type": "tmpfs", "source": "t"}' \
		'{"destination": "/proc/sysrq-trigger", "type": "bind", "source": $v, "options": ["bind"]}' \
		'{"destination": "/proc", "type": "overlay", "source": "o", "options": ["lowerdir=/tmp"]}'; do
		everything cat /proc/sys/net/ipv4/ip_forward
		edit ".mounts += [$fake]" --arg v "$volume/proc"
		run c run --bundle "$BUNDLE" "$NAME"
		echo "$fake: $output"
		[ "$status" -eq 1 ]
		nothing_left
	done
	for target in /vol ../vol vol /proc2 /; do
		replace proc "$target"
		mkdir -p "$IMAGE/vol"
		everything cat /proc/sys/net/ipv4/ip_forward
		edit '.mounts += [{"destination": "/vol", "type": "bind", "source": $v, "options": ["rbind"]}]' --arg v "$volume"
		refuses "the image has a symbolic link there"
	done
	# Relative links, and /sys.
	rm "$IMAGE/proc"
	mkdir "$IMAGE/proc"
	replace sys ../vol/sys
	everything true
	refuses "the image has a symbolic link there"
	[ "$(picture "$volume")" = "$before" ]
}

@test "the label of a process comes from a procfs even if the container covers its own" {
	# CVE-2019-16884 by way of exec: the container's root mounted something over its /proc.
	everything sleep 1000
	edit '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	c exec "$NAME" sh -c 'mount -t tmpfs t /proc && mkdir -p /proc/self/attr/apparmor /proc/1/attr /proc/self/fd &&
		touch /proc/self/attr/exec /proc/self/attr/apparmor/exec'
	run c exec --apparmor unconfined "$NAME" true
	echo "$output"
	[ "$(c exec "$NAME" cat /proc/self/attr/exec /proc/self/attr/apparmor/exec)" = '' ]
	c exec "$NAME" true
	c exec --user 1000:1000 --cwd /tmp "$NAME" true
}
