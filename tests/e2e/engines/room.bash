# SPDX-License-Identifier: Apache-2.0
# A room: namespaces in which a container engine of Debian's packages runs as if the machine were
# its own.  Its mounts, network, processes and host name are private; /run, /etc, /var/lib and
# /var/tmp are memory.  It ends with its first process: all that an engine started goes with it,
# whatever a test did.  Only control groups live outside, below a parent of the room's name.

# shellcheck source=tests/e2e/helpers.bash
. "$(dirname "${BASH_SOURCE[0]}")/../helpers.bash"

# room_needs PROGRAM...: call from setup().
room_needs() {
	requires root
	requires program "$@" unshare nsenter script jq
}

# room_can PROGRAM...: for setup_file(), where a skip would count as a failure: room_needs says later
# what is missing.
room_can() {
	local name
	for name in "$@"; do
		command -v "$name" >/dev/null || return 1
	done
	[ "$(id -u)" -eq 0 ]
}

# room_open: call from setup_file().  Exports ROOM_DIR (its directory), ROOM_PID, ROOM_CGROUP.
room_open() {
	export ROOM_DIR=$BATS_FILE_TMPDIR/room
	export ROOM_CGROUP=creel-engines-$$
	mkdir -p "$ROOM_DIR/root" "$ROOM_DIR/bin"
	unshare --mount --net --pid --uts --ipc --fork --kill-child --propagation unchanged \
		bash "$SRC_DIR/tests/e2e/engines/room-init.sh" "$ROOM_DIR" >"$ROOM_DIR/log" 2>&1 </dev/null 3>&- &
	echo $! >"$ROOM_DIR/unshare.pid"
	wait_for room_is_ready || {
		cat "$ROOM_DIR/log" >&2
		return 1
	}
	ROOM_PID=$(cat "/proc/$!/task/$!/children")
	export ROOM_PID=${ROOM_PID% }
}

room_is_ready() {
	[ -e "$ROOM_DIR/ready" ]
}

# image_root DIR: the content of the tests' image, busybox and two programs that tell about themselves.
image_root() {
	make_rootfs "$1"
	cat >"$1/bin/limit" <<-'END'
		#!/bin/sh
		# limit V1-FILE V2-FILE: the first word of the container's own control group file.
		file=/sys/fs/cgroup/$2
		[ -e "$file" ] || file=/sys/fs/cgroup/${1%%.*}/$1
		read -r word rest <"$file" && echo "$word"
	END
	cat >"$1/bin/status" <<-'END'
		#!/bin/sh
		# status FIELD...: of the process that asks.
		for field; do sed -n "s/^$field:[[:space:]]*//p" /proc/self/status; done
	END
	chmod +x "$1/bin/limit" "$1/bin/status"
}

# in_room COMMAND...: with the room's own programs first in PATH, and none of this user's settings.
in_room() {
	nsenter --target "$ROOM_PID" --mount --net --pid --uts --ipc --root --wd \
		env -i PATH="$ROOM_DIR/bin:$BUILD_DIR:/usr/sbin:/usr/bin:/sbin:/bin" HOME=/root LANG=C.UTF-8 \
		TERM=xterm ROOM_DIR="$ROOM_DIR" "$@"
}

# room_shim: containerd finds our shim where it looks for runc's; with ENGINE_SHIM=1 all engines' tests
# run with it.
room_shim() {
	ln -sf "$BUILD_DIR/containerd-shim-creel-v2" "$ROOM_DIR/bin/containerd-shim-runc-v2"
}

# room_records NAME: programs of the room that start NAME get $RUNTIME, and $ROOM_DIR/NAME.calls has a
# line with the arguments of each call.
room_records() {
	cat >"$ROOM_DIR/bin/$1" <<-END
		#!/bin/sh
		echo "\$*" >>"$ROOM_DIR/$1.calls"
		exec "$RUNTIME" "\$@"
	END
	chmod +x "$ROOM_DIR/bin/$1"
}

# typed COMMAND...: in the room, on a terminal.
typed() {
	local words
	printf -v words '%q ' "$@"
	in_room env SHELL=/bin/bash script -qec "$words" /dev/null </dev/null | tr -d '\r'
	return "${PIPESTATUS[0]}"
}

# room_cgroups: the control groups of what the engine runs; BuildKit keeps one above its steps'.  (Other
# people's groups may go away while find looks, here and below: it fails then, and has seen ours.)
room_cgroups() {
	in_room find /sys/fs/cgroup -ignore_readdir_race -path "*/$ROOM_CGROUP/*" -type d -not -name buildkit || true
}

# room_close: call from teardown_file().  The first process ends, and with it the whole room.
room_close() {
	[ -n "${ROOM_PID:-}" ] || return 0
	# Its mounts stay as long as these are open, and the control groups may be mounted nowhere else.
	exec {ROOM_MOUNTS}<"/proc/$ROOM_PID/ns/mnt" {ROOM_TOP}<"/proc/$ROOM_PID/root"
	kill -KILL "$ROOM_PID"
	room_thaw
	wait_for room_is_gone
	wait_for room_remove_cgroups
}

# in_ruins COMMAND...: what in_room is while the room ends.
in_ruins() {
	nsenter --mount="/proc/self/fd/$ROOM_MOUNTS" --root="/proc/self/fd/$ROOM_TOP" "$@"
}

# What a v1 freezer holds does not even die.
room_thaw() {
	in_ruins find /sys/fs/cgroup -ignore_readdir_race -path "*/$ROOM_CGROUP/*/freezer.state" -exec sh -c 'echo THAWED >"$1"' - {} \; || true
}

room_is_gone() {
	[ ! -e "/proc/$ROOM_PID" ]
}

# The engines' groups are ours alone: the killed containers' ones are empty by now.
room_remove_cgroups() {
	in_ruins find /sys/fs/cgroup -ignore_readdir_race -depth -type d -path "*/$ROOM_CGROUP*" -exec rmdir {} + || true
}

# containers_conf RUNTIME [LINE]: containers.conf for podman and buildah; LINE is of [containers].
# Podman asks for more open files and processes than root without CAP_SYS_RESOURCE may have.  It reads
# the key that ends in nocgroup; its manual page has the other one.
containers_conf() {
	cat <<-END
		[containers]
		default_ulimits = ["nofile=$(ulimit -Hn):$(ulimit -Hn)", "nproc=$(ulimit -Hu):$(ulimit -Hu)"]
		${2:-}
		[engine]
		runtime = "creel"
		runtime_supports_json = ["creel"]
		runtime_supports_nocgroup = ["creel"]
		runtime_supports_nocgroups = ["creel"]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		$([ -z "${ENGINE_CONMON:-}" ] || echo "conmon_path = [\"$ENGINE_CONMON\"]")
		[engine.runtimes]
		creel = ["$1"]
	END
}
