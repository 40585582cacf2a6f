#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# creel-image unpack: the same files as other tools make, and what people meet around it.

bats_require_minimum_version 1.5.0
load common

setup() {
	requires root
	room_setup
}
teardown() { room_teardown; }

# A tree with one of everything a layer can hold.
make_tree() {
	mkdir -p "$1"/{bin,dir/empty,sticky,setgid,"with space"}
	echo hello >"$1/bin/file"
	chmod 4755 "$1/bin/file"
	echo group >"$1/bin/setgid"
	chmod 2711 "$1/bin/setgid"
	chmod 1777 "$1/sticky"
	chmod 2775 "$1/setgid"
	chgrp 100 "$1/setgid"
	echo inherits >"$1/setgid/file"
	: >"$1/empty"
	chmod 0000 "$1/empty"
	ln "$1/bin/file" "$1/dir/hardlink"
	ln "$1/empty" "$1/hardlink-in-root"
	ln -s ../bin/file "$1/dir/symlink"
	ln -s /nowhere/at/all "$1/dangling"
	ln "$1/dangling" -P "$1/dangling-hardlink" 2>/dev/null || true
	mkfifo "$1/fifo"
	chmod 0622 "$1/fifo"
	mknod "$1/null" c 1 3
	mknod "$1/loop" b 7 0
	chown 1000:1001 "$1/dir"
	chown -h 12345:54321 "$1/dir/symlink"
	chown 2000000000:2000000001 "$1/bin/setgid"
	chmod 2711 "$1/bin/setgid"
	printf 'nfd' >"$1/$(printf 'e\314\201')"
	printf 'not utf-8' >"$1/$(printf 'x\377\376')"
	printf 'newline' >"$1/$(printf 'a\nb')"
	local long
	long=$(printf 'n%.0s' $(seq 120))
	mkdir "$1/$long"
	printf 'long' >"$1/$long/$(printf 'e\314\201%.0s' $(seq 50))"
	ln -s "/$(printf 'target/%.0s' $(seq 40))" "$1/long-link"
	truncate -s 10M "$1/sparse"
	printf 'in the middle' | dd of="$1/sparse" bs=1 seek=5000000 conv=notrunc status=none
	printf 'at the end' | dd of="$1/sparse" bs=1 seek=10485750 conv=notrunc status=none
	truncate -s 1M "$1/hole"
	setfattr -n user.text -v 'some text' "$1/bin/file"
	setfattr -n user.binary -v 0x00ff00 "$1/dir"
	# cap_net_raw+ep
	setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 "$1/setgid/file"
	find "$1" -exec touch -h -d '2021-02-03 04:05:06' {} +
	touch -h -d '1969-12-31 23:00:00' "$1/bin/file"
	touch -d '2200-01-01' "$1/empty"
}

# The tree of layout/ by our hands and by others' is the same, entry by entry.
assert_same_as_umoci() {
	umoci unpack --image layout:x umoci >umoci.log 2>&1 || { cat umoci.log; return 1; }
	diff <(treecmp "$@" umoci/rootfs) <(treecmp "$@" target)
}

# Layers on top of one another without whiteouts are what tar makes of them.
assert_same_as_tar() {
	local f
	mkdir tar
	for f in "$@"; do
		tar --xattrs --xattrs-include='*' --numeric-owner -C tar -xpf "$f"
	done
	diff <(treecmp tar) <(treecmp target)
}

@test "every kind of entry is what umoci and GNU tar make of it, in GNU's and PAX's format" {
	requires program umoci setfattr
	make_tree tree
	for format in gnu pax; do
		rm -rf target umoci tar layout
		tar --format=$format --sparse --xattrs --xattrs-include='*' --numeric-owner -C tree -cf 1.tar .
		make_layout layout x 1.tar
		unpack_works
		assert_same_as_tar 1.tar
		diff <(treecmp tree) <(treecmp target)
		if [ $format = pax ]; then
			assert_same_as_umoci
		fi
	done
}

