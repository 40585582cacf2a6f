#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# checkpoint and restore with the real criu, which wants a host it can work on.

load criu

@test "a container goes on counting where it was" {
	counting_bundle
	start_container
	wait_for counter_is_beyond 5
	checkpoint
	nothing_left
	before=$(count)
	sleep 0.5
	[ "$(count)" = "$before" ]
	restore --pid-file "$BATS_TEST_TMPDIR/pid"
	wait_for counter_is_beyond "$before"
	[ "$(count)" -lt $((before + 1000)) ]
	[ "$(status_of "$NAME")" = running ]
	# Every other verb works on it.
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	[ "$(pid_of "$NAME")" -eq "$pid" ]
	grep -q "/creel-e2e/$NAME$" "/proc/$pid/cgroup"
	[ "$(c exec "$NAME" readlink /proc/1/ns/time)" = "$(c exec "$NAME" readlink /proc/self/ns/time)" ]
	c exec "$NAME" sh -c 'ps | grep -c "i=0"' >/dev/null
	c pause "$NAME"
	before=$(count)
	sleep 0.5
	[ "$(count)" = "$before" ]
	c resume "$NAME"
	wait_for counter_is_beyond "$before"
	c kill "$NAME" KILL
	wait_for has_status "$NAME" stopped
	c delete "$NAME"
	nothing_left
}

@test "masks, read-only paths and volumes are there again" {
	criu_bundle sleep 100
	mkdir -p "$BATS_TEST_TMPDIR/volume/deep"
	edit '.mounts += [{destination: "/mnt/volume", source: $v, options: ["bind", "ro"]},
		{destination: "/mnt/volume/deep", type: "tmpfs", options: ["nosuid"]},
		{destination: "/mnt/file", source: "/etc/hostname", options: ["bind"]}]' --arg v "$BATS_TEST_TMPDIR/volume"
	start_container
	c exec "$NAME" sh -c 'echo kept >/mnt/volume/deep/file; sed "s/[^/]*\(.* - \)/\1/;s/ [a-z]*:[0-9]* / /" /proc/1/mountinfo | cut -d" " -f 2,3,4 | sort' \
		>"$BATS_TEST_TMPDIR/before"
	checkpoint
	restore
	c exec "$NAME" sh -c 'sed "s/[^/]*\(.* - \)/\1/;s/ [a-z]*:[0-9]* / /" /proc/1/mountinfo | cut -d" " -f 2,3,4 | sort' >"$BATS_TEST_TMPDIR/after"
	diff "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
	[ "$(c exec "$NAME" cat /mnt/volume/deep/file)" = kept ]
	[ "$(c exec "$NAME" cat /mnt/file)" = "$(cat /etc/hostname)" ]
	run c exec "$NAME" touch /mnt/volume/x
	[[ $output == *"Read-only file system"* ]]
	run c exec "$NAME" sh -c 'echo 1 >/proc/sys/kernel/panic'
	[[ $output == *"Read-only file system"* ]]
	[ -z "$(c exec "$NAME" cat /proc/kcore)" ]
}

@test "--leave-running leaves it running, and its image can be restored as another" {
	counting_bundle
	start_container
	wait_for counter_is_beyond 5
	checkpoint --leave-running
	before=$(count)
	wait_for counter_is_beyond "$before"
	c delete --force "$NAME"
	other_group
	restore_as "$NAME-other"
	wait_for has_status "$NAME-other" running
	grep -q "/creel-e2e/$NAME-other$" "/proc/$(pid_of "$NAME-other")/cgroup"
	c delete --force "$NAME-other"
	nothing_left
}

@test "pipes are given anew" {
	criu_bundle sh -c 'while read -r x; do echo "got $x"; done'
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 8<>"$BATS_TEST_TMPDIR/fifo"
	cat <&8 2>/dev/null 3>&- | c run --detach --bundle "$BUNDLE" "$NAME" 2>&1 3>&- 8>&- | cat >"$OUT" 3>&- 8>&- &
	wait_for has_status "$NAME" running
	echo one >&8
	wait_for grep -qx 'got one' "$OUT"
	checkpoint 8>&-
	jq -e 'all(startswith("pipe:["))' "$IMAGE/descriptors.json"
	(sleep 1; echo two; sleep 1) | c restore --image-path "$IMAGE" --bundle "$BUNDLE" "$NAME" 3>&- 8>&- >"$OUT.2" 2>&1
	grep -qx 'got two' "$OUT.2"
	nothing_left
	exec 8>&-
}

@test "FIFOs that somebody made outside are given anew" {
	criu_bundle sh -c 'while read -r x; do echo "got $x"; done'
	mkfifo "$BATS_TEST_TMPDIR"/{in,out,in2,out2}
	# As a shim for containerd does: it holds both ends.
	exec 7<>"$BATS_TEST_TMPDIR/in" 8<>"$BATS_TEST_TMPDIR/out"
	c run --detach --bundle "$BUNDLE" "$NAME" <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- 7>&- 8>&-
	echo one >&7
	read -r -t 120 line <&8
	[ "$line" = "got one" ]
	checkpoint 7>&- 8>&-
	jq -e 'all(startswith("file["))' "$IMAGE/descriptors.json"
	exec 7<>"$BATS_TEST_TMPDIR/in2" 8<>"$BATS_TEST_TMPDIR/out2"
	c restore --detach --image-path "$IMAGE" --bundle "$BUNDLE" "$NAME" \
		<"$BATS_TEST_TMPDIR/in2" >"$BATS_TEST_TMPDIR/out2" 2>&1 3>&- 7>&- 8>&-
	echo two >&7
	read -r -t 120 line <&8
	[ "$line" = "got two" ]
	c kill "$NAME" KILL
	wait_for has_status "$NAME" stopped
	c delete "$NAME"
	nothing_left
	exec 7>&- 8>&-
}

