#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Words of mounts[].options, as /proc/self/mountinfo and the files show them inside.
# shellcheck disable=SC2016 # jq and the shell inside expand them

load ../helpers

setup() {
	requires root
	requires program jq
	setup_creel
	SOURCE=$BATS_TEST_TMPDIR/source
	mkdir -p "$SOURCE/sub" "$ROOTFS"/mnt/{a,m}
	echo content >"$SOURCE/file"
}

teardown() {
	teardown_creel
}

# mount JSON-MEMBERS: one entry on /mnt/a (as it is given, or a tmpfs).
mount_with() {
	edit '.mounts += [{"destination":"/mnt/a","type":"tmpfs","source":"t"} + $m]' --argjson m "{$1}"
}

# shows WORDS EXPECTED: a tmpfs with these options has these flags, of mount and file system.
shows() {
	bundle sh -c 'grep " /mnt/a " /proc/self/mountinfo | cut -d" " -f6-'
	mount_with "\"options\":[$1]"
	run c run --bundle "$BUNDLE" "$NAME"
	echo "$1: $output"
	[ "$output" = "$2" ]
}

userns() {
	edit '.linux.namespaces += [{"type":"user"}]
		| .linux.uidMappings = [{"containerID":0,"hostID":100000,"size":65536}]
		| .linux.gidMappings = .linux.uidMappings'
}

@test "flags of the file system: every word the specification wants" {
	shows '"sync"' 'rw,relatime - tmpfs t rw,sync'
	shows '"sync","async"' 'rw,relatime - tmpfs t rw'
	shows '"dirsync"' 'rw,relatime - tmpfs t rw,dirsync'
	shows '"lazytime"' 'rw,relatime - tmpfs t rw,lazytime'
	shows '"lazytime","nolazytime"' 'rw,relatime - tmpfs t rw'
	shows '"iversion","nosuid","size=1m"' 'rw,nosuid,relatime - tmpfs t rw,size=1024k'
	shows '"noiversion"' 'rw,relatime - tmpfs t rw'
	shows '"silent"' 'rw,relatime - tmpfs t rw'
	shows '"loud","defaults"' 'rw,relatime - tmpfs t rw'
}

@test "flags of the mount: every word the specification wants" {
	shows '"ro","nosuid","nodev","noexec"' 'ro,nosuid,nodev,noexec,relatime - tmpfs t rw'
	shows '"nosuid","nodev","noexec","suid","dev","exec"' 'rw,relatime - tmpfs t rw'
	shows '"noatime"' 'rw,noatime - tmpfs t rw'
	shows '"noatime","atime"' 'rw,relatime - tmpfs t rw'
	shows '"strictatime"' 'rw - tmpfs t rw'
	shows '"strictatime","nostrictatime"' 'rw,relatime - tmpfs t rw'
	shows '"strictatime","relatime"' 'rw,relatime - tmpfs t rw'
	shows '"nodiratime"' 'rw,nodiratime,relatime - tmpfs t rw'
	shows '"nodiratime","diratime"' 'rw,relatime - tmpfs t rw'
	shows '"nosymfollow"' 'rw,relatime,nosymfollow - tmpfs t rw'
	shows '"nosymfollow","symfollow"' 'rw,relatime - tmpfs t rw'
}

@test "recursive flags reach the mounts below, and each has its opposite" {
	local on off flag pair
	for pair in rnosuid:rsuid:nosuid rnodev:rdev:nodev rnoexec:rexec:noexec rro:rrw:ro \
		rnodiratime:rdiratime:nodiratime rnosymfollow:rsymfollow:nosymfollow rnoatime:ratime:noatime \
		rnoatime:rrelatime:noatime rnoatime:rstrictatime:noatime; do
		IFS=: read -r on off flag <<<"$pair"
		bundle sh -c 'grep -E " /mnt/(a|m)/sub " /proc/self/mountinfo | cut -d" " -f5,6'
		mount_with '"source":"'"$SOURCE"'","options":["rbind","'"$on"'"]'
		mount_with '"destination":"/mnt/m","source":"'"$SOURCE"'","options":["rbind","'"$on"'","'"$off"'"]'
		run unshare -m sh -c 'mount -t tmpfs t "$1/sub" && exec creel --root "$2" run --bundle "$3" "$4"' \
			sh "$SOURCE" "$CREEL_ROOT" "$BUNDLE" "$NAME"
		echo "$pair: $output"
		[[ ",${lines[0]#* }," == *",$flag,"* ]]
		[[ ",${lines[1]#* }," != *",$flag,"* ]]
	done
}

