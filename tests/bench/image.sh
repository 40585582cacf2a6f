#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# creel-image compared with podman, docker, containerd, skopeo with umoci, and buildah, as far as they are
# installed, and with a floor: curl into a program that hashes, inflates and makes files (pull_floor.c).
#
#     make bench-image [ROUNDS=N] [PARTS="small repeat shared many medium"] [PEERS="podman docker ctr skopeo buildah"]
#                      [IMAGES=DIR]       (as root; 3 rounds of the large images and ten times as many of small ones)
#
# A registry on loopback serves images that bench_layer.c makes; IMAGES keeps them for the next time.  All
# stores lie on one ext4 with a journal of this script's own.  Every pull is cold: the store is removed before,
# which is not measured.  What daemons spend counts as cpu time.
set -euo pipefail

build=${BUILD_DIR:-$PWD}
SRC_DIR=${SRC_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
BUILD_DIR=$build
export SRC_DIR BUILD_DIR
rounds=${ROUNDS:-3}
parts=${PARTS:-small repeat shared many medium}
peers=${PEERS:-podman docker ctr skopeo buildah}
turns=$build/tests/bench/turns

if [ "${1-}" != inside ]; then
	[ "$(id -u)" -eq 0 ] || { echo "bench: needs root" >&2; exit 1; }
	exec unshare --mount --propagation slave "$0" inside
fi
. "$SRC_DIR/tests/bench/images.bash"

# ---- where: an ext4 with a journal, room for all stores -------------------------------------------
work=$(mktemp -d)
daemons=()
finish() {
	for pid in "${daemons[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
	for pid in "${daemons[@]}"; do
		wait "$pid" 2>/dev/null || true
	done
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

# ---- the registry ---------------------------------------------------------------------------------
images=${IMAGES:-$work/images}
mkdir -p "$images"
port=$(shuf -i 20000-60000 -n 1)
cat >"$work/registry.yml" <<-END
	version: 0.1
	log: {level: error}
	storage: {filesystem: {rootdirectory: $images/registry}}
	http: {addr: "127.0.0.1:$port"}
END
docker-registry serve "$work/registry.yml" >"$work/registry.log" 2>&1 &
daemons+=($!)
registry=127.0.0.1:$port
until curl -fs -o /dev/null "http://$registry/v2/"; do sleep 0.1; done

publish() { # KIND
	bench_image "$images/$1" "$1"
	skopeo copy -q --dest-tls-verify=false "oci:$images/$1:latest" "docker://$registry/$1:latest" >/dev/null
}
# The same layers below another configuration.
publish_sibling() { # KIND
	jq -c '.author = "sibling"' "$images/$1/blobs/sha256/$(config_of "$1")" >"$work/config"
	cp -r "$images/$1" "$work/sibling"
	local config manifest
	config=$(layout_descriptor "$work/sibling" "$work/config" application/vnd.oci.image.config.v1+json)
	jq -c ".config = $config" "$work/sibling/blobs/sha256/$(manifest_of "$1")" >"$work/manifest"
	manifest=$(layout_descriptor "$work/sibling" "$work/manifest" application/vnd.oci.image.manifest.v1+json)
	printf '{"schemaVersion":2,"manifests":[%s,"annotations":{"org.opencontainers.image.ref.name":"latest"}}]}' \
		"${manifest%\}}" >"$work/sibling/index.json"
	skopeo copy -q --dest-tls-verify=false "oci:$work/sibling:latest" "docker://$registry/$1:sibling" >/dev/null
	rm -r "$work/sibling"
}
manifest_of() { # KIND
	jq -r '.manifests[0].digest[7:]' "$images/$1/index.json"
}
config_of() { # KIND
	jq -r '.config.digest[7:]' "$images/$1/blobs/sha256/$(manifest_of "$1")"
}

# ---- contestants: cold_X REPOSITORY:TAG prints what turns(1) runs, warm_X the last command alone --------
helper() { # NAME: standard input becomes a command
	{ echo '#!/bin/sh' && cat; } >"$work/$1"
	chmod +x "$work/$1"
}
helper remove <<-'END'
	chattr -R -i "$@" 2>/dev/null
	rm -rf "$@"
END
installed=$work/creel-image
cp "$build/creel-image" "$installed"

warm_creel() { echo "$installed --store creel pull -q $registry/$1"; }
cold_creel() { echo "- $work/remove creel ; $(warm_creel "$1")"; }
warm_creel_dir() { echo "$installed --store creel-dir pull -q --snapshots=dir $registry/$1"; }
cold_creel_dir() { echo "- $work/remove creel-dir ; $(warm_creel_dir "$1")"; }
warm_podman() { echo "podman --root $work/fs/podman --runroot $work/fs/podman-run --storage-driver overlay pull -q --tls-verify=false $registry/$1"; }
cold_podman() { echo "- podman --root $work/fs/podman --runroot $work/fs/podman-run --storage-driver overlay rmi -a -f ; $(warm_podman "$1")"; }
warm_buildah() { echo "buildah --root $work/fs/buildah --runroot $work/fs/buildah-run --storage-driver overlay pull -q --tls-verify=false $registry/$1"; }
cold_buildah() { echo "- buildah --root $work/fs/buildah --runroot $work/fs/buildah-run --storage-driver overlay rmi -a -f ; $(warm_buildah "$1")"; }
helper skopeo-umoci <<-END
	skopeo copy -q --src-tls-verify=false docker://\$1 oci:skopeo:latest >/dev/null &&
	exec umoci unpack --image skopeo:latest unpacked >/dev/null
END
cold_skopeo() { echo "- $work/remove skopeo unpacked ; $work/skopeo-umoci $registry/$1"; }
warm_skopeo() { :; }
warm_ctr() { echo "@$work/containerd.pid ctr -a $work/containerd.sock image pull --plain-http $registry/$1"; }
helper ctr-clean <<-END
	ctr -a $work/containerd.sock image ls -q | xargs -r ctr -a $work/containerd.sock image rm --sync >/dev/null
	ctr -a $work/containerd.sock content prune references >/dev/null 2>&1
	true
END
cold_ctr() { echo "- $work/ctr-clean ; $(warm_ctr "$1")"; }
warm_docker() { echo "@$work/dockerd.pid @$work/docker-containerd.pid docker -H unix://$work/docker.sock pull -q $registry/$1"; }
helper docker-clean <<-END
	docker -H unix://$work/docker.sock image ls -q | xargs -r docker -H unix://$work/docker.sock image rm -f >/dev/null
	true
END
cold_docker() { echo "- $work/docker-clean ; $(warm_docker "$1")"; }
helper floor <<-END
	set -e
	mkdir floor
	for layer in \$(curl -fs -H 'Accept: application/vnd.oci.image.manifest.v1+json' \\
		"http://$registry/v2/\${1%:*}/manifests/\${1#*:}" | jq -r '.layers[].digest'); do
		curl -fs "http://$registry/v2/\${1%:*}/blobs/\$layer" | $build/tests/bench/pull_floor floor
	done
END
cold_floor() { echo "- $work/remove floor ; $work/floor $1"; }

wait_socket() { # PATH LOG
	for _ in $(seq 300); do
		[ ! -S "$1" ] || return 0
		sleep 0.1
	done
	tail -n 3 "$2" >&2
	return 1
}
start_ctr() {
	containerd --root "$work/fs/containerd" --state "$work/containerd-state" --address "$work/containerd.sock" \
		>"$work/containerd.log" 2>&1 &
	echo $! >"$work/containerd.pid"
	daemons+=($!)
	wait_socket "$work/containerd.sock" "$work/containerd.log"
}
start_docker() {
	containerd --root "$work/fs/docker-containerd" --state "$work/docker-containerd-state" \
		--address "$work/docker-containerd.sock" >"$work/docker-containerd.log" 2>&1 &
	echo $! >"$work/docker-containerd.pid"
	daemons+=($!)
	wait_socket "$work/docker-containerd.sock" "$work/docker-containerd.log"
	dockerd --data-root "$work/fs/docker" --exec-root "$work/docker-exec" --pidfile "$work/dockerd-own.pid" \
		--containerd "$work/docker-containerd.sock" --host "unix://$work/docker.sock" \
		--bridge=none --iptables=false --ip6tables=false >"$work/dockerd.log" 2>&1 &
	echo $! >"$work/dockerd.pid"
	daemons+=($!)
	wait_socket "$work/docker.sock" "$work/dockerd.log"
}
start_podman() { :; }
start_buildah() { :; }
start_skopeo() { command -v umoci >/dev/null; }

able=()
for peer in $peers; do
	if command -v "$peer" >/dev/null && "start_$peer"; then
		able+=("$peer")
	else
		echo "bench: no $peer here"
	fi
done

# ---- the parts ------------------------------------------------------------------------------------
compete() { # ROUNDS cold|warm REPOSITORY:TAG CONTESTANT...
	local n=$1 how=$2 image=$3 name contestants=()
	shift 3
	for name in "$@"; do
		contestants+=("$name" "$("${how}_$name" "$image")")
	done
	"$turns" "$n" creel "${contestants[@]}"
}

part_small() {
	publish small
	echo "a small image, cold"
	compete $((rounds * 10)) cold small:latest creel floor "${able[@]}"
}

part_repeat() {
	local with=() peer
	publish small
	echo "an unchanged tag once more"
	for peer in "${able[@]}"; do
		[ "$peer" = skopeo ] || with+=("$peer")
	done
	compete $((rounds * 10)) warm small:latest creel "${with[@]}"
}

part_shared() {
	publish medium
	publish_sibling medium
	echo "a second image with the same layers (creel alone)"
	"$installed" --store creel pull -q "$registry/medium:latest" >/dev/null
	"$turns" "$((rounds * 3))" creel creel "- $installed --store creel rm -q $registry/medium:sibling --force ; $(warm_creel medium:sibling)"
}

part_many() {
	publish many
	echo "56,000 small files, cold"
	compete "$rounds" cold many:latest creel creel_dir floor "${able[@]}"
}

part_medium() {
	publish medium
	echo "570 MB in 3 layers, cold"
	compete "$rounds" cold medium:latest creel creel_dir floor "${able[@]}"
}

for part in $parts; do
	"part_$part"
done
