#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Images that are not what anybody expects: every place the runtime touches is something else.  It may refuse,
# with one line, or it may run; it never crashes, waits, or does anything outside.
# shellcheck disable=SC2016 # the shell inside expands them

load helpers

setup() {
	requires root
	setup_creel
	hostile_image
	make_canary
}

teardown() {
	! mountpoint -q "$IMAGE" || umount "$IMAGE"
	teardown_creel
}

places=(dev dev/pts dev/shm dev/mqueue dev/null dev/console proc sys sys/fs/cgroup etc etc/passwd etc/group tmp root cwd
	data data/sub run bin/true)

# put WHAT PLACE: make PLACE of the image that.
put() {
	local at=$IMAGE/$2
	rm -rf "$at"
	mkdir -p "$(dirname "$at")"
	case $1 in
	fifo) mkfifo "$at" ;;
	file) echo "not what you think" >"$at" ;;
	empty) : >"$at" ;;
	socket) (cd "$(dirname "$at")" && timeout 100 perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un($ARGV[0])) or die' \
		"$(basename "$at")") ;;
	device) mknod "$at" c 1 7 ;;
	block) mknod "$at" b 7 99 ;;
	closed) mkdir "$at" && chmod 0 "$at" ;;
	loop) ln -s "$(basename "$at")" "$at" ;;
	dangling) ln -s /no/such/place "$at" ;;
	host) ln -s "../../../../../../../../../../..$CANARY" "$at" ;;
	deep) ln -s "$(printf 'x/../%.0s' $(seq 700))" "$at" ;;
	proc) ln -s /proc/self/root "$at" ;;
	fd) ln -s /proc/self/fd/3 "$at" ;;
	directory) mkdir "$at" ;;
	esac
}

# survives: run says one line and 1, or works.
survives() {
	status=0
	timeout -s KILL 150 creel --root "$CREEL_ROOT" run --bundle "$BUNDLE" "$NAME" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" \
		</dev/null 3>&- || status=$?
	case $status in
	0) ;;
	1) [ "$(wc -l <"$BATS_TEST_TMPDIR/err")" -eq 1 ] ;;
	*) false ;;
	esac || {
		echo "$*: status $status: $(cat "$BATS_TEST_TMPDIR/err")" >&2
		return 1
	}
	[ ! -e "$CREEL_ROOT/$NAME" ]
	canary_untouched
}

@test "every place that is touched is a fifo, a socket, a device, a link, a closed directory" {
	local place what n=0
	hostile true
	edit '.process.cwd = "/cwd" | .process.env += ["HOME="] | .mounts += [
		{"destination": "/data/sub", "type": "tmpfs", "source": "t", "options": ["tmpcopyup"]},
		{"destination": "/etc/group", "source": "/etc/hostname", "options": ["bind"]}]'
	for place in "${places[@]}"; do
		for what in fifo file empty socket device block closed loop dangling host deep proc fd directory; do
			n=$((n + 1))
			[ $((n % $(full 1 13))) -eq 0 ] || [ "$what" = host ] || continue
			[[ $place != bin/true || $what != directory ]] || continue
			rm -rf "${IMAGE:?}"/{dev,proc,sys,etc,tmp,root,cwd,data,run}
			mkdir "$IMAGE"/{dev,proc,sys,etc,tmp,root,run}
			put "$what" "$place"
			survives "$place is a $what"
			[ "$place" != bin/true ] || ln -sf busybox "$IMAGE/bin/true"
		done
	done
	nothing_at_all
}

@test "nobody waits for a fifo that is the program, or a library of it" {
	put fifo bin/waits
	hostile /bin/waits
	survives
	[ "$status" -eq 1 ]
	chmod 755 "$IMAGE/bin/waits"
	survives
	[ "$status" -eq 1 ]
}

