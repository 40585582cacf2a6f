#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# checkpoint and restore against a criu of our own (tests/tools/fake_criu.c): what is asked for, what
# is done when it tells how far it is, and what becomes of everything when it fails.  The real one is
# in tests/guest/checkpoint.bats.

load ../helpers

setup() {
	requires root
	setup_creel
	IMAGE=$BATS_TEST_TMPDIR/image
	OUT=$BATS_TEST_TMPDIR/out
	mkdir -p "$BATS_TEST_TMPDIR/bin"
	ln -s "$BUILD_DIR/tests/tools/fake_criu" "$BATS_TEST_TMPDIR/bin/criu"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

teardown() {
	teardown_creel
}

# plain_bundle PROGRAM...: what the fake can restore: no masks, and every capability.
plain_bundle() {
	bundle "$@"
	edit '.process.capabilities[] = $caps | .process.noNewPrivileges = false | del(.linux.seccomp)
		| .linux.maskedPaths = [] | .linux.readonlyPaths = []' \
		--argjson caps "$(creel features | jq .linux.capabilities)"
}

# Start the container, its streams pipes or files.
start_container() {
	c run --detach --bundle "$BUNDLE" "$NAME" >"$OUT" 2>&1 </dev/null 3>&-
}

checkpoint() {
	c checkpoint --image-path "$IMAGE" "$@" "$NAME" 3>&-
}

restore() {
	c restore --image-path "$IMAGE" --bundle "$BUNDLE" "$@" "$NAME" 3>&-
}

# asked VERB LINE: the request had this line.
asked() {
	grep -qxF -- "$2" "$IMAGE/$1-request" || {
		echo "the $1 request has no '$2':" >&2
		cat "$IMAGE/$1-request" >&2
		return 1
	}
}

never_asked() {
	if grep -q -- "^$2" "$IMAGE/$1-request"; then
		echo "the $1 request has '$2'" >&2
		return 1
	fi
}

@test "a checkpoint deletes the container" {
	plain_bundle sleep 100
	start_container
	pid=$(c state "$NAME" | jq .pid)
	checkpoint
	asked dump "pid=$pid"
	asked dump "root=$ROOTFS"
	asked dump "log_file=dump.log"
	asked dump "notify_scripts=1"
	asked dump "empty_ns=1073741824"
	asked dump "manage_cgroups_mode=3"
	grep -q "^freeze_cgroup=/sys/fs/cgroup/.*/creel-e2e/$NAME$" "$IMAGE/dump-request"
	never_asked dump leave_running
	never_asked dump config_file
	[ "$(stat -c %a "$IMAGE")" = 700 ]
	nothing_left
}

@test "with --leave-running and --pre-dump it runs on" {
	plain_bundle sleep 100
	start_container
	checkpoint --leave-running
	asked dump leave_running=1
	[ "$(status_of "$NAME")" = running ]
	c checkpoint --image-path "$IMAGE/pre" --pre-dump "$NAME"
	[ "$(status_of "$NAME")" = running ]
	[ ! -e "$IMAGE/pre/descriptors.json" ]
	checkpoint --parent-path pre
	asked dump parent_img=pre
	asked dump track_mem=1
	nothing_left
}

@test "each option is passed on" {
	plain_bundle sleep 100
	start_container
	checkpoint --leave-running --tcp-established --tcp-skip-in-flight --link-remap --ext-unix-sk \
		--shell-job --file-locks --auto-dedup --manage-cgroups-mode full --network-lock skip \
		--empty-ns network --page-server 127.0.0.1:9 --work-path "$BATS_TEST_TMPDIR/work"
	for line in tcp_established tcp_skip_in_flight link_remap ext_unix_sk shell_job file_locks auto_dedup; do
		asked dump "$line=1"
	done
	asked dump manage_cgroups_mode=4
	asked dump network_lock=3
	asked dump "ps 127.0.0.1 9"
	[ -d "$BATS_TEST_TMPDIR/work" ]
	run checkpoint --empty-ns ipc
	[ "$status" -eq 1 ]
	[[ $output == *"'ipc' cannot be empty"* ]]
	for bad in 127.0.0.1 :9 127.0.0.1:0 127.0.0.1:65536 127.0.0.1:x; do
		run checkpoint --page-server "$bad"
		[ "$status" -eq 1 ]
		[[ $output == *"--page-server: '$bad' is not ADDRESS:PORT"* ]]
	done
	run checkpoint --parent-path /absolute
	[[ $output == *"--parent-path: '/absolute' is not relative to --image-path"* ]]
	run checkpoint --parent-path missing
	[[ $output == *"--parent-path"*"missing"*"No such file"* ]]
	[ "$(status_of "$NAME")" = running ]
}

@test "lazy pages: whoever waits at --status-fd is told" {
	plain_bundle sleep 100
	start_container
	run checkpoint --lazy-pages
	[[ $output == *"--lazy-pages needs --page-server"* ]]
	checkpoint --lazy-pages --page-server 127.0.0.1:9 --status-fd 7 7>"$BATS_TEST_TMPDIR/ready"
	[ "$(stat -c %s "$BATS_TEST_TMPDIR/ready")" -eq 1 ]
	asked dump lazy_pages=1
	never_asked dump status_fd
}

@test "what the kernel lacks is said before anything is asked" {
	plain_bundle sleep 100
	start_container
	export FAKE_CRIU_ACT=no-features
	run checkpoint --pre-dump
	[[ $output == *"tracks changed memory"* ]]
	run checkpoint --lazy-pages --page-server 127.0.0.1:9
	[[ $output == *"userfaultfd"* ]]
	[ ! -e "$IMAGE/dump-request" ]
}

@test "bind mounts, namespaces by path and the outside's files stay out of the image" {
	plain_bundle sleep 100
	mkdir -p "$BATS_TEST_TMPDIR/volume" "$ROOTFS/real-$NAME"
	ln -sfn "real-$NAME" "$ROOTFS/link-$NAME"
	edit '.mounts += [{destination: ("/link-" + $name), source: $v, options: ["bind"]}]' \
		--arg v "$BATS_TEST_TMPDIR/volume" --arg name "$NAME"
	unshare --net sleep 100 3>&- &
	holder=$!
	wait_for eval '[ "$(readlink /proc/self/ns/net)" != "$(readlink "/proc/$holder/ns/net")" ]'
	edit '(.linux.namespaces[] | select(.type == "network")).path = $p' --arg p "/proc/$holder/ns/net"
	inode=$(stat -Lc %i "/proc/$holder/ns/net")
	start_container
	checkpoint
	asked dump "external=mnt[/real-$NAME]:/link-$NAME"
	asked dump "external=net[$inode]:extRootNetNS"
	# Standard output is a file of the host, the null device one of the container.
	[ "$(grep -c '^external=file\[' "$IMAGE/dump-request")" -eq 2 ]
	[ "$(jq length "$IMAGE/descriptors.json")" -eq 3 ]
	restore --detach >"$OUT" 2>&1 </dev/null
	asked restore "external=mnt[/link-$NAME]:$BATS_TEST_TMPDIR/volume"
	asked restore "external=mnt[/real-$NAME]:$BATS_TEST_TMPDIR/volume"
	grep -q '^inherit_fd extRootNetNS [0-9]*$' "$IMAGE/restore-request"
	[ "$(grep -c '^inherit_fd ile\[' "$IMAGE/restore-request")" -eq 2 ]
	c delete --force "$NAME"
	FAKE_CRIU_ACT=no-joins run restore --detach
	[ "$status" -eq 1 ]
	[[ $output == *"its network namespace is not '/proc/$holder/ns/net'"* ]]
	kill "$holder"
}

@test "a terminal of the outside stays out of the image" {
	plain_bundle sleep 100
	script -qfc "creel --root $CREEL_ROOT run --detach --bundle $BUNDLE $NAME" /dev/null >"$OUT" 2>&1 </dev/null 3>&-
	checkpoint
	tty=$(jq -r '.[0]' "$IMAGE/descriptors.json")
	[[ $tty == tty\[88*:*\] ]]
	asked dump "external=$tty"
	script -qfc "creel --root $CREEL_ROOT restore --detach --image-path $IMAGE --bundle $BUNDLE $NAME" /dev/null \
		>"$OUT" 2>&1 </dev/null 3>&-
	grep -q "^inherit_fd ${tty//[/\\[} [0-9]*$" "$IMAGE/restore-request"
}

# criu leaves it locked when it dumps, unlocks it once when it restores, and locks what comes back empty.
@test "a network namespace by path is locked once, by the dump or by the restore" {
	plain_bundle sleep 100
	unshare --net sleep 100 3>&- &
	one=$!
	unshare --net sleep 100 3>&- &
	two=$!
	for holder in "$one" "$two"; do
		wait_for eval '[ "$(readlink /proc/self/ns/net)" != "$(readlink "/proc/$holder/ns/net")" ]'
	done
	edit '.linux.namespaces |= map(select(.type != "network")) + [{type: "network", path: $p}]' --arg p "/proc/$one/ns/net"
	start_container
	checkpoint --tcp-established
	restore --detach --tcp-established >"$OUT" 2>&1 </dev/null
	never_asked restore empty_ns
	c delete --force "$NAME"
	edit '(.linux.namespaces[] | select(.type == "network")).path = $p' --arg p "/proc/$two/ns/net"
	restore --detach >"$OUT" 2>&1 </dev/null
	never_asked restore empty_ns
	c delete --force "$NAME"
	restore --detach --tcp-established >"$OUT" 2>&1 </dev/null
	asked restore empty_ns=$((0x40000000))
	# One that is dumped and runs on is unlocked.
	checkpoint --tcp-established --leave-running
	c delete --force "$NAME"
	restore --detach --tcp-established >"$OUT" 2>&1 </dev/null
	asked restore empty_ns=$((0x40000000))
	kill "$one" "$two"
}

# criu restores it from inside, as its root.
@test "the images of a container in a user namespace are shown to its root" {
	requires userns
	plain_bundle sleep 100
	edit '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	start_container
	c checkpoint --pre-dump --image-path "$IMAGE-0" "$NAME" 3>&-
	checkpoint --parent-path ../image-0
	# As criu does.
	ln -s ../image-0 "$IMAGE/parent"
	touch "$IMAGE/restore-request"
	[ "$(stat -c %a "$IMAGE")" = 700 ]
	run restore --detach
	asked restore "images of 100000"
	asked restore "parent of 100000"
	[ "$(stat -c %u "$IMAGE")" -eq 0 ]
	# The false criu makes no user namespace.
	echo "$output"
	[[ $output == *"what the image holds is not what config.json allows"* ]]
	nothing_left
	# Where ids cannot be mapped, a directory that is closed to it says so.
	run no_syscall mount_setattr creel --root "$CREEL_ROOT" restore --detach --image-path "$IMAGE" --bundle "$BUNDLE" "$NAME" 3>&-
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"'$IMAGE' is closed to the root of the container's user namespace"*"chmod o+x"* ]]
	nothing_left
}