@test "ustar and v7 archives, and every sparse format of GNU tar" {
	make_tree tree
	# Neither has room for long names, large ids and far times; a list of names none for a newline.
	(cd tree && rm -rf n* long-link x* a?b && find . -uid +1000000 -delete && touch bin/file empty)
	for format in ustar v7; do
		rm -rf target tar layout
		(cd tree && find . ! -type d ! -type p ! -type b ! -type c | sort >../list)
		tar --format=$format --numeric-owner -C tree --no-recursion -T list -cf 1.tar
		make_layout layout x 1.tar
		unpack_works
		mkdir tar
		tar --numeric-owner -C tar -xpf 1.tar
		diff <(treecmp -t tar) <(treecmp -t target)
	done
	for version in 0.0 0.1 1.0; do
		rm -rf target tar layout
		tar --format=pax --sparse --sparse-version=$version --numeric-owner -C tree -cf 1.tar sparse hole empty
		make_layout layout x 1.tar
		unpack_works
		mkdir tar
		tar --numeric-owner -C tar -xpf 1.tar
		diff <(treecmp -t tar) <(treecmp -t target)
		cmp tree/sparse target/sparse
		# Holes stay holes.
		[ "$(stat -c %b target/sparse)" -lt 1000 ]
	done
}

@test "a layer hides, replaces and adds as umoci has it" {
	requires program umoci getfattr
	image_of 'dir name=gone mtime=1
		file name=gone/file data=x
		dir name=opaque mtime=2
		file name=opaque/lower data=x
		dir name=opaque/dir
		file name=opaque/dir/lower data=x
		dir name=keep mode=0700 mtime=3 xattr:user.old=1
		file name=keep/lower data=lower
		file name=file-to-dir data=x
		dir name=dir-to-file
		file name=dir-to-file/inside data=x
		dir name=dir-to-link
		file name=dir-to-link/inside data=x
		symlink name=link-to-dir link=keep
		dir name=usr
		dir name=usr/lib mtime=4
		symlink name=lib link=usr/lib
		file name=linked data=linked
		file name=untouched/file data=x' \
		'file name=.wh.gone
		dir name=opaque mtime=20
		file name=opaque/.wh..wh..opq
		file name=opaque/upper data=y
		dir name=keep mode=0755 uid=7 mtime=30 xattr:user.new=2
		file name=keep/upper data=upper
		dir name=file-to-dir mtime=40
		file name=file-to-dir/inside data=y
		file name=dir-to-file data=y
		symlink name=dir-to-link link=keep
		dir name=link-to-dir mtime=50
		file name=lib/new data=through
		hardlink name=hard link=linked'
	unpack_works
	[ ! -e target/gone ]
	[ "$(ls -A target/opaque)" = upper ]
	[ "$(ls -A target/keep | xargs)" = "lower upper" ]
	[ "$(stat -c '%a %u %Y' target/keep)" = "755 7 30" ]
	[ "$(getfattr --absolute-names -d target/keep | grep -c user)" = 1 ]
	[ -f target/dir-to-file ]
	[ -L target/dir-to-link ]
	[ "$(ls -A target/link-to-dir)" = "" ]
	[ "$(cat target/usr/lib/new)" = through ]
	# A layer that says nothing of a directory leaves its time.
	[ "$(stat -c %Y target/usr/lib)" = 4 ]
	[ target/hard -ef target/linked ]
	assert_same_as_umoci -t
}

@test "an opaque whiteout acts first wherever it stands, and whiteouts spare their own layer" {
	image_of 'dir name=a
		dir name=a/b
		dir name=a/b/c
		file name=a/b/c/bar data=lower
		file name=a/b/old data=lower
		file name=other data=lower' \
		'file name=a/b/c/foo data=upper
		file name=a/new data=upper
		file name=a/.wh..wh..opq
		file name=other data=upper
		file name=.wh.other
		file name=a/later data=upper'
	unpack_works
	[ "$(cd target && find . -type f | sort | xargs)" = "./a/b/c/foo ./a/later ./a/new ./other" ]
	[ "$(cat target/other)" = upper ]
}

