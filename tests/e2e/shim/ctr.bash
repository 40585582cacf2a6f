# SPDX-License-Identifier: Apache-2.0
# containerd in a room (tests/e2e/engines/room.bash) with our shim under its own name, driven by ctr.

# shellcheck source=tests/e2e/engines/room.bash
. "$(dirname "${BASH_SOURCE[0]}")/../engines/room.bash"

# ctr_open: call from setup_file().
ctr_open() {
	room_can containerd ctr || return 0
	room_open
	export RUNTIME=${SHIM_RUNTIME:-}
	# Without options it is creel, by PATH.
	[ -z "$RUNTIME" ] || echo "BinaryName = \"$RUNTIME\"" >"$ROOM_DIR/options.toml"
	containerd_start
	"$SRC_DIR/tools/make-busybox-image.sh" "$ROOM_DIR/busybox.tar"
	in_room ctr image import --base-name example.com/busybox "$ROOM_DIR/busybox.tar" >/dev/null
	listen
}

# Every event, a line each; one of our own says that they are heard.
listen() {
	in_room ctr events >"$ROOM_DIR/events" 2>/dev/null </dev/null 3>&- &
	wait_for hears
}

hears() {
	in_room ctr namespaces label default heard="$SECONDS" && grep -q /namespaces/ "$ROOM_DIR/events"
}

containerd_start() {
	in_room containerd >>"$ROOM_DIR/containerd.log" 2>&1 </dev/null 3>&- &
	wait_for in_room ctr version
}

# ctr_clean ID...: call from teardown().
ctr_clean() {
	[ -n "${ROOM_PID:-}" ] || return 0
	local id
	for id; do
		ctr task resume "$id" >/dev/null 2>&1 || true
		ctr task kill -s KILL -a "$id" >/dev/null 2>&1 || true
		wait_for is_still "$id"
		ctr task rm -f "$id" >/dev/null 2>&1 || true
		ctr container rm "$id" >/dev/null 2>&1 || true
	done
}

ctr() {
	in_room timeout --foreground -s KILL 60 ctr "$@"
}

# box ID CTR-RUN-OPTION... -- ARG...: a container of our image.
box() {
	local id=$1 options=()
	shift
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	[ -z "$RUNTIME" ] || options+=(--runtime-config-path "$ROOM_DIR/options.toml")
	ctr run --runtime io.containerd.creel.v2 --cgroup "/$ROOM_CGROUP/$id" \
		"${options[@]}" example.com/busybox:latest "$id" "$@"
}

task_is() { # ID STATUS
	[[ $(ctr task ls | grep "^$1 ") == *"$2"* ]]
}

task_pid() {
	ctr task ls | awk -v id="$1" '$1 == id { print $2 }'
}

is_still() {
	! ctr task ls | grep "^$1 " | grep -qE 'RUNNING|PAUSED|CREATED'
}

shims() {
	in_room pgrep -c containerd-shim || true
}

# topics_of ID: what was told of a container, in order.
topics_of() {
	grep -F "\"$1\"" "$ROOM_DIR/events" | grep -oE '/tasks/[a-z-]+' | paste -sd ' '
}