@test "a restored container is one like every other" {
	plain_bundle sh -c 'echo restored; exec sleep 100'
	edit '.annotations.key = "value"'
	start_container
	checkpoint
	nothing_left
	restore --detach --pid-file "$BATS_TEST_TMPDIR/pid" >"$OUT" 2>&1 </dev/null
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	[ "$(c state "$NAME" | jq -r '[.pid, .status, .annotations.key] | @text')" = "[$pid,\"running\",\"value\"]" ]
	asked restore rst_sibling=1
	asked restore log_file=restore.log
	grep -q "/creel-e2e/$NAME$" "/proc/$pid/cgroup"
	c pause "$NAME"
	[ "$(status_of "$NAME")" = paused ]
	c resume "$NAME"
	[ "$(c ps --format json "$NAME" | jq -c .)" = "[$pid]" ]
	c kill "$NAME" KILL
	wait_for has_status "$NAME" stopped
	c delete "$NAME"
	nothing_left
}

@test "in the foreground restore gives the container's exit status and deletes it" {
	plain_bundle sh -c 'read -r x; exit 42'
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 8<>"$BATS_TEST_TMPDIR/fifo"
	c run --detach --bundle "$BUNDLE" "$NAME" <&8 >"$OUT" 2>&1 3>&- 8>&-
	checkpoint 8>&-
	exec 8>&-
	got=0
	restore </dev/null || got=$?
	[ "$got" -eq 42 ]
	nothing_left
}

