#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Terminals: handed over by --console-socket, or ours to relay.

load ../helpers

setup() {
	requires root
	setup_creel
	SOCKET=$BATS_TEST_TMPDIR/console
	OUT=$BATS_TEST_TMPDIR/out
}

teardown() {
	teardown_creel
	[ -z "${LISTENER:-}" ] || kill "$LISTENER" 2>/dev/null || true
}

terminal_bundle() {
	bundle "$@"
	edit '.process.terminal = true'
}

listen() {
	recvtty -p "$BATS_TEST_TMPDIR/name" "$SOCKET" >"$OUT" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	LISTENER=$!
	wait_for test -S "$SOCKET"
}

@test "in the foreground newlines are translated once, by the terminal that shows them" {
	bundle printf 'one\ntwo\n'
	edit '.process.terminal = true'
	c run --bundle "$BUNDLE" "$NAME" >"$BATS_TEST_TMPDIR/out"
	cat -v "$BATS_TEST_TMPDIR/out"
	[ "$(od -An -c "$BATS_TEST_TMPDIR/out" | tr -d ' ')" = 'one\ntwo\n' ]
	script -qec "creel --root $CREEL_ROOT run --bundle $BUNDLE $NAME" /dev/null </dev/null >"$BATS_TEST_TMPDIR/out" ||
		{ cat -v "$BATS_TEST_TMPDIR/out" && false; }
	# script(1) has an echo of the end of its input in between.
	[ "$(sed 's/\^@//g' "$BATS_TEST_TMPDIR/out" | od -An -c | tr -d ' \n')" = 'one\r\ntwo\r\n' ]
}

@test "files on standard input and output go on where the shell is in them" {
	terminal_bundle sh -c 'read x; echo "got $x"; exit 3'
	printf 'first\nsecond\n' >"$BATS_TEST_TMPDIR/in"
	{
		# One byte at a time: bash leaves the offset behind the line.
		read -r line
		echo "before $line"
		c run --bundle "$BUNDLE" "$NAME" || echo "status $?"
	} <"$BATS_TEST_TMPDIR/in" >"$OUT"
	cat "$OUT"
	[ "$(grep -v '^second$' "$OUT")" = $'before first\ngot second\nstatus 3' ]
}