@test "nosymfollow follows no link, and says so to who tries" {
	ln -s file "$SOURCE/link"
	bundle sh -c 'cat /mnt/a/file; cat /mnt/a/link'
	mount_with '"source":"'"$SOURCE"'","options":["bind","nosymfollow"]'
	run c run --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[[ $output == content*"Too many levels of symbolic links"* || $output == content*"Symbolic link loop"* ]]
}

@test "a remount keeps the flags it does not name" {
	bundle sh -c 'grep " /mnt/a " /proc/self/mountinfo | cut -d" " -f6-'
	mount_with '"options":["nosuid","noexec","size=1m"]'
	mount_with '"options":["remount","noiversion","ro","size=2m"]'
	runs
	[ "$output" = "ro,nosuid,noexec,relatime - tmpfs t ro,size=2048k" ]
	edit '.mounts[-1].options = ["remount","exec","size=3m"]'
	runs
	[ "$output" = "rw,nosuid,relatime - tmpfs t rw,size=3072k" ]
}

@test "data longer than the new calls take reaches the file system" {
	local dir=$BATS_TEST_TMPDIR/low i
	for i in 1 2 3 4 5; do dir=$dir/$(printf 'a%.0s' {1..60}); done
	mkdir -p "$dir" "$dir-2"
	echo from-below >"$dir/f"
	bundle cat /mnt/a/f
	mount_with '"type":"overlay","source":"overlay","options":["lowerdir='"$dir:$dir"'-2"]'
	runs
	[ "$output" = from-below ]
}

@test "every kind of propagation, of a mount and of the root" {
	local word
	for word in shared rshared slave rslave private rprivate unbindable runbindable; do
		bundle sh -c 'grep -E " /mnt/a " /proc/self/mountinfo; grep " / / \| / rw" /proc/self/mountinfo | head -n 1'
		mount_with '"options":["'"$word"'"]'
		run c run --bundle "$BUNDLE" "$NAME"
		echo "$word: $output"
		case $word in
		*shared) [[ ${lines[0]} == *" shared:"* ]] ;;
		*unbindable) [[ ${lines[0]} == *" unbindable "* ]] ;;
		*) [[ ${lines[0]} != *shared:* && ${lines[0]} != *unbindable* ]] ;;
		esac
		bundle awk '$5 == "/"' /proc/self/mountinfo
		edit '.linux.rootfsPropagation = $w' --arg w "$word"
		run c run --bundle "$BUNDLE" "$NAME"
		echo "root $word: $output"
		case $word in
		*shared) [[ $output == *" shared:"* ]] ;;
		*unbindable) [[ $output == *" unbindable "* ]] ;;
		*) [[ $output != *shared:* && $output != *unbindable* ]] ;;
		esac
	done
}

@test "mappings in the option itself, and relative to the container's" {
	bundle stat -c %u:%g /mnt/a/file
	mount_with '"source":"'"$SOURCE"'","options":["bind","idmap=uids=0-7000-10;gids=0-8000-10"]'
	run c run --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[[ $output != *"has no idmapped mounts"* ]] || skip "the file system has no idmapped mounts"
	[ "$output" = 7000:8000 ]
	userns
	edit '.mounts[-1].options = ["bind","ridmap=uids=@0-7-10;gids=@0-8-10"]'
	runs
	[ "$output" = 7:8 ]
	edit '.mounts[-1].options = ["bind","idmap=uids=0-7"]'
	refuses "mounts[7].options: '0-7' is not FIRST-BECOMES-SIZE"
}

@test "a new file system is idmapped too: by its own mappings and by the container's" {
	bundle sh -c 'touch /mnt/a/f; stat -c %u:%g /mnt/a/f'
	mount_with '"options":["idmap"]'
	userns
	runs
	[ "$output" = 0:0 ]
	edit '.process.args[2] = "stat -c %u:%g /mnt/a" | .mounts[-1] += {
		"uidMappings":[{"containerID":0,"hostID":100009,"size":1}],
		"gidMappings":[{"containerID":0,"hostID":100004,"size":1}]}'
	runs
	[ "$output" = 9:4 ]
}

