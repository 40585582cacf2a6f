#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a build tells while it happens: lines, JSON, a picture; and what hostile steps print.

bats_require_minimum_version 1.5.0
load build

setup() { build_setup; }
teardown() { room_teardown; }

@test "lines are BuildKit's: numbers, names, times, ends" {
	printf 'FROM base:1\nRUN echo hello\nRUN echo again\n' >ctx/Dockerfile
	good --progress=plain -t x:1 ctx
	[ "$(sed -n 1p out)" = '#1 [internal] load build definition from Dockerfile' ]
	[ "$(sed -n 2p out)" = "#1 transferring dockerfile: $(stat -c %s ctx/Dockerfile)B done" ]
	grep -qE '^#[0-9]+ \[2/3\] RUN echo hello$' out
	grep -qE '^#[0-9]+ [0-9]+\.[0-9]{3} hello$' out
	grep -qE '^#[0-9]+ DONE [0-9]+\.[0-9]s$' out
	grep -qE '^#[0-9]+ exporting to image$' out
	grep -qE "^#[0-9]+ exporting manifest $(creel-image --store store inspect --format '{{.Digest}}' x:1)" out
	grep -qE '^#[0-9]+ naming to docker.io/library/x:1( [0-9.]+s)? done$' out
	good --progress=plain -t x:1 ctx
	[ "$(grep -c CACHED out)" = 2 ]
	run ! grep -q '0\.[0-9]* hello' out
}

@test "in a pipe it is lines, without being asked" {
	printf 'FROM base:1\nRUN echo hello\n' >ctx/Dockerfile
	good ctx
	grep -q '^#1 ' out
}

@test "rawjson is an object a line, and vertices that began end" {
	printf 'FROM base:1\nRUN printf "a\\0b\\n"; echo err >&2\n' >ctx/Dockerfile
	good --progress=rawjson ctx
	jq -e . out >/dev/null
	[ "$(jq -s '[.[].vertexes[]? | select(.started) | .digest] | unique | length' out)" = \
		"$(jq -s '[.[].vertexes[]? | select(.completed) | .digest] | unique | length' out)" ]
	jq -r '.logs[]? | .data' out | base64 -d | grep -qa 'err'
	printf 'FROM base:1\nRUN exit 9\n' >ctx/Dockerfile
	run -1 build --progress=rawjson ctx
	grep -v '^creel-image: ' out | jq -es 'any(.[].vertexes[]?; (.error // "") | test("exit code: 9"))'
}

@test "quiet is silent but for what failed" {
	printf 'FROM base:1\nRUN echo hello\n' >ctx/Dockerfile
	good --progress=quiet ctx
	[ ! -s out ]
	[ ! -s said ]
	printf 'FROM base:1\nRUN exit 9\n' >ctx/Dockerfile
	run -1 build -q ctx
	says 'exit code: 9'
}

# terminal COMMAND: what a terminal of 80 by 24 gets, in `out`.
terminal() {
	requires program script
	script -qec "stty rows 24 cols 80; $1" /dev/null </dev/null >out
}

@test "a terminal shows a picture, and no step can draw into it" {
	local up
	cat >ctx/Dockerfile <<-'END'
		FROM base:1
		RUN --mount=type=cache,target=/c touch /c/up; \
			printf '\033[2J\033]0;evil\007\r\033[1mHELLO\n'; while [ ! -e /c/go ]; do sleep 0.05; done
		RUN printf '\302\233evil\n'; exit 3
	END
	terminal 'creel-image --store store build ctx' 3>&- &
	# The step waits until it is in the picture.
	wait_for grep -q '=> => # .*HELLO' out
	up=$(find store/build/mounts -name up)
	touch "${up%/*}/go"
	wait "$!" || true
	grep -q '\[+\] Building [0-9.]*s ([0-9]*/[0-9]*)' out
	run ! grep -q $'\033\[2J' out
	run ! grep -q $'\033\]0;' out
	run ! grep -q $'\007' out
	run ! grep -q $'\302\233' out
	grep -q $'\033\[31m' out
	says 'exit code: 3'
}

@test "lines on a terminal have no control characters of steps either" {
	printf 'FROM base:1\nRUN printf "\\033]0;evil\\007x\\n"\n' >ctx/Dockerfile
	terminal 'creel-image --store store build --progress=plain ctx'
	says '\x1b]0;evil\x07x'
	run ! grep -q $'\007' out
}

@test "NO_COLOR is obeyed" {
	printf 'FROM base:1\nRUN echo x\n' >ctx/Dockerfile
	terminal 'NO_COLOR=1 creel-image --store store build ctx'
	grep -q 'Building' out
	run ! grep -q $'\033\[3[0-9]m' out
}

@test "BUILDKIT_PROGRESS, BUILDKIT_COLORS and TERM say how a build is shown" {
	printf 'FROM base:1\nRUN echo x\n' >ctx/Dockerfile
	terminal 'BUILDKIT_PROGRESS=plain creel-image --store store build ctx'
	grep -q '^#1 \[internal\]' out
	terminal 'BUILDKIT_PROGRESS=plain creel-image --store store build --progress=tty ctx'
	grep -q 'Building' out
	terminal 'TERM=dumb creel-image --store store build ctx'
	grep -q '^#1 \[internal\]' out
	terminal 'BUILDKIT_COLORS=run=magenta NO_COLOR= creel-image --store store build ctx'
	grep -q $'\033\[35m' out
	run ! grep -q $'\033\[34m' out
	terminal 'BUILDKIT_COLORS=run=nothing creel-image --store store build ctx'
	says "BUILDKIT_COLORS: 'run=nothing' is not looked at"
	BUILDKIT_PROGRESS=quiet good ctx
	[ ! -s out ]
	BUILDKIT_PROGRESS=rawjson good ctx
	jq -es 'any(.[].vertexes // []; length > 0)' out
	BUILDKIT_PROGRESS=film run -2 build ctx
	says "BUILDKIT_PROGRESS 'film'"
	BUILDKIT_PROGRESS=film good -q ctx
}

@test "without a terminal there is no picture" {
	printf 'FROM base:1\n' >ctx/Dockerfile
	run -1 build --progress=tty ctx
	says 'there is no terminal'
}

@test "a step that never stops talking is clipped, unless one wants it all" {
	printf 'FROM base:1\nRUN seq 1000000 && echo the-end >&2\n' >ctx/Dockerfile
	good ctx
	says '[output clipped, log limit '
	[ "$(stat -c %s out)" -lt 8000000 ]
	BUILDKIT_STEP_LOG_MAX_SIZE=-1 BUILDKIT_STEP_LOG_MAX_SPEED=-1 good --no-cache ctx
	says the-end
	run ! grep -q clipped out
	BUILDKIT_STEP_LOG_MAX_SIZE=1024 good --no-cache ctx
	says '[output clipped, log limit 1KiB reached]'
	says the-end || true
}
