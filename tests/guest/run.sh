#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Run the guest tests (bats) with the programs of a build directory, in a throw-away virtual machine
# with what many hosts lack: systemd, pure cgroup v2 with all controllers, AppArmor or SELinux.
#
#   run.sh [--selinux] BUILD-DIRECTORY [FILE.bats]...
#   run.sh [--selinux] --build BUILD-DIRECTORY         only the machine's image
#
# The machine is made by vm-run: $VM_RUN, else one in PATH, else the one beside this file.  It needs
# qemu and mmdebstrap (tools/install-packages.sh test) and, the first time, the network: it builds an
# image of Debian in about a minute.  With --selinux the machine has SELinux, enforcing, in place
# of AppArmor, and only selinux.bats runs.  $GUEST_PACKAGES is for more of Debian's packages in it;
# docker.bats needs docker.io, which doubles the image.
#
# Exit status 77: not possible here, and why was printed.
set -eu

usage() {
	echo "usage: $0 [--selinux] [--build] BUILD-DIRECTORY [FILE.bats]..." >&2
	exit 2
}
here=$(cd "$(dirname "$0")" && pwd)
src=${here%/tests/guest}
selinux='' only_build=''
if [ "${1-}" = --selinux ]; then
	selinux=yes
	shift
fi
if [ "${1-}" = --build ]; then
	only_build=yes
	shift
fi
[ $# -ge 1 ] || usage
build=$(cd "$1" && pwd) || exit 2
shift

if [ "$(uname -m)" != x86_64 ]; then
	echo "$0: the virtual machine is an x86_64 one, this is $(uname -m)" >&2
	exit 77
fi
if ! grep -q '^#define HAVE_SYSTEMD 1' "$build/config.h"; then
	echo "$0: '$build' was configured without systemd (libsystemd-dev)" >&2
	exit 77
fi
vm_run=${VM_RUN:-$(command -v vm-run || echo "$here/vm-run")}
options=(--systemd --timeout "${GUEST_TIMEOUT:-1200}")
if [ -n "$selinux" ]; then
	options+=(--selinux=enforcing)
else
	options+=(--packages "podman conmon netavark ${GUEST_PACKAGES-}")
fi
if [ -n "$only_build" ]; then
	exec "$vm_run" "${options[@]}" --build
fi

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
trap 'exit 130' INT TERM
mkdir "$stage/tests"
make -s -C "$build" install-binPROGRAMS install-pkglibexecPROGRAMS DESTDIR="$stage/root" >/dev/null
# Here, where a process costs nothing: the guest is emulated, and jq takes a second there.
bash -c '. "$1"; make_rootfs "$2"' - "$src/tests/e2e/helpers.bash" "$stage/rootfs"
template() {
	"$build/creel" spec "${@:2}" --config "$stage/spec.json"
	jq '.process.args = ["@ARGS@"] | .process.terminal = false | .root.path = "@ROOTFS@"
		| .root.readonly = false | .linux.cgroupsPath = "@PATH@"' "$stage/spec.json" >"$stage/$1"
	rm "$stage/spec.json"
}
template config.json
jq '.linux.resources.memory = {limit: 67108864, swap: 67108864, reservation: 33554432}
	| .linux.resources.cpu = {shares: 512, quota: 50000, period: 100000, cpus: "0"}
	| .linux.resources.pids = {limit: 50}' "$stage/config.json" >"$stage/limited.json"
template rootless.json --rootless
# Made by root, for the guest's user.
jq '.linux.uidMappings[].hostID = 1000 | .linux.gidMappings[].hostID = 1000' "$stage/rootless.json" >"$stage/new" &&
	mv "$stage/new" "$stage/rootless.json"
cp "$here/in-guest.sh" "$here"/*.bats "$here"/*.bash "$src/tests/e2e/helpers.bash" \
	"$build/tests/tools/recvtty" "$stage/tests"

if [ $# -eq 0 ]; then
	if [ -n "$selinux" ]; then
		set -- selinux.bats
	else
		for file in "$here"/*.bats; do
			[ "${file##*/}" = selinux.bats ] || set -- "$@" "${file##*/}"
		done
	fi
fi
files=()
for file; do
	files+=("${file##*/}")
done

cd "$stage"
"$vm_run" "${options[@]}" --dir "$stage" -- bash tests/in-guest.sh "${files[@]}"