@test "a whiteout of what is not there, and AUFS's own files, mean nothing" {
	image_of 'dir name=a' 'file name=.wh.nothing
		file name=no/such/dir/.wh.x
		file name=no/such/.wh..wh..opq
		dir name=.wh..wh.plnk
		file name=.wh..wh.plnk/1.2 data=x
		file name=.wh..wh.aufs'
	unpack_works
	[ "$(find target -mindepth 1 | xargs)" = target/a ]
}

@test "directories that no layer describes are made, with their parents" {
	image_of 'file name=a/b/c/file data=x'
	unpack_works
	[ "$(stat -c %a target/a target/a/b target/a/b/c | sort -u)" = 755 ]
}

@test "the caller's umask changes nothing" {
	image_of 'file name=a/file data=x mode=0666
		dir name=d mode=0777
		fifo name=f mode=0666'
	umask 077
	unpack_works
	umask 022
	[ "$(stat -c %a target target/a target/a/file target/d target/f | xargs)" = "755 755 666 777 666" ]
}

@test "the same name twice in a layer: the last one counts" {
	image_of 'file name=f data=first
		hardlink name=g link=f
		file name=f data=second
		file name=d data=x
		dir name=d
		file name=d/x data=x'
	unpack_works
	[ "$(cat target/f target/g)" = secondfirst ]
	[ -f target/d/x ]
}

@test "a hard link to itself changes nothing" {
	image_of 'file name=f data=x
		hardlink name=f link=f
		hardlink name=f link=./f'
	unpack_works
	[ "$(cat target/f)" = x ]
}

@test "owner, mode and time of the root directory are the layer's" {
	image_of 'dir name=./ mode=0711 uid=3 gid=4 mtime=12345'
	unpack_works
	[ "$(stat -c '%a %u %g %Y' target)" = "711 3 4 12345" ]
}

@test "archives without an end mark, with one zero block, and with a tail are read" {
	layer 1.tar <<<'file name=f data=x
		noeof'
	layer 2.tar <<<'file name=g data=x
		zeros=512
		noeof'
	layer 3.tar <<<'file name=h data=x
		zeros=20480
		raw=tail\000
		noeof'
	make_layout layout x 1.tar 2.tar 3.tar
	unpack_works
	[ "$(ls target | xargs)" = "f g h" ]
}

@test "gzip with several members and zstd with several and skippable frames are read whole" {
	layer 1.tar <<<'file name=f fill=300000
		file name=g data=last'
	split -b 100000 1.tar part.
	for f in part.*; do
		gzip -c "$f" >>many.tar.gz
		zstd -qc "$f" >>many.tar.zst
		printf 'Q*M\030\004\000\000\000skip' >>many.tar.zst
	done
	printf '' | gzip -c >>many.tar.gz
	printf 'P*M\030\004\000\000\000skip' | cat - many.tar.zst >first.tar.zst
	for f in many.tar.gz many.tar.zst first.tar.zst; do
		rm -rf layout target
		DIFF_IDS="\"$(digest_of 1.tar)\"" make_layout layout x $f
		unpack_works
		[ "$(cat target/g)" = last ]
	done
}

@test "a directory that is not empty is refused, an empty one is filled" {
	image_of 'file name=f data=x'
	mkdir full empty
	touch full/file
	run creel-image --store layout unpack x full
	[ "$status" -eq 1 ]
	[[ $output == *"'full' is not empty"* ]]
	run creel-image --store layout unpack x empty
	[ "$status" -eq 0 ]
	[ -f empty/f ]
	run creel-image --store layout unpack x full/file
	[ "$status" -eq 1 ]
	run creel-image --store layout unpack x no/such/parent
	[ "$status" -ne 0 ]
	[[ $output == *"no/such"* ]]
	assert_untouched
}

