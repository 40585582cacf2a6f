#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What somebody hostile, or only unlucky, does to the runtime itself: to its state, its groups, its caller's
# rights.  Ways out of a container are in security.bats.
# shellcheck disable=SC2016 # jq and the shell inside expand them

bats_require_minimum_version 1.5.0

load ../helpers

setup() {
	requires root
	requires program jq
	setup_creel
}

teardown() {
	teardown_creel
}

@test "an id that means 'unchanged' to the kernel does not leave the program root" {
	for field in uid gid; do
		bundle id
		edit '.process.user[$f] = 4294967295' --arg f "$field"
		run c run --bundle "$BUNDLE" "$NAME"
		[ "$status" -eq 1 ]
		[[ $output == *"process.user.$field: 4294967295 is out of range"* ]]
	done
	bundle sleep 100
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	for user in 4294967295 0:4294967295 4294967296 -1 0x1 ' 1' 1: :1 ''; do
		run c exec --user "$user" "$NAME" id
		[ "$status" -eq 255 ]
		[[ $output != *uid=* ]]
	done
	echo '{"cwd":"/","args":["id"],"user":{"uid":4294967295,"gid":1}}' >"$BATS_TEST_TMPDIR/process.json"
	run c exec --process "$BATS_TEST_TMPDIR/process.json" "$NAME"
	[ "$status" -eq 255 ]
	[[ $output != *uid=* ]]
}

@test "a state root that a stranger owns is not obeyed" {
	mkdir -p "$CREEL_ROOT/evil"
	bundle true
	edit '.hooks.poststop = [{"path": "/bin/touch", "args": ["touch", $f]}]' --arg f "$BATS_TEST_TMPDIR/pwned"
	cp "$BUNDLE/config.json" "$CREEL_ROOT/evil/"
	echo '{"container":{"id":"evil","phase":"creating","created":"2026-01-01T00:00:00Z","bundle":"/",
		"rootfs":"/","poststopHooks":true}}' >"$CREEL_ROOT/evil/state.json"
	chown -R 4242 "$CREEL_ROOT"
	run c delete --force evil
	[ "$status" -eq 1 ]
	[[ $output == *"belongs to user 4242"* ]]
	chown root "$CREEL_ROOT"
	run c delete --force evil
	[ "$status" -eq 1 ]
	[ ! -e "$BATS_TEST_TMPDIR/pwned" ]
	# The trap itself is sound: ours, it would be obeyed.
	chown -R root "$CREEL_ROOT"
	c delete evil
	[ -e "$BATS_TEST_TMPDIR/pwned" ]
}

@test "a group above another container's is not taken, nor ended with ours" {
	requires cgroup1
	cat >"$BATS_TEST_TMPDIR/v1.sh" <<-'END'
		set -e
		! mountpoint -q /sys/fs/cgroup/unified || umount /sys/fs/cgroup/unified
		creel --root "$1" run --detach --bundle "$2" victim >/dev/null 2>&1
		jq '.linux.cgroupsPath = "/creel-e2e/above-" + $n' --arg n "$3" <"$2/config.json" >"$2/new"
		mv "$2/new" "$2/config.json"
		creel --root "$1" create --bundle "$2" thief || echo refused
		creel --root "$1" delete --force thief
		creel --root "$1" state victim | jq -r .status
	END
	bundle sleep 100
	edit 'del(.linux.resources) | .linux.cgroupsPath = "/creel-e2e/above-" + $n + "/victim"' --arg n "$NAME"
	run unshare -m bash "$BATS_TEST_TMPDIR/v1.sh" "$CREEL_ROOT" "$BUNDLE" "$NAME"
	echo "$output"
	unshare -m bash -c '! mountpoint -q /sys/fs/cgroup/unified || umount /sys/fs/cgroup/unified
		creel --root "$1" delete --force victim' - "$CREEL_ROOT"
	# Other people's control groups may go away while find looks.
	find /sys/fs/cgroup -depth -type d -path "*/creel-e2e/above-$NAME*" -exec rmdir {} + || true
	[[ $output == *"already has processes"*refused*running ]]
}

@test "a link in the image does not lead the setup of /dev into a volume" {
	local volume=$BATS_TEST_TMPDIR/volume image=$BATS_TEST_TMPDIR/image
	cp -a "$ROOTFS" "$image"
	ln -s dev "$image/data"
	rmdir "$image/dev"
	ln -s hostdev "$image/dev"
	mkdir "$volume" "$image/hostdev"
	echo canary >"$volume/ptmx"
	bundle true
	# /dev is a link to where a volume goes, later than the file system for /dev ...
	edit '.root.path = $i | .linux.maskedPaths = [] | .mounts += [{"destination": "/hostdev", "type": "bind",
		"source": $v, "options": ["rbind"]}]' --arg i "$image" --arg v "$volume"
	c run --bundle "$BUNDLE" "$NAME"
	[ "$(ls "$volume")" = ptmx ]
	# ... and a volume goes to a link to /dev.
	rm "$image/dev"
	mkdir "$image/dev"
	edit '.mounts[-1].destination = "/data"'
	c run --bundle "$BUNDLE" "$NAME"
	[ "$(ls "$volume")" = ptmx ]
	[ "$(cat "$volume/ptmx")" = canary ]
}

