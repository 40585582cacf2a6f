#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What went wrong in other runtimes and their neighbours, as far as it concerns this one, and is not shown
# elsewhere; README.md says where.
# shellcheck disable=SC2016 # jq and the shell inside expand them

load helpers

setup() {
	requires root
	requires program jq
	setup_creel
	hostile_image
	make_canary
	PATTERN=$(cat /proc/sys/kernel/core_pattern)
}

teardown() {
	race_over
	# On a runtime that fails here it is the host's that has changed.
	! grep -q evil /proc/sys/kernel/core_pattern || echo "$PATTERN" >/proc/sys/kernel/core_pattern
	teardown_creel
}

started() {
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
}

privileged() {
	edit '.process.capabilities |= map_values($all)
		| .process.noNewPrivileges = false | .linux.maskedPaths = [] | .linux.readonlyPaths = []' \
		--argjson all "$(capsh_names)"
}

# The capabilities that this process has: others cannot be granted.
capsh_names() {
	jq -n --arg bits "$(awk '/CapBnd/ { print $2 }' /proc/self/status)" '
		["CHOWN","DAC_OVERRIDE","DAC_READ_SEARCH","FOWNER","FSETID","KILL","SETGID","SETUID","SETPCAP",
		"LINUX_IMMUTABLE","NET_BIND_SERVICE","NET_BROADCAST","NET_ADMIN","NET_RAW","IPC_LOCK","IPC_OWNER",
		"SYS_MODULE","SYS_RAWIO","SYS_CHROOT","SYS_PTRACE","SYS_PACCT","SYS_ADMIN"] | map("CAP_" + .)'
}

# unlocked_by HOW...: the attacker of tests/tools/unlock.c as the container's program while HOW runs creel in it.
unlocked_by() {
	local digest
	mkdir -p "$BATS_TEST_TMPDIR/bin" "$IMAGE/slow"
	cp "$(command -v creel)" "$BATS_TEST_TMPDIR/bin/creel"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	digest=$(sha256sum <"$BATS_TEST_TMPDIR/bin/creel")
	cp "$BUILD_DIR/tests/tools/unlock" "$IMAGE/bin/unlock"
	ln -sf /proc/self/exe "$IMAGE/bin/itself"
	# What holds creel up once it runs inside: a document that never comes.
	[ -p "$IMAGE/slow/config.json" ] || mkfifo "$IMAGE/slow/config.json"
	c run --detach --bundle "$BUNDLE" "$NAME" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&-
	"$@"
	wait_for grep -q -e 'done' -e 'nothing caught' "$BATS_TEST_TMPDIR/out"
	cat "$BATS_TEST_TMPDIR/out"
	grep -q caught "$BATS_TEST_TMPDIR/out"
	refute grep written "$BATS_TEST_TMPDIR/out"
	[ "$(sha256sum <"$BATS_TEST_TMPDIR/bin/creel")" = "$digest" ]
}

exec_itself() {
	timeout 30 creel --root "$CREEL_ROOT" exec "$NAME" /bin/itself run --bundle /slow x >/dev/null 2>&1 3>&- &
}

@test "CVE-2019-5736: exec of /proc/self/exe, with every capability: the program cannot be opened for writing" {
	hostile /bin/unlock /bin/unlock
	privileged
	unlocked_by exec_itself
}

# A second container whose first process waits for start, in the pid namespace of the first.
wait_in_its_pidns() {
	bundle sleep 1000
	edit '(.linux.namespaces[] | select(.type == "pid")).path = $p | .linux.cgroupsPath += "-2"' \
		--arg p "/proc/$(c state "$NAME" | jq .pid)/ns/pid"
	# The attacker kills it, too, once he has what he wants.
	c create --bundle "$BUNDLE" "$NAME-2" >/dev/null 2>&1 3>&- || true
}

@test "CVE-2019-5736: a first process that waits in a shared pid namespace, seen with ptrace rights" {
	hostile /bin/unlock /bin/unlock
	privileged
	unlocked_by wait_in_its_pidns
}

@test "CVE-2019-5736: where mounts cannot be cloned and a copy in memory runs" {
	requires program no_syscall
	hostile /bin/unlock /bin/unlock
	privileged
	unlocked_by exec_copy
}

exec_copy() {
	timeout 30 no_syscall open_tree -- creel --root "$CREEL_ROOT" exec "$NAME" /bin/itself run --bundle /slow x \
		>/dev/null 2>&1 3>&- &
}

