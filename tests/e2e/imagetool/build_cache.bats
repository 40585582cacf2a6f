#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a build finds again and what it does anew; what is left when it is killed; what is removed.

bats_require_minimum_version 1.5.0
load common
load ../rootless

setup() {
	requires root
	requires program jq
	requires program busybox
	room_setup
	mkdir ctx
	cp "$(command -v busybox)" ctx/busybox
	echo one >ctx/one
	echo two >ctx/two
}
teardown() { room_teardown; }

# A stage with a shell; the rest of the Dockerfile comes from standard input.
dockerfile() {
	{
		cat <<'END'
FROM scratch AS sh
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
ENV PATH=/bin
END
		cat
	} >ctx/Dockerfile
}

build() {
	creel-image --store store build --progress=plain "$@" ctx >out 2>&1 || {
		cat out
		return 1
	}
}

# What became of the vertices whose name has this text: CACHED or DONE.
fate() {
	local numbers n
	numbers=$(grep -F -- "$1" out | sed -n 's/^#\([0-9]*\) .*/\1/p' | sort -un)
	for n in $numbers; do
		grep -oE "^#$n (CACHED|DONE|ERROR|CANCELED)" out | tail -1 | cut -d' ' -f2
	done | sort | uniq | tr '\n' ' '
}

is() {
	local got
	got=$(fate "$1")
	[ "$got" = "$2 " ] || {
		echo "$1: is $got, should be $2"
		cat out
		return 1
	}
}

@test "the second time everything is found, whatever the timestamps" {
	dockerfile <<'END'
COPY one /one
RUN cat /one >/copy
WORKDIR /w
END
	build -t x
	is "COPY one" DONE
	first=$(creel-image --store store inspect x | jq -c '.[0].RootFS // .RootFS // .rootfs')
	touch -d 2001-01-01 ctx/one ctx/busybox
	build -t x
	is "COPY one" CACHED
	is "RUN cat" CACHED
	is "WORKDIR" CACHED
	is "COPY busybox" CACHED
	[ "$(creel-image --store store inspect x | jq -c '.[0].RootFS // .RootFS // .rootfs')" = "$first" ]
}

@test "what is found mounts nothing and starts nothing" {
	requires program strace
	dockerfile <<'END'
COPY one /one
RUN cat /one >/copy
END
	build -t x
	strace -f -o trace -e trace=execve,fsopen,fsmount,mount,unshare,clone,clone3,vfork \
		creel-image --store store build --progress=plain -t x ctx >out 2>&1
	is "RUN cat" CACHED
	run ! grep -E 'fsopen|fsmount|mount\(|unshare' trace
	[ "$(grep -c execve trace)" -eq 1 ]
}

@test "one changed file does again what depends on it, and nothing else" {
	dockerfile <<'END'
FROM sh AS a
COPY one /one
RUN cat /one >/a
FROM sh AS b
COPY two /two
RUN cat /two >/b
FROM sh
COPY --from=a /a /a
COPY --from=b /b /b
END
	build -t x
	echo changed >ctx/two
	build -t x
	is "COPY one" CACHED
	is "RUN cat /one" CACHED
	is "COPY two" DONE
	is "RUN cat /two" DONE
	is "COPY --from=a" CACHED
	is "COPY --from=b" DONE
	creel-image --store store unpack x tree
	[ "$(cat tree/b)" = changed ]
}

@test "a stage that was built again and gives the same file costs nothing further on" {
	dockerfile <<'END'
FROM sh AS a
COPY one /one
RUN wc -l </one >/lines; touch -d 2000-01-01 /lines
FROM sh
COPY --from=a /lines /lines
RUN cat /lines >/end
END
	build -t x
	echo other >ctx/one
	build -t x
	is "RUN wc" DONE
	is "COPY --from=a" CACHED
	is "RUN cat" CACHED
	# And the next time the stage is not asked.
	build -t x
	is "COPY --from=a" CACHED
}