@test "a terminal comes back through the console socket" {
	criu_bundle sh -c 'while read -r x; do echo "got $x"; done'
	edit '.process.terminal = true'
	mkfifo "$BATS_TEST_TMPDIR/in"
	exec 8<>"$BATS_TEST_TMPDIR/in"
	recvtty "$BATS_TEST_TMPDIR/sock" <&8 >"$OUT" 3>&- &
	wait_for test -S "$BATS_TEST_TMPDIR/sock"
	c run --detach --bundle "$BUNDLE" --console-socket "$BATS_TEST_TMPDIR/sock" "$NAME" 3>&- 8>&-
	echo one >&8
	wait_for grep -q 'got one' "$OUT"
	checkpoint 8>&-
	recvtty "$BATS_TEST_TMPDIR/sock2" <&8 >"$OUT.2" 3>&- &
	wait_for test -S "$BATS_TEST_TMPDIR/sock2"
	c restore --detach --console-socket "$BATS_TEST_TMPDIR/sock2" --image-path "$IMAGE" --bundle "$BUNDLE" \
		"$NAME" 3>&- 8>&-
	echo two >&8
	wait_for grep -q 'got two' "$OUT.2"
	c delete --force "$NAME"
	exec 8>&-
}

@test "an established TCP connection survives" {
	requires program iptables-restore
	criu_bundle sh -c 'sleep 1000 | nc -l -p 7777 >/tmp/got & until netstat -ltn | grep -q :7777; do sleep 0.1; done; (i=0; while :; do i=$((i + 1)); echo $i; sleep 0.1; done) | nc 127.0.0.1 7777'
	edit 'del(.linux.namespaces[] | select(.type == "network"))'
	start_container
	wait_for test -s "$ROOTFS/tmp/got"
	run checkpoint
	[ "$status" -eq 1 ]
	echo "$output"
	[[ $output == *"criu dump failed:"* ]]
	[ "$(status_of "$NAME")" = running ]
	checkpoint --tcp-established
	before=$(tail -n 1 "$ROOTFS/tmp/got")
	restore --tcp-established
	last() { [ "$(tail -n 1 "$ROOTFS/tmp/got")" -gt "$1" ]; }
	wait_for last $((before + 10))
	# None was lost on the way.
	[ "$(head -n $((before + 10)) "$ROOTFS/tmp/got")" = "$(seq $((before + 10)))" ]
	c delete --force "$NAME"
	rm -f "$ROOTFS/tmp/got"
}

# It outlives the container, and with it whatever criu has locked there.
@test "a network namespace by path is joined again, and is not locked" {
	requires program iptables-restore
	local path=/run/netns/creel-$$
	in_path() {
		edit '(.linux.namespaces[] | select(.type == "network")).path = $p' --arg p "$path"
	}
	unlocked() {
		[ -z "$(ip netns exec "creel-$$" iptables-save | grep CRIU)" ]
	}
	ip netns add "creel-$$"
	ip -n "creel-$$" link set lo up
	criu_bundle sh -c "sleep 1000 | nc -l -p 7777 >/tmp/$NAME & until netstat -ltn | grep -q :7777; do sleep 0.1; done; (i=0; while :; do i=\$((i + 1)); echo \$i; sleep 0.1; done) | nc 127.0.0.1 7777"
	in_path
	start_container
	wait_for counter_is_beyond 2
	checkpoint --tcp-established
	before=$(count)
	restore --tcp-established
	[ "$(stat -Lc %i "/proc/$(pid_of "$NAME")/ns/net")" = "$(stat -Lc %i "$path")" ]
	wait_for counter_is_beyond "$before"
	unlocked
	c delete --force "$NAME"
	# With nothing to lock for.
	counting_bundle
	in_path
	start_container
	checkpoint
	restore
	unlocked
	c delete --force "$NAME"
	ip netns del "creel-$$"
}

@test "an image with more rights than config.json grants does not run" {
	counting_bundle
	start_container
	wait_for counter_is_beyond 2
	checkpoint
	before=$(count)
	edit '.process.capabilities[] = []'
	run c restore --detach --image-path "$IMAGE" --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"what the image holds is not what config.json allows"* ]]
	[ "$(count)" = "$before" ]
	nothing_left
}

@test "runc and creel restore each other's images" {
	requires program runc
	counting_bundle
	# runc gives new pipes to what had pipes, and knows of no other streams.
	piped() {
		sleep 1000 3>&- | "$@" 2>&1 3>&- | cat >>"$OUT" 3>&- &
	}
	piped creel --root "$CREEL_ROOT" run --detach --bundle "$BUNDLE" "$NAME"
	wait_for counter_is_beyond 5
	checkpoint
	before=$(count)
	piped runc --root "$BATS_TEST_TMPDIR/runc" restore --detach --image-path "$IMAGE" \
		--work-path "$IMAGE" --bundle "$BUNDLE" "$NAME"
	wait_for counter_is_beyond "$before" || {
		cat "$OUT"
		grep Error "$IMAGE/restore.log"
		false
	}
	runc --root "$BATS_TEST_TMPDIR/runc" checkpoint --image-path "$IMAGE-2" "$NAME"
	before=$(count)
	piped creel --root "$CREEL_ROOT" restore --detach --image-path "$IMAGE-2" --bundle "$BUNDLE" "$NAME"
	wait_for counter_is_beyond "$before" || {
		cat "$OUT"
		false
	}
	[ "$(status_of "$NAME")" = running ]
}
