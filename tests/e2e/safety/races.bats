#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Somebody exchanges a directory of a shared volume with a link to the host, for ever, while containers start
# in it (CVE-2021-30465, CVE-2024-45310, CVE-2025-52565, CVE-2025-31133, and 2019-19921 as first found).
# Nothing may be made, changed or read in the host's directory.  Each is run with the calls of new kernels,
# with the walk that stands in for openat2(2), and with mount(2) alone.

load helpers

setup() {
	requires root
	setup_creel
	hostile_image
	make_canary
	echo 'root:x:0:0::/leaked:/bin/sh' >"$CANARY/passwd"
	cp "$IMAGE/bin/busybox" "$CANARY/prog"
	mkdir -p "$CANARY/dev/pts"
	echo untouched | tee "$CANARY"/dev/{ptmx,null,console} "$CANARY"/dev/pts/ptmx >/dev/null
	CANARY_BEFORE=$(picture "$CANARY")
	ASTRAY=$BATS_TEST_TMPDIR/astray
	VOLUME=$BATS_TEST_TMPDIR/volume
	mkdir -p "$VOLUME/dir"/{dev,pts} "$IMAGE/vol"
	echo mine >"$VOLUME/dir/file"
	ln -s "../../../../../../../../../../../../../..$CANARY" "$VOLUME/up"
	ln -s "$CANARY" "$VOLUME/link"
	ROUNDS=$(full 400 2)
}

teardown() {
	race_over
	teardown_creel
}

# raced PROGRAM [ARG...]: a bundle with the volume on /vol.
raced() {
	hostile "$@"
	# Before the pivot a mount that was led astray is in sight of a hook.
	edit '.mounts += [{"destination": "/vol", "type": "bind", "source": $v, "options": ["rbind"]}]
		| .hooks.createContainer = [{"path": "/bin/busybox", "args": ["busybox", "awk",
			"index($5, canary) == 1 { print $5 >>log_ }", "canary=" + $c, "log_=" + $l, "/proc/self/mountinfo"]}]' \
		--arg v "$VOLUME" --arg c "$CANARY" --arg l "$ASTRAY"
}

# host_unharmed: nothing in the host's directory changed, and nothing was mounted on it.
host_unharmed() {
	canary_untouched
	[ ! -e "$ASTRAY" ] || {
		cat "$ASTRAY" >&2
		return 1
	}
}

modes=('' 'openat2' 'openat2,open_tree,move_mount,fsopen,fsconfig,mount_setattr')

# creel_in MODE ARG...: creel without the system calls MODE.
creel_in() {
	local mode=$1
	shift
	if [ -n "$mode" ]; then
		no_syscall "$mode" -- creel --root "$CREEL_ROOT" "$@"
	else
		creel --root "$CREEL_ROOT" "$@"
	fi
}

# starts CHECK: many starts; a start may be refused, and CHECK sees what those said that were not.
starts() {
	local i link mode good=0
	for link in link up; do
		race "$VOLUME/dir" "$VOLUME/$link"
		for mode in "${modes[@]}"; do
			for ((i = 0; i < ROUNDS; i++)); do
				run creel_in "$mode" run --bundle "$BUNDLE" "$NAME"
				[ "$status" -ne 0 ] || good=$((good + 1))
				"$1" || {
					echo "round $i, $link, without '$mode': status $status: $output" >&2
					return 1
				}
			done
		done
		race_over
		host_unharmed
	done
	nothing_left
	# A race that stops every start would prove nothing.
	echo "# $BATS_TEST_DESCRIPTION: $good of $((2 * ${#modes[@]} * ROUNDS)) started" >>"${SAFETY_REPORT:-/dev/null}"
	[ "$good" -gt 0 ]
}

anything() {
	:
}

nothing_of_the_host() {
	[[ $output != *untouched* && $output != *leaked* ]]
}

@test "directories and files are made for mounts below what is exchanged" {
	raced true
	edit '.mounts += [{"destination": "/vol/dir/made/tmp", "type": "tmpfs", "source": "t"},
		{"destination": "/vol/dir/hosts", "type": "bind", "source": "/etc/hostname", "options": ["bind", "ro"]},
		{"destination": "/vol/dir/new/hosts", "type": "bind", "source": "/etc/hostname", "options": ["bind"]}]'
	starts anything
}

