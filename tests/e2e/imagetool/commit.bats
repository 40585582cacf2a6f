#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Changed root file systems become images.

load common

setup() {
	room_setup
	export CONFIG='{"Cmd":["sh"],"Env":["PATH=/bin"],"Labels":{"a":"1"}}'
	unset SOURCE_DATE_EPOCH
}

teardown() {
	room_teardown
}

LOWER='dir name=etc mode=0755
file name=etc/a data=a mtime=1700000000
file name=etc/b data=b mtime=1700000000 uid=7 gid=8
file name=bin/x mode=4755 data=xxxx mtime=1700000000
hardlink name=bin/y link=bin/x
symlink name=lib link=usr/lib
file name=usr/lib/so data=so mtime=1700000000
dir name=dir mode=0700
file name=dir/1 data=1 mtime=1700000000
dir name=dir/sub mode=0755
file name=dir/sub/2 data=2 mtime=1700000000'

image() {
	creel-image --store layout "$@"
}

# The documents as they lie in the store.
manifest_of() { # NAME
	local digest
	digest=$(jq -r --arg name "docker.io/library/$1:latest" \
		'.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $name).digest' layout/index.json)
	cat "layout/blobs/sha256/${digest#sha256:}"
}

config_of() { # NAME
	local digest
	digest=$(manifest_of "$1" | jq -r .config.digest)
	cat "layout/blobs/sha256/${digest#sha256:}"
}

layer_count() { # NAME
	config_of "$1" | jq '.rootfs.diff_ids | length'
}

# The last layer's tar, plain.
last_layer() { # NAME
	local digest
	digest=$(manifest_of "$1" | jq -r '.layers[-1].digest')
	case $(manifest_of "$1" | jq -r '.layers[-1].mediaType') in
	*gzip) gzip -dc "layout/blobs/sha256/${digest#sha256:}" ;;
	*zstd) zstd -qdc "layout/blobs/sha256/${digest#sha256:}" ;;
	*) cat "layout/blobs/sha256/${digest#sha256:}" ;;
	esac
}

# Everything a layer can hold, in ROOT.
change_files() { # ROOT
	(
		cd "$1"
		echo new >etc/new
		echo -n c >etc/a
		rm -r dir/sub lib
		mkdir -p lib deep/er
		ln bin/x bin/z
		ln -s ../outside dangling
		mkfifo pipe
		mknod null c 1 3
		touch "$(printf 'e\314\201\377')"
		mkdir "$(printf 'd%.0s' {1..200})"
		touch "$(printf 'd%.0s' {1..200})/$(printf 'f%.0s' {1..200})"
		truncate -s 3M sparse
		printf data | dd of=sparse bs=1 seek=1000000 conv=notrunc status=none
		setfattr -n user.k -v v etc/b
		chown 3000000:4000000 etc/new
		chmod 02711 deep
		touch -d @1234567890.5 deep/er
	)
}

# Same files; of their times what layers keep, seconds.
same_tree() { # A B
	diff <(treecmp -T "$1") <(treecmp -T "$2")
	diff <(times "$1") <(times "$2")
}

times() {
	(cd "$1" && find . -type f -printf '%P %Ts\n' | sed 's/[.][0-9]*$//' | LC_ALL=C sort)
}

@test "whatever changed comes back, with every compression" {
	requires root program setfattr
	image_of "$LOWER"
	image bundle --rootfs=copy x b
	change_files b/rootfs
	for i in gzip zstd uncompressed; do
		image commit --quiet --compression-format "$i" b "c-$i"
		[ "$(layer_count "c-$i")" -eq 2 ]
		image unpack "c-$i" "out-$i"
		same_tree b/rootfs "out-$i"
		run image diff "c-$i" b
		[ "$status" -eq 0 ]
		[ -z "$output" ]
	done
	[ "$(manifest_of c-gzip | jq -r '.layers[1].mediaType')" = application/vnd.oci.image.layer.v1.tar+gzip ]
	[ "$(manifest_of c-zstd | jq -r '.layers[1].mediaType')" = application/vnd.oci.image.layer.v1.tar+zstd ]
}

