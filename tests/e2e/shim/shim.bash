# SPDX-License-Identifier: Apache-2.0
# For the tests of creel-shim: a bundle around Debian's static busybox, and the program with a state
# directory of its own.  SHIM_RUNTIME chooses the runtime: creel by default, else whatever it names.

# shellcheck source=tests/e2e/helpers.bash
. "$(dirname "${BASH_SOURCE[0]}")/../helpers.bash"

# Call from setup().
shim_setup() {
	: "${SHIM_RUNTIME:=creel}"
	requires root
	requires program busybox script "$SHIM_RUNTIME"
	T=$BATS_TEST_TMPDIR
	STATE=$T/state
	RUNTIME_ROOT=$T/root
	BUNDLE=$T/bundle
	# Ids are also names of cgroups: nobody else may have them.
	ID=shim-$$-$BATS_TEST_NUMBER
	# Not make_rootfs: one process makes all links, and there is a rootfs for every test here.
	mkdir -p "$BUNDLE"/rootfs/{bin,proc,dev,sys,tmp}
	cp /bin/busybox "$BUNDLE/rootfs/bin/busybox"
	chroot "$BUNDLE/rootfs" /bin/busybox --install -s /bin
}

# Call from teardown(): nothing may be left, whatever the test did.
shim_teardown() {
	[ -n "${STATE:-}" ] || return 0
	local id
	for id in $(shim list -q 2>/dev/null); do
		shim rm --force "$id" || true
	done
	for id in $(runtime list -q 2>/dev/null); do
		runtime delete --force "$id" || true
	done
}

shim() {
	creel-shim --state "$STATE" "$@"
}

# The same in the place of this shell, for the background: $! is then the program.
shim_exec() {
	exec creel-shim --state "$STATE" "$@"
}

# Options that choose runtime and bundle.
shim_run() {
	shim run --runtime "$SHIM_RUNTIME" --root "$RUNTIME_ROOT" --bundle "$BUNDLE" "$@"
}

runtime() {
	"$SHIM_RUNTIME" --root "$RUNTIME_ROOT" "$@"
}

# container [-t] SCRIPT: make the bundle run a shell script, with -t on a terminal.  It is a file of its
# own, $SCRIPT in the rootfs: who was started before may not have read theirs yet.
SCRIPT=script-0
container() {
	local terminal=false
	if [ "$1" = -t ]; then
		terminal=true
		shift
	fi
	SCRIPT=script-$((${SCRIPT#script-} + 1))
	printf '%s\n' "$1" >"$BUNDLE/rootfs/$SCRIPT"
	cat >"$BUNDLE/config.json" <<-END
		{
			"ociVersion": "1.0.2",
			"process": {
				"terminal": $terminal,
				"user": {"uid": 0, "gid": 0},
				"args": ["/bin/sh", "/$SCRIPT"],
				"env": ["PATH=/bin"],
				"cwd": "/"
			},
			"root": {"path": "rootfs"},
			"mounts": [
				{"destination": "/proc", "type": "proc", "source": "proc"},
				{"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
				 "options": ["nosuid", "mode=755"]},
				{"destination": "/dev/pts", "type": "devpts", "source": "devpts",
				 "options": ["newinstance", "ptmxmode=0666"]}
			],
			"linux": {"namespaces": [{"type": "pid"}, {"type": "mount"}, {"type": "ipc"}, {"type": "uts"}]}
		}
	END
}

# field NAME [ID]: one number of a container's state.json.
field() {
	sed -n "s/^ *\"$1\": \([0-9]*\),\{0,1\}\$/\1/p" "$STATE/${2:-$ID}/state.json"
}

# eventually SECONDS COMMAND...: until it succeeds; a busy machine has a minute more, and six times as long.
eventually() {
	local end=$((SECONDS + 60 + 6 * $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || {
			echo "still not: $*" >&2
			return 1
		}
		sleep 0.05
	done
}

# Nothing of a container is left: no record, no container, no supervisor.
nothing_left() {
	[ -z "$(ls -A "$STATE" 2>/dev/null)" ] || { ls -lA "$STATE"; return 1; }
	[ -z "$(runtime list -q 2>/dev/null)" ] || { runtime list; return 1; }
	if pgrep -af "supervise .*$STATE/"; then return 1; fi
}

# Ended, whether its parent knows it or not; it may go away while we look.
gone() {
	! grep -q '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$1/status" 2>/dev/null
}

# So many are attached, or more: connections that the supervisor has accepted, whose sockets have the
# name that it listens by, as that one has itself.  Other tests' sockets may have the same names.
attached() {
	local own named
	own=$(find "/proc/$(field supervisorPid)/fd" -lname 'socket:*' -printf '%l\n' | tr -dc '0-9\n' | sort -u)
	named=$(awk '/\/attach$/ { print $(NF - 1) }' /proc/net/unix | sort -u)
	[ "$(comm -12 <(echo "$own") <(echo "$named") | grep -c .)" -gt "$1" ]
}

# A program that waits for a container to change, or for its log: it has opened what it needs by then.
watches() {
	find "/proc/$1/fd" -lname anon_inode:inotify | grep -q .
}