@test "a mount goes on what is exchanged itself" {
	raced cat /vol/dir/file /vol/dir/passwd
	edit '.mounts += [{"destination": "/vol/dir", "type": "tmpfs", "source": "t"},
		{"destination": "/vol/dir/file", "type": "bind", "source": "/etc/hostname", "options": ["bind", "ro"]}]'
	edit '.process.args = ["sh", "-c", "cat /vol/dir/passwd; true"]'
	starts nothing_of_the_host
}

# A file system of its own on the canary, in sight of creel alone: what is written into is seen, whoever
# changes its flags.
on_a_mounted_canary() {
	unshare -m --propagation private bash -c 'mount -t tmpfs canary "$1" || exit 9
		"${@:3}" >"$2" 2>&1
		touch "$1/still-writable"' - "$CANARY" "$BATS_TEST_TMPDIR/said" "$@"
}

@test "a remount" {
	local i link
	raced true
	edit '.mounts += [{"destination": "/vol/dir", "type": "none", "options": ["remount", "ro"]}]'
	# Nothing is mounted there: refused, but never done on the host's.
	for link in link up; do
		race "$VOLUME/dir" "$VOLUME/$link"
		for ((i = 0; i < 3 * ROUNDS; i++)); do
			on_a_mounted_canary creel --root "$CREEL_ROOT" run --bundle "$BUNDLE" "$NAME"
			grep -q "remount none on '/vol/dir'" "$BATS_TEST_TMPDIR/said"
			host_unharmed
			nothing_left
		done
		race_over
	done
}

@test "devices" {
	raced true
	edit '.linux.devices = [{"path": "/vol/dir/made/null0", "type": "c", "major": 1, "minor": 3, "uid": 7, "gid": 7},
		{"path": "/vol/dir/null1", "type": "c", "major": 1, "minor": 3, "fileMode": 438, "uid": 7, "gid": 7},
		{"path": "/vol/dir/fifo", "type": "p", "uid": 7, "gid": 7}]'
	starts anything
}

@test "the working directory is made, and entered" {
	raced sh -c 'pwd; cat file ../file ../../file 2>/dev/null; true'
	edit '.process.cwd = "/vol/dir/made/cwd"'
	starts nothing_of_the_host
	edit '.process.cwd = "/vol/dir"'
	starts nothing_of_the_host
}

@test "masked and read-only paths" {
	raced sh -c 'cat /vol/dir/passwd 2>/dev/null; true'
	edit '.linux.maskedPaths += ["/vol/dir/file", "/vol/dir"] | .linux.readonlyPaths += ["/vol/dir/dev", "/vol/dir"]'
	starts nothing_of_the_host
	touch "$CANARY/still-writable"
	[ "$(cat "$CANARY/file")" = untouched ]
}

@test "tmpcopyup copies nothing of the host" {
	raced sh -c 'cat /vol/dir/* 2>/dev/null; true'
	edit '.mounts += [{"destination": "/vol/dir", "type": "tmpfs", "source": "t", "options": ["tmpcopyup"]}]'
	starts nothing_of_the_host
}

@test "/dev is a link to what is exchanged" {
	replace dev vol/dir/dev
	raced true
	edit '.mounts |= map(select(.destination | startswith("/dev") | not)) | .linux.maskedPaths = []'
	starts anything
	# ... with the mounts of an ordinary container.
	raced true
	edit '.mounts = [.mounts[-1]] + .mounts[:-1]'
	starts_perhaps
}

# starts, when it is right that none works.
starts_perhaps() {
	local i mode
	race "$VOLUME/dir" "$VOLUME/link"
	for mode in "${modes[@]}"; do
		for ((i = 0; i < ROUNDS; i++)); do
			run creel_in "$mode" run --bundle "$BUNDLE" "$NAME"
			nothing_of_the_host
		done
	done
	race_over
	host_unharmed
	nothing_left
}

@test "CVE-2025-52565: the terminal's devpts" {
	raced sh -c 'tty; cat /dev/console/x 2>/dev/null; true'
	ln -s vol/dir/pts "$IMAGE/pts"
	edit '.process.terminal = true | (.mounts[] | select(.destination == "/dev/pts") | .destination) = "/vol/dir/pts"
		| .mounts |= (map(select(.destination == "/vol")) + map(select(.destination != "/vol")))
		| .mounts += [{"destination": "/dev/pts", "type": "bind", "source": $v, "options": ["rbind"]}]' \
		--arg v "$VOLUME/dir"
	mkdir -p "$VOLUME/dir"
	race "$VOLUME/dir" "$VOLUME/link"
	for ((i = 0; i < ROUNDS; i++)); do
		run script -qec "creel --root $CREEL_ROOT run --bundle $BUNDLE $NAME" /dev/null
		nothing_of_the_host
	done
	race_over
	host_unharmed
}

