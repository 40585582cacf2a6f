#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# RUN steps of somebody who wants out: links, races, ids that are paths, secrets that want to stay.

bats_require_minimum_version 1.5.0
load common

setup() {
	requires root
	requires program jq
	room_setup
	mkdir context
	make_rootfs "$ROOM/context/root"
	printf 'FROM scratch\nCOPY root/ /\n' >context/Dockerfile
	build -t base context >/dev/null 2>&1
	rm -r context/root
}
teardown() {
	[ "$(cat canary)" = untouched ] && [ "$(cat outside/canary)" = untouched ]
	room_teardown
}

build() {
	creel-image --store "$ROOM/store" build --progress=plain "$@"
}

# dockerfile: its text on stdin, behind FROM.
dockerfile() {
	(echo FROM base && cat) >context/Dockerfile
}

evil() {
	(echo FROM base AS evil && cat) >context/Dockerfile
}

# Entries of the image's last layer.
last_layer() { # IMAGE
	local digest
	digest=$(creel-image --store store inspect --raw "$1" | jq -r '.layers[-1].digest')
	layer_files "store/blobs/sha256/${digest#sha256:}"
}

layer_files() {
	tar -tf "$1" | sort
}

# Nothing of a build is left once it has ended.
nothing_runs() {
	[ -z "$(find store/build/run -mindepth 1 -maxdepth 1 -name 'build-*')" ]
	[ -z "$(find store/build/scratch store/build/private -mindepth 1)" ]
	! grep -q "$ROOM/store/build" /proc/self/mountinfo
}

@test "a cache's id is no path (CVE-2024-9675)" {
	dockerfile <<-'END'
		RUN --mount=type=cache,id=../../../../etc,target=/c echo x >/c/creel-was-here && ls -A /c
		RUN --mount=type=cache,id=/etc,target=/c ls -A /c; echo y >/c/creel-was-here
		RUN --mount=type=cache,target=/../../../../etc/../c/..//d echo z >/d/creel-was-here
	END
	build -t x context
	[ ! -e /etc/creel-was-here ]
	[ "$(find store -name creel-was-here | grep -c "^store/build/mounts/[0-9a-f]\{64\}/0/")" -eq 3 ]
	[ "$(find . -name creel-was-here | wc -l)" -eq 3 ]
	nothing_runs
}

@test "a link as source shows its own tree, not the host's (CVE-2024-1753)" {
	echo "$ROOM" >context/room
	evil <<-'END'
		COPY room /room
		RUN ln -s / /all && ln -s ../../../../../../.. /up && ln -s "$(cat /room)" /away && mkdir /empty
		FROM base
		RUN --mount=from=evil,source=all,target=/m,rw test -e /m/room && echo x >/m/canary
		RUN --mount=from=evil,source=up,target=/m,rw test -e /m/room && echo x >/m/outside
		RUN --mount=from=evil,source=/all/up/all,target=/m test -e /m/room
		RUN --mount=type=cache,from=evil,source=all,target=/m test -e /m/room && echo x >/m/canary
	END
	build -t x context
	evil <<-'END'
		COPY room /room
		RUN ln -s "$(cat /room)" /away
		FROM base
		RUN --mount=from=evil,source=away,target=/m cat /m/canary
	END
	run build -t x context
	[ "$status" -ne 0 ]
	[[ $output != *untouched* && $output == *away* ]]
}

@test "a link of the context that leads out of it leads to nothing" {
	ln -s "$ROOM/outside" context/link
	ln -s ../outside context/up
	for source in link up link/canary ../outside; do
		dockerfile <<-END
			RUN --mount=source=$source,target=/m,rw ls /m; cat /m/canary; echo x >/m/canary
		END
		run build -t x context
		[ "$status" -ne 0 ]
		[[ $output != *untouched* ]]
	done
}

