#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# docker build runs the commands of a Dockerfile in creel: by the classic builder, which uses the
# engine's default runtime, and by BuildKit, which looks for a program named runc in PATH.

bats_require_minimum_version 1.5.0
load docker

setup_file() { docker_open; }
teardown_file() { docker_close; }
setup() {
	docker_needs
	context=$ROOM_DIR/context-$BATS_TEST_NUMBER
	mkdir -p "$context"
	rm -f "$ROOM_DIR/runc.calls"
}
teardown() { remove_containers; }

# dockerfile < TEXT
dockerfile() {
	cat >"$context/Dockerfile"
}

classic() {
	in_room env DOCKER_BUILDKIT=0 timeout 180 docker build "$@" "$context"
}

buildkit() {
	in_room env DOCKER_BUILDKIT=1 timeout 180 docker build --progress plain "$@" "$context"
}

# Two builders, the same promises.
builds_steps() {
	local build=$1
	echo content >"$context/file"
	dockerfile <<-'END'
		FROM busybox
		ARG WHO=nobody
		ENV LATER=yes
		COPY file /file
		RUN echo "$WHO $LATER $(cat /file)" >/result && id -u >>/result
		USER 7
		WORKDIR /tmp
		RUN id -u >id && pwd >>id
		CMD ["cat", "/result", "/tmp/id"]
	END
	"$build" -q -t built --build-arg WHO=me
	run d run --rm built
	echo "$output"
	[ "$output" = "$(printf 'me yes content\n0\n7\n/tmp')" ]
	d rmi -f built
}

fails_with_the_command() {
	dockerfile <<-'END'
		FROM busybox
		RUN echo before && exit 9
	END
	run "$1" --no-cache
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *"before"* ]]
	[[ $output == *"code: 9"* ]]
}

@test "the classic builder's RUN, ARG, ENV, COPY, USER and WORKDIR" {
	builds_steps classic
}

@test "the classic builder's steps run in creel" {
	dockerfile <<-'END'
		FROM busybox
		RUN until [ -e /seen ]; do sleep 0.1; done
	END
	classic -q --no-cache >/dev/null 2>&1 3>&- &
	# By the runtime's own word: it is there, and let go.
	wait_for let_go
	wait $!
}

let_go() {
	local id
	id=$(runtime_runs) && in_room "$RUNTIME" --root /run/docker/runtime-runc/moby exec "$id" touch /seen
}

@test "the classic builder passes a failing command's output and code on" {
	fails_with_the_command classic
}

@test "BuildKit's RUN, ARG, ENV, COPY, USER and WORKDIR, each step by creel" {
	builds_steps buildkit
	cat "$ROOM_DIR/runc.calls"
	[ "$(grep -c ' run --bundle ' "$ROOM_DIR/runc.calls")" -eq 2 ]
}

@test "BuildKit passes a failing command's output and code on" {
	fails_with_the_command buildkit
}

@test "BuildKit runs independent stages at the same time, and copies from them" {
	dockerfile <<-'END'
		FROM busybox AS a
		RUN sleep 1; echo a >/a
		FROM busybox AS b
		RUN sleep 1; echo b >/b
		FROM busybox
		COPY --from=a /a /
		COPY --from=b /b /
		RUN cat /a /b >/both
	END
	buildkit -q -t both --no-cache
	[ "$(d run --rm both cat /both)" = "$(printf 'a\nb')" ]
	d rmi -f both
}

@test "BuildKit's cache, tmpfs and secret mounts are there for their step alone" {
	echo hidden >"$context/secret"
	dockerfile <<-'END'
		FROM busybox
		RUN --mount=type=cache,target=/cache echo kept >/cache/file
		RUN --mount=type=cache,target=/cache cat /cache/file >/result
		RUN --mount=type=tmpfs,target=/scratch grep -q ' /scratch tmpfs' /proc/mounts && echo tmpfs >>/result
		RUN --mount=type=secret,id=key cat /run/secrets/key >>/result
	END
	buildkit -q -t mounts --secret "id=key,src=$context/secret"
	run d run --rm mounts cat /result
	echo "$output"
	[ "$output" = "$(printf 'kept\ntmpfs\nhidden')" ]
	run d run --rm mounts ls /run/secrets
	[[ $output != *key* ]]
	d rmi -f mounts
}

@test "BuildKit's steps are confined: seccomp, capabilities, masked paths" {
	dockerfile <<-'END'
		FROM busybox
		RUN status Seccomp CapEff >/result; wc -c </proc/keys >>/result
	END
	buildkit -q -t confined
	run d run --rm confined cat /result
	echo "$output"
	[ "${lines[0]}" = 2 ]
	[ "${lines[1]}" = 00000000a80425fb ]
	[ "${lines[2]}" = 0 ]
	d rmi -f confined
}

@test "a build that is interrupted leaves no container behind" {
	dockerfile <<-'END'
		FROM busybox
		RUN sleep 600
	END
	for builder in 0 1; do
		in_room sh -c "DOCKER_BUILDKIT=$builder timeout -s INT 2 docker build --no-cache '$context'" || true
	done
	wait_for no_sleep
	wait_for nothing_runs
}

no_sleep() {
	! in_room pgrep -f 'sleep 600'
}
