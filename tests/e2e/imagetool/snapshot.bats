#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Snapshots: an overlay of the layers, each unpacked alone, is the tree that unpacking them on one
# another gives.  tests/tools/snapshots makes them, the uppermost first and two at a time.

load common

setup() {
	room_setup
}
teardown() {
	[ "$(id -u)" -ne 0 ] || umount -q "$ROOM/merged" 2>/dev/null || true
	room_teardown
}

# Times that no layer states are those of the test, or none.
normal_times() {
	sed -E '1d; s/mtime=([0-9]{9,}\.[0-9]+|0\.0+)( |$)/mtime=NOW\2/'
}
# A name less, through a layer that replaced it, does not change the number of links overlayfs
# shows.
normal() {
	normal_times | sed -E 's/ links=[^ ]*//'
}

# Make the snapshots of the image x, of the form $FORM; $LOWERS is what overlayfs takes.
make_snapshots() {
	snapshots layout x ${FORM:-dir} >lowers || return
	LOWERS=$(sed '$d' lowers | paste -sd:)
	if [ -z "$LOWERS" ]; then
		mkdir -p empty
		LOWERS=empty
	fi
}

# The overlay over $LOWERS and the tree `target` have the same entries.
assert_overlay_is_target() {
	local _ from mode uid gid mtime
	read -r _ from mode uid gid mtime <<<"$(tail -n 1 lowers)"
	rm -rf upper work merged overlay.list links.list
	mkdir upper work merged
	chmod "$mode" upper
	chown "$uid:$gid" upper
	[ "$(stat -c '%a %u %g' upper)" = "$(stat -c '%a %u %g' target)" ] || return
	unshare -m bash -ec '
		n=0 lowers=
		for lower in ${2//:/ }; do
			n=$((n + 1))
			if [ -f "$lower" ]; then
				mkdir -p "image$n"
				mount -t erofs "$lower" "image$n"
				fsck.erofs "$lower" >/dev/null
				lower=image$n
			fi
			lowers=$lowers${lowers:+:}$lower
		done
		mount -t overlay overlay -o "$1,lowerdir=$lowers,upperdir=upper,workdir=work" merged
		treecmp $3 merged >overlay.list
		find merged ! -type d -printf "%p %n\n" | sort >links.list
		' - "${1:-index=off}" "$LOWERS" "${TREECMP:-}"
	treecmp ${TREECMP:-} target >target.list
	diff <(normal <target.list) <(normal <overlay.list)
}

assert_same() {
	unpack_works
	make_snapshots
	assert_overlay_is_target
}

# EROFS images that are mounted from files need a new kernel.
erofs_works() {
	layer probe.tar <<<'dir name=d'
	make_layout probe x probe.tar
	command -v fsck.erofs >/dev/null && snapshots probe x erofs >/dev/null
}

# LAYER-DESCRIPTION...: both forms are the merged tree.
assert_forms() {
	local have=
	! erofs_works || have=1
	image_of "$@"
	rm -rf target
	unpack_works
	FORM=${have:+erofs}
	make_snapshots
	assert_overlay_is_target
	[ -z "$have" ] || assert_forms_same
	FORM=
}

# LAYER-DESCRIPTION...: no way takes it.
assert_refused() {
	local form
	image_of "$@"
	rm -rf target
	unpack_fails "${REASON:-}"
	for form in dir erofs; do
		FORM=$form
		run make_snapshots
		[ "$status" -ne 0 ]
	done
	FORM=
}

random_image() { # SEED
	local n=0 files=() f
	rm -rf target layout parts.* ./*.tar
	awk -v seed="$1" -f "$SRC_DIR/tests/e2e/imagetool/random_layers.awk" >description
	csplit -sz -f parts. description '/^---$/' '{*}'
	for f in parts.*; do
		n=$((n + 1))
		sed '/^---$/d' "$f" | mktar >"$n.tar"
		files+=("$n.tar")
	done
	make_layout layout x "${files[@]}"
}

# The other form of what was compared just now shows the same names of the same files.
assert_forms_same() {
	local form
	for form in overlay links; do
		mv "$form.list" "$form.first"
	done
	rm -rf layout/snapshots layout/tmp
	FORM=dir make_snapshots &&
		assert_overlay_is_target &&
		diff <(normal_times <overlay.first) <(normal_times <overlay.list) &&
		diff links.first links.list
}

# FROM TO
random_layers() {
	local seed u s same=0
	for seed in $(seq "${SEEDS_FROM:-$1}" "${SEEDS_TO:-$2}"); do
		random_image "$seed"
		u=0 s=0
		creel-image --store layout unpack --no-sync x target 2>unpack.log || u=$?
		make_snapshots 2>snapshots.log || s=$?
		if [ $u -ne 0 ] || [ $s -ne 0 ]; then
			[ $u -ne 0 ] && [ $s -ne 0 ] || {
				echo "seed $seed"
				cat description unpack.log snapshots.log
				return 1
			}
			continue
		fi
		if ! assert_overlay_is_target || { [ "${FORM:-dir}" = erofs ] && ! assert_forms_same; }; then
			echo "seed $seed"
			cat description
			return 1
		fi
		same=$((same + 1))
	done
	[ $((same * 4)) -gt $(($2 - $1)) ]
}

@test "random layers: the overlay is the merged tree, and both ways refuse the same" {
	requires root
	random_layers 1 40
}

@test "random layers as EROFS images: the same, and the same as in directories" {
	requires root
	requires program fsck.erofs
	erofs_works || skip "needs EROFS images that are mounted from files"
	FORM=erofs
	random_layers 81 120
}

@test "random layers as an ordinary user" {
	requires root userns
	chmod 0777 .
	export -f random_image make_layout layout_blob layout_descriptor layout_plain layout_type \
		make_snapshots assert_overlay_is_target normal normal_times
	export SRC_DIR TREECMP=-t
	# shellcheck disable=SC2016 # expanded by the ordinary user's shell
	setpriv --reuid 1000 --regid 1000 --clear-groups bash -c '
		same=0
		mkdir user && cd user || exit 1
		for seed in $(seq 101 130); do
			chmod -R u+rwx . && random_image "$seed"
			creel-image --store layout unpack x target 2>unpack.log || continue
			export LOWERS
			make_snapshots || { echo "seed $seed"; exit 1; }
			unshare -Urm bash -c "assert_overlay_is_target index=off,userxattr" || {
				echo "seed $seed"
				cat description
				exit 1
			}
			same=$((same + 1))
		done
		chmod -R u+rwx .
		[ $same -gt 7 ]'
}

@test "a layer that stands alone is kept by its diffID, one that does not by its chain" {
	requires root
	image_of 'dir name=usr mtime=1
		dir name=usr/lib mode=0711 mtime=2 uid=7 xattr:user.x=1
		symlink name=lib link=usr/lib mtime=3' \
		'dir name=etc mtime=4
		file name=etc/file data=x mtime=5' \
		'file name=usr/lib/implied data=x mtime=6' \
		'file name=lib/through-link data=x mtime=7'
	assert_same
	local id
	id=$(digest_of 2.tar)
	[ -d "layout/snapshots/${id#sha256:}/fs/etc" ]
	[ "$(find layout/snapshots -maxdepth 1 -name 'chain-*' | wc -l)" -eq 2 ]
	[ "$(find layout/snapshots -maxdepth 1 -mindepth 1 | wc -l)" -eq 4 ]
	# Another image with the layer has it already, whatever lies below.
	cp -a layout/snapshots kept
	image_of 'file name=other data=x' 'dir name=etc mtime=4
		file name=etc/file data=x mtime=5'
	mv kept layout/snapshots
	rm "layout/blobs/sha256/${id#sha256:}"
	snapshots layout x
}

@test "nobody else gets at setuid programs of an image, also where the store is open to all" {
	requires root
	image_of 'file name=sh mode=4755 data=x'
	chmod 0755 layout .
	umask 022
	snapshots layout x
	[ "$(stat -c %a layout/snapshots)" = 700 ]
	# What an earlier version made is closed as well.
	chmod 0755 layout/snapshots layout/snapshots/*
	image_of 'file name=other data=x'
	snapshots layout x
	[ "$(stat -c %a layout/snapshots)" = 700 ]
}

@test "a directory that comes where one that hides was hides nothing" {
	requires root
	image_of 'dir name=e
		file name=e/gone data=x' \
		'file name=f data=x
		dir name=d
		file name=d/.wh..wh..opq
		hardlink name=d link=f
		dir name=e
		file name=e/.wh.gone'
	assert_same
}

@test "what came for a hard link alone goes with what it came from" {
	requires root
	local lower='dir name=d mtime=1
		file name=d/f data=x mtime=2
		dir name=d/sub mode=0711 mtime=3
		file name=d/sub/f data=y mtime=4
		fifo name=d/fifo mtime=5
		char name=d/null dev=1:3 mtime=5'
	assert_forms "$lower" 'hardlink name=linked link=d/f
		hardlink name=fifo link=d/fifo
		hardlink name=null link=d/null
		file name=.wh.d'
	[ ! -e target/d ]
	assert_forms "$lower" 'hardlink name=linked link=d/sub/f
		file name=d/.wh..wh..opq'
	[ -z "$(ls -A target/d)" ]
	# And comes again as something new.
	assert_forms "$lower" 'hardlink name=linked link=d/sub/f
		file name=d/.wh..wh..opq
		file name=d/sub/new data=z mtime=6'
	[ "$(stat -c %a target/d/sub)" = 755 ]
	# What an entry has put beside it stays where it was.
	assert_forms "$lower" 'hardlink name=linked link=d/sub/f
		file name=d/sub/own data=z mtime=6
		file name=d/.wh..wh..opq'
	[ "$(stat -c %a target/d/sub)" = 711 ]
	REASON="hard link" assert_refused "$lower" 'hardlink name=linked link=d/sub/f
		file name=d/.wh..wh..opq
		hardlink name=again link=d/sub/f'
	REASON="hard link" assert_refused "$lower" 'file name=.wh..wh..opq
		hardlink name=linked link=d/f'
}

@test "a directory of whiteouts alone is not there when it is hidden later" {
	requires root
	assert_forms 'dir name=d mtime=1
		dir name=d/sub mtime=2
		file name=d/sub/f data=x mtime=3' \
		'file name=d/sub/.wh.f
		file name=d/.wh..wh..opq'
	[ -z "$(ls -A target/d)" ]
	assert_forms 'dir name=d/sub/sub mtime=2' \
		'file name=d/sub/sub/.wh.f
		file name=d/.wh.sub
		file name=d/own data=x mtime=1'
	[ "$(ls -A target/d)" = own ]
}

@test "a path through a link to something that is gone is refused" {
	requires root
	REASON="directory of" assert_refused 'dir name=gone mtime=1
		symlink name=link link=gone mtime=2' \
		'file name=.wh.gone
		file name=link/file data=x mtime=3'
}

@test "an entry whose path leads through what it replaces is where the path led" {
	requires root
	assert_forms 'dir name=d mtime=1
		file name=d/f data=x mtime=2
		symlink name=here link=. mtime=3
		symlink name=there link=d mtime=4' \
		'file name=here/here data=y mtime=5
		hardlink name=there link=there/f'
	[ "$(cat target/here target/there)" = yx ]
	REASON="hard link" assert_refused 'symlink name=d link=x' \
		'dir name=d
		file name=d/f data=x
		hardlink name=d link=d/f'
	REASON="hard link" assert_refused 'symlink name=d link=x' \
		'dir name=d
		hardlink name=d link=d'
}

@test "what a layer has replaced leaves no time and no kind to what comes after it" {
	requires root
	# A directory may get the number of one that was removed.
	assert_forms 'dir name=implied mtime=1' \
		'dir name=a mtime=2
		dir name=a/y mtime=3
		symlink name=a link=implied mtime=4
		file name=implied/file data=x mtime=5'
	assert_forms 'dir name=d mtime=1
		dir name=d/sub mtime=7
		symlink name=link link=d mtime=2' \
		'file name=link/sub/file data=x mtime=3
		symlink name=link link=nowhere mtime=4'
	[ "$(stat -c %Y target/d target/d/sub)" = "$(printf '1\n7')" ]
	# Links in place of what would be directories, if they were none below.
	assert_forms 'file name=a data=x mtime=1' \
		'file name=a/.wh..wh..opq
		hardlink name=a link=a'
	assert_forms 'dir name=d mtime=1
		symlink name=a link=d mtime=1' \
		'file name=a/f data=x mtime=2
		hardlink name=a link=a/f'
	[ "$(cat target/a target/d/f)" = xx ]
	# In place of a directory that only its whiteouts would have made.
	assert_forms 'dir name=lib mtime=1
		file name=f data=x mtime=2' \
		'file name=lib/.wh.b
		hardlink name=lib link=f
		hardlink name=g link=lib'
}

@test "two at once whose layers swap directories and links keep apart" {
	requires root
	local n form name upper='file name=d/file data=x mtime=3
		file name=e/file data=y mtime=3
		symlink name=swap link=../../outside mtime=4
		dir name=swap mtime=5
		file name=swap/canary data=pwned mtime=6
		symlink name=swap link='"$ROOM"'/outside mtime=7'
	layer 1.tar <<<'dir name=d mtime=1
		symlink name=e link=d mtime=2'
	layer 2.tar <<<'symlink name=d link=e mtime=1
		dir name=e mtime=2'
	layer 3.tar <<<"$upper"
	make_layout layout x 1.tar 3.tar
	mv layout/index.json x.json
	make_layout layout y 2.tar 3.tar
	jq -s '.[0].manifests += .[1].manifests | .[0]' layout/index.json x.json >both.json
	mv both.json layout/index.json
	for form in dir erofs; do
		[ $form = dir ] || erofs_works || continue
		for n in $(seq 12); do
			rm -rf layout/snapshots layout/tmp
			snapshots layout x $form >x.lowers &
			snapshots layout y $form >y.lowers
			wait $!
			assert_untouched
			for name in x y; do
				rm -rf target
				creel-image --store layout unpack --no-sync $name target
				mv $name.lowers lowers
				LOWERS=$(sed '$d' lowers | paste -sd:)
				assert_overlay_is_target
			done
		done
	done
}

@test "directories that are not stated have what is below; through links things go where they lead" {
	requires root
	image_of 'dir name=usr mode=0751 mtime=1 uid=3 gid=4 xattr:user.dir=u
		dir name=usr/lib mode=1777 mtime=2
		file name=usr/lib/lower data=x mtime=3
		symlink name=lib link=/usr/lib mtime=4
		symlink name=deep link=lib/../lib mtime=5' \
		'file name=usr/lib/a data=a mtime=6
		file name=usr/new/b data=b mtime=6' \
		'file name=lib/c data=c mtime=6
		file name=deep/sub/d data=d mtime=6
		hardlink name=deep/linked link=lib/lower' \
		'file name=deep/.wh.lower
		file name=lib/sub/.wh..wh..opq'
	assert_same
	[ -f target/usr/lib/sub/../c ]
	grep -q 'usr/lib mode=1777' target.list || grep -q 'usr/lib dir mode=1777' target.list
}

@test "a whiteout is not listed where there is nothing to hide" {
	requires root
	image_of 'dir name=there mtime=1
		file name=there/file data=x mtime=1' \
		'dir name=new mtime=2
		file name=new/.wh.nothing
		file name=not/stated/.wh.nothing
		file name=there/.wh.file
		file name=.wh.nothing'
	assert_same
	[ ! -e target/not ]
	[ -z "$(ls -A target/new target/there | grep -v :)" ]
}

@test "the root's own attributes, and a layer that hides everything below" {
	requires root
	image_of 'dir name=. mode=0700 mtime=9 uid=5
		file name=lower data=x' 'file name=.wh..wh..opq
		dir name=. mode=0711 mtime=8 gid=6
		file name=upper data=x mtime=1' 'file name=top data=x mtime=1'
	assert_same
	[ "$(tail -n 1 lowers)" = "root 1 711 0 6 8" ]
	[ "$(grep -c /snapshots/ lowers)" -eq 2 ]
}

@test "a layer that is there twice, and one without entries" {
	requires root
	image_of 'file name=a data=1 mtime=1' '' 'file name=a data=2 mtime=1' 'file name=a data=1 mtime=1'
	assert_same
	[ "$(grep -c /snapshots/ lowers)" -eq 2 ]
}

@test "what a machine that crashed may have lost is made again; what was synced is not" {
	requires root
	image_of 'file name=a data=right mtime=1'
	make_snapshots
	local dir=$LOWERS
	# As after a restart: another boot, and content that never reached the disk.
	: >"$dir/a"
	sed -i 's/"boot": "[^"]*"/"boot": "00000000-0000-0000-0000-000000000000"/' "$dir/../info"
	make_snapshots
	[ "$(cat "$dir/a")" = right ]
	[ -z "$(ls -A layout/tmp)" ]
	# A minute later it is synced and says so.
	[ ! -e "$dir/../durable" ]
	touch -d '5 minutes ago' "$dir/../info"
	make_snapshots
	[ -e "$dir/../durable" ]
	sed -i 's/"boot": "[^"]*"/"boot": "00000000-0000-0000-0000-000000000000"/' "$dir/../info"
	echo kept >"$dir/a"
	make_snapshots
	[ "$(cat "$dir/a")" = kept ]
}

@test "killed at any instant, nothing half-made is there, and the next one makes it" {
	requires root
	image_of 'repeat=3000
		file name=dir%/file data=x mtime=1'
	local i
	for i in 1 2 4 8 16 32 64; do
		snapshots layout x >/dev/null 2>&1 &
		sleep "0.0$i"
		kill -KILL $! 2>/dev/null || true
		wait $! || true
		for dir in layout/snapshots/*/; do
			[ ! -d "$dir" ] || [ "$(find "$dir/fs" -type f | wc -l)" -eq 3000 ]
		done
		rm -rf layout/snapshots/*
	done
	make_snapshots
	[ "$(find "$LOWERS" -type f | wc -l)" -eq 3000 ]
	[ -z "$(ls -A layout/tmp)" ]
}

@test "a layer that is not what it should be leaves nothing" {
	requires root
	image_of 'file name=good data=x' 'file name=bad data=x'
	local id
	id=$(digest_of 2.tar)
	printf 'behind the end' >>"layout/blobs/sha256/${id#sha256:}"
	run snapshots layout x
	[ "$status" -ne 0 ]
	[[ $output == *"${id#sha256:}"* ]]
	[ -z "$(ls -A layout/tmp)" ]
	[ ! -e "layout/snapshots/${id#sha256:}" ]
}

# Each of these reaches out of the root in some naive implementation.
@test "hostile layers stay inside, alone and one after the other" {
	requires root
	local lower='symlink name=out link=../../../../outside
		symlink name=abs link='$ROOM'/outside
		symlink name=up link=..'
	for upper in 'file name=out/canary data=pwned' 'file name=abs/canary data=pwned' \
		'file name=up/canary data=pwned' 'hardlink name=x link=out/canary' \
		'hardlink name=x link=abs/canary' 'file name=out/.wh.canary' 'file name=abs/.wh.canary' \
		'file name=abs/.wh..wh..opq' 'symlink name=. link=/outside' \
		'file name=../x data=pwned' 'file name=a/../../x data=pwned' \
		'file name=.wh... data=x' 'hardlink name=x link=/etc/shadow' \
		'char name=x dev=0:0' 'file name=x data=y xattr:trusted.overlay.redirect=/etc' \
		'dir name=x xattr:user.overlay.opaque=y'; do
		image_of "$lower" "$upper"
		run snapshots layout x
		echo "$upper: $output"
		assert_untouched
		[ -z "$(ls -A layout/tmp)" ]
		# In one layer, too.
		image_of "$lower
			$upper"
		run snapshots layout x
		assert_untouched
	done
}

@test "tens of thousands of directories, entered again later, keep their times; memory does not grow" {
	requires root
	image_of 'repeat=4500
		dir name=d% mode=0711 mtime=7
		repeat=4500
		file name=d%/file data=x mtime=8
		repeat=4500
		file name=implied%/.wh.file' \
		'repeat=4500
		file name=d%/.wh.file
		repeat=2000
		dir name=e%/below mtime=9 mode=0555'
	creel-image --store layout unpack --no-sync x target
	make_snapshots
	assert_overlay_is_target
	[ "$(find target -name 'd*' -newermt '1970-01-01 00:00:08' | wc -l)" -eq 0 ]
	[ "$(find target -maxdepth 1 -name 'd*' | wc -l)" -eq 4500 ]
	# Tens of thousands of directories with paths of up to 4 KB, in memory because removing them
	# takes long.
	local long
	long=$(printf 'x%.0s' $(seq 250))
	long="$long/$long/$long/$long/$long/$long/$long/$long/$long/$long/$long/$long/$long/$long"
	image_of "repeat=3500
		dir name=d%/$long gnulong"
	mkdir big
	# shellcheck disable=SC2016 # expanded by the shell in the mount namespace
	unshare -m bash -ec '
		mount -t tmpfs none big
		cp -r layout big
		cd big
		/usr/bin/time -f %M creel-image --store layout unpack --no-sync x target 2>kilobytes
		cat kilobytes
		[ "$(tail -n 1 kilobytes)" -lt 65536 ]
		/usr/bin/time -f %M snapshots layout x 2>kilobytes >lowers
		cat kilobytes
		[ "$(tail -n 1 kilobytes)" -lt 65536 ]'
}
