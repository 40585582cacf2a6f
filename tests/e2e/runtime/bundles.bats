#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Every config.json that Docker, Podman, containerd and the CRI plugin handed to their runtime, unchanged
# but for host paths: on this machine's control groups, and with nothing but a fresh cgroup2 mount.

load ../helpers

setup() {
	requires root
	setup_creel
	DATA=$SRC_DIR/tests/data/bundles
	BINDS=$BATS_TEST_TMPDIR/binds
	HOOK_LOG=$BATS_TEST_TMPDIR/hook.log
	make_binds
	# Control groups are the machine's: one run of these documents at a time.
	exec 6>/tmp/creel-e2e-bundles.lock
	flock 6
}

teardown() {
	teardown_creel
	[ -z "${NETNS:-}" ] || kill "$NETNS" 2>/dev/null || true
	[ ! -e "$BATS_TEST_TMPDIR/listener" ] || kill "$(cat "$BATS_TEST_TMPDIR/listener")" 2>/dev/null || true
	exec 6>&-
}

make_binds() {
	mkdir -p "$BINDS/shm" "$BINDS/_data" "$BINDS/cfgdir"
	touch "$BINDS/resolv.conf" "$BINDS/hostname" "$BINDS/hosts" "$BINDS/.containerenv"
	cp "$ROOTFS/etc/passwd" "$ROOTFS/etc/group" "$BINDS/"
	cat >"$BATS_TEST_TMPDIR/hook" <<-END
		#!/bin/sh
		{ echo "\$@"; cat; echo; } >>$HOOK_LOG
	END
	chmod +x "$BATS_TEST_TMPDIR/hook"
}

# A network namespace at a path, which only a process can hold here.
make_netns() {
	unshare --net sleep 1000 >/dev/null 2>&1 3>&- 6>&- &
	NETNS=$!
	another() { [ "$(readlink "/proc/$NETNS/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }
	wait_for another
	ln -s "/proc/$NETNS/ns/net" "$BINDS/netns"
}

# engine_bundle DOCUMENT: $BUNDLE as the engine made it.
engine_bundle() {
	mkdir -p "$BUNDLE/rootfs"
	cp -a "$ROOTFS/." "$BUNDLE/rootfs"
	sed -e "s|@BINDS@|$BINDS|g; s|@HOOK@|$BATS_TEST_TMPDIR/hook|g; s|@PATH@|/any|g" \
		"$DATA/$1.json" >"$BUNDLE/config.json"
}

# engine_run: as its engine would call it: create, start, wait, delete.  Output in $OUT.
engine_run() {
	OUT=$BATS_TEST_TMPDIR/out
	if [ "$(jq .process.terminal "$BUNDLE/config.json")" = true ]; then
		recvtty "$BATS_TEST_TMPDIR/console" >"$OUT" 2>/dev/null 3>&- 6>&- &
		listener=$!
		echo "$listener" >"$BATS_TEST_TMPDIR/listener"
		wait_for test -S "$BATS_TEST_TMPDIR/console"
		$VIEW creel --root "$CREEL_ROOT" create --bundle "$BUNDLE" --pid-file "$BATS_TEST_TMPDIR/pid" \
			--console-socket "$BATS_TEST_TMPDIR/console" "$NAME" 3>&- 6>&-
	else
		$VIEW creel --root "$CREEL_ROOT" create --bundle "$BUNDLE" --pid-file "$BATS_TEST_TMPDIR/pid" \
			"$NAME" >"$OUT" 2>&1 </dev/null 3>&- 6>&-
		listener=
	fi
	$VIEW creel --root "$CREEL_ROOT" start "$NAME"
}

engine_end() {
	wait_for has_status "$NAME" stopped
	[ -z "$listener" ] || wait "$listener"
	$VIEW creel --root "$CREEL_ROOT" delete "$NAME"
	[ -z "$(ls "$CREEL_ROOT")" ]
	group=$(jq -r .linux.cgroupsPath "$BUNDLE/config.json")
	[ -z "$(find /sys/fs/cgroup -type d -path "*$group" 2>/dev/null || true)" ]
}

# says DOCUMENT TEXT: its program's output, and that its prestart hook was called with the state.
says() {
	engine_bundle "$1"
	engine_run || { cat "$OUT"; return 1; }
	engine_end
	[ "$(tr -d '\r' <"$OUT")" = "$2" ]
	if jq -e .hooks.prestart "$BUNDLE/config.json" >/dev/null; then
		[ "$(sed 1d "$HOOK_LOG" | jq -r '"\(.id) \(.status)"')" = "$NAME creating" ]
	fi
}

# privileged: it asks for every capability.  One that this machine may not grant is a warning that names it.
privileged() {
	if [[ $(grep CapEff /proc/self/status) == *000001ffffffffff ]]; then
		says docker-privileged ok
		return
	fi
	engine_bundle docker-privileged
	engine_run || { cat "$OUT"; return 1; }
	engine_end
	grep -q "^ok" <(tr -d '\r' <"$OUT")
	grep -q "warning: process.capabilities.permitted: left out, since .*: CAP_SYS_RESOURCE" "$OUT"
}

# says_with CONTROLLER DOCUMENT TEXT: a limit that needs a controller this view lacks is an error that names both.
says_with() {
	if $VIEW sh -c 'cat /sys/fs/cgroup/cgroup.controllers' | grep -qw "$1"; then
		says "$2" "$3"
		return
	fi
	engine_bundle "$2"
	run engine_run
	output=$output$(cat "$BATS_TEST_TMPDIR/out")
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *"linux.resources.$1"*"the $1 controller is not available"* ]]
	[ -z "$(ls "$CREEL_ROOT" 2>/dev/null)" ]
}