@test "tar programs read the layer: GNU tar, bsdtar, python" {
	requires root program bsdtar python3 setfattr
	image_of "$LOWER"
	image bundle --rootfs=copy x b
	change_files b/rootfs
	# bsdtar takes no name that is not UTF-8.
	rm "$(printf 'b/rootfs/e\314\201\377')"
	touch "$(printf 'b/rootfs/e\314\201')"
	image commit --quiet b c
	last_layer c >layer.tar
	tar tf layer.tar --quoting-style=literal | LC_ALL=C sort >gnu
	python3 -c '
import sys, tarfile, os
for m in tarfile.open("layer.tar", errors="surrogateescape"):
    os.write(1, os.fsencode(m.name) + (b"/" if m.isdir() else b"") + b"\n")' | LC_ALL=C sort >python
	diff gnu python
	LC_ALL=C.UTF-8 bsdtar -tf layer.tar >bsd
	[ "$(wc -l <bsd)" = "$(wc -l <gnu)" ]
	mkdir out
	tar xf layer.tar -C out --numeric-owner
	cmp out/sparse b/rootfs/sparse
	[ "$(stat -c '%u:%g' out/etc/new)" = 3000000:4000000 ]
	[ "$(stat -c %i out/bin/x)" = "$(stat -c %i out/bin/z)" ]
	[ -e out/dir/.wh.sub ]
}

@test "the layer lists what umoci's repack lists" {
	requires root program umoci
	image_of "$LOWER"
	cp -a layout theirs
	image bundle --rootfs=copy x b
	umoci unpack --image theirs:x u >/dev/null 2>&1
	for i in b u; do
		echo new >"$i/rootfs/etc/new"
		echo c >"$i/rootfs/etc/a"
		rm -r "$i/rootfs/dir/sub"
		rm "$i/rootfs/lib"
		mkdir "$i/rootfs/lib" "$i/rootfs/d"
		touch "$i/rootfs/d/f"
	done
	image commit --quiet b c
	umoci repack --image theirs:y u >/dev/null 2>&1
	last_layer c | tar t >ours.list
	m=$(jq -r '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == "y").digest' theirs/index.json)
	l=$(jq -r '.layers[-1].digest' "theirs/blobs/sha256/${m#sha256:}")
	gzip -dc "theirs/blobs/sha256/${l#sha256:}" | tar t >theirs.list
	# Directories that only changed inside are stated by us, as docker states them.
	diff <(grep -v '/$' ours.list | sort) <(grep -v '/$' theirs.list | grep -vx '[.]' | sort)
	[ -z "$(comm -13 <(sort ours.list) <(sort theirs.list) | grep -vx '[.]/*')" ]
}

@test "skopeo and umoci read the image, also in Docker's format" {
	requires root program skopeo umoci
	image_of "$LOWER"
	image bundle --rootfs=copy x b
	echo n >b/rootfs/new
	image commit --quiet b c
	image commit --quiet --format docker b d
	skopeo copy oci:layout:docker.io/library/c:latest oci:copy:c >/dev/null
	umoci unpack --image copy:c u >/dev/null 2>&1
	[ "$(cat u/rootfs/new)" = n ]
	[ "$(manifest_of d | jq -r '.mediaType,.config.mediaType,.layers[1].mediaType' | xargs)" = \
		"application/vnd.docker.distribution.manifest.v2+json application/vnd.docker.container.image.v1+json application/vnd.docker.image.rootfs.diff.tar.gzip" ]
	image copy creel:d docker-archive:d.tar:d:1 2>/dev/null
	skopeo inspect docker-archive:d.tar >/dev/null
	run image commit --format docker --compression-format zstd b e
	[ "$status" -eq 1 ]
	[[ $output == *"choose --format oci"* ]]
	run image inspect e
	[ "$status" -eq 3 ]
}

@test "nothing changed: no layer, an empty one in history" {
	image_of "$LOWER"
	image bundle --rootfs=copy x b
	run image commit -m why b c
	[ "$status" -eq 0 ]
	[[ $output == *"no file changed"* ]]
	[ "$(layer_count c)" -eq 1 ]
	[ "$(config_of c | jq -c '.history[-1] | [.empty_layer, .comment, .created_by]')" = '[true,"why","sh"]' ]
	skopeo inspect oci:layout:docker.io/library/c:latest >/dev/null
}