@test "containerd's spelling of the command line is understood" {
	plain_bundle sleep 100
	start_container
	checkpoint --work-path "$IMAGE" --tcp-established --ext-unix-sk --shell-job --file-locks --empty-ns network
	c restore --image-path "$IMAGE" --work-path "$IMAGE" --detach --pid-file "$BATS_TEST_TMPDIR/pid" \
		-no-subreaper --no-pivot --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	[ "$(status_of "$NAME")" = running ]
}

# libpod and CRI-O ask before they offer it.
@test "engines that probe for checkpoint and restore find them" {
	creel checkpoint --help >/dev/null
	creel features | jq -e '.annotations["org.opencontainers.runc.checkpoint.enabled"] == "true"'
	run creel restore --lsm-mount-context
	[[ $output == *"flag needs an argument"* ]]
}

@test "restore's own options are passed on" {
	plain_bundle sleep 100
	start_container
	checkpoint
	restore --detach --tcp-close --lsm-profile apparmor:some --lsm-mount-context ctx --network-lock nftables \
		--lazy-pages --auto-dedup --file-locks --ext-unix-sk --manage-cgroups-mode props >"$OUT" 2>&1 </dev/null
	for line in tcp_close=1 lsm_profile=apparmor:some lsm_mount_context=ctx network_lock=2 lazy_pages=1 \
		auto_dedup=1 file_locks=1 ext_unix_sk=1 manage_cgroups_mode=2; do
		asked restore "$line"
	done
	c delete --force "$NAME"
	run restore --lsm-profile some
	[ "$status" -eq 1 ]
	[[ $output == *"'some' is neither apparmor:NAME nor selinux:LABEL"* ]]
	run restore --detach --manage-cgroups-mode ignore
	[ "$status" -eq 1 ]
	[[ $output == *"criu makes no cgroup namespace with --manage-cgroups-mode ignore"* ]]
	nothing_left
	edit 'del(.linux.namespaces[] | select(.type == "cgroup"))'
	restore --detach --manage-cgroups-mode ignore >"$OUT" 2>&1 </dev/null
	asked restore manage_cgroups_mode=0
}