@test "mode, owner and name of a file count, and so does every flag of COPY" {
	for line in "COPY one /one" "COPY one /one2" "COPY --chmod=600 one /one" \
		"COPY --chown=1:1 one /one" "COPY --link one /one" "ADD one /one" \
		"COPY --exclude=x one /one"; do
		dockerfile <<<"$line"
		build -t x
		[ "$line" = "ADD one /one" ] || is "${line%% /*}" DONE
		build -t x
		is "${line%% /*}" CACHED
	done
	dockerfile <<<"COPY one /one"
	chmod 755 ctx/one
	build -t x
	is "COPY one" DONE
}

@test "options: what a step can see of them counts, and nothing else" {
	local fate args
	dockerfile <<'END'
FROM sh AS meant
ARG USED
RUN --mount=type=secret,id=s --mount=type=ssh test -e /bin/sh && echo made >/made
END
	echo 1 >secret
	echo 2 >other
	build
	while read -r fate args; do
		eval "build $args"
		is "RUN --mount=type=secret" "$fate" || {
			echo "with $args"
			return 1
		}
	done <<-'END'
		CACHED --secret id=s,src=secret
		CACHED --secret id=s,src=other
		CACHED -t a --label a=b --label c=d --annotation e=f
		CACHED --jobs 1 --memory 64m --cpu-shares 512
		CACHED --dns 192.0.2.1 --dns-search example.org
		CACHED --build-arg UNUSED=1 --build-arg HTTP_PROXY=http://127.0.0.1:1
		CACHED --network default --provenance true --squash
		CACHED --platform local --source-date-epoch 1000
		DONE --build-arg USED=1
		CACHED --build-arg USED=1
		CACHED
		DONE --add-host one:192.0.2.1
		CACHED --add-host one:192.0.2.2
		DONE --add-host two:192.0.2.2
		DONE --ulimit nofile=100
		DONE --ulimit nofile=101
		DONE --shm-size 1m
		DONE --cgroup-parent creel-pairs-$$
		DONE --network none
		CACHED --network none
		DONE --platform linux/386
		CACHED --platform linux/386
		CACHED
		DONE --no-cache
	END
	remove_group "creel-pairs-$$"
}

@test "CVE-2024-24557: what an image's history says is not believed" {
	dockerfile <<<"RUN echo good >/x"
	build -t x
	# Its history is what the builds below are going to say; nothing is taken from there.
	creel-image --store store save -o x.tar x
	creel-image --store other load -i x.tar
	dockerfile <<<"RUN echo other >/x"
	creel-image --store other build --progress=plain -t y ctx >out 2>&1
	is "RUN echo" DONE
	dockerfile <<<"RUN echo good >/x"
	creel-image --store other build --progress=plain -t y ctx >out 2>&1
	is "RUN echo" DONE
}

@test "--no-cache does all again, --no-cache-filter one stage" {
	dockerfile <<'END'
FROM sh AS a
RUN cat /proc/sys/kernel/random/uuid >/a
FROM sh
RUN cat /proc/sys/kernel/random/uuid >/b
COPY --from=a /a /a
END
	build -t x
	build -t x --no-cache-filter a
	is "RUN cat /proc/sys/kernel/random/uuid >/a" DONE
	is "RUN cat /proc/sys/kernel/random/uuid >/b" CACHED
	is "COPY --from=a" DONE
	build -t x
	is "RUN cat /proc" CACHED
	build -t x --no-cache
	is "RUN cat /proc" DONE
	is "COPY busybox" DONE
}

@test "a step that fails leaves those before it, and its own output" {
	dockerfile <<'END'
RUN echo fine >/fine
RUN echo words; exit 3
END
	run ! build -t x
	grep -q "exit code: 3" out
	grep -q "words" out
	dockerfile <<'END'
RUN echo fine >/fine
RUN echo words
END
	build -t x
	is "RUN echo fine" CACHED
	is "RUN echo words" DONE
}