# A script whose interpreter is the runtime, which then waits for ever for somebody to read its log.
entry_of_itself() {
	printf '#!/proc/self/exe --log=/slow/config.json\n' >"$IMAGE/bin/entry"
	chmod +x "$IMAGE/bin/entry"
}

exec_entry() {
	entry_of_itself
	timeout 30 creel --root "$CREEL_ROOT" exec "$NAME" /bin/entry >/dev/null 2>&1 3>&- &
}

# A second container in the pid namespace of the first.
run_entry() {
	entry_of_itself
	hostile /bin/entry
	privileged
	edit '(.linux.namespaces[] | select(.type == "pid")).path = $p | .linux.cgroupsPath += "-2"' \
		--arg p "/proc/$(c state "$NAME" | jq .pid)/ns/pid"
	timeout 30 creel --root "$CREEL_ROOT" run --bundle "$BUNDLE" "$NAME-2" >/dev/null 2>&1 3>&- &
}

@test "CVE-2019-5736: exec of a script of /proc/self/exe" {
	hostile /bin/unlock /bin/unlock
	privileged
	unlocked_by exec_entry
}

@test "CVE-2019-5736: an entry point that is a script of /proc/self/exe" {
	hostile /bin/unlock /bin/unlock
	privileged
	unlocked_by run_entry
}

@test "CVE-2022-29162: a program with file capabilities gives a user none that he was not given" {
	requires program setcap
	mkdir "$IMAGE/capped"
	cp "$IMAGE/bin/busybox" "$IMAGE/capped/"
	setcap cap_net_raw+ei "$IMAGE/capped/busybox"
	hostile /capped/busybox grep -E '^(CapInh|CapPrm|CapEff|CapAmb):' /proc/self/status
	edit '.process.user = {"uid": 1000, "gid": 1000} | .process.noNewPrivileges = false | .process.capabilities = {
		"bounding": ["CAP_NET_RAW", "CAP_CHOWN"], "permitted": ["CAP_NET_RAW"], "effective": ["CAP_NET_RAW"]}'
	runs
	[ "$(tr -s '\t\n' '  ' <<<"$output")" = "CapInh: 0000000000000000 CapPrm: 0000000000000000 CapEff: 0000000000000000 CapAmb: 0000000000000000 " ]
	edit '.process.args = ["sleep", "1000"]'
	started
	run c exec --user 1000 --cap CAP_NET_RAW "$NAME" /capped/busybox grep -E '^(CapInh|CapEff):' /proc/self/status
	echo "$output"
	[ "$(tr -s '\t\n' '  ' <<<"$output")" = "CapInh: 0000000000000000 CapEff: 0000000000000000 " ]
}

@test "CVE-2022-0811: what is put together into a text cannot end it and begin another" {
	hostile true
	local value
	for value in '1+kernel.core_pattern=|/evil' $'1\nkernel.core_pattern=x' $'1\r2' '1 = 2'; do
		edit '.linux.sysctl = {"net.ipv4.ip_forward": $v}' --arg v "$value"
		run c run --bundle "$BUNDLE" "$NAME"
		echo "$output"
		[ "$status" -eq 1 ]
		nothing_left
	done
	refute grep -q evil /proc/sys/kernel/core_pattern
	for key in 'kernel.core_pattern' 'kernel/core_pattern' 'net.ipv4.ip_forward=1+kernel.core_pattern' 'net..ipv4' \
		'net/../kernel/core_pattern' '/net/ipv4/ip_forward' $'net.ipv4.ip_forward\n' 'net.ipv4/../../kernel/core_pattern' \
		'kernel.panic' 'vm.overcommit_memory' 'fs.file-max' 'kernel.shm_rmid_forced/../core_pattern'; do
		edit '.linux.sysctl = {($k): "|/evil"}' --arg k "$key"
		run c run --bundle "$BUNDLE" "$NAME"
		echo "$key: $output"
		[ "$status" -eq 1 ]
		nothing_left
	done
	refute grep -q evil /proc/sys/kernel/core_pattern
}

@test "CVE-2022-4318: a HOME of two lines writes no second line anywhere" {
	hostile sh -c 'cat /etc/passwd; echo "$HOME" | wc -l'
	cp "$IMAGE/etc/passwd" "$BATS_TEST_TMPDIR/passwd"
	edit '.process.env += ["HOME=x\nevil::0:0::/:/bin/sh"]'
	runs
	[[ $output != *$'\nevil'* ]]
	cmp "$IMAGE/etc/passwd" "$BATS_TEST_TMPDIR/passwd"
}