# in_chroot SETUP: run $BUNDLE in a chroot to $CAVE, after SETUP in a mount namespace of its own.
in_chroot() {
	mkdir -p "$CAVE"/{proc,sys,tmp,run}
	cp "$(command -v creel)" "$CAVE/creel"
	cp -a "$ROOTFS" "$CAVE/rootfs"
	edit '.root.path = "/rootfs"'
	cp "$BUNDLE/config.json" "$CAVE/"
	unshare -m bash -c "$1"'
		mount -t proc proc "$0/proc" && mount --rbind /sys "$0/sys" &&
			exec chroot "$0" /creel --root /run/creel run --bundle / "${@:2}" "$1"' "$CAVE" "$NAME" "${@:2}"
}

@test "in a chroot it works whatever the propagation of mounts" {
	CAVE=$BATS_TEST_TMPDIR/cave
	bundle echo out of the cave
	for setup in '' 'mount --bind "$0" "$0" && ' 'mount --make-rshared / && mount --bind "$0" "$0" && ' 'mount --make-rshared / && '; do
		run in_chroot "$setup"
		echo "$setup$output"
		[ "$output" = 'out of the cave' ]
		run in_chroot "$setup" --no-pivot
		[ "$output" = 'out of the cave' ]
	done
}

@test "without control groups the error says how to do without, and that works" {
	bundle echo bare
	edit 'del(.mounts[] | select(.type == "cgroup" or .type == "cgroup2"))'
	run unshare -m sh -c 'umount -R /sys/fs/cgroup && creel --root "$1" run --bundle "$2" "$3"' - \
		"$CREEL_ROOT" "$BUNDLE" "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"no cgroup hierarchy is mounted below '/sys/fs/cgroup' (--cgroup-manager=disabled"* ]]
	run unshare -m sh -c 'umount -R /sys/fs/cgroup && creel --cgroup-manager=disabled --root "$1" run \
		--bundle "$2" "$3"' - "$CREEL_ROOT" "$BUNDLE" "$NAME"
	[ "$output" = bare ]
}

# create_in_hook KIND: start `create` with a hook that never ends, until it waits; CREATOR is its pid.
create_in_hook() {
	bundle sleep 100
	edit '.hooks = {($kind): [{"path": "/bin/sh", "args": ["sh", "-c", "echo $$ >\($f); exec sleep 1000"]}]}' \
		--arg kind "$1" --arg f "$BATS_TEST_TMPDIR/hook"
	rm -f "$BATS_TEST_TMPDIR/hook"
	creel --root "$CREEL_ROOT" create --bundle "$BUNDLE" "$NAME" >/dev/null 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	CREATOR=$!
	wait_for test -s "$BATS_TEST_TMPDIR/hook"
}

@test "delete --force does not wait for a hook that never ends" {
	for kind in prestart createRuntime createContainer; do
		create_in_hook "$kind"
		timeout 100 creel --root "$CREEL_ROOT" delete --force "$NAME"
		status=0
		wait "$CREATOR" || status=$?
		[ "$status" -eq 1 ]
		nothing_left
		[ "$kind" = createContainer ] || run ! kill -0 "$(cat "$BATS_TEST_TMPDIR/hook")"
	done
}

@test "a signal to create ends a hook that never ends" {
	for kind in prestart createRuntime createContainer; do
		create_in_hook "$kind"
		kill -TERM "$CREATOR"
		wait_for eval '! kill -0 "$CREATOR"'
		grep -q 'interrupted by SIGTERM' "$BATS_TEST_TMPDIR/err"
		nothing_left
		[ "$kind" = createContainer ] || run ! kill -0 "$(cat "$BATS_TEST_TMPDIR/hook")"
	done
}

@test "delete --force in the first moments of a create leaves no process" {
	bundle sleep 100
	c create --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	# A creator holds the lock of its directory, and writes the record only after a while.
	mv "$CREEL_ROOT/$NAME/state.json" "$BATS_TEST_TMPDIR/"
	flock "$CREEL_ROOT/$NAME" sh -c 'touch "$1/locked"; sleep 0.5; mv "$1/state.json" "$2"' - \
		"$BATS_TEST_TMPDIR" "$CREEL_ROOT/$NAME/" 3>&- &
	wait_for test -e "$BATS_TEST_TMPDIR/locked"
	run c delete --force "$NAME"
	wait
	[ "$output" = '' ]
	nothing_left
}

@test "out of descriptors, whenever, create fails and leaves nothing" {
	bundle true
	for n in {5..60}; do
		status=0
		(
			exec 3>&-
			ulimit -Sn "$n"
			exec creel --root "$CREEL_ROOT" run --bundle "$BUNDLE" "$NAME" </dev/null >/dev/null 2>"$BATS_TEST_TMPDIR/err"
		) || status=$?
		if [ "$status" -eq 0 ]; then
			break
		fi
		# There is none where the shell itself had no descriptor for it.
		[ ! -e "$BATS_TEST_TMPDIR/err" ] || [[ $(cat "$BATS_TEST_TMPDIR/err") != *'clearing up'* ]]
		nothing_left
	done
	[ "$status" -eq 0 ]
	[ "$n" -gt 10 ]
}

@test "a configuration that never comes can be given up with a signal" {
	mkdir -p "$BUNDLE"
	mkfifo "$BUNDLE/config.json"
	for verb in run create; do
		creel --root "$CREEL_ROOT" "$verb" --bundle "$BUNDLE" "$NAME" 3>&- &
		wait_for grep -q creel "/proc/$!/comm"
		sleep 0.2
		kill -TERM $!
		wait_for eval '! kill -0 $!' || {
			kill -KILL $!
			false
		}
	done
	nothing_left
}

@test "SIGKILL reaches those who outlived the first process of a shared pid namespace" {
	bundle sh -c 'sleep 1000 & sleep 1000 & exit'
	edit 'del(.linux.namespaces[] | select(.type == "pid"))'
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	wait_for has_status "$NAME" stopped
	[ "$(c ps --format json "$NAME" | jq length)" -eq 2 ]
	c kill "$NAME" KILL
	wait_for eval '[ "$(c ps --format json "$NAME" | jq length)" -eq 0 ]'
	run c kill "$NAME" KILL
	[[ $output == *"container not running"* ]]
	c delete "$NAME"
	nothing_left
}

@test "a prepared group whose processes were killed once is as good as a new one" {
	requires cgroup2
	local v2
	v2=$(findmnt -n -o TARGET -t cgroup2 | head -n 1)/creel-e2e/$NAME
	mkdir -p "$v2"
	[ -e "$v2/cgroup.kill" ] || skip "needs cgroup.kill (Linux 5.14)"
	echo 1 >"$v2/cgroup.kill"
	bundle sleep 100
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	[ "$(c exec "$NAME" echo alive)" = alive ]
	c delete --force "$NAME"
	nothing_left
}

@test "groups deeper than any path are found and removed" {
	requires cgroup2
	bundle sh -c 'cd "$(grep -l . /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/unified/cgroup.procs 2>/dev/null |
			head -n 1 | xargs dirname)" && name=$(printf "%0200d" 0) && depth=0 &&
		while [ "$depth" -lt 25 ]; do mkdir "$name" && cd -P "./$name" 2>/dev/null && depth=$((depth + 1)) || break; done
		echo "$depth"; sleep 1000 & echo $! >cgroup.procs; exec sleep 1000'
	edit '(.mounts[] | select(.type == "cgroup" or .type == "cgroup2") | .options) -= ["ro"]'
	c create --bundle "$BUNDLE" "$NAME" >"$BATS_TEST_TMPDIR/depth" 2>&1 3>&-
	c start "$NAME"
	wait_for test -s "$BATS_TEST_TMPDIR/depth"
	[ "$(cat "$BATS_TEST_TMPDIR/depth")" -ge 15 ]
	wait_for eval '[ "$(c ps --format json "$NAME" | jq length)" -eq 2 ]'
	c delete --force "$NAME"
	nothing_left
}