@test "independent stages run side by side, and the first failure ends the others" {
	dockerfile <<'END'
FROM sh AS a
RUN sleep 1063.218
FROM sh AS b
RUN sleep 0.3; exit 7
FROM sh
COPY --from=a /bin/sh /a
COPY --from=b /bin/sh /b
END
	begin=$SECONDS
	run ! build -t x
	grep -q "exit code: 7" out
	[ $((SECONDS - begin)) -lt 500 ]
	run ! pgrep -f 'sleep 1063[.]218'
}

@test "two builds of the same at once both end well" {
	dockerfile <<'END'
COPY one /one
RUN sleep 0.5; cat /one >/copy
END
	creel-image --store store build --progress=plain -t x ctx >out1 2>&1 &
	one=$!
	creel-image --store store build --progress=plain -t y ctx >out2 2>&1 &
	two=$!
	wait "$one" || {
		cat out1
		false
	}
	wait "$two" || {
		cat out2
		false
	}
	creel-image --store store unpack x tree1
	creel-image --store store unpack y tree2
	[ "$(cat tree1/copy tree2/copy)" = "one
one" ]
	[ -z "$(ls store/tmp)" ]
}

# How often a step with the cache mount /c was carried out: it leaves a line each time.
runs() {
	cat store/build/mounts/*/0/runs 2>/dev/null | wc -l
}

has_runs() {
	[ "$(runs)" -gt 0 ]
}

three_wait() {
	[ "$(cat out? | grep -c 'waiting for another build that does the same step')" -ge 3 ]
}

@test "of builds at the same time that come to the same step one does it, the others take it over" {
	dockerfile <<'END'
RUN --mount=type=cache,target=/c echo x >>/c/runs; while [ ! -e /c/go ]; do sleep 0.05; done; echo made >/made
RUN cat /made
END
	for i in 1 2 3 4; do
		creel-image --store store build --progress=plain -t "x:$i" ctx >"out$i" 2>&1 3>&- &
		pids[i]=$!
	done
	wait_for has_runs
	wait_for three_wait
	touch "$(echo store/build/mounts/*/0)/go"
	for i in 1 2 3 4; do wait "${pids[i]}"; done
	[ "$(runs)" = 1 ]
	ids=$(for i in 1 2 3 4; do creel-image --store store inspect "x:$i" | jq -c '.[0].RootFS // .RootFS // .rootfs'; done | sort -u)
	[ "$(wc -l <<<"$ids")" = 1 ]
	[ -z "$(ls store/build/making)" ]
}

@test "two stages of one build that come to the same step by content do it once" {
	dockerfile <<'END'
FROM sh AS p1
RUN echo same >/f; echo 1 >/other
FROM sh AS p2
RUN echo same >/f; echo 2 >/other
FROM sh AS q1
RUN --mount=from=p1,source=/f,target=/f --mount=type=cache,target=/c echo x >>/c/runs; sleep 0.3; cat /f >/made
FROM sh AS q2
RUN --mount=from=p2,source=/f,target=/f --mount=type=cache,target=/c echo x >>/c/runs; sleep 0.3; cat /f >/made
FROM scratch
COPY --from=q1 /made /one
COPY --from=q2 /made /two
END
	build -t x
	[ "$(runs)" = 1 ]
}

@test "who waits for a step can be interrupted, and does it himself when the other is killed" {
	dockerfile <<'END'
RUN --mount=type=cache,target=/c,sharing=shared echo x >>/c/runs; for i in $(seq 4000); do [ "$(wc -l </c/runs)" = 1 ] || exit 0; sleep 0.05; done
END
	creel-image --store store build --progress=plain ctx >out1 2>&1 3>&- &
	holder=$!
	wait_for has_runs
	for i in 2 3; do
		creel-image --store store build --progress=plain -t "x:$i" ctx >"out$i" 2>&1 3>&- &
		pids[i]=$!
		wait_for grep -q 'waiting for another build' "out$i"
	done
	kill -TERM "${pids[2]}"
	status=0
	wait "${pids[2]}" || status=$?
	[ "$status" -ge 128 ]
	[ "$(runs)" = 1 ]
	kill -9 "$holder"
	wait "${pids[3]}"
	[ "$(runs)" = 2 ]
	[ -z "$(ls store/build/making)" ]
}