@test "a mount point is not removed through a link that the step put in its way (CVE-2024-23652)" {
	mkdir -p outside/stub/empty
	dockerfile <<-END
		RUN --mount=type=tmpfs,target=/a/stub mv /a /b; ln -s $ROOM/outside /a
		RUN --mount=type=tmpfs,target=/p/q/stub/empty mv /p/q /r; ln -s $ROOM/outside /p/q
	END
	build -t x context
	[ -d outside/stub/empty ]
	nothing_runs
}

@test "a target behind a link of the image stays in the root" {
	dockerfile <<-END
		RUN ln -s $ROOM/outside /away && ln -s /proc/self/cwd /magic
		RUN --mount=type=tmpfs,target=/away/t echo x >/away/t/canary
		RUN --mount=type=secret,id=s,target=/away/canary cat /away/canary
		RUN --mount=type=tmpfs,target=/magic/x true || true
	END
	echo hush >secret
	run build --secret id=s,src=secret -t x context
	[ "$(ls outside)" = canary ]
	nothing_runs
}

@test "sources that change places while they are mounted show nothing of the host (CVE-2024-23651)" {
	echo "$ROOM" >context/room
	for i in 1 2 3 4 5; do
		dockerfile <<-END
			RUN --mount=type=cache,id=race,target=/c i=0; while [ \$i -lt 400 ]; do rm -rf /c/s; ln -s $ROOM/outside /c/s; rm /c/s; mkdir /c/s; i=\$((i+1)); done; echo $i
			FROM base
			RUN --mount=type=cache,id=race,source=s,target=/m ls -A /m; cat /m/canary; echo x >/m/canary; echo $i
			FROM base
			RUN --mount=type=cache,id=race,source=s,target=/m ls -A /m; cat /m/canary; echo x >/m/canary; echo $i-2
			FROM base
			COPY --from=0 /room* /etc/passwd /1/
			COPY --from=1 /etc/passwd /2/
			COPY --from=2 /etc/passwd /3/
		END
		run build -t x context
		[[ $output != *untouched* ]]
		[ "$(cat outside/canary)" = untouched ]
		[ "$(ls outside)" = canary ]
	done
}

@test "a working directory in /proc reaches nothing of the host (CVE-2024-21626)" {
	touch host-only
	for fd in 3 4 5 6 7 8 9 10; do
		dockerfile <<-END
			WORKDIR /proc/self/fd/$fd
			RUN cat ../../../..$ROOM/canary; ls; echo x >../../../..$ROOM/canary; ls ../../../..$ROOM; true
		END
		run build -t x context
		[[ $output != *untouched* && $output != *host-only* ]]
	done
}

@test "a secret is in no layer, no history, no config and no cache" {
	printf hush-hush-4711 >secret
	dockerfile <<-'END'
		RUN --mount=type=secret,id=s,required test "$(wc -c </run/secrets/s)" -eq 14
		RUN --mount=type=secret,id=s,env=TOKEN,required test "${#TOKEN}" -eq 14
		RUN --mount=type=secret,id=s,target=/etc/deep/er/secret,mode=0444,uid=5 cat /etc/deep/er/secret | wc -c
	END
	build --secret id=s,src=secret -t x context >out 2>&1
	run ! grep -q hush-hush out
	run ! grep -rq hush-hush store
	creel-image --store store inspect x | run ! grep -q hush-hush
	[ -z "$(last_layer x)" ]
	nothing_runs
	run build -t y --no-cache context
	[ "$status" -ne 0 ]
	[[ $output == *"secret 's': not found"* ]]
}

@test "a layer has no trace of what was mounted" {
	dockerfile <<-'END'
		RUN --mount=type=tmpfs,target=/deep/er/t --mount=type=cache,target=/root/.cache/x echo x >/made
		RUN --mount=target=/ctx,rw touch /ctx/x /deep 2>/dev/null; rm -rf /ctx 2>/dev/null; true
	END
	build -t x context
	[ "$(creel-image --store store inspect --raw x | jq '.layers | length')" -eq 3 ]
	creel-image --store store unpack x unpacked
	[ ! -e unpacked/ctx ]
	[ ! -e unpacked/root/.cache ] && [ -f unpacked/deep ] && [ -f unpacked/made ]
}

