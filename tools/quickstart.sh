#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# From a bare Debian 12 to a running container, as root:
# install what building needs, build, make a small image from Debian's static
# busybox, and take it through all three programs.  Needs no registry.
# Running it again is fine; Ctrl-C at any time leaves nothing running.
set -eu -o pipefail

src=$(cd "$(dirname "$0")/.." && pwd)
build=${CREEL_BUILD:-$src/build}
demo=${CREEL_DEMO:-$build/demo}
container=quickstart-$$

say() {
	printf '\n==> %s\n' "$*"
}
show() {
	local word line=
	for word; do
		[[ $word =~ ^[A-Za-z0-9_./:=,-]+$ ]] || word=${word@Q}
		line+=" $word"
	done
	echo "  \$$line"
	"$@"
}
die() {
	echo "quickstart: $*" >&2
	exit 1
}
# Run a noisy step with its output in a file, shown only when it fails.
quietly() {
	local log=$1
	shift
	"$@" >"$log" 2>&1 || {
		tail -n 40 "$log" >&2
		die "'$*' failed; the whole output is in $log"
	}
}
# A bundle's root file system is an overlay of the image's layers where that can be mounted.
unmount() {
	mountpoint -q "$demo/bundle/rootfs" || return 0
	show creel-image --store "$demo/images" umount "$demo/bundle"
}
# Everything below runs in $build, with its programs first in PATH, so that what is shown can be typed.
proc_mounted=
cleanup() {
	"$build/creel-shim" --state "$demo/shim" rm --force "$container" >/dev/null 2>&1 || true
	"$build/creel" --root "$demo/run" delete --force "$container" >/dev/null 2>&1 || true
	"$build/creel" --root "$demo/run" delete --force "$container-direct" >/dev/null 2>&1 || true
	unmount >/dev/null 2>&1 || true
	[ -z "$proc_mounted" ] || umount -l /proc
}

[ "$(id -u)" -eq 0 ] || die "run me as root: I install packages and start a container with its own namespaces"

say "1. install what building needs"
"$src/tools/install-packages.sh" build

say "2. build (output in $build/build.log)"
mkdir -p "$build"
[ -x "$src/configure" ] || quietly "$build/build.log" "$src/autogen.sh"
cd "$build"
[ -f Makefile ] || quietly "$build/build.log" "$src/configure"
quietly "$build/build.log" make -j "$(nproc)" all
stat -c '  %n %s bytes' creel creel-shim creel-image

trap cleanup EXIT
trap 'exit 130' INT TERM
if [ ! -e /proc/self ]; then
	echo "  (a bare chroot: mounting /proc until the end)"
	mount -t proc proc /proc
	proc_mounted=yes
fi
mkdir -p "$demo"
PATH=$build:$PATH
unmount >/dev/null
rm -rf "$demo/bundle"
demo=$(realpath --relative-base="$build" "$demo")

# A chroot without cgroups can still run containers, unlimited.
globals=(--root "$demo/run")
shim_runtime=(--runtime creel --runtime-arg --root --runtime-arg "$(realpath -m "$demo/run")")
if ! grep -qE ' cgroup2? ' /proc/self/mountinfo; then
	echo "  (no cgroup file system is mounted here: limits are off, --cgroup-manager=disabled)"
	globals+=(--cgroup-manager disabled)
	shim_runtime+=(--runtime-arg --cgroup-manager --runtime-arg disabled)
fi

say "3. creel-image: a small image from /bin/busybox, into a store, out as a bundle"
show "$src/tools/make-busybox-image.sh" "$demo/busybox.tar"
show creel-image --store "$demo/images" load -i "$demo/busybox.tar" --name busybox:latest
show creel-image --store "$demo/images" list
# shellcheck disable=SC2016 # expanded by the shell in the container
show creel-image --store "$demo/images" bundle --hostname creel busybox:latest "$demo/bundle" \
	sh -c 'echo "hello from process $$ of $(hostname)"; ls /; exit 7'

say "4. creel: run the bundle (the command ends with status 7, and so must creel)"
status=0
show creel "${globals[@]}" run --bundle "$demo/bundle" "$container-direct" || status=$?
echo "  exit status: $status"
[ "$status" -eq 7 ] || die "the container's exit status should have been 7"

say "5. creel-shim: the same bundle, supervised in the background"
show creel-shim --state "$demo/shim" run -d "${shim_runtime[@]}" --bundle "$demo/bundle" "$container"
printf '  $ creel-shim wait %s\n' "$container"
status=$(creel-shim --state "$demo/shim" wait "$container")
echo "  $status"
show creel-shim --state "$demo/shim" logs "$container"
[ "$status" = 7 ] || die "the shim should have recorded exit status 7"
unmount

say "done: the three programs are in $build; to put them in place: make -C $build install"