@test "hooks run when the namespaces are there, and after the restore" {
	plain_bundle sleep 100
	edit '.hooks = ({} | .[("prestart", "createRuntime", "poststart", "poststop")] =
		[{path: "/bin/sh", args: ["sh", "-c", "cat >>\($log)"]}])' --arg log "$BATS_TEST_TMPDIR/hooks"
	start_container
	checkpoint
	rm "$BATS_TEST_TMPDIR/hooks"
	restore --detach --pid-file "$BATS_TEST_TMPDIR/pid" >"$OUT" 2>&1 </dev/null
	[ "$(jq -c '[.status, .pid]' <"$BATS_TEST_TMPDIR/hooks")" = "$(printf '["%s",%d]\n' \
		creating "$(cat "$BATS_TEST_TMPDIR/pid")" creating "$(cat "$BATS_TEST_TMPDIR/pid")" \
		running "$(cat "$BATS_TEST_TMPDIR/pid")")" ]
}

@test "a hook that fails ends the restore" {
	plain_bundle sleep 100
	start_container
	checkpoint
	edit '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", "echo no way >&2; exit 3"]}]'
	run restore --detach
	[ "$status" -eq 1 ]
	[[ $output == *"createRuntime"*"no way"* ]]
	nothing_left
}

@test "a terminal goes to the console socket" {
	plain_bundle sleep 100
	start_container
	checkpoint
	edit '.process.terminal = true'
	export FAKE_CRIU_ACT=terminal
	recvtty -p "$BATS_TEST_TMPDIR/name" "$BATS_TEST_TMPDIR/sock" >"$OUT" </dev/null 3>&- &
	wait_for test -S "$BATS_TEST_TMPDIR/sock"
	restore --detach --console-socket "$BATS_TEST_TMPDIR/sock" 2>&1 </dev/null
	wait_for grep -q '^/dev/pts/' "$BATS_TEST_TMPDIR/name"
	[ "$(status_of "$NAME")" = running ]
	c delete --force "$NAME"
	run restore --detach
	[[ $output == *"a detached container with a terminal needs --console-socket"* ]]
	edit '.process.terminal = false'
	run restore --detach
	[ "$status" -eq 1 ]
	[[ $output == *"the image has a terminal"* ]]
	nothing_left
}