@test "a locked cache is used by one of two builds at a time" {
	dockerfile <<-'END'
		ARG WHO
		RUN --mount=type=cache,id=l,sharing=locked,target=/c \
			test ! -e /c/busy && touch /c/busy && while test ! -e /c/go; do sleep 0.05; done && rm /c/busy && echo $WHO
	END
	build --build-arg WHO=one -t one context >one 2>&1 3>&- &
	first=$!
	build --build-arg WHO=two -t two context >two 2>&1 3>&- &
	second=$!
	wait_for grep -q "waiting for cache mount 'l'" one two
	busy=$(find store/build/mounts -name busy)
	touch "${busy%/*}/go"
	wait "$first"
	wait "$second"
	nothing_runs
}

@test "a fifo as passwd keeps nobody waiting" {
	dockerfile <<-'END'
		RUN rm -f /etc/passwd && mkfifo /etc/passwd
		USER somebody
		RUN true
	END
	run timeout 300 creel-image --store "$ROOM/store" build -t x context
	[ "$status" -ne 0 ] && [ "$status" -ne 124 ]
	[[ $output == *"is not a regular file"* ]]
}

@test "rights beyond a container's are given by --allow alone" {
	dockerfile <<-'END'
		RUN --security=insecure mount -t tmpfs x /tmp
	END
	run build -t x context
	[ "$status" -ne 0 ]
	[[ $output == *"security.insecure is not allowed"* ]]
	build --allow security.insecure -t x context
	dockerfile <<-'END'
		RUN --network=host ls /sys/class/net
	END
	run build --network none -t x context
	[ "$status" -ne 0 ]
	[[ $output == *"network.host is not allowed"* ]]
	build --network none --allow network.host -t x context
}

@test "a build that is killed leaves no process, and nothing that the next one does not clear" {
	dockerfile <<-'END'
		RUN --mount=target=/ctx,rw echo >/ctx/x; echo begun; sleep 4711
	END
	creel-image --store "$ROOM/store" build --progress=plain -t x context >out 2>&1 3>&- &
	pid=$!
	wait_for grep -q begun out
	kill -9 "$pid"
	wait "$pid" || true
	# What it had started dies behind it, and holds what the next one clears until then.
	wait_for none_at_work
	dockerfile <<<'RUN true'
	build -t x context
	nothing_runs
}

none_at_work() {
	! pgrep -f -- "^sleep 4711|$ROOM/store"
}

@test "a build that is interrupted ends its step" {
	dockerfile <<-'END'
		RUN echo begun; sleep 4712
	END
	creel-image --store "$ROOM/store" build --progress=plain -t x context >out 2>&1 3>&- &
	pid=$!
	wait_for grep -q begun out
	kill -TERM "$pid"
	status=0
	wait "$pid" || status=$?
	[ "$status" -ne 0 ]
	run ! pgrep -f '^sleep 4712'
	nothing_runs
}

@test "attributes that only look like overlayfs's own take nothing away" {
	cp "$BUILD_DIR/tests/tools/setxattr" context/
	dockerfile <<-'END'
		COPY setxattr /bin/
		RUN mkdir /q && echo a >/q/a && echo b >/q/b && setxattr user.overlay.whiteout y /q/a
		RUN setxattr user.overlay.opaque y /q && setxattr user.overlay.redirect /etc /q
		RUN ls -A /q && cat /q/a
	END
	build -t x context
	creel-image --store store unpack x tree
	[ "$(cat tree/q/a tree/q/b)" = $'a\nb' ]
}

@test "files that are called like whiteouts are left out, and it is said" {
	echo x >context/f
	dockerfile <<-'END'
		COPY f /q/.wh.f
		RUN test -e /q/.wh.f
	END
	run -0 build -t x context
	[[ $output == *"1 file(s) left out"*"'.wh.'"* ]]
}