@test "the listener of --console-socket gets the terminal and what is written to it" {
	terminal_bundle sh -c 'tty; test -t 0 && test -t 1 && test -t 2 && echo all; stty size'
	edit '.process.consoleSize = {"height": 33, "width": 77}'
	listen
	c create --bundle "$BUNDLE" --console-socket "$SOCKET" "$NAME"
	c start "$NAME"
	wait "$LISTENER"
	[[ $(cat "$BATS_TEST_TMPDIR/name") == /dev/pts/* ]]
	tr -d '\r' <"$OUT" >"$OUT.plain"
	[[ $(sed -n 1p "$OUT.plain") == /dev/* ]]
	[ "$(sed -n 2p "$OUT.plain")" = all ]
	[ "$(sed -n 3p "$OUT.plain")" = "33 77" ]
}

@test "what the listener writes is the program's input" {
	terminal_bundle sh -c 'read x; echo "got $x"'
	mkfifo "$BATS_TEST_TMPDIR/in"
	recvtty "$SOCKET" <"$BATS_TEST_TMPDIR/in" >"$OUT" 3>&- &
	LISTENER=$!
	exec 8>"$BATS_TEST_TMPDIR/in"
	wait_for test -S "$SOCKET"
	c run --detach --bundle "$BUNDLE" --console-socket "$SOCKET" "$NAME" >/dev/null 2>&1 3>&- 8>&-
	echo typed >&8
	wait "$LISTENER"
	exec 8>&-
	grep -q 'got typed' "$OUT"
}

@test "/dev/console is the terminal" {
	terminal_bundle sh -c 'echo by-console >/dev/console'
	listen
	c run --detach --bundle "$BUNDLE" --console-socket "$SOCKET" "$NAME" >/dev/null 3>&-
	wait "$LISTENER"
	grep -q by-console "$OUT"
}

@test "exec gives a terminal by --console-socket" {
	bundle sleep 1000
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	listen
	c exec --tty --detach --console-socket "$SOCKET" "$NAME" sh -c 'tty && echo done' >/dev/null 2>&1 3>&-
	wait "$LISTENER"
	grep -q done "$OUT"
}

@test "a terminal without a listener, and a listener without a terminal, are errors" {
	terminal_bundle true
	run c create --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"a detached container with a terminal needs --console-socket"* ]]
	run c run --bundle "$BUNDLE" --console-socket "$SOCKET" "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"--console-socket needs --detach"* ]]
	bundle true
	run c create --bundle "$BUNDLE" --console-socket "$SOCKET" "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"--console-socket needs process.terminal"* ]]
	terminal_bundle true
	run c create --bundle "$BUNDLE" --console-socket "$SOCKET" "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"--console-socket"*"o such file or directory"* ]]
	nothing_left
}

@test "a path longer than a socket address works" {
	local deep
	deep=$BATS_TEST_TMPDIR/$(printf 'd%.0s' $(seq 120))
	mkdir "$deep"
	terminal_bundle echo far
	SOCKET=$deep/console
	listen
	c create --bundle "$BUNDLE" --console-socket "$SOCKET" "$NAME"
	c start "$NAME"
	wait "$LISTENER"
	grep -q far "$OUT"
}

# in_terminal COMMAND: on a terminal of 40 rows and 100 columns, as a person would.
in_terminal() {
	script -qec "stty rows 40 cols 100; $1" /dev/null
}

@test "run relays our terminal: size, input, output, exit status" {
	requires program script
	terminal_bundle sh -c 'stty size; read x; echo "got $x"; exit 11'
	run in_terminal "creel --root $CREEL_ROOT run --bundle $BUNDLE $NAME" <<<typed
	echo "$output"
	[ "$status" -eq 11 ]
	[[ $output == *"40 100"* ]]
	[[ $output == *"got typed"* ]]
	nothing_left
}

@test "our terminal is as it was when run has ended" {
	requires program script
	terminal_bundle true
	run in_terminal "stty -g >$OUT.before; creel --root $CREEL_ROOT run --bundle $BUNDLE $NAME; stty -g >$OUT.after"
	[ "$status" -eq 0 ]
	cmp "$OUT.before" "$OUT.after"
}

@test "a new window size is passed on" {
	requires program script
	terminal_bundle sh -c 'touch /tmp/'"$NAME"'; i=0; while [ $i -lt 1000 ]; do i=$((i + 1)); [ "$(stty size)" != "50 120" ] || exit 12; sleep 0.1; done'
	rm -f "$ROOTFS/tmp/$NAME"
	run in_terminal "creel --root $CREEL_ROOT run --bundle $BUNDLE $NAME & while [ ! -e $ROOTFS/tmp/$NAME ]; do sleep 0.1; done; stty rows 50 cols 120; wait \$!" </dev/null
	[ "$status" -eq 12 ]
}

@test "keys that make signals reach the program, not us" {
	requires program script
	terminal_bundle sh -c 'trap "exit 13" INT; echo ready; while :; do sleep 0.1; done'
	got=0
	touch "$OUT"
	{
		types "$OUT" ready '\003'
		wait_for eval '! c state "$NAME"'
	} | in_terminal "creel --root $CREEL_ROOT run --bundle $BUNDLE $NAME" >"$OUT" || got=$?
	[ "$got" -eq 13 ]
}

@test "all output of a program on a terminal arrives" {
	terminal_bundle sh -c 'i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); echo "line $i"; done'
	c run --bundle "$BUNDLE" "$NAME" </dev/null >"$OUT"
	[ "$(grep -c '^line' "$OUT")" -eq 20000 ]
	[ "$(tail -n 1 "$OUT" | tr -d '\r')" = "line 20000" ]
}

@test "a reader that stops does not keep signals from the program" {
	terminal_bundle sh -c 'trap "exit 14" TERM; while :; do echo "much output, again and again"; done'
	mkfifo "$BATS_TEST_TMPDIR/slow"
	exec 9<>"$BATS_TEST_TMPDIR/slow"
	creel --root "$CREEL_ROOT" run --bundle "$BUNDLE" "$NAME" </dev/null >"$BATS_TEST_TMPDIR/slow" 3>&- 9>&- &
	pid=$!
	wait_for has_status "$NAME" running
	# What is in the pipe (FIONREAD), and what processor time was spent on it.
	progress() {
		perl -e 'ioctl(STDIN, 0x541b, my $n = pack("i", 0)) or die; print unpack("i", $n), "\n"' <&9
		awk '{ print $14 + $15 }' "/proc/$pid/stat"
	}
	# Once nothing goes on, nothing is spent: who asked again and again would never be still.
	is_still() {
		local before
		before=$(progress)
		[ "${before%%$'\n'*}" -gt 4096 ] && sleep 0.5 && [ "$(progress)" = "$before" ]
	}
	wait_for is_still
	c kill "$NAME" KILL
	cat <&9 >/dev/null &
	drain=$!
	got=0
	wait "$pid" || got=$?
	kill "$drain"
	exec 9>&-
	[ "$got" -eq 137 ]
}

@test "the end of a file on standard input is the end of the program's" {
	terminal_bundle cat
	printf 'first\nlast\n' >"$BATS_TEST_TMPDIR/in"
	run c run --bundle "$BUNDLE" "$NAME" <"$BATS_TEST_TMPDIR/in"
	echo "$status: $output"
	[ "$status" -eq 0 ]
	[[ $output == *last* ]]
}

@test "a device policy that takes long to write refuses the terminal to nobody" {
	requires cgroup1
	requires program strace
	terminal_bundle tty
	run strace -f -o /dev/null -P "/sys/fs/cgroup/devices/creel-e2e/$NAME/devices.allow" \
		-e trace=write -e inject=write:delay_enter=30000 \
		creel --root "$CREEL_ROOT" run --bundle "$BUNDLE" "$NAME" </dev/null
	echo "$status: $output"
	[ "$status" -eq 0 ]
	[[ $output == */dev/pts/0* ]]
}

@test "exec relays our terminal too" {
	requires program script
	bundle sleep 1000
	c run --detach --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	run in_terminal "creel --root $CREEL_ROOT exec --tty $NAME sh -c 'stty size; read x; echo got \$x; exit 15'" <<<typed
	echo "$output"
	[ "$status" -eq 15 ]
	[[ $output == *"40 100"* ]]
	[[ $output == *"got typed"* ]]
}