@test "passwd and group files of any size and contents" {
	local what f=$IMAGE/etc/passwd
	hostile sh -c 'echo "$HOME"'
	edit '.process.user = {"uid": 1000, "gid": 1000}'
	for what in ': >$f' 'printf "x:x:1000:1000::/first:/bin/sh" >$f' 'printf "a:x:4294968296:1::/overflow:\n" >$f' \
		'printf "a:x:18446744073709552616:1::/overflow:\n" >$f' 'printf "a:x: 1000:1::/space:\n" >$f' \
		'printf "a:x:0x3e8:1::/hex:\n" >$f' 'printf "a:x:+1000:1::/plus:\n" >$f' 'printf "a:x:-4294966296:1::/minus:\n" >$f' \
		'printf "a\0x:x:1000:1::/nul:\n" >$f' 'printf ":::::::::::\n" >$f' 'truncate -s 300000000 $f' \
		'head -c 3000000 /dev/zero | tr "\0" ":" >$f' 'head -c 3000000 /dev/zero | tr "\0" "\n" >$f' \
		'head -c 100000 /dev/urandom >$f' 'printf "a:x:1000:1000::/h\nevil::0:0:/:/bin/sh\n" >$f' \
		'rm $f; ln -s /proc/self/environ $f' 'rm $f; ln -s /dev/zero $f' 'rm -f $f; ln -s /proc/kmsg $f' 'rm -f $f; mkfifo $f'; do
		rm -f "$f"
		touch "$f"
		eval "$what"
		survives "$what"
		[ "$status" -eq 0 ]
		refute grep -E 'overflow|space|hex|plus|minus|untouched' "$BATS_TEST_TMPDIR/out"
	done
	printf 'x:x:1000:1000::/first:/bin/sh' >"$f.new" && rm -f "$f" && mv "$f.new" "$f"
	survives
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = /first ]
}

@test "a file system that is read-only from the ground up" {
	hostile sh -c 'touch /x 2>/dev/null || echo read-only'
	mount --bind "$IMAGE" "$IMAGE"
	mount -o remount,bind,ro "$IMAGE"
	survives
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = read-only ]
	# What would have to be made cannot be.
	edit '.mounts += [{"destination": "/no/such/place", "type": "tmpfs", "source": "t"}]'
	survives
	[ "$status" -eq 1 ]
	grep -q 'Read-only file system' "$BATS_TEST_TMPDIR/err"
	umount "$IMAGE"
	nothing_left
}

@test "an image of directories that nobody may enter, with a user and in a user namespace" {
	hostile sh -c 'id -u'
	chmod 0 "$IMAGE/tmp" "$IMAGE/root" "$IMAGE/etc" "$IMAGE/run" "$IMAGE/var"
	edit '.process.user = {"uid": 1000, "gid": 1000} | .process.capabilities = {}'
	survives
	[ "$status" -eq 0 ]
	edit '.process.cwd = "/root"'
	survives
	chmod 0 "$IMAGE"
	survives
	chmod 755 "$IMAGE"
	edit '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings | .process.cwd = "/"'
	survives
	edit '.mounts += [{"destination": "/tmp/in/side", "type": "tmpfs", "source": "t"}]'
	survives
}

@test "an empty directory, and one that goes away" {
	rm -rf "$IMAGE"
	mkdir "$IMAGE"
	hostile /bin/sh
	survives
	[ "$status" -eq 1 ]
	cp "$BUILD_DIR/tests/bench/empty" "$IMAGE/empty"
	hostile /empty
	survives
	[ "$status" -eq 0 ]
	c create --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	rm -rf "$IMAGE"
	run c start "$NAME"
	[ "$status" -eq 1 ]
	mkdir "$IMAGE"
	cleared
}

@test "a tree for tmpcopyup that is too deep, has holes, devices, fifos, and names of all bytes" {
	local i
	mkdir "$IMAGE/data"
	(
		cd "$IMAGE/data"
		mkfifo fifo
		mknod zero c 1 5
		ln -s /dev/zero link
		truncate -s 1T holes
		printf x >"$(printf 'a\nb\001\377')"
	)
	hostile sh -c 'ls /data | wc -l'
	edit '.mounts += [{"destination": "/data", "type": "tmpfs", "source": "t", "options": ["tmpcopyup", "size=1m"]}]'
	# A terabyte does not fit; nobody waits until it would.
	survives
	rm "$IMAGE/data/holes"
	survives
	[ "$status" -eq 0 ]
	(
		cd "$IMAGE/data"
		for ((i = 0; i < 400; i++)); do mkdir d && cd d; done
	)
	survives
	[ "$status" -eq 1 ]
	nothing_left
}
