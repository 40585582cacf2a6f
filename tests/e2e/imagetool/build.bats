#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A build from one end to the other: what a user types, and the image that comes of it.

bats_require_minimum_version 1.5.0
load build
load ../rootless

setup() { build_setup; }
teardown() { room_teardown; }

@test "a Dockerfile becomes an image that runs" {
	echo data >ctx/file
	cat >ctx/Dockerfile <<-'END'
		FROM base:1 AS build
		ARG WORD=none
		RUN echo "$WORD" >/word && cat /etc/passwd >/copy
		FROM base:1
		ENV GREETING=hello
		WORKDIR /srv
		COPY file sub/
		COPY --from=build /word .
		LABEL who=test
		CMD ["/bin/sh", "-c", "echo $GREETING; cat /srv/word /srv/sub/file"]
	END
	good -t x:1 --build-arg WORD=given ctx
	[ ! -s said ]
	[ "$(file_of x:1 /srv/word)" = given ]
	[ "$(file_of x:1 /srv/sub/file)" = data ]
	creel-image --store store inspect x:1 | jq -e '.[0].Config |
		.WorkingDir == "/srv" and .Labels.who == "test" and (.Env | index("GREETING=hello"))'
	creel-image --store store bundle x:1 b >/dev/null
	run -0 creel --root "$PWD/run" run -b b "front-$$"
	[ "$output" = "hello
given
data" ]
	drop b
}

@test "--quiet prints the image's id alone, --iidfile keeps it, --metadata-file tells more" {
	printf 'FROM base:1\nENV A=b\n' >ctx/Dockerfile
	good -q -t x:1 --iidfile id --metadata-file meta ctx
	[ ! -s out ]
	[ "$(cat said)" = "$(cat id)" ]
	creel-image --store store inspect x:1 | jq -e --arg id "$(cat id)" '.[0].Id == $id'
	jq -e '."containerimage.digest" | startswith("sha256:")' meta
}

@test "a step that fails gives its output, its line and exit status 1" {
	printf 'FROM base:1\nRUN echo before\nRUN echo why >&2; exit 7\nRUN echo after\n' >ctx/Dockerfile
	run -1 build -t x:1 ctx
	says 'exit code: 7'
	says '>>> RUN echo why >&2; exit 7'
	says 'Dockerfile:3'
	grep -A1 ' > \[3/4\] RUN echo why' out | grep -q '[0-9]\.[0-9]* why'
	run ! grep -qE "^#[0-9]+ [0-9.]+ after" out
	run -3 creel-image --store store inspect x:1
}

@test "stages that nobody needs are not done; --target chooses one" {
	printf 'FROM base:1 AS one\nRUN echo 1 >/one\nFROM base:1 AS two\nRUN exit 1\nFROM one\nRUN echo 3 >/three\n' >ctx/Dockerfile
	good -t x:1 ctx
	good --target one -t y:1 ctx
	[ "$(file_of y:1 /one)" = 1 ]
	run -1 build --target two ctx
	run -3 build --target nope ctx
	says nope
}

@test "secrets are seen by their step and are in no layer and no history" {
	printf 'FROM base:1\nRUN --mount=type=secret,id=s cat /run/secrets/s | sha256sum >/sum\n' >ctx/Dockerfile
	printf 'very-hush' >secret
	good --secret id=s,src=secret -t x:1 ctx
	[ "$(file_of x:1 /sum)" = "$(printf very-hush | sha256sum)" ]
	run ! grep -rq very-hush store/blobs
	run ! ls rootfs.of/run/secrets
	HUSH=other good --secret id=s,env=HUSH --no-cache -t y:1 ctx
	[ "$(file_of y:1 /sum)" = "$(printf other | sha256sum)" ]
}

@test "outputs: a directory, an archive, a layout" {
	echo data >ctx/file
	printf 'FROM scratch\nCOPY file /\n' >ctx/Dockerfile
	good -o out.dir ctx
	[ "$(cat out.dir/file)" = data ]
	good -o type=tar,dest=out.tar ctx
	[ "$(tar -xOf out.tar ./file 2>/dev/null || tar -xOf out.tar file)" = data ]
	good -o - ctx
	tar -tf said | grep -q '^\(\./\)\?file$'
	good -t x:1 -o type=oci,dest=out.oci ctx
	tar -tf out.oci | grep -q '^oci-layout$'
	run -3 creel-image --store store inspect x:1
}

@test "with an epoch two builds are the same image" {
	printf 'FROM base:1\nRUN echo x >/x\n' >ctx/Dockerfile
	SOURCE_DATE_EPOCH=1000000000 good -q -t x:1 -o type=image,rewrite-timestamp=true --no-cache ctx
	cp said first
	sleep 1.1
	SOURCE_DATE_EPOCH=1000000000 good -q -t x:1 -o type=image,rewrite-timestamp=true --no-cache ctx
	diff first said
}

@test "an interrupt ends a step that runs, and leaves a store that builds" {
	printf 'FROM base:1\nRUN echo on-my-way && sleep 1000\n' >ctx/Dockerfile
	creel-image --store store build ctx >said 2>out 3>&- &
	pid=$!
	wait_for grep -q '[0-9]\.[0-9]* on-my-way' out
	begin=$SECONDS
	# Shells start what runs behind them with SIGINT ignored.
	kill -TERM "$pid"
	status=0
	wait "$pid" || status=$?
	[ "$status" -eq 143 ] || [ "$status" -eq 130 ]
	[ $((SECONDS - begin)) -lt 500 ]
	says CANCELED
	printf 'FROM base:1\nRUN echo fine\n' >ctx/Dockerfile
	good ctx
}

@test "a front end that is asked for is neither fetched nor run" {
	printf '# syntax=localhost:1/evil/frontend:1\nFROM base:1\nRUN echo x\n' >ctx/Dockerfile
	good ctx
	run ! grep -q evil out
	creel-image --log-level info --store store build ctx 2>&1 | grep -q "syntax 'localhost:1/evil/frontend:1'"
}

@test "what makes no sense is refused before anything is done" {
	printf 'FROM base:1\n' >ctx/Dockerfile
	run -2 build --network nope ctx
	says "--network 'nope'"
	run -2 build --allow everything ctx
	run -2 build --quiet --progress=plain ctx
	run -2 build --check --call targets ctx
	run -2 build --secret src=x ctx
	run -1 build -f - - <ctx/Dockerfile
	says "can't use stdin for both build context and dockerfile"
	run -2 build --no-such-option ctx
	run -2 build
	run -2 build --push ctx
	says --tag
}

@test "an ordinary user builds in a user namespace" {
	requires userns
	requires program setpriv newuidmap newgidmap
	make_user
	as_user() {
		setpriv --reuid "$ROOTLESS_ID" --regid "$ROOTLESS_ID" --clear-groups env -i \
			HOME="$ROOM/home" PATH="$PATH" "$@"
	}
	chmod 755 "$ROOM"
	mkdir home
	creel-image --store store save -o home/base.tar base:1 >/dev/null
	cp -r ctx home/ctx
	printf 'FROM base:1\nRUN id -u >/who && touch /made\nUSER 7\nRUN id -u >/tmp/seven\n' >home/ctx/Dockerfile
	chown -R "$ROOTLESS_ID:$ROOTLESS_ID" home
	cd home
	as_user creel-image --store st load -i base.tar >/dev/null
	as_user creel-image --store st build -t x:1 ctx >../out 2>&1 || {
		cat ../out
		return 1
	}
	grep -q "\[2/3\] RUN id -u" ../out
	as_user creel-image --store st build -o out ctx >../out 2>&1
	[ "$(cat out/who)" = 0 ]
	[ "$(cat out/tmp/seven)" = 7 ]
}

@test "an interrupt reaches an ordinary user's build" {
	requires userns
	requires program setpriv newuidmap newgidmap
	make_user
	chmod 755 "$ROOM"
	mkdir home
	creel-image --store store save -o home/base.tar base:1 >/dev/null
	printf 'FROM base:1\nRUN echo on-my-way && sleep 1000\n' >ctx/Dockerfile
	cp -r ctx home/ctx
	chown -R "$ROOTLESS_ID:$ROOTLESS_ID" home
	cd home
	set -- setpriv --reuid "$ROOTLESS_ID" --regid "$ROOTLESS_ID" --clear-groups env -i \
		HOME="$ROOM/home" PATH="$PATH" creel-image --store st
	"$@" load -i base.tar >/dev/null
	"$@" build ctx >said 2>../out 3>&- &
	pid=$!
	wait_for grep -q '[0-9]\.[0-9]* on-my-way' ../out
	begin=$SECONDS
	kill -TERM "$pid"
	status=0
	wait "$pid" || status=$?
	[ $((SECONDS - begin)) -lt 500 ]
	[ "$status" -ne 0 ]
	grep -q CANCELED ../out
}
