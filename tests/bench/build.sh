#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# creel-image build compared with BuildKit in Debian's dockerd and with buildah, as far as they are installed,
# and when cold with a floor: the same commands and copies without containers.
#
#     make bench-build [ROUNDS=N] [PARTS="cold cached changed context"] [PEERS="buildkit buildah"] [FILES=100000]
#
# Two stages on a base of 170 MB that is in the store, five RUN steps, 2,000 files copied twice: cold, with
# everything cached, and with one file changed that is copied late; then a context of FILES files of which one
# changed.  All stores lie on one ext4 with a journal of this script's own.  What daemons spend counts.
set -euo pipefail

build=${BUILD_DIR:-$PWD}
SRC_DIR=${SRC_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
BUILD_DIR=$build
export SRC_DIR BUILD_DIR
rounds=${ROUNDS:-3}
parts=${PARTS:-cold cached changed context}
peers=${PEERS:-buildkit buildah}
files=${FILES:-100000}
turns=$build/tests/bench/turns
# Debian's engines, not what else may be installed.
peer_path=/usr/sbin:/usr/bin:/sbin:/bin

if [ "${1-}" != inside ]; then
	[ "$(id -u)" -eq 0 ] || { echo "bench: needs root" >&2; exit 1; }
	exec unshare --mount --propagation slave "$0" inside
fi
. "$SRC_DIR/tests/e2e/helpers.bash"
. "$SRC_DIR/tests/e2e/imagetool/layout.bash"

work=$(mktemp -d)
daemon=
finish() {
	[ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
	[ -z "$daemon" ] || wait "$daemon" 2>/dev/null || true
	cd /
	umount -R -l "$work/fs" 2>/dev/null || true
	rm -r "${work:?}"
}
trap finish EXIT
truncate -s 24G "$work/disk"
mkfs.ext4 -q -O has_journal -E lazy_itable_init=0,lazy_journal_init=0 "$work/disk"
mkdir "$work/fs"
mount -o loop "$work/disk" "$work/fs"
cd "$work/fs"
# What peers keep in fixed places stays in this mount namespace.
mount -t tmpfs none /run

# ---- what is built --------------------------------------------------------------------------------
make_rootfs root
touch root/etc/{hosts,hostname,resolv.conf}
tar -C root --sort=name --numeric-owner -cf root.tar .
"$build/tests/bench/bench_layer" medium 0 >files.tar
CONFIG='{"Env":["PATH=/bin"]},"history":[{"created_by":"root"},{"created_by":"files"}]' \
	make_layout base creel.test/base:1 root.tar files.tar

mkdir -p app/src app/late
for i in $(seq 2000); do
	mkdir -p "app/src/d$((i % 40))"
	echo "content of file $i, a line of text as sources have them" >"app/src/d$((i % 40))/f$i"
done
echo 0 >app/late/file
cat >app/Dockerfile <<-'END'
	FROM creel.test/base:1 AS build
	WORKDIR /src
	RUN echo 1 >/one
	COPY src /src
	RUN find /src -type f | wc -l >/two
	RUN mkdir /out && cp /one /two /out/
	FROM creel.test/base:1
	RUN echo 4 >/four
	COPY src /app
	COPY --from=build /out /out
	RUN cat /out/* /four >/five
	COPY late /late
END

# ---- contestants: X_build CONTEXT prints the command; X_clean takes its caches away --------------------
helper() { # NAME: standard input becomes a command
	{ echo '#!/bin/sh' && cat; } >"$work/$1"
	chmod +x "$work/$1"
}
creel=$work/bin/creel-image
mkdir "$work/bin"
cp "$build/creel-image" "$build/creel" "$work/bin/"
export PATH=$work/bin:$PATH
docker="env PATH=$peer_path DOCKER_CONFIG=$work/docker-config DOCKER_BUILDKIT=1 docker -H unix://$work/docker.sock"
buildah="env HOME=$work/home buildah --root $work/fs/buildah --runroot $work/fs/buildah-run --storage-driver overlay"

build_creel() { echo "$creel --store $work/fs/store build -q --network host -t creel.test/built:1 $1"; }
build_buildkit() { echo "@$work/dockerd.pid @$work/containerd.pid $docker build -q --network host -t creel.test/built:1 $1"; }
build_buildah() { echo "$buildah bud -q --layers --pull-never --isolation oci --runtime runc --network host -t creel.test/built:1 $1"; }
build_floor() { echo "$work/floor"; }
helper clean_creel <<-END
	$creel --store $work/fs/store rm --force creel.test/built:1
	$creel --store $work/fs/store prune --build --all
END
helper clean_buildkit <<-END
	$docker image rm -f creel.test/built:1
	$docker builder prune -af
END
helper clean_buildah <<-END
	$buildah rmi -f creel.test/built:1
	$buildah rmi --prune -f
END
# The least that the cold build can cost: its commands as plain processes and its copies, in two trees that
# are unpacked already.  No container, no layer, nothing kept for the next build.
helper clean_floor <<-END
	rm -rf build final
	mkdir build final
	tar -C build -xf root.tar
	tar -C final -xf root.tar
END
helper floor <<-'END'
	set -e
	run() { # TREE COMMAND
		chroot "$1" /bin/sh -c "$2"
	}
	run build "echo 1 >/one"
	cp -r app/src build/src
	run build "find /src -type f | wc -l >/two"
	run build "mkdir /out && cp /one /two /out/"
	run final "echo 4 >/four"
	cp -r app/src final/app
	cp -r build/out final/out
	run final "cat /out/* /four >/five"
	cp -r app/late final/late
END
# Another content each time, the same for nobody.
helper change <<-'END'
	date +%s.%N >"$1"
END

start_creel() {
	"$creel" --store "$work/fs/store" load -i base --name creel.test/base:1 >/dev/null
}
start_buildkit() {
	command -v /usr/bin/docker /usr/sbin/dockerd skopeo >/dev/null || return 1
	PATH=$peer_path dockerd --data-root "$work/fs/docker" --exec-root "$work/docker-exec" --pidfile "$work/dockerd.pid" \
		--host "unix://$work/docker.sock" --bridge=none --iptables=false --ip6tables=false >"$work/dockerd.log" 2>&1 &
	daemon=$!
	# shellcheck disable=SC2086 # words of a command
	wait_for $docker version || return 1
	cat "$work/docker-exec/containerd/containerd.pid" >"$work/containerd.pid"
	skopeo copy -q oci:base "docker-archive:base.tar:creel.test/base:1"
	$docker load -q -i base.tar >/dev/null
}
start_buildah() {
	command -v buildah skopeo runc >/dev/null || return 1
	mkdir -p "$work/home"
	skopeo copy -q oci:base "containers-storage:[overlay@$work/fs/buildah+$work/fs/buildah-run]creel.test/base:1"
}

able=()
start_creel
for peer in $peers; do
	if "start_$peer"; then
		able+=("$peer")
	else
		echo "bench: no $peer here"
	fi
done

all="creel ${able[*]}"
compete() { # NAMES ROUNDS CONTEXT PREPARATION...: its words hold NAME where the contestant's is meant
	local names=$1 n=$2 context=$3 name contestants=()
	shift 3
	for name in $names; do
		contestants+=("$name" "${*//NAME/$name}$("build_$name" "$context")")
	done
	"$turns" "$n" creel "${contestants[@]}"
}

