#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# mounts[], /dev, read-only and masked paths, as the program in the container sees them.
# shellcheck disable=SC2016 # jq and the shell inside expand them

load ../helpers

setup() {
	requires root
	requires program jq
	setup_creel
	SOURCE=$BATS_TEST_TMPDIR/source
	mkdir -p "$SOURCE/sub"
	echo content >"$SOURCE/file"
}

teardown() {
	teardown_creel
	[ ! -s "$BATS_TEST_TMPDIR/loop" ] || losetup -d "$(<"$BATS_TEST_TMPDIR/loop")"
}

# mounts JSON...: add to the document.
mounts() {
	local m
	for m in "$@"; do
		edit '.mounts += [$m]' --argjson m "$m"
	done
}

# fails WORDS: it does, says so, and leaves nothing.
@test "a new file system has its options, of mount and of file system" {
	bundle sh -c 'grep " /mnt/a " /proc/self/mountinfo'
	mounts '{"destination":"/mnt/a","type":"tmpfs","source":"mine",
		"options":["nosuid","nodev","noexec","noatime","size=1m","mode=700","nosymfollow"]}'
	runs
	[[ $output == *" nosymfollow"* || $output == *",nosymfollow"* ]]
	[[ $output == *"nosuid,nodev,noexec,noatime"* ]]
	[[ $output == *" - tmpfs mine rw,size=1024k,mode=700"* ]]
}

@test "a bind mount shows a directory, read-only when asked" {
	bundle sh -c 'cat /mnt/b/file; touch /mnt/b/new 2>&1 || echo refused'
	mounts '{"destination":"/mnt/b","source":"'"$SOURCE"'","options":["rbind","ro"]}'
	runs
	[[ $output == *content* && $output == *refused* ]]
	[ ! -e "$SOURCE/new" ]
}

@test "a bind mount of a file makes the file to mount on" {
	bundle cat /etc/deep/er/conf
	mounts '{"destination":"/etc/deep/er/conf","source":"'"$SOURCE"'/file","options":["bind"]}'
	runs
	[ "$output" = content ]
}

@test "a relative source is below the bundle" {
	bundle cat /mnt/rel
	echo inside >"$BUNDLE/data"
	mounts '{"destination":"/mnt/rel","source":"data","options":["bind"]}'
	runs
	[ "$output" = inside ]
}

@test "bind is one mount, rbind the tree; rro reaches what is below" {
	bundle sh -c 'ls /mnt/one/sub | wc -l; ls /mnt/all/sub; touch /mnt/all/sub/x 2>&1; touch /mnt/all/y && echo top'
	mounts '{"destination":"/mnt/one","source":"'"$SOURCE"'","options":["bind"]}' \
		'{"destination":"/mnt/all","source":"'"$SOURCE"'","options":["rbind","ro"]}' \
		'{"destination":"/mnt/rec","source":"'"$SOURCE"'","options":["rbind","rro"]}'
	edit '.process.args[2] = "ls /mnt/one/sub | wc -l; cat /mnt/all/sub/in;
		touch /mnt/all/sub/x && echo below-all; touch /mnt/rec/sub/x && echo below-rec; true"'
	run unshare -m sh -c 'mount -t tmpfs t "$1/sub" && echo mounted >"$1/sub/in" &&
		exec creel --root "$2" run --bundle "$3" "$4"' sh "$SOURCE" "$CREEL_ROOT" "$BUNDLE" "$NAME"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"0"*mounted*below-all* ]]
	[[ $output != *below-rec* ]]
}

@test "tmpcopyup starts with what the image has there" {
	bundle sh -c 'cat /etc/passwd | head -n 1; stat -c %a /etc; touch /etc/new; grep " /etc " /proc/self/mounts'
	mounts '{"destination":"/etc","type":"tmpfs","source":"tmpfs","options":["tmpcopyup"]}'
	runs
	[[ $output == *"root:x:0:0"* && $output == *755* && $output == *"tmpfs /etc tmpfs"* ]]
	[ ! -e "$ROOTFS/etc/new" ]
}

@test "later mounts lie on earlier ones, and inside them" {
	bundle sh -c 'ls /mnt/t; cat /mnt/t/in/file'
	mounts '{"destination":"/mnt/t","type":"tmpfs","source":"t"}' \
		'{"destination":"/mnt/t/in","source":"'"$SOURCE"'","options":["bind"]}'
	runs
	[[ $output == *in*content* ]]
}