view() {
	case $1 in
	host) VIEW= ;;
	v2)
		requires cgroup2
		VIEW=$BATS_TEST_TMPDIR/view
		cat >"$VIEW" <<-'END'
			#!/bin/sh
			# Run a command where /sys/fs/cgroup is a fresh cgroup2 mount, and nothing else.
			exec unshare -m --propagation private sh -c '
				umount -l /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"' - "$@"
		END
		chmod +x "$VIEW"
		;;
	esac
}

c() {
	$VIEW creel --root "$CREEL_ROOT" "$@"
}

@test "containerd-default on this machine's control groups" {
	view host
	says containerd-default hi
}

@test "containerd-tty-seccomp-memory on this machine's control groups" {
	view host
	says containerd-tty-seccomp-memory hi-tty
}

@test "docker-bridge-port on this machine's control groups" {
	view host
	says docker-bridge-port ok
}

@test "docker-default on this machine's control groups" {
	view host
	says docker-default ok
}

@test "docker-tty on this machine's control groups" {
	view host
	says docker-tty ok
}

@test "docker-unconfined on this machine's control groups" {
	view host
	says docker-unconfined ok
}

@test "docker-volumes-env on this machine's control groups" {
	view host
	says docker-volumes-env ok
}

@test "podman-default on this machine's control groups" {
	view host
	says podman-default ok
}

@test "podman-hardened on this machine's control groups" {
	view host
	says podman-hardened ok
}

@test "podman-tty-limits on this machine's control groups" {
	view host
	says podman-tty-limits ok
}

@test "cri-pause on this machine's control groups" {
	view host
	make_netns
	engine_bundle cri-pause
	engine_run
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	[ "$(readlink "/proc/$pid/ns/net")" = "$(readlink "/proc/$NETNS/ns/net")" ]
	c kill "$NAME" 9
	engine_end
}

@test "docker-privileged on this machine's control groups" {
	view host
	privileged
}

@test "exec documents on this machine's control groups" {
	view host
	for engine in containerd docker; do
		engine_bundle "$engine-default"
		edit '.process.args = ["sleep", "1000"] | .linux.seccomp = null'
		engine_run
		run c exec --process "$DATA/exec-process-$engine.json" --pid-file "$BATS_TEST_TMPDIR/exec.pid" "$NAME"
		[ "$status" -eq 0 ]
		[ "$engine" != containerd ] || [ "$output" = in-exec ]
		c kill --all "$NAME" 9
		engine_end
	done
}

@test "containerd-default on cgroup2 alone" {
	view v2
	says containerd-default hi
}

@test "containerd-tty-seccomp-memory on cgroup2 alone" {
	view v2
	says_with memory containerd-tty-seccomp-memory hi-tty
}

@test "docker-bridge-port on cgroup2 alone" {
	view v2
	says docker-bridge-port ok
}

@test "docker-default on cgroup2 alone" {
	view v2
	says docker-default ok
}

@test "docker-tty on cgroup2 alone" {
	view v2
	says docker-tty ok
}

@test "docker-unconfined on cgroup2 alone" {
	view v2
	says docker-unconfined ok
}

@test "docker-volumes-env on cgroup2 alone" {
	view v2
	says docker-volumes-env ok
}

@test "podman-default on cgroup2 alone" {
	view v2
	says_with pids podman-default ok
}

@test "podman-hardened on cgroup2 alone" {
	view v2
	says_with pids podman-hardened ok
}

@test "podman-tty-limits on cgroup2 alone" {
	view v2
	says_with memory podman-tty-limits ok
}

@test "cri-pause on cgroup2 alone" {
	view v2
	make_netns
	engine_bundle cri-pause
	engine_run
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	[ "$(readlink "/proc/$pid/ns/net")" = "$(readlink "/proc/$NETNS/ns/net")" ]
	c kill "$NAME" 9
	engine_end
}

@test "docker-privileged on cgroup2 alone" {
	view v2
	privileged
}

@test "exec documents on cgroup2 alone" {
	view v2
	for engine in containerd docker; do
		engine_bundle "$engine-default"
		edit '.process.args = ["sleep", "1000"] | .linux.seccomp = null'
		engine_run
		run c exec --process "$DATA/exec-process-$engine.json" --pid-file "$BATS_TEST_TMPDIR/exec.pid" "$NAME"
		[ "$status" -eq 0 ]
		[ "$engine" != containerd ] || [ "$output" = in-exec ]
		c kill --all "$NAME" 9
		engine_end
	done
}