part_cold() {
	echo "cold: two stages, five RUN, 2,000 files copied twice"
	compete "$all floor" "$rounds" app "- $work/clean_NAME ; "
}

part_cached() {
	echo "everything cached"
	compete "$all" 1 app >/dev/null
	compete "$all" $((rounds * 3)) app
}

part_changed() {
	echo "one file changed that is copied late"
	compete "$all" 1 app >/dev/null
	compete "$all" $((rounds * 3)) app "- $work/change app/late/file ; "
}

# How many files of the context a build opens: of what the client does, which is who reads it.
opened() { # NAME
	"$work/change" context/d7/f7
	# shellcheck disable=SC2046 # words of a command
	strace -f -qq -e trace=open,openat,openat2 -o "$work/trace" $("build_$1" context | sed 's/@[^ ]* //g') >/dev/null
	printf '%s opened %s files of the context\n' "$1" "$(grep -cE '"(context/|/.*/context/|\./)?(d[0-9]+/)?f[0-9]+"' "$work/trace" || true)"
}

part_context() {
	echo "a context of $files files, one changed"
	mkdir context
	# One process for all of them.
	perl -e 'for $i (1 .. $ARGV[0]) { $d = "context/d" . $i % 500; mkdir $d if $i <= 500; open F, ">", "$d/f$i"; print F "content $i\n" }' "$files"
	# The step depends on all of them, and none is copied.
	printf 'FROM creel.test/base:1\nRUN --mount=type=bind,target=/context cat /context/d7/f7 >/seen\n' >context/Dockerfile
	mkdir -p context/d7 && echo 7 >context/d7/f7
	compete "$all" 1 context >/dev/null
	compete "$all" "$rounds" context "- $work/change context/d7/f7 ; "
	for name in creel "${able[@]}"; do
		opened "$name"
	done
}

for part in $parts; do
	"part_$part"
done
