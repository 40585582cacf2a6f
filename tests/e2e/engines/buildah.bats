#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Buildah, and podman build, run their steps in creel.

bats_require_minimum_version 1.5.0
load podman

setup_file() {
	podman_open
	[ -z "${ROOM_PID:-}" ] || room_records creel-recorded
}
teardown_file() { podman_close; }
setup() {
	podman_needs
	context=$ROOM_DIR/context-$BATS_TEST_NUMBER
	mkdir -p "$context"
	rm -f "$ROOM_DIR/creel-recorded.calls"
}
teardown() { remove_containers; }

b() {
	in_room timeout --foreground -s KILL 180 buildah "$@"
}

# by_creel N: the steps of the build were N containers of creel.
by_creel() {
	[ "$(grep -cE '(^| )start ' "$ROOM_DIR/creel-recorded.calls")" -eq "$1" ]
}

containerfile() {
	echo content >"$context/file"
	cat >"$context/Containerfile" <<-'END'
		FROM localhost/busybox
		ARG WHO=nobody
		COPY file /file
		RUN echo "$WHO $(cat /file)" >/result && id -u >>/result
		USER 7
		WORKDIR /tmp
		RUN id -u >id && pwd >>id
	END
}

@test "buildah bud --isolation oci runs each RUN in creel" {
	containerfile
	b bud --runtime "$ROOM_DIR/bin/creel-recorded" --isolation oci --build-arg WHO=me -t built "$context"
	cat "$ROOM_DIR/creel-recorded.calls"
	by_creel 2
	[ "$(box built cat /result /tmp/id)" = "$(printf 'me content\n0\n7\n/tmp')" ]
	b rmi -f built
}

@test "BUILDAH_RUNTIME and BUILDAH_ISOLATION say the same as the options" {
	containerfile
	in_room env BUILDAH_RUNTIME="$ROOM_DIR/bin/creel-recorded" BUILDAH_ISOLATION=oci buildah bud "$context"
	by_creel 2
}

@test "podman build runs each RUN in creel" {
	containerfile
	p --runtime "$ROOM_DIR/bin/creel-recorded" build -t built --build-arg WHO=me "$context"
	by_creel 2
	[ "$(box built cat /result)" = "$(printf 'me content\n0')" ]
	p rmi -f built
}

@test "a failing step passes its output and exit code on" {
	printf 'FROM localhost/busybox\nRUN echo before; exit 9\n' >"$context/Containerfile"
	run b bud --runtime "$RUNTIME" --isolation oci "$context"
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *before* ]]
	[[ $output == *"exit status 9"* ]]
	printf 'FROM localhost/busybox\nRUN ["no-such-program"]\n' >"$context/Containerfile"
	run b bud --runtime "$RUNTIME" --isolation oci "$context"
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *'executable file not found in $PATH'* ]]
}

@test "buildah run: input, a terminal, a user, mounts, capabilities and exit codes" {
	local box
	box=$(b from --pull-never localhost/busybox)
	echo there >"$context/file"
	[ "$(echo words | b run --runtime "$RUNTIME" --isolation oci "$box" cat)" = words ]
	run typed buildah run --runtime "$RUNTIME" --isolation oci -t "$box" tty
	[[ $output == *"/dev/pts/0"* ]]
	[ "$(b run --runtime "$RUNTIME" --isolation oci --user 7:8 "$box" id -u)" = 7 ]
	[ "$(b run --runtime "$RUNTIME" --isolation oci -v "$context:/data" "$box" cat /data/file)" = there ]
	[ "$(b run --runtime "$RUNTIME" --isolation oci --cap-drop ALL "$box" status CapEff)" = 0000000000000000 ]
	run b run --runtime "$RUNTIME" --isolation oci "$box" sh -c 'exit 11'
	[ "$status" -eq 11 ]
	b rm "$box"
}

@test "build-time mounts: cache, bind, tmpfs and secret" {
	echo hidden >"$context/secret"
	echo bound >"$context/file"
	cat >"$context/Containerfile" <<-'END'
		FROM localhost/busybox
		RUN --mount=type=cache,target=/cache echo kept >/cache/file
		RUN --mount=type=cache,target=/cache cat /cache/file >/result
		RUN --mount=type=bind,source=file,target=/bound cat /bound >>/result
		RUN --mount=type=tmpfs,target=/scratch grep -q ' /scratch tmpfs' /proc/mounts && echo tmpfs >>/result
		RUN --mount=type=secret,id=key cat /run/secrets/key >>/result
	END
	b bud --runtime "$RUNTIME" --isolation oci -t mounts --secret "id=key,src=$context/secret" "$context"
	[ "$(box mounts cat /result)" = "$(printf 'kept\nbound\ntmpfs\nhidden')" ]
	b rmi -f mounts
}