@test "changes of the config: every instruction" {
	image_of "$LOWER"
	image bundle --rootfs=copy x b
	image commit -q -a me -c 'CMD ["ls", "-l"]' -c 'ENV A=1 B="x y" PATH=$PATH:/opt' \
		-c LABEL=b=2 -c 'EXPOSE 80 53/UDP 8000-8002' -c 'WORKDIR /a/../b' -c 'WORKDIR c' \
		-c 'HEALTHCHECK --interval=3s --retries=2 CMD true "x"' -c 'VOLUME /v ["q"]' -c 'USER $A' \
		-c 'STOPSIGNAL SIGINT' -c 'ONBUILD RUN x  y' -c 'SHELL ["/bin/bash","-c"]' -c 'ENTRYPOINT date' b c
	[ "$(config_of c | jq -c .author)" = '"me"' ]
	diff <(config_of c | jq -S .config) <(jq -S . <<-'END'
		{"Cmd":["ls","-l"],"Entrypoint":["/bin/bash","-c","date"],"Env":["PATH=/bin:/opt","A=1","B=x y"],
		"ExposedPorts":{"53/udp":{},"80/tcp":{},"8000/tcp":{},"8001/tcp":{},"8002/tcp":{}},
		"Healthcheck":{"Interval":3000000000,"Retries":2,"Test":["CMD-SHELL","true \"x\""]},
		"Labels":{"a":"1","b":"2"},"OnBuild":["RUN x  y"],"Shell":["/bin/bash","-c"],"StopSignal":"SIGINT",
		"User":"1","Volumes":{"/v":{},"[q]":{}},"WorkingDir":"/b/c"}
	END
	)
	# A new entrypoint takes the base's command away.
	image commit -q -c 'ENTRYPOINT ["/x"]' b d
	[ "$(config_of d | jq -c '.config | [.Entrypoint, .Cmd]')" = '[["/x"],null]' ]
}

@test "changes that are none are refused, and no image is made" {
	image_of "$LOWER"
	image bundle --rootfs=copy x b
	for change in 'RUN x' 'COPY a b' 'FROM x' 'EXPOSE 99999' 'EXPOSE 5-4' 'STOPSIGNAL SIGFOO' 'ENV' 'ENV a' \
		'ONBUILD ONBUILD RUN x' 'HEALTHCHECK --interval=x CMD y' 'FOO bar' '' 'WORKDIR ""'; do
		run image commit -c "$change" b c
		echo "$change: $output"
		[ "$status" -eq 1 ]
		[[ $output == *"--change"* ]]
	done
	run image inspect c
	[ "$status" -eq 3 ]
}

@test "--squash: one layer, the same files" {
	requires root program setfattr
	image_of "$LOWER" 'file name=etc/.wh.b'
	image bundle --rootfs=copy x b
	change_files b/rootfs 2>/dev/null || true
	image commit -q --squash b c
	[ "$(layer_count c)" -eq 1 ]
	[ "$(config_of c | jq '.history | length')" -eq 1 ]
	image unpack c out
	same_tree b/rootfs out
	run bash -c "$(declare -f last_layer manifest_of); last_layer c | tar t | grep -c '[.]wh[.]'"
	[ "$output" = 0 ]
}

@test "SOURCE_DATE_EPOCH: the same image again, and no file is later" {
	requires root
	image_of "$LOWER"
	image bundle --rootfs=copy x b
	echo n >b/rootfs/new
	export SOURCE_DATE_EPOCH=1600000000
	one=$(image commit -q b c1)
	sleep 1.1
	touch b/rootfs/new
	two=$(image commit -q b c2)
	[ "$one" = "$two" ]
	[ "$(config_of c1 | jq -r .created)" = 2020-09-13T12:26:40Z ]
	[ "$(last_layer c1 | TZ=UTC tar tv --full-time | awk '{ print $4 }' | sort -u)" = 2020-09-13 ]
	SOURCE_DATE_EPOCH=yesterday run image commit b c3
	[ "$status" -eq 2 ]
	[[ $output == *"SOURCE_DATE_EPOCH 'yesterday' is no number"* ]]
}

@test "a directory needs --from; overlayfs's whiteout of another tool is a device there" {
	requires root
	image_of "$LOWER"
	image unpack x tree
	echo n >tree/new
	run image commit tree c
	[ "$status" -eq 1 ]
	[[ $output == *"does not say what image it was made of"* ]]
	id=$(image commit -q --from x --iidfile id tree c)
	[ "$(cat id)" = "$id" ]
	[ "$(last_layer c | tar t)" = new ]
	[ "$(manifest_of c | jq -r '.annotations["org.opencontainers.image.base.name"]')" = x ]
}

