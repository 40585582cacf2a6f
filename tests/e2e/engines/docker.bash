# SPDX-License-Identifier: Apache-2.0
# A Docker Engine in a room, with creel as its default runtime (and by name, and in BuildKit).
# ENGINE_RUNTIME names another runtime to see what it does in creel's place.

# shellcheck source=tests/e2e/engines/room.bash
. "$(dirname "${BASH_SOURCE[0]}")/room.bash"

# docker_needs: call from setup().
docker_needs() {
	room_needs dockerd docker containerd iptables
}

# docker_open [DAEMON-OPTION...]: call from setup_file().  A function before_the_engine is called when
# there is a room, but no engine yet.
docker_open() {
	room_can dockerd docker containerd iptables || return 0
	room_open
	export RUNTIME=${ENGINE_RUNTIME:-$BUILD_DIR/creel}
	room_records runc
	jq -n --arg path "$RUNTIME" --arg parent "/$ROOM_CGROUP" \
		'{runtimes: {creel: {path: $path}}, "default-runtime": "creel", "cgroup-parent": $parent, "live-restore": true}' \
		>"$ROOM_DIR/daemon.json"
	[ -z "${ENGINE_SHIM:-}" ] || room_shim
	! declare -F before_the_engine >/dev/null || before_the_engine
	docker_daemon "$@"
	image_root "$ROOM_DIR/busybox"
	tar -C "$ROOM_DIR/busybox" -c . | d import -c 'CMD ["sh"]' -c 'ENV PATH=/bin' - busybox >/dev/null
}

# docker_daemon [OPTION...]: start it, and wait until it answers.
docker_daemon() {
	in_room dockerd --config-file "$ROOM_DIR/daemon.json" "$@" >>"$ROOM_DIR/dockerd.log" 2>&1 </dev/null 3>&- &
	wait_for d version || {
		tail -n 40 "$ROOM_DIR/dockerd.log" >&2
		return 1
	}
}

docker_close() {
	[ -z "${ROOM_PID:-}" ] || room_close
}

# d ARG...: Debian's docker in the room.  It ignores SIGTERM where it passes signals on.
d() {
	in_room timeout --foreground -s KILL 180 docker "$@"
}

# remove_containers: call from teardown().
remove_containers() {
	[ -z "${ROOM_PID:-}" ] || wait_for remove_all
}

# The engine may be removing one by itself, and refuses to do it twice.
remove_all() {
	local ids
	ids=$(d ps -aq) || return 1
	# shellcheck disable=SC2086 # a list of words
	[ -z "$ids" ] || d rm -f -v $ids
}

# box ARG...: run a container in the foreground, without a trace afterwards.
box() {
	d run --rm "$@"
}

# field NAME FORMAT: of docker inspect.
field() {
	d inspect -f "$2" "$1"
}

# runtime_runs: what the runtime itself says is running for the engine.
runtime_runs() {
	local ids
	ids=$(in_room "$RUNTIME" --root /run/docker/runtime-runc/moby list -q)
	[ -n "$ids" ] && echo "$ids"
}

# nothing_runs: and nothing of it is left in control groups.
nothing_runs() {
	! runtime_runs && [ -z "$(room_cgroups)" ]
}

# runs_many N: so many containers run.  The engine deletes an ended one by and by on a slow machine.
runs_many() {
	[ "$(runtime_runs | wc -l)" -eq "$1" ]
}