none_at_work() {
	! pgrep -f -- "$ROOM/store"
}

@test "after kill -9 at any moment nothing is mounted, nothing half done is found, and the next build works" {
	dockerfile <<'END'
COPY one /one
RUN i=0; while [ $i -lt 200 ]; do echo $i >/f$i; i=$((i+1)); done
RUN cat /f* | wc -l >/count
END
	for delay in 0.02 0.05 0.1 0.15 0.2 0.3 0.4; do
		creel-image --store "$ROOM/store" build --progress=plain --no-cache -t x ctx >out 2>&1 3>&- &
		pid=$!
		sleep "$delay"
		kill -9 "$pid" 2>/dev/null || true
		wait "$pid" || true
	done
	# What it had started dies behind it, and holds what the next one clears until then.
	wait_for none_at_work
	run ! grep -F "$ROOM" /proc/self/mountinfo
	build -t x
	creel-image --store store unpack x tree
	[ "$(cat tree/count)" -eq 200 ]
	[ -z "$(ls store/tmp)" ]
	creel-image --store store verify
}

@test "an interrupt ends the build and leaves nothing behind" {
	dockerfile <<<"RUN sleep 1064.219"
	creel-image --store store build --progress=plain -t x ctx >out 2>&1 3>&- &
	pid=$!
	wait_for pgrep -f '^sleep 1064[.]219'
	kill -TERM "$pid"
	status=0
	wait "$pid" || status=$?
	[ "$status" -ge 128 ]
	run ! pgrep -f 'sleep 1064[.]219'
	[ -z "$(ls store/tmp)" ]
}

@test "an image that was built is mounted without unpacking, and looks as it does unpacked" {
	dockerfile <<'END'
COPY one /d/one
COPY two /d/two
RUN rm /d/one; mkdir /d/one; echo 3 >/d/one/three
RUN rm -r /d; mkdir /d; echo 4 >/d/four; chown 7:8 /d
CMD ["/bin/sh"]
END
	build -t x
	ls store/snapshots >before
	creel-image --store store bundle x b
	(cd b/rootfs && find . | sort) >mounted
	ls store/snapshots >after
	cmp before after
	[ "$(stat -c %u:%g b/rootfs/d)" = 7:8 ]
	drop b
	# The same from the layers alone.
	creel-image --store store unpack x tree
	(cd tree && find . | sort) >unpacked
	diff mounted unpacked
}

@test "a layer has what BuildKit's has: whiteouts by name, no directory that did not change" {
	dockerfile <<'END'
RUN mkdir -p /d/kept /d/gone /e; echo 1 >/d/gone/1; echo 2 >/d/2; echo 3 >/e/3
RUN rm -r /d; mkdir /d; echo new >/d/new
RUN chown 0:0 /e/3; touch /e
RUN rm /e/3
RUN mkdir -p /f/g
RUN true
END
	build -t x
	creel-image --store store save -o x.tar x
	mkdir x && tar -xf x.tar -C x
	names() {
		local digest
		digest=$(jq -r ".layers[$1].digest" "$manifest" | cut -d: -f2)
		tar -tf "store/blobs/sha256/$digest" | sort | tr '\n' ' '
	}
	manifest=store/blobs/sha256/$(jq -r '.manifests[0].digest' store/index.json | cut -d: -f2)
	[ "$(names 3)" = "d/ d/.wh.2 d/.wh.gone d/.wh.kept d/new " ]
	[ "$(names 4)" = "" ]
	[ "$(names 5)" = "e/ e/.wh.3 " ]
	[ "$(names 6)" = "f/ f/g/ " ]
	[ "$(names 7)" = "" ]
}