@test "a criu that fails is quoted, and the container runs on" {
	plain_bundle sleep 100
	start_container
	declare -A said=(
		[fail]="criu dump failed: Can't lookup ?[31mmount; Dump files failed with -1 (see '$IMAGE/dump.log')"
		[fail-mutely]="criu dump failed: Invalid request code"
		[die]="criu exited with status 3 before it answered: the early reason"
		[garbage]="criu: criu_resp: notify: says it has 65535 bytes where 2 are left"
		[huge]="criu: receive a message: it is larger than expected"
		[wrong-type]="criu answers 'version' to 'dump'"
		[many-fds]="criu dump failed: Invalid request code"
		[no-version]="criu does not tell its version"
	)
	for act in "${!said[@]}"; do
		FAKE_CRIU_ACT=$act run checkpoint
		echo "$act: $output"
		[ "$status" -eq 1 ]
		[[ $output == "creel: error: checkpoint '$NAME': ${said[$act]}"* ]]
		[ "$(status_of "$NAME")" = running ]
		rm -f "$IMAGE/dump.log"
	done
	FAKE_CRIU_VERSION=3.14 run checkpoint
	[[ $output == *"criu 3.14 is too old: 3.15 or newer is needed"* ]]
}

@test "without criu it is said what to install" {
	plain_bundle sleep 100
	start_container
	PATH=$BUILD_DIR run checkpoint
	[ "$status" -eq 1 ]
	[[ $output == *"the program 'criu' is not in \$PATH: install it (package criu)"* ]]
}

@test "a criu that forgets noNewPrivileges does not get such a container" {
	plain_bundle sleep 100
	edit '.process.noNewPrivileges = true'
	start_container
	FAKE_CRIU_VERSION=3.18 run checkpoint
	[ "$status" -eq 1 ]
	[[ $output == *"criu 3.18 forgets process.noNewPrivileges: 3.19 or newer is needed"* ]]
	[ "$(status_of "$NAME")" = running ]
}

