# SPDX-License-Identifier: Apache-2.0
# Podman and Buildah in a room, with creel as the runtime that containers.conf names.
# ENGINE_RUNTIME names another runtime to see what it does in creel's place, ENGINE_CONMON a program
# in conmon's.

# shellcheck source=tests/e2e/engines/room.bash
. "$(dirname "${BASH_SOURCE[0]}")/room.bash"

# podman_needs: call from setup().
podman_needs() {
	room_needs podman buildah conmon iptables
}

# podman_open: call from setup_file().
podman_open() {
	room_can podman buildah conmon iptables || return 0
	room_open
	export RUNTIME=${ENGINE_RUNTIME:-$BUILD_DIR/creel}
	containers_conf "$RUNTIME" | in_room tee /etc/containers/containers.conf >/dev/null
	echo '{"default": [{"type": "insecureAcceptAnything"}]}' | in_room tee /etc/containers/policy.json >/dev/null
	image_root "$ROOM_DIR/busybox"
	tar -C "$ROOM_DIR/busybox" -c . | p import -q -c CMD=sh -c ENV=PATH=/bin - localhost/busybox >/dev/null
}

podman_close() {
	[ -z "${ROOM_PID:-}" ] || room_close
}

# p ARG...: podman in the room.
p() {
	in_room timeout --foreground -s KILL 180 podman "$@"
}

# prun ARG...: podman run below the room's control group.
prun() {
	p run --cgroup-parent "/$ROOM_CGROUP" "$@"
}

# box ARG...: run a container in the foreground, without a trace afterwards.
box() {
	prun --rm "$@"
}

# field NAME FORMAT: of podman inspect.
field() {
	p container inspect -f "$2" "$1"
}

# sleeper [PODMAN-ARG...]: a container "one" that waits, and ends by SIGTERM.
sleeper() {
	prun -d --name one "$@" busybox sh -c 'trap "exit 3" TERM; echo started; while :; do sleep 0.1; done' >/dev/null
	wait_for logs_say started
}

logs_say() {
	[[ $(p logs one 2>&1) == *"$1"* ]]
}

state_is() {
	[ "$(field one '{{.State.Status}}')" = "$1" ]
}

# remove_containers: call from teardown().
remove_containers() {
	[ -z "${ROOM_PID:-}" ] || wait_for remove_all
}

# A container that just ended is cleaned up by podman in the background, which may be in the way; a
# pod's first container goes with its pod alone.
remove_all() {
	p rm -f -a -v -t 0 || {
		p pod rm -f -a -t 0 || true
		return 1
	}
}

# runtime_runs: what the runtime itself says it has.
runtime_runs() {
	local ids
	ids=$(in_room "$RUNTIME" --root "/run/$(basename "$RUNTIME")" list -q)
	[ -n "$ids" ] && echo "$ids"
}