@test "a tmpfs has the mode of the image's directory, or the kernel's, or the one it is told" {
	mkdir -p "$ROOTFS/place"
	chmod 2751 "$ROOTFS/place"
	bundle sh -c 'stat -c %a /place /fresh /told'
	mounts '{"destination":"/place","type":"tmpfs","source":"t"}' '{"destination":"/fresh","type":"tmpfs","source":"t"}' \
		'{"destination":"/told","type":"tmpfs","source":"t","options":["mode=700"]}'
	run c run --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[ "$output" = $'2751\n1777\n700' ]
	rmdir "$ROOTFS/place"
}

@test "a read-only tmpfs still gets what is mounted inside" {
	bundle sh -c 'cat /mnt/t/in/file; touch /mnt/t/x 2>&1 || echo refused'
	mounts '{"destination":"/mnt/t","type":"tmpfs","source":"t","options":["ro"]}' \
		'{"destination":"/mnt/t/in","source":"'"$SOURCE"'","options":["bind"]}'
	runs
	[[ $output == *content*refused* ]]
}

@test "a remount changes the flags of what is there" {
	bundle sh -c 'touch /mnt/t/x 2>&1 || echo refused'
	mounts '{"destination":"/mnt/t","type":"tmpfs","source":"t"}' \
		'{"destination":"/mnt/t","options":["remount","bind","ro"]}'
	runs
	[[ $output == *refused* ]]
}

@test "an idmapped mount shows mapped owners" {
	chown 0:0 "$SOURCE/file"
	bundle stat -c %u:%g /mnt/m/file
	mounts '{"destination":"/mnt/m","source":"'"$SOURCE"'","options":["bind","idmap"],
		"uidMappings":[{"containerID":0,"hostID":7000,"size":1000}],
		"gidMappings":[{"containerID":0,"hostID":8000,"size":1000}]}'
	run c run --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[[ $output != *"has no idmapped mounts"* ]] || skip "the file system has no idmapped mounts"
	[ "$status" -eq 0 ]
	[ "$output" = 7000:8000 ]
}