@test "what cannot be idmapped says why" {
	bundle true
	mount_with '"source":"'"$SOURCE"'","options":["bind","idmap"]'
	refuses "mounts[7].options: 'idmap' needs mappings of the mount or a user namespace"
	edit '.mounts[-1] += {"uidMappings":[{"containerID":0,"hostID":1,"size":1}]}'
	refuses "mounts[7].gidMappings: must be given too when there are uidMappings"
	edit '.mounts[-1] = {"destination":"/mnt/a","type":"proc","source":"proc","options":["idmap"],
		"uidMappings":[{"containerID":0,"hostID":1,"size":1}],"gidMappings":[{"containerID":0,"hostID":1,"size":1}]}'
	refuses "map ids: this file system has no idmapped mounts"
	edit '.mounts[-1].options = ["idmap=uids=0-0-1;gids=0-0-1"]'
	refuses "mappings are given twice"
}

@test "links are bound, covered or copied instead of followed" {
	ln -s /some/where "$SOURCE/link"
	rm -rf "$ROOTFS"/mnt/{copy,link,dangling}
	ln -s /no/such "$ROOTFS/mnt/dangling"
	bundle sh -c 'readlink /mnt/link; readlink /mnt/copy; grep -c " /mnt/copy " /proc/self/mounts; cat /mnt/dangling'
	mount_with '"destination":"/mnt/link","source":"'"$SOURCE"'/link","options":["bind","src-nofollow"]'
	mount_with '"destination":"/mnt/copy","source":"'"$SOURCE"'/link","options":["bind","copy-symlink"]'
	mount_with '"destination":"/mnt/dangling","source":"'"$SOURCE"'/file","options":["bind","dest-nofollow"]'
	run c run --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[ "$output" = "/some/where
/some/where
0
content" ]
	# What was copied may be there the next time; something else may not.
	runs
	ln -sfn /elsewhere "$ROOTFS/mnt/copy"
	refuses "bind '$SOURCE/link' on '/mnt/copy': copy the link: File exists"
	rm -f "$ROOTFS"/mnt/{copy,link,dangling}
	bundle true
	mount_with '"options":["src-nofollow"]'
	refuses "mounts[7].options: 'src-nofollow' concerns bind mounts only"
}

@test "the label of mounts goes by the option that the annotation names" {
	bundle true
	edit '.linux.mountLabel = "label_t"'
	[ ! -e /sys/fs/selinux/enforce ] || skip "this kernel takes labels"
	refuses "linux.mountLabel 'label_t' (needs SELinux): unknown parameter 'context'"
	edit '.annotations = {"run.oci.mount_context_type": "fscontext"}'
	refuses "unknown parameter 'fscontext'"
	edit '.annotations = {"run.oci.mount_context_type": "bar"}'
	refuses "annotations.run.oci.mount_context_type: unknown type 'bar'"
}

@test "a word for file systems on a bind mount is named, and the container starts" {
	bundle true
	mount_with '"source":"'"$SOURCE"'","options":["bind","dirsync"]'
	runs
	[[ $output == *"warning: mounts[7].options: 'dirsync' is for file systems and changes nothing"* ]]
}

@test "the host's own root is a container's root" {
	bundle cat /proc/1/comm
	edit '.root.path = "/" | .root.readonly = true'
	run unshare -m creel --root "$CREEL_ROOT" run --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[ "$output" = cat ]
}

@test "the root file system is idmapped on demand, and nothing is chowned" {
	mkdir -m 700 "$BATS_TEST_TMPDIR/root"
	cp -a "$ROOTFS" "$BATS_TEST_TMPDIR/root/fs"
	mkdir "$BATS_TEST_TMPDIR/root/fs/private"
	chmod 700 "$BATS_TEST_TMPDIR/root/fs/private"
	bundle sh -c 'stat -c %u:%g /bin/busybox /private; echo made >/private/file && stat -c %u:%g /private/file; cat /proc/self/uid_map'
	userns
	edit '.root.path = $p' --arg p "$BATS_TEST_TMPDIR/root/fs"
	run c run --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[[ $output == *65534:65534*"ermission denied"* ]]
	edit '.annotations = {"org.creel.rootfs.idmap": "true"}'
	run c run --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[[ $output != *"has no idmapped mounts"* ]] || skip "the file system has no idmapped mounts"
	[[ $output == $'0:0\n0:0\n0:0\n'*"0     100000      65536" ]]
	[ "$(stat -c %u:%g "$BATS_TEST_TMPDIR/root/fs/private/file")" = 0:0 ]
	edit '.linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings, .linux.gidMappings)'
	refuses "annotations.org.creel.rootfs.idmap: root file system: needs a user namespace"
}