@test "a link in the image does not put a volume in the place of /proc or of what is below" {
	local image=$BATS_TEST_TMPDIR/image volume=$BATS_TEST_TMPDIR/volume
	cp -a "$ROOTFS" "$image"
	mkdir -p "$volume/proc/sys"
	ln -s proc "$image/data"
	bundle sh -c 'grep -c " /proc" /proc/self/mounts'
	edit '.root.path = $i | .mounts += [{"destination": "/data", "type": "bind", "source": $v,
		"options": ["rbind"]}]' --arg i "$image" --arg v "$volume"
	for target in proc /proc proc/sys proc/self/attr ../proc/net; do
		ln -sfn "$target" "$image/data"
		run c run --bundle "$BUNDLE" "$NAME"
		[ "$status" -eq 1 ]
		[[ $output == *"on '/data': a symbolic link of the image leads it into a proc"* ]]
	done
	edit '.mounts[-1] = {"destination": "/data", "type": "tmpfs", "source": "tmpfs"}'
	run c run --bundle "$BUNDLE" "$NAME"
	[[ $output == *"on '/data': a symbolic link of the image leads it into a proc"* ]]
	ln -sfn proc "$image/data"
	edit '.mounts[-1] = {"destination": "/data/sys", "type": "bind", "source": $v, "options": ["bind", "dest-nofollow"]}' \
		--arg v "$volume"
	run c run --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"on '/data/sys': a symbolic link of the image leads it into a proc"* ]]
	# A proc that the caller wants elsewhere is the caller's to cover.
	rm "$image/data"
	edit '.mounts[-1] = {"destination": "/data", "type": "bind", "source": "/proc", "options": ["rbind"]}
		| .mounts += [{"destination": "/data/uptime", "type": "bind", "source": $f, "options": ["bind"]}]' \
		--arg f /etc/hostname
	c run --bundle "$BUNDLE" "$NAME"
}
