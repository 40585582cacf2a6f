#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Install Debian packages: what building needs ("build"), and what the whole test
# suite needs besides ("test").  Run as root; installed packages cost nothing.
set -eu

build="gcc libc6-dev make autoconf automake pkg-config busybox-static ca-certificates
	libyajl-dev libseccomp-dev libcap-dev libssl-dev libcurl4-openssl-dev
	zlib1g-dev libzstd-dev liblzma-dev libbz2-dev libisal-dev libdeflate-dev libyaml-dev libsqlite3-dev libsystemd-dev"
test="bats libcmocka-dev git bzip2 xz-utils clang libclang-rt-14-dev clang-format clang-tidy cppcheck
	shellcheck codespell openssl openssh-client strace jq procps util-linux bsdutils attr time iproute2 gzip pigz zstd tar libarchive-tools curl mandoc
	bash-completion skopeo umoci buildah podman docker-registry runc crun uidmap passt slirp4netns python3
	qemu-system-x86 mmdebstrap rpm e2fsprogs erofs-utils fuse3 fuse-overlayfs lz4 kmod
	docker.io docker-compose iptables catatonit containernetworking-plugins"

usage() {
	echo "usage: $0 build|test" >&2
	exit 2
}

[ $# -eq 1 ] || usage
case $1 in
build) want=$build ;;
test) want="$build $test" ;;
*) usage ;;
esac

# One question for all: dpkg-query takes 20 ms.
# shellcheck disable=SC2086 # a list of words
installed=$(dpkg-query -W -f '${Package} ${Status}\n' $want 2>/dev/null |
	sed -n 's/ install ok installed$//p' | tr '\n' ' ')
missing=
for package in $want; do
	case " $installed$missing " in
	*" $package "*) ;;
	*) missing="$missing $package" ;;
	esac
done
if [ -z "$missing" ]; then
	echo "all packages needed for '$1' are installed"
	exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
	echo "$0: these packages are missing and only root can install them:$missing" >&2
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive
# The tests start engines of their own: none shall start because its package is there now.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	trap 'rm -f "$policy"' EXIT
	trap 'exit 130' INT TERM
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod +x "$policy"
fi
echo "installing:$missing"
# Hundreds of lines of progress would hide what follows; failures come on stderr.
# shellcheck disable=SC2086 # a list of words
if ! apt-get -qq update || ! apt-get -qq install -y --no-install-recommends $missing >/dev/null; then
	echo "$0: apt-get could not install them, see above: it needs Debian 12's sources (/etc/apt) and the network" >&2
	exit 1
fi
echo "installed"