@test "a restore that fails leaves nothing" {
	plain_bundle sleep 100
	edit '.hooks.poststop = [{path: "/bin/touch", args: ["touch", $f]}]' --arg f "$BATS_TEST_TMPDIR/stopped"
	start_container
	checkpoint
	declare -A said=(
		[die]="criu exited with status 3 before it answered"
		[fail]="criu restore failed: Can't lookup"
		[fail-late]="criu restore failed: late reason (see '$IMAGE/restore.log')"
		[garbage]="criu: criu_resp: notify"
		[no-pid]="criu does not tell which process it restored"
		[no-terminal]="criu sends no terminal"
	)
	for act in "${!said[@]}"; do
		FAKE_CRIU_ACT=$act run restore --detach --pid-file "$BATS_TEST_TMPDIR/pid"
		echo "$act: $output"
		[ "$status" -eq 1 ]
		[[ $output == "creel: error: restore '$NAME': ${said[$act]}"* ]]
		[ ! -e "$BATS_TEST_TMPDIR/pid" ]
		nothing_left
	done
	run c restore --image-path "$IMAGE/missing" --bundle "$BUNDLE" "$NAME"
	[[ $output == *"--image-path"*"No such file"* ]]
	nothing_left
}

@test "a signal ends a checkpoint that hangs, and the container runs on" {
	plain_bundle sleep 100
	start_container
	FAKE_CRIU_ACT=hang creel --root "$CREEL_ROOT" checkpoint --image-path "$IMAGE" "$NAME" 2>"$OUT.err" 3>&- &
	pid=$!
	wait_for test -s "$IMAGE/dump.log"
	kill -TERM "$pid"
	got=0
	wait "$pid" || got=$?
	[ "$got" -eq 1 ]
	grep -q "interrupted by SIGTERM" "$OUT.err"
	[ "$(status_of "$NAME")" = running ]
}

@test "a criu that does not end after a restore is ended" {
	plain_bundle sleep 100
	start_container
	checkpoint
	FAKE_CRIU_ACT=stubborn run timeout 120 creel --root "$CREEL_ROOT" restore --detach --image-path "$IMAGE" \
		--bundle "$BUNDLE" "$NAME" 3>&-
	[ "$status" -eq 1 ]
	[[ $output == *"criu restore failed"* ]]
	nothing_left
}

@test "a restore that is killed leaves what delete --force clears" {
	plain_bundle sleep 100
	start_container
	checkpoint
	FAKE_CRIU_ACT=hang creel --root "$CREEL_ROOT" restore --image-path "$IMAGE" --bundle "$BUNDLE" "$NAME" \
		>/dev/null 2>&1 3>&- &
	pid=$!
	wait_for test -s "$IMAGE/restore.log"
	kill -KILL "$pid"
	wait "$pid" || true
	c delete --force "$NAME"
	nothing_left
}

@test "an image may not have more rights than config.json grants" {
	plain_bundle sleep 100
	start_container
	checkpoint
	cp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/config.json"
	refused() {
		run restore --detach
		echo "$output"
		[ "$status" -eq 1 ]
		[[ $output == *"what the image holds is not what config.json allows: "*"$1"* ]]
		nothing_left
		cp "$BATS_TEST_TMPDIR/config.json" "$BUNDLE/config.json"
	}
	edit '.process.capabilities[] = ["CAP_KILL"]'
	refused "CapBnd: has CAP_CHOWN, which is not granted"
	edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW"}'
	refused "it has no system call filter"
	edit '.process.noNewPrivileges = true'
	refused "it may gain privileges"
	# Root's files are its own without any right.
	edit '.process.noNewPrivileges = true | .process.user.uid = 1000 | .process.capabilities[] -= ["CAP_SETUID"]'
	refused "Uid: has 0, which is not of process.user"
	FAKE_CRIU_ACT=host-mounts refused "it is in the host's mount namespace"
	edit '.linux.maskedPaths = ["/proc/version"]'
	refused "'/proc/version' is not masked"
	edit '.linux.readonlyPaths = ["/proc/sys"]'
	refused "'/proc/sys' is not read-only"
	edit '.root.readonly = true'
	refused "'/' is not read-only"
	FAKE_CRIU_ACT=host-namespaces refused "it is in the host's"
	FAKE_CRIU_ACT=outside refused "is not in the container's control group"
	restore --detach >"$OUT" 2>&1 </dev/null
	[ "$(status_of "$NAME")" = running ]
}