@test "an upper directory becomes the layer: whiteouts, opaque directories" {
	requires root
	image_of "$LOWER"
	image bundle --rootfs=copy x b
	unshare -m bash -ec '
		mkdir m
		mount -t tmpfs none m
		mkdir m/up m/work m/all
		mount -t overlay -o lowerdir=b/rootfs,upperdir=m/up,workdir=m/work,redirect_dir=off,metacopy=off none m/all
		rm m/all/etc/a m/all/lib
		rm -r m/all/dir
		mkdir m/all/dir
		echo n >m/all/dir/n
		chmod 700 m/all/etc/b
		umount m/all
		cp -a m/up b/upper'
	jq -c '. + {upper: "upper"}' b/image.json >i
	cp i b/image.json
	run image diff b
	echo "$output"
	[ "$output" = "C /dir
D /dir/1
A /dir/n
D /dir/sub
C /etc
D /etc/a
C /etc/b
D /lib" ]
	image commit -q b c
	last_layer c | tar t >list
	[ "$(sort list | xargs)" = ".wh.lib dir/ dir/.wh..wh..opq dir/n etc/ etc/.wh.a etc/b" ]
	run image diff c b
	[ "$status" -eq 0 ]
	image unpack c out
	[ "$(ls out/dir)" = n ]
	[ ! -e out/etc/a ]
	[ "$(stat -c '%a %u' out/etc/b)" = "700 7" ]
	# What refers to lower files is not taken for what it seems.
	setfattr -n trusted.overlay.redirect -v /dir b/upper/etc
	run image commit b d
	[ "$status" -eq 1 ]
	[[ $output == *"mount the bundle"* ]]
}

@test "a bundle on an overlay: diff, commit and squash; what a runtime made to mount on is no layer" {
	requires root
	image_of "$LOWER"
	export -f image
	unshare -m bash -ec '
		image bundle --rootfs=overlay -v "$PWD/outside:/some/where" x b
		[ "$(jq -r .upper b/image.json)" = upper ]
		mkdir -p b/rootfs/proc b/rootfs/some/where
		touch b/rootfs/etc/t
		rm b/rootfs/etc/t
		image diff b >diff0
		image commit -q b none
		cd b/rootfs
		rm -r dir/sub etc/a
		mv dir dir2
		echo n >etc/n
		chmod 700 bin
		cd ../..
		image diff b >diff1
		image commit -q b c
		image commit -q --squash b s
		cp -a b/rootfs kept
		image umount b
		image diff b >diff2
		if image commit --squash b t 2>err; then exit 1; fi
		grep -q "mount the bundle" err
		image commit -q b c2'
	[ ! -s diff0 ]
	[ "$(layer_count none)" -eq 1 ]
	cat diff1
	diff - diff1 <<-'END'
		C /bin
		D /dir
		A /dir2
		A /dir2/1
		C /etc
		D /etc/a
		A /etc/n
	END
	diff diff1 diff2
	for i in c s c2; do
		rm -rf out
		image unpack "$i" out
		# The mount points are there as the overlay has them.
		rm -rf kept/proc kept/some
		diff <(treecmp -T kept) <(treecmp -T out)
	done
}

@test "an ordinary user's bundle: ids of the image stay, new files are root's" {
	requires root
	image_of "$LOWER"
	chmod 755 .
	chown -R 65534:65534 layout
	mkdir -m 777 u
	as() { HOME=$PWD/u setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
	as env PATH="$PATH" creel-image --store layout bundle --rootfs=copy x u/b 2>/dev/null
	as bash -c 'echo n >u/b/rootfs/new; echo more >>u/b/rootfs/etc/b'
	as env PATH="$PATH" creel-image --store layout commit -q u/b c
	[ "$(last_layer c | tar tv --numeric-owner | awk '{ print $2, $6 }' | xargs)" = "0/0 etc/ 7/8 etc/b 0/0 new" ]
}

@test "files that change while they are read do not break it" {
	requires root
	image_of "$LOWER"
	image bundle --rootfs=copy x b
	for i in {1..40}; do head -c 200000 /dev/urandom >"b/rootfs/f$i"; done
	(
		while [ ! -e stop ]; do
			for i in {1..40}; do
				truncate -s $((RANDOM * 10)) "b/rootfs/f$i"
				[ $((RANDOM % 9)) -ne 0 ] || rm -f "b/rootfs/f$i"
			done
		done
	) 2>/dev/null &
	pid=$!
	for n in 1 2 3 4 5; do
		image commit -q b "c$n" 2>/dev/null || failed=1
		last_layer "c$n" | tar t >/dev/null || failed=1
	done
	touch stop
	wait "$pid" || true
	[ -z "${failed:-}" ]
}