@test "CVE-2024-3154: an annotation is nobody's unit property where there is no unit" {
	hostile true
	edit '.annotations = {"org.systemd.property.ExecStartPre": "[[\"/bin/touch\", \"\($c)/pwned\"]]",
		"org.systemd.property.x\nExecStop": "1"}' --arg c "$CANARY"
	runs
	canary_untouched
	nothing_left
}

@test "CVE-2022-1708: endless output and a reader who has stopped cost creel little memory" {
	local pid peak
	hostile sleep 1000
	started
	mkfifo "$BATS_TEST_TMPDIR/stalled"
	sleep 1000 <"$BATS_TEST_TMPDIR/stalled" 3>&- &
	reader=$!
	script -qfec "creel --root $CREEL_ROOT exec --tty $NAME yes" /dev/null >"$BATS_TEST_TMPDIR/stalled" 2>/dev/null 3>&- </dev/null &
	writer=$!
	# The oldest: for a moment its child looks the same.
	wait_for pgrep -o -f "^creel --root $CREEL_ROOT exec"
	pid=$(pgrep -o -f "^creel --root $CREEL_ROOT exec")
	sleep 0.7
	peak=$(awk '/VmHWM/ { print $2 }' "/proc/$pid/status")
	fds=$(find "/proc/$pid/fd" -mindepth 1 | wc -l)
	kill "$reader" "$writer" 2>/dev/null || true
	echo "peak $peak KiB, $fds descriptors"
	[ "$peak" -lt 16384 ]
	[ "$fds" -lt 64 ]
}

@test "CVE-2023-25809: without a cgroup namespace nobody writes to the groups above, as a mapped user neither" {
	hostile sh -c 'for f in $(find /sys/fs/cgroup -name cgroup.procs); do { echo 0 >"$f"; } 2>/dev/null && echo "wrote $f"; done
		find /sys/fs/cgroup -maxdepth 1 -mindepth 1 -type d | while read -r d; do
			mkdir "$d/evil" 2>/dev/null && echo "made $d/evil"; done; true'
	for ns in cgroup none; do
		for user in '' mapped; do
			edit '.linux.namespaces |= map(select(.type != $n))' --arg n "$ns"
			[ -z "$user" ] || {
				edit '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000,
					"size": 65536}] | .linux.gidMappings = .linux.uidMappings'
				chown -R 100000:100000 "$IMAGE"
			}
			run c run --bundle "$BUNDLE" "$NAME"
			echo "$ns $user: $output"
			[[ $output != *wrote* && $output != *made* ]]
			edit '.linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings, .linux.gidMappings)'
			nothing_left
		done
	done
}

@test "CVE-2025-24965, CVE-2025-31133: every name that is made in an image, as a link to the host" {
	local name link
	hostile true
	# No fresh /dev that would hide it.
	edit '.mounts |= map(select(.destination | startswith("/dev") | not)) | .linux.maskedPaths = ["/proc/keys"]
		| .process.cwd = "/cwd" | .mounts += [
		{"destination": "/data/sub", "type": "tmpfs", "source": "t"},
		{"destination": "/etc/hosts", "source": "/etc/hostname", "options": ["bind"]},
		{"destination": "/etc/resolv.conf", "source": "/etc/hostname", "options": ["bind"]}]
		| .linux.devices = [{"path": "/dev/null", "type": "c", "major": 1, "minor": 3, "uid": 3, "gid": 3},
			{"path": "/dev/x/fuse", "type": "c", "major": 10, "minor": 229}]'
	for name in dev/null dev/zero dev/full dev/random dev/urandom dev/tty dev/console dev/ptmx dev/fd dev/stdin \
		dev/stdout dev/stderr dev/core dev/pts dev/shm dev/mqueue dev/x run/notify etc/hosts etc/hostname \
		etc/resolv.conf data data/sub cwd dev run etc; do
		rm -rf "${IMAGE:?}"/{dev,data,cwd,etc,run}
		mkdir -p "$IMAGE"/{dev,etc,run}
		for link in "$CANARY/made-$(basename "$name")" "../../../../../../../../../../..$CANARY"; do
			replace "$name" "$link"
			NOTIFY_SOCKET=$BATS_TEST_TMPDIR/notify run c run --bundle "$BUNDLE" "$NAME"
			echo "$name: $status $output"
			canary_untouched
			[ ! -e "$CREEL_ROOT/$NAME" ]
		done
	done
	nothing_left
}