@test "an image, a store and a layer that are not there have their own errors" {
	image_of 'file name=f data=x'
	run creel-image --store layout unpack y target
	[ "$status" -eq 3 ]
	run creel-image --store nowhere unpack x target
	[ "$status" -eq 3 ]
	rm "layout/blobs/sha256/$(digest_of 1.tar | cut -d: -f2)"
	run creel-image --store layout unpack x target
	[ "$status" -eq 3 ]
	[[ $output == *"blob"* ]]
	[ ! -e target ]
	run creel-image --store layout unpack x
	[ "$status" -eq 2 ]
}

# unpack_under STRACE-OPTION...: the image x into target.
unpack_under() {
	strace -qq -f -o trace -e trace=mkdirat "$@" creel-image --store layout unpack x target
}

@test "killed at any moment it leaves no half-made directory, and the next run clears up" {
	requires program strace
	layer 1.tar <<<'repeat=800
		file name=d%/file fill=2000'
	gzip -1 1.tar
	make_layout layout x 1.tar.gz
	for i in 1 2 3 4 5; do
		# At no time that this machine chooses: when so many calls were made.
		run -137 unpack_under -e inject=mkdirat:signal=KILL:when=$((i * i * 30 - 29))
		[ ! -e target ]
	done
	# At least one of them had begun.
	ls -A | grep -qF .creel-image-
	unpack_works
	[ "$(ls target | wc -l)" = 800 ]
}

@test "a temporary that another process still fills is left alone" {
	image_of 'file name=f data=x'
	mkdir .creel-image-alive .creel-image-dead
	exec 9<.creel-image-alive
	flock 9
	run creel-image --store layout unpack x target 9<&-
	exec 9<&-
	[ "$status" -eq 0 ]
	[ -d .creel-image-alive ]
	[ ! -e .creel-image-dead ]
}

@test "interrupted it removes what it made and ends by the signal" {
	requires program strace
	layer 1.tar <<<'repeat=1200
		file name=d%/file fill=2000'
	gzip -1 1.tar
	make_layout layout x 1.tar.gz
	for signal in INT TERM; do
		run "-$((128 + $(kill -l $signal)))" unpack_under -e inject=mkdirat:signal=$signal:when=300
		[ ! -e target ]
		assert_untouched
	done
}

@test "who is not root gets a tree of his own, and a note about what was left out" {
	image_of 'dir name=closed mode=0500
		file name=closed/file data=x uid=123
		dir name=nothing mode=0000
		dir name=nothing/below
		char name=null dev=1:3
		file name=suid mode=4755 data=x' \
		'file name=closed/other data=y
		file name=nothing/.wh.below'
	chmod 777 .
	chmod -R a+rX layout "$ROOM"
	run setpriv --reuid 65534 --regid 65534 --clear-groups creel-image --store layout unpack x target
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"1 device nodes were left out"* ]]
	[ "$(stat -c '%a %u' target/closed target/nothing target/suid | xargs)" = "500 65534 0 65534 4755 65534" ]
	[ -f target/closed/other ]
	[ -z "$(ls -A target/nothing)" ]
	run setpriv --reuid 65534 --regid 65534 --clear-groups creel-image --store layout unpack y other
	[ "$status" -eq 3 ]
}

@test "directories that an earlier layer closed are filled, hidden and linked into without root" {
	image_of 'dir name=./ mode=0555
		dir name=closed mode=0000
		dir name=closed/deep mode=0100
		file name=closed/deep/file data=x
		dir name=closed/gone mode=0000
		file name=closed/gone/file data=x
		dir name=closed/opaque mode=0300
		file name=closed/opaque/lower data=x' \
		'file name=closed/deep/other data=y
		hardlink name=linked link=closed/deep/file
		file name=closed/gone/new data=y
		file name=closed/.wh.gone
		file name=closed/opaque/upper data=y
		file name=closed/opaque/.wh..wh..opq'
	chmod 777 .
	chmod -R a+rX layout "$ROOM"
	run setpriv --reuid 65534 --regid 65534 --clear-groups creel-image --store layout unpack x target
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(stat -c %a target target/closed target/closed/deep target/closed/gone target/closed/opaque | xargs)" = "555 0 100 0 300" ]
	[ "$(cd target && find . -type f | sort | xargs)" = "./closed/deep/file ./closed/deep/other ./closed/gone/new ./closed/opaque/upper ./linked" ]
	[ target/linked -ef target/closed/deep/file ]
	assert_untouched
}

