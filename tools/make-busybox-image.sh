#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Write a small OCI image (an archive that `creel-image load` reads) whose only
# content is Debian's static busybox with a link for each of its commands.
# Reproducible: the same busybox gives the same digest.
set -eu

[ $# -eq 1 ] || {
	echo "usage: $0 FILE.tar" >&2
	exit 2
}
out=$(realpath -m "$1")
busybox=${BUSYBOX:-/bin/busybox}
[ -x "$busybox" ] || {
	echo "$0: '$busybox' is missing: install the package busybox-static" >&2
	exit 1
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

root=$work/root
mkdir -p "$root/bin" "$root/etc" "$root/tmp" "$root/root" "$root/proc" "$root/sys" "$root/dev"
chmod 1777 "$root/tmp"
chmod 700 "$root/root"
cp "$busybox" "$root/bin/busybox"
chmod 755 "$root/bin/busybox"
for name in $("$busybox" --list); do
	[ "$name" = busybox ] || ln -s busybox "$root/bin/$name"
done
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' >"$root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"

layout=$work/layout
blobs=$layout/blobs/sha256
mkdir -p "$blobs"

# Entries sorted, owned by root, dated 1970: nothing of this machine gets in.
pack() {
	tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 --format=posix \
		--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime -C "$1" -cf "$2" .
}
digest() {
	sha256sum "$1" | cut -d' ' -f1
}
# store FILE: move it into the layout under its digest; sets $hex and $size.
store() {
	hex=$(digest "$1")
	size=$(stat -c %s "$1")
	mv "$1" "$blobs/$hex"
}

case $(uname -m) in
x86_64) arch=amd64 ;;
aarch64) arch=arm64 ;;
armv7l) arch=arm ;;
*) arch=$(uname -m) ;;
esac

pack "$root" "$work/layer.tar"
diff_id=$(digest "$work/layer.tar")
gzip -n -9 "$work/layer.tar"
store "$work/layer.tar.gz"
layer="{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"sha256:$hex\",\"size\":$size}"

printf '%s' "{\"created\":\"1970-01-01T00:00:00Z\",\"architecture\":\"$arch\",\"os\":\"linux\",\
\"config\":{\"Env\":[\"PATH=/bin\"],\"Cmd\":[\"sh\"],\"WorkingDir\":\"/\"},\
\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:$diff_id\"]},\
\"history\":[{\"created\":\"1970-01-01T00:00:00Z\",\"created_by\":\"busybox-static\"}]}" >"$work/config"
store "$work/config"
config="{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"sha256:$hex\",\"size\":$size}"

printf '%s' "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\
\"config\":$config,\"layers\":[$layer]}" >"$work/manifest"
store "$work/manifest"
printf '%s' "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\
\"digest\":\"sha256:$hex\",\"size\":$size,\"platform\":{\"architecture\":\"$arch\",\"os\":\"linux\"},\
\"annotations\":{\"org.opencontainers.image.ref.name\":\"latest\"}}]}" >"$layout/index.json"
printf '%s' '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"

# Written beside the target and renamed, so that a full disk or Ctrl-C leaves no half file.
pack "$layout" "$work/image.tar"
mkdir -p "$(dirname "$out")"
cp "$work/image.tar" "$out.$$"
mv "$out.$$" "$out"