@test "a cgroup mount, and the notify socket" {
	replace run vol/dir
	raced true
	# Also where the place is there already, on the other side of the link.
	mkdir "$CANARY/notify" && CANARY_BEFORE=$(picture "$CANARY")
	edit '.mounts += [{"destination": "/vol/dir/cg", "type": "cgroup", "source": "cgroup", "options": ["ro"]},
		{"destination": "/vol/dir/pts", "type": "cgroup", "source": "cgroup", "options": ["ro"]}]'
	export NOTIFY_SOCKET=$BATS_TEST_TMPDIR/notify
	starts anything
	unset NOTIFY_SOCKET
}

@test "the passwd file that names the home" {
	replace etc vol/dir
	raced sh -c 'echo "$HOME"'
	starts nothing_of_the_host
}

@test "exec: the working directory, the program, the passwd file" {
	local i link
	replace etc vol/dir
	cp "$IMAGE/bin/busybox" "$VOLUME/dir/prog"
	raced sleep 1000
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	for link in link up; do
		race "$VOLUME/dir" "$VOLUME/$link"
		for ((i = 0; i < 2 * ROUNDS; i++)); do
			run c exec --cwd /vol/dir "$NAME" sh -c 'cat passwd file ../file; echo "$HOME"'
			nothing_of_the_host
			run c exec --cwd /vol/dir/dev/../.. "$NAME" sh -c "/vol/dir/prog cat ../canary/file"
			nothing_of_the_host
		done
		race_over
	done
	host_unharmed
}

@test "created containers are started and deleted while it goes on" {
	local i
	raced sleep 1000
	edit '.mounts += [{"destination": "/vol/dir/made", "type": "tmpfs", "source": "t"},
		{"destination": "/vol/dir/pts", "type": "tmpfs", "source": "t"}]'
	race "$VOLUME/dir" "$VOLUME/link"
	for ((i = 0; i < ROUNDS; i++)); do
		c create --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&- || continue
		c start "$NAME"
		c delete --force "$NAME"
	done
	race_over
	nothing_at_all
	host_unharmed
}

# while_delayed CALL COMMAND...: run $BUNDLE with each CALL of its first process held up; COMMAND comes in between.
while_delayed() {
	local call=$1
	shift
	strace -f -o /dev/null -e trace="$call" -e inject="$call":delay_enter=300000 \
		creel --root "$CREEL_ROOT" run --bundle "$BUNDLE" "$NAME" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- </dev/null &
	"$@"
	wait $! || true
	cat "$BATS_TEST_TMPDIR/out"
}

swap_device() {
	local end=$((SECONDS + 60))
	until [ -c "$VOLUME/dir/null1" ] || [ "$SECONDS" -gt "$end" ]; do
		:
	done
	ln "$CANARY/file" "$VOLUME/victim"
	mv "$VOLUME/victim" "$VOLUME/dir/null1"
}

@test "a device that was replaced before its owner was set: what replaced it keeps its owner" {
	requires program strace
	raced true
	edit '.linux.devices = [{"path": "/vol/dir/null1", "type": "c", "major": 1, "minor": 3, "uid": 7, "gid": 7}]'
	while_delayed fchownat swap_device
	[ "$(stat -c %u "$CANARY/file")" = 0 ]
}

@test "tmpcopyup gives nobody's file the set-id bits of another" {
	local i
	requires program strace
	cp "$IMAGE/bin/busybox" "$VOLUME/dir/su"
	chmod 4755 "$VOLUME/dir/su"
	echo evil >"$VOLUME/evil"
	chown 1000 "$VOLUME/evil"
	chmod 755 "$VOLUME/evil"
	raced sh -c 'cd /vol/dir && [ -u su ] && [ "$(stat -c %s su)" -lt 10 ] && echo "evil is set-id"; true'
	edit '.mounts += [{"destination": "/vol/dir", "type": "tmpfs", "source": "t", "options": ["tmpcopyup"]}]'
	race "$VOLUME/dir/su" "$VOLUME/evil"
	# A slow stat(2) gives the racer its time.
	for ((i = 0; i < $(full 200 8); i++)); do
		run strace -f -o /dev/null -e trace=newfstatat -e inject=newfstatat:delay_exit=2000 \
			creel --root "$CREEL_ROOT" run --bundle "$BUNDLE" "$NAME"
		[[ $output != *"set-id"* ]] || {
			echo "round $i: $output" >&2
			return 1
		}
	done
	race_over
}