@test "a failure without root leaves nothing, closed directories neither" {
	image_of 'dir name=closed mode=0000
		dir name=closed/below mode=0000
		file name=closed/below/file data=x' \
		'file name=..'
	chmod 777 .
	chmod -R a+rX layout "$ROOM"
	run setpriv --reuid 65534 --regid 65534 --clear-groups creel-image --store layout unpack x target
	echo "$output"
	[ "$status" -eq 1 ]
	[ ! -e target ]
	assert_untouched
}

@test "a full disk is said so, and nothing is left" {
	image_of 'file name=f fill=3000000'
	cat >full.sh <<-'E'
		mount -t tmpfs -o size=1m none mnt
		creel-image --store layout unpack x mnt/target
		echo "status=$?"
		ls -A mnt
	E
	mkdir mnt
	run unshare -m bash full.sh
	echo "$output"
	[[ $output == *"No space left on device"*"status=6" ]]
}

@test "xattrs that the file system has not are left out with a note" {
	image_of 'file name=f data=x xattr:user.a=1'
	mkdir mnt
	cat >ramfs.sh <<-'E'
		mount -t ramfs none mnt
		creel-image --store layout unpack x mnt/target && cat mnt/target/f
	E
	run unshare -m bash ramfs.sh
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"1 extended attributes were left out"* ]]
}

@test "an empty name is refused, and does not mean the working directory" {
	image_of 'file name=f data=x'
	mkdir here
	local inode
	inode=$(stat -c %i here)
	cd here
	run creel-image --store ../layout unpack x ""
	[ "$status" -eq 1 ]
	[ "$output" = "creel-image: error: the name of the directory is empty" ]
	run creel-image --store ../layout save x -o ""
	[ "$status" -eq 1 ]
	[ "$output" = "creel-image: error: the name of the file is empty" ]
	[ "$(stat -c %i ../here)" = "$inode" ]
}

@test "what an image may hold is a matter of policy, and an archive's tail counts as well" {
	image_of 'repeat=100
		file name=f% fill=1000'
	# 100 headers, 100 times two blocks, and the end.
	creel-image --store layout unpack --max-entries 100 --max-size 154624 --no-sync x target
	[ "$(find target -type f | wc -l)" -eq 100 ]
	rm -r target
	run creel-image --store layout unpack --max-entries=99 x target
	[ "$status" -eq 1 ]
	[[ $output == *"more than 99 entries: --max-entries allows more"* ]]
	[ ! -e target ]
	run creel-image --store layout unpack --max-size 150k x target
	[[ $output == *"more than 153600 bytes when they are unpacked: --max-size allows more"* ]]
	[ ! -e target ]
	run creel-image --store layout unpack --max-entries=-1 x target
	[[ $output == *"-1 is not a number of entries"* ]]
	# A bomb behind the end of the archive, and the limit is one for all layers.
	{ cat 1.tar; head -c 20000000 /dev/zero; } | gzip -1 >bomb.tar.gz
	rm -r layout
	make_layout layout x bomb.tar.gz
	run creel-image --store layout unpack --max-size 10M x target
	[[ $output == *"--max-size allows more"* ]]
	image_of 'file name=a fill=6000000' 'file name=b fill=6000000'
	run creel-image --store layout unpack --max-size 10M x target
	[[ $output == *"--max-size allows more"* ]]
	creel-image --store layout unpack --max-size 13M x target
	assert_untouched
}