@test "default devices and links are there and work" {
	bundle sh -c 'for d in null zero full random urandom tty; do
			[ -c /dev/$d ] || echo "no $d"; done
		echo x >/dev/null && head -c 4 /dev/zero | wc -c; for l in ptmx fd stdin stdout; do readlink /dev/$l; done
		head -c 8 /dev/urandom | wc -c; echo through >/dev/stdout'
	runs
	[ "$output" = "4
pts/ptmx
/proc/self/fd
/proc/self/fd/0
/proc/self/fd/1
8
through" ]
}

@test "devices asked for have their mode and owner" {
	bundle stat -c '%F %a %u:%g %t:%T' /dev/here/mine
	edit '.linux.devices = [{"path":"/dev/here/mine","type":"c","major":1,"minor":3,"fileMode":416,"uid":5,"gid":6}]'
	runs
	[ "$output" = "character special file 640 5:6 1:3" ]
}

@test "a device in the place of another file is an error" {
	bundle true
	mounts '{"destination":"/dev/taken","source":"'"$SOURCE"'/file","options":["bind"]}'
	edit '.linux.devices = [{"path":"/dev/taken","type":"c","major":1,"minor":3}]'
	refuses "linux.devices[0]: make device '/dev/taken': something else is there"
}

@test "a bound /dev of the host is left as it is" {
	bundle sh -c 'ls /dev'
	edit '.mounts |= map(select(.destination | startswith("/dev") | not))'
	mounts '{"destination":"/dev","source":"'"$SOURCE"'","options":["bind"]}'
	edit '.linux.maskedPaths = []'
	runs
	[ "$(ls "$SOURCE")" = "file
sub" ]
}

@test "masked files read as empty, masked directories are, and neither is writable" {
	bundle sh -c 'wc -c </etc/secret; ls /etc/secrets | wc -l; touch /etc/secrets/x 2>&1; chmod 0 /etc/secret 2>&1
		echo "still $(stat -c %a /dev/null)"'
	mkdir -p "$BATS_TEST_TMPDIR/etc/secrets"
	echo hidden | tee "$BATS_TEST_TMPDIR/etc/secret" >"$BATS_TEST_TMPDIR/etc/secrets/a"
	mounts '{"destination":"/etc","source":"'"$BATS_TEST_TMPDIR"'/etc","options":["bind"]}'
	edit '.linux.maskedPaths += ["/etc/secret", "/etc/secrets", "/etc/missing"]'
	runs
	[[ $output == "0
0
"*"Read-only file system"*"Read-only file system"*"still 666" ]]
}

@test "read-only paths are, with everything below" {
	bundle sh -c 'touch /etc/sub/x 2>&1; touch /tmp/ok && echo writable'
	mkdir -p "$BATS_TEST_TMPDIR/etc/sub"
	mounts '{"destination":"/etc","source":"'"$BATS_TEST_TMPDIR"'/etc","options":["bind"]}'
	edit '.linux.readonlyPaths += ["/etc", "/not/there"]'
	runs
	[[ $output == *"Read-only file system"*writable* ]]
}

@test "a read-only root is, and a missing working directory is made before" {
	bundle sh -c 'pwd; touch /x 2>&1 || echo refused'
	cp -a "$ROOTFS" "$BATS_TEST_TMPDIR/rootfs"
	edit '.root = {"path": $p, "readonly": true} | .process.cwd = "/work/here"' --arg p "$BATS_TEST_TMPDIR/rootfs"
	runs
	[[ $output == "/work/here"*refused ]]
}

@test "propagation: rslave sees new mounts of the host, rprivate does not" {
	bundle sh -c 'cat /mnt/s/go; echo "slave: $(ls /mnt/s/m)"; echo "private: $(ls /mnt/p/m)"; echo end'
	mounts '{"destination":"/mnt/s","source":"'"$SOURCE"'","options":["rbind","rslave"]}' \
		'{"destination":"/mnt/p","source":"'"$SOURCE"'","options":["rbind","rprivate"]}'
	mkdir "$SOURCE/m"
	mkfifo "$SOURCE/go"
	run unshare -m --propagation shared sh -c 'mount --bind "$1" "$1" && mount --make-shared "$1" || exit 9
		creel --root "$2" run --bundle "$3" "$4" & echo ready >"$1/go.tmp"
		{ sleep 0; mount -t tmpfs t "$1/m"; touch "$1/m/visible"; echo now; } >"$1/go"; wait $!' \
		sh "$SOURCE" "$CREEL_ROOT" "$BUNDLE" "$NAME"
	echo "$output"
	[[ $output == *$'slave: visible\nprivate: '* ]]
	[[ $output != *"private: visible"* ]]
}

@test "a cgroup mount shows this container's groups and no others" {
	bundle sh -c 'grep -c . /proc/self/mounts >/dev/null; find /sys/fs/cgroup -name "creel-e2e*"; find /sys/fs/cgroup -name cgroup.procs | head -n 1 | grep -c .'
	runs
	[ "$output" = 1 ]
	edit '.linux.namespaces |= map(select(.type != "cgroup"))'
	runs
	[ "$output" = 1 ]
}

@test "what cannot be mounted says which mount and why" {
	bundle true
	mounts '{"destination":"/tmp","type":"tmpfs","source":"t","options":["foo"]}'
	refuses "mounts[7]: mount tmpfs on '/tmp': unknown parameter 'foo'"
	edit '.mounts[7].options = ["size=much"]'
	refuses "mounts[7]: mount tmpfs on '/tmp': bad value for 'size'"
	edit '.mounts[7].type = "nosuchfs"'
	refuses "mounts[7]: mount nosuchfs on '/tmp': the kernel knows no file system 'nosuchfs'"
	edit '.mounts[7] = {"destination":"/tmp","source":"/etc","options":["bind","foo"]}'
	refuses "mounts[7].options: unknown option 'foo' for a bind mount"
	edit '.mounts[7] = {"destination":"/tmp","source":"/no/such","options":["bind"]}'
	refuses "mounts[7]: bind '/no/such' on '/tmp': open the source: No such file or directory"
	edit '.mounts[7] = {"destination":"/tmp","source":"/etc/passwd","options":["bind"]}'
	refuses "mounts[7]: bind '/etc/passwd' on '/tmp': the source is not a directory, the destination is"
	edit '.mounts[7] = {"destination":"/proc/1","source":"/etc","options":["bind"]}'
	refuses "mounts[7].destination: '/proc/1' is inside /proc"
}

@test "older kernels: the same mounts without the newer system calls" {
	# Without ids, and without flags of super blocks: only mount(2) sets both kinds at once.
	bundle sh -c 'sed -e "s/^[0-9]* [0-9]* [0-9:]*//" -e "s/ - \\([a-z0-9]*\\) .*/ \\1/" /proc/self/mountinfo; touch /mnt/b/x 2>&1; wc -c </proc/keys'
	mounts '{"destination":"/mnt/a","type":"tmpfs","source":"t","options":["ro","size=1m"]}' \
		'{"destination":"/mnt/b","source":"'"$SOURCE"'","options":["rbind","ro","rprivate","nosuid"]}'
	runs
	want=$output
	for calls in openat2 open_tree mount_setattr fsopen clone3 close_range \
		openat2,open_tree,mount_setattr,fsopen,fsmount,fsconfig,move_mount,clone3,close_range; do
		for errno in ENOSYS EPERM; do
			run no_syscall "$calls" --errno "$errno" -- \
				creel --root "$CREEL_ROOT" run --bundle "$BUNDLE" "$NAME"
			echo "$calls $errno: status $status"
			diff <(echo "$want") <(echo "$output")
			[ "$status" -eq 0 ]
		done
	done
}

@test "devices of every type, anywhere, and what is there already" {
	bundle sh -c 'for d in c u b p; do stat -c "%F %a %t:%T" "/dev/kinds/$d"; done; stat -c "%a %u:%g" /dev/null /dev/zero'
	edit '.linux.devices = [
		{"path":"/dev/kinds/c","type":"c","major":1,"minor":5,"fileMode":384},
		{"path":"/dev/kinds/u","type":"u","major":1,"minor":9},
		{"path":"/dev/kinds/b","type":"b","major":7,"minor":200,"fileMode":25008},
		{"path":"/dev/kinds/p","type":"p","fileMode":416},
		{"path":"/dev/zero","type":"c","major":1,"minor":5,"fileMode":292,"uid":4,"gid":3}]'
	runs
	[ "$output" = "character special file 600 1:5
character special file 666 1:9
block special file 660 7:c8
fifo 640 0:0
666 0:0
444 4:3" ]
	edit '.linux.devices = [{"path":"/dev/x","type":"c","major":4096,"minor":0}]'
	refuses "linux.devices[0].major: 4096 is out of range 0 to 4095"
	edit '.linux.devices = [{"path":"/dev/x","type":"z","major":1,"minor":0}]'
	refuses "linux.devices[0].type: unknown device type 'z'"
	edit '.linux.devices = [{"path":"/bin/busybox","type":"c","major":1,"minor":3}]'
	refuses "linux.devices[0]: make device '/bin/busybox': something else is there"
}

@test "a block device that the container may not open is mounted" {
	requires cgroup2
	requires program mkfs.erofs losetup
	[ -e /dev/loop-control ] && grep -qw erofs /proc/filesystems || skip "needs loop devices and erofs"
	mkfs.erofs "$BATS_TEST_TMPDIR/image" "$SOURCE" >/dev/null 2>&1
	losetup -r -f --show "$BATS_TEST_TMPDIR/image" >"$BATS_TEST_TMPDIR/loop"
	loop=$(<"$BATS_TEST_TMPDIR/loop")
	bundle sh -c 'cat /mnt/d/file && ! head -c 1 /dev/it 2>&1'
	mounts '{"destination":"/mnt/d","type":"erofs","source":"'"$loop"'","options":["ro"]}'
	edit '.linux.devices = [{"path":"/dev/it","type":"b","major":7,"minor":($minor | tonumber)}]' \
		--arg minor "${loop#/dev/loop}"
	for hooks in '{}' '{"createRuntime":[{"path":"/bin/true"}]}'; do
		edit '.hooks = $hooks' --argjson hooks "$hooks"
		runs
		[[ $output == content*"Operation not permitted" ]]
		# So it is where nothing but version 2 is mounted.
		run unshare -m --propagation private sh -c 'umount -l /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup &&
			exec creel --root "$@"' - "$CREEL_ROOT" run --bundle "$BUNDLE" "$NAME"
		echo "$output"
		[ "$status" -eq 0 ]
		[[ $output == content*"Operation not permitted" ]]
	done
}