@test "what an image calls descriptors is not obeyed" {
	plain_bundle sleep 100
	start_container
	checkpoint
	secret=$BATS_TEST_TMPDIR/secret
	echo '["x"]' >"$secret"
	printf '["extRootNetNS", "pipe:[1]x", "file[zz:1]", "/etc/shadow", "pipe:[7]"]' >"$IMAGE/descriptors.json"
	restore --detach >"$OUT" 2>&1 </dev/null
	never_asked restore inherit_fd
	c delete --force "$NAME"
	ln -sf "$secret" "$IMAGE/descriptors.json"
	run restore --detach
	[ "$status" -eq 1 ]
	[[ $output == *"descriptors.json"*"Too many levels of symbolic links"* ]]
	for bad in '{"a": 1}' '[1]' '[' "[$(printf '"x",%.0s' {1..64})\"x\"]"; do
		rm -f "$IMAGE/descriptors.json"
		printf '%s' "$bad" >"$IMAGE/descriptors.json"
		run restore --detach
		[ "$status" -eq 1 ]
		[[ $output == *"descriptors.json"* ]]
	done
	nothing_left
}

@test "criu's file of options: the annotation, and only one that nobody but the host's root can write" {
	plain_bundle sleep 100
	ours=$BATS_TEST_TMPDIR/criu.conf
	touch "$ours" "$ROOTFS/criu.conf"
	edit '.annotations["org.criu.config"] = "/etc/hosts"'
	start_container
	checkpoint --leave-running
	asked dump config_file=/etc/hosts
	chmod 666 "$ours"
	# shellcheck disable=SC2016 # expanded by the inner shell
	run unshare -m sh -c 'mount --bind "$1" /etc/hosts && shift && exec "$@"' - "$ours" \
		creel --root "$CREEL_ROOT" checkpoint --image-path "$IMAGE" "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"'/etc/hosts' is not a file that only root can write"* ]]
	creel features | jq -e '.potentiallyUnsafeConfigAnnotations | index("org.criu.config")'
	c delete --force "$NAME"

	# Root's, but it came with an image.
	ln -s /etc/hosts "$BATS_TEST_TMPDIR/link"
	for file in "$ROOTFS/criu.conf" "/etc/..$ROOTFS/criu.conf" "$BATS_TEST_TMPDIR/link"; do
		edit '.annotations["org.criu.config"] = $f' --arg f "$file"
		start_container
		run checkpoint
		[ "$status" -eq 1 ]
		[[ $output == *"annotation org.criu.config: '$file' is not below /etc or /usr"* ]]
		c delete --force "$NAME"
	done
}

@test "only a container that runs can be checkpointed, only a new one restored" {
	plain_bundle sleep 100
	c create --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	run checkpoint
	[ "$status" -eq 1 ]
	[[ $output == *"it is created"* ]]
	mkdir -p "$IMAGE"
	run restore --detach
	[[ $output == *"already exists"* ]]
	[ "$(status_of "$NAME")" = created ]
	c delete --force "$NAME"
	run checkpoint
	[[ $output == *"does not exist"* ]]
}

@test "a container with Landlock rules is not restored without them, and so not dumped" {
	bundle sleep 1000
	start_container
	checkpoint
	edit '.annotations["org.creel.landlock"] = "{\"handledAccessFs\": [\"make_dir\"]}"'
	run restore --detach
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"annotations.org.creel.landlock: criu does not know Landlock"* ]]
	nothing_left
	start_container
	run checkpoint
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"annotations.org.creel.landlock: criu does not know Landlock"* ]]
	[ "$(status_of "$NAME")" = running ]
}