@test "CVE-2025-31133: /dev/null of a shared /dev that somebody exchanges for a kernel file" {
	local dev=$BATS_TEST_TMPDIR/dev i
	mkdir "$dev"
	mknod -m 666 "$dev/null" c 1 3
	ln -s /proc/sys/kernel/core_pattern "$dev/other"
	mkfifo "$dev/fifo"
	hostile sh -c '{ echo evil >/proc/timer_list; } 2>/dev/null; echo evil >/proc/keys; grep -c . /proc/timer_list /proc/keys
		stat -c "%t:%T %F" /proc/keys'
	edit '.mounts |= map(select(.destination | startswith("/dev") | not))
		| .mounts += [{"destination": "/dev", "type": "bind", "source": $s, "options": ["rbind"]}]
		| .linux.maskedPaths = ["/proc/keys", "/proc/timer_list"]' --arg s "$dev"
	race "$dev/null" "$dev/other"
	for ((i = 0; i < $(full 1000 15); i++)); do
		run c run --bundle "$BUNDLE" "$NAME"
		[[ $status -ne 0 || $output == *"0:0"* || $output == *"1:3 character special"* ]] || {
			echo "round $i: $output" >&2
			return 1
		}
	done
	race_over
	refute grep -q evil /proc/sys/kernel/core_pattern
	# What is no device is never taken for one, and nobody waits for a fifo.
	rm "$dev/null"
	mv "$dev/fifo" "$dev/null"
	run timeout -s KILL 100 creel --root "$CREEL_ROOT" run --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"'/dev/null' is not the null device"* ]]
	nothing_left
}

@test "masked and read-only paths hold, whatever is under them, for every spelling" {
	mkdir -p "$IMAGE/secret/dir" "$IMAGE/ro/sub"
	echo secret | tee "$IMAGE/secret/file" "$IMAGE/secret/dir/file" "$IMAGE/ro/file" >/dev/null
	ln -s secret/file "$IMAGE/link"
	ln -s /secret/dir "$IMAGE/dirlink"
	mkfifo "$IMAGE/secret/fifo"
	hostile sh -c 'cat /secret/file /secret/dir/file /link /dirlink/* 2>/dev/null
		for f in /ro/file /ro/new /ro/sub/new /secret/dir/new; do { echo changed >$f; } 2>/dev/null && echo "wrote $f"; done
		{ echo changed >/secret/file; } 2>/dev/null; chmod 666 /secret/file 2>/dev/null && echo "chmod"
		umount /secret/file 2>/dev/null && echo umounted; mount -o remount,rw,bind /ro 2>/dev/null && echo remounted
		mv /ro /moved 2>/dev/null && echo moved; rm -rf /secret 2>/dev/null; true'
	for spelling in '["/secret/file", "/secret/dir", "/secret/fifo"]' '["/link", "/dirlink/", "//secret//file", "/secret/./dir"]' \
		'["/secret/../secret/file", "/../secret/dir", "/secret/file", "/secret/file"]'; do
		edit '.linux.maskedPaths += ($m | fromjson) | .linux.readonlyPaths += ["/ro", "/no/such", "/ro/../ro"]' --arg m "$spelling"
		run c run --bundle "$BUNDLE" "$NAME"
		echo "$spelling: $output"
		[ "$status" -eq 0 ]
		[ -z "$output" ]
	done
	[ "$(cat "$IMAGE/secret/file" "$IMAGE/ro/file")" = $'secret\nsecret' ]
}

@test "crun 1.28: exec --cgroup stays below, also through what the container makes there" {
	hostile sleep 1000
	started
	for path in ../.. .. /../.. sub/../../.. /sys/fs/cgroup ../"$NAME" ./..; do
		run c exec --cgroup "$path" "$NAME" cat /proc/self/cgroup
		echo "$path: $status $output"
		[ "$status" -eq 255 ]
	done
}

@test "GHSA-7ww5-4wqc-m92c: what a new configuration masks is what engines mask" {
	local path
	bundle true
	for path in /proc/acpi /proc/asound /proc/interrupts /proc/kcore /proc/keys /proc/latency_stats /proc/timer_list \
		/proc/timer_stats /proc/sched_debug /proc/scsi /sys/firmware /sys/devices/virtual/powercap; do
		jq -e --arg p "$path" '.linux.maskedPaths | index($p)' "$BUNDLE/config.json" >/dev/null
	done
	for path in /proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger; do
		jq -e --arg p "$path" '.linux.readonlyPaths | index($p)' "$BUNDLE/config.json" >/dev/null
	done
	# ... and none of the engines' that we keep for comparison masks more.
	for f in "$SRC_DIR"/tests/data/bundles/{docker,containerd}-default.json; do
		jq -r '.linux.maskedPaths[]?' "$f"
	done | grep -v '/thermal_throttle$' | sort -u >"$BATS_TEST_TMPDIR/theirs"
	comm -23 "$BATS_TEST_TMPDIR/theirs" <(jq -r '.linux.maskedPaths[]' "$BUNDLE/config.json" | sort -u)
	[ -z "$(comm -23 "$BATS_TEST_TMPDIR/theirs" <(jq -r '.linux.maskedPaths[]' "$BUNDLE/config.json" | sort -u))" ]
}

