# SPDX-License-Identifier: Apache-2.0
# What the tests of builds share: a base image with a shell, and a build whose words are kept.

load common

build_setup() {
	requires root
	requires program busybox
	requires program jq
	room_setup
	unset SOURCE_DATE_EPOCH BUILDKIT_STEP_LOG_MAX_SIZE BUILDKIT_STEP_LOG_MAX_SPEED
	make_base
	mkdir ctx
}

# base:1 in store/: busybox and its names.
make_base() {
	local name
	mkdir -p base/bin base/etc base/tmp
	chmod 1777 base/tmp
	cp "$(command -v busybox)" base/bin/busybox
	for name in sh cat ls echo sleep mkdir touch sed env id printf head seq test rm yes sha256sum; do
		ln -s busybox "base/bin/$name"
	done
	echo 'root:x:0:0:root:/root:/bin/sh' >base/etc/passwd
	tar -C base -c . | creel-image --store store import -q - base:1 >/dev/null
	rm -r base
}

# build ARG...: standard output in `said`, progress and errors in `out`; its own exit code.
build() {
	local status=0
	creel-image --store store build "$@" >said 2>out || status=$?
	return $status
}

# good ARG...: the same; shows what it said when it fails.
good() {
	build "$@" && return
	cat out
	return 1
}

# says TEXT: somewhere in what the build told.
says() {
	grep -qF -- "$1" out || {
		echo "not said: $1"
		cat out
		return 1
	}
}

# file_of IMAGE PATH: of the image, to standard output.
file_of() {
	rm -rf rootfs.of
	creel-image --store store unpack "$1" rootfs.of >/dev/null 2>&1
	cat "rootfs.of$2"
}

# serve DIR: over http, on PORT; teardown kills SERVER.
serve() {
	requires program python3
	: >served # it is looked into at once
	(cd "$1" && exec python3 -u -m http.server --bind 127.0.0.1 0 >"$ROOM/served" 2>&1 3>&-) &
	SERVER=$!
	wait_served
}

# PORT as a server has written it to `served`.
wait_served() {
	has_port() {
		PORT=$(sed -n 's/.*port \([0-9]*\).*/\1/p' served)
		[ -n "$PORT" ]
	}
	wait_for has_port
}