@test "prune --build removes what no image has, with --all everything; images stay whole" {
	dockerfile <<'END'
FROM sh AS a
RUN echo a >/a
FROM sh
COPY --from=a /a /a
END
	build -t x
	creel-image --store store du | grep -q "steps of builds"
	# Plain prune leaves builds alone.
	creel-image --store store prune
	build -t x
	is "RUN echo a" CACHED
	run creel-image --store store prune --build
	[[ $output == *"removed 1 step of builds"* ]]
	build -t x --no-cache-filter a
	creel-image --store store prune --build --filter until=1h | grep -q "removed 0 steps"
	creel-image --store store prune --build --all --keep-storage 1GB | grep -q "removed 0 steps"
	creel-image --store store prune --build --all --dry-run | grep -q "would remove [1-9]"
	creel-image --store store prune --build --all
	[ -z "$(ls store/build/cache)" ]
	creel-image --store store unpack x tree
	[ "$(cat tree/a)" = a ]
	build -t x
	is "RUN echo a" DONE
	run ! creel-image --store store prune --keep-storage 1GB
}

@test "prune while a build runs takes nothing away from it" {
	dockerfile <<'END'
RUN echo a >/a; sleep 1
RUN cat /a; sleep 1
RUN cat /a
END
	creel-image --store store build --progress=plain -t x ctx >out 2>&1 &
	pid=$!
	until [ -e store/index.json ]; do
		sleep 0.05
		kill -0 "$pid"
	done
	while kill -0 "$pid" 2>/dev/null; do
		creel-image --store store prune --build --all >/dev/null
		sleep 0.1
	done
	wait "$pid" || {
		cat out
		false
	}
	creel-image --store store unpack x tree
	[ "$(cat tree/a)" = a ]
}

@test "two builds that make one directory of --cache-to at once both put theirs there" {
	local pid
	requires program strace
	dockerfile <<<"RUN echo a >/a"
	# Stopped when all is written and nothing is in its place.
	strace -f -o trace -e trace=syncfs -e inject=syncfs:signal=STOP:when=1 \
		creel-image --store store build --progress=plain --cache-to type=local,dest=cache,tag=a ctx >first 2>&1 3>&- &
	pid=$!
	wait_for grep -q 'stopped by SIGSTOP' trace
	run ! test -e cache
	dockerfile <<<"RUN echo b >/b"
	build --cache-to type=local,dest=cache,tag=b
	kill -CONT "$(tr -d ' ' <"/proc/$pid/task/$pid/children")"
	wait "$pid" || {
		cat first
		false
	}
	[ "$(jq -r '.manifests[].annotations["org.opencontainers.image.ref.name"]' cache/index.json | sort | xargs)" = "a b" ]
}

@test "a full disk is an error that says so, and leaves a store that works" {
	mkdir small
	mount -t tmpfs -o size=6m none small
	dockerfile <<<"RUN busybox dd if=/dev/zero of=/big bs=1M count=20"
	run ! creel-image --store small/store build --progress=plain -t x ctx
	[[ $output == *"No space left on device"* ]]
	dockerfile <<<"RUN echo fine >/fine"
	creel-image --store small/store build --progress=plain -t x ctx
}

@test "a user without root or ids of his own builds and finds it again" {
	dockerfile <<'END'
RUN rm /bin/ls; mkdir /new; echo 1 >/new/one
END
	mkdir home
	cp -r ctx home/ctx
	chown -R 65534:65534 home
	chmod 755 "$ROOM"
	as_nobody() {
		setpriv --reuid 65534 --regid 65534 --clear-groups env HOME="$ROOM/home" \
			XDG_RUNTIME_DIR="$ROOM/home" "$@"
	}
	as_nobody creel-image --store home/store build --progress=plain -t x home/ctx >out 2>&1 || {
		cat out
		grep -q "user namespace" out && skip "needs user namespaces for all"
		false
	}
	is "RUN rm" DONE
	manifest=home/store/blobs/sha256/$(jq -r '.manifests[0].digest' home/store/index.json | cut -d: -f2)
	digest=$(jq -r '.layers[-1].digest' "$manifest" | cut -d: -f2)
	[ "$(tar -tf "home/store/blobs/sha256/$digest" | sort | tr '\n' ' ')" = "bin/ bin/.wh.ls new/ new/one " ]
	as_nobody creel-image --store home/store build --progress=plain -t x home/ctx >out 2>&1
	is "RUN rm" CACHED
}