@test "CVE-2024-23651: delete follows no link that a mountpoint has become" {
	hostile sleep 1000
	edit '.mounts += [{"destination": "/data/made", "type": "tmpfs", "source": "t"},
		{"destination": "/etc/made", "source": "/etc/hostname", "options": ["bind"]}] | .process.cwd = "/made/cwd"'
	started
	rm -rf "$IMAGE/data" "$IMAGE/etc/made" "$IMAGE/made"
	ln -s "$CANARY" "$IMAGE/data"
	ln -s "$CANARY/file" "$IMAGE/etc/made"
	ln -s "$CANARY" "$IMAGE/made"
	c delete --force "$NAME"
	canary_untouched
	nothing_left
}

@test "a mount that is removed from a running container is not another one that it put in its place" {
	mkdir -p "$IMAGE/a"
	echo volume >"$BATS_TEST_TMPDIR/volume"
	hostile sh -c 'mv /a /gone && ln -s /proc /a && touch /moved; sleep 1000'
	edit '.mounts += [{"destination": "/a/keys", "type": "bind", "source": $v, "options": ["rbind"]}]' --arg v "$BATS_TEST_TMPDIR/volume"
	started
	wait_for test -e "$IMAGE/moved"
	run c mounts remove "$NAME" -v /a/keys
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"'/a/keys' leads to '/proc/keys' now"* ]]
	c exec "$NAME" grep -q ' /proc/keys ' /proc/self/mounts
	# What is in its place can be removed.
	c exec "$NAME" sh -c 'rm /a && mv /gone /a'
	c mounts remove "$NAME" -v /a/keys
}

@test "CVE-2016-9962: a container that looks at every new process sees neither the host nor its programs" {
	cp "$BUILD_DIR/tests/tools/peep" "$IMAGE/bin/peep"
	hostile /bin/peep "$CANARY/file" exe
	c run --detach --bundle "$BUNDLE" "$NAME" >"$BATS_TEST_TMPDIR/out" 2>/dev/null 3>&-
	for ((i = 0; i < $(full 500 40); i++)); do
		c exec "$NAME" true </dev/null >/dev/null 2>&1
	done
	touch "$IMAGE/stop"
	wait_for grep -q over "$BATS_TEST_TMPDIR/out"
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = over ]
}

@test "CVE-2016-9962: exec brings no process with the host's root in sight of a container that may trace" {
	cp "$BUILD_DIR/tests/tools/peep" "$IMAGE/bin/peep"
	hostile /bin/peep "$CANARY/file"
	edit '.process.capabilities |= map_values(. + ["CAP_SYS_PTRACE"])'
	c run --detach --bundle "$BUNDLE" "$NAME" >"$BATS_TEST_TMPDIR/out" 2>/dev/null 3>&-
	for ((i = 0; i < $(full 500 40); i++)); do
		# The label cannot be set everywhere; it is what a procfs is opened for.
		c exec --apparmor unconfined "$NAME" true </dev/null >/dev/null 2>&1 || true
		c exec "$NAME" true </dev/null >/dev/null 2>&1
	done
	touch "$IMAGE/stop"
	wait_for grep -q over "$BATS_TEST_TMPDIR/out"
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = over ]
}

@test "CVE-2016-9962: nor in sight of a process to which an earlier exec gave that right" {
	cp "$BUILD_DIR/tests/tools/peep" "$IMAGE/bin/peep"
	hostile sleep 1000
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	c exec --detach --cap CAP_SYS_PTRACE "$NAME" /bin/peep "$CANARY/file" \
		>"$BATS_TEST_TMPDIR/out" 2>/dev/null 3>&-
	for ((i = 0; i < $(full 500 40); i++)); do
		c exec "$NAME" true </dev/null >/dev/null 2>&1
	done
	touch "$IMAGE/stop"
	wait_for grep -q over "$BATS_TEST_TMPDIR/out"
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = over ]
}
