#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# run: exit statuses, signals, standard streams, both dialects of the command line.

load ../helpers

setup() {
	requires root
	setup_creel
}

teardown() {
	teardown_creel
}

@test "the exit status is the program's own" {
	for want in 0 1 7 127 255; do
		bundle sh -c "exit $want"
		got=0
		c run --bundle "$BUNDLE" "$NAME" || got=$?
		[ "$got" -eq "$want" ]
	done
	nothing_left
}

@test "a program killed by a signal gives 128 and its number" {
	bundle sh -c 'kill -9 $$'
	edit 'del(.linux.namespaces[] | select(.type == "pid"))'
	run c run --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 137 ]
	nothing_left
}

@test "standard input, output and error are the program's" {
	bundle sh -c 'tr a-z A-Z; echo error >&2'
	printf 'hello' | c run --bundle "$BUNDLE" "$NAME" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = HELLO ]
	[ "$(cat "$BATS_TEST_TMPDIR/err")" = error ]
}

@test "signals are passed on" {
	bundle sh -c 'trap "exit 42" TERM; trap "exit 43" INT; touch /tmp/'"$NAME"'; while :; do sleep 0.1; done'
	for pair in TERM:42 INT:43; do
		rm -f "$ROOTFS/tmp/$NAME"
		creel --root "$CREEL_ROOT" run --bundle "$BUNDLE" "$NAME" 3>&- &
		pid=$!
		wait_for test -e "$ROOTFS/tmp/$NAME"
		kill "-${pair%:*}" "$pid"
		got=0
		wait "$pid" || got=$?
		[ "$got" -eq "${pair#*:}" ]
	done
	nothing_left
}

@test "a detached container lives on" {
	bundle sleep 100
	c run --detach --bundle "$BUNDLE" --pid-file "$BATS_TEST_TMPDIR/pid" "$NAME" >/dev/null 2>&1 3>&-
	[ "$(status_of "$NAME")" = running ]
	kill -0 "$(cat "$BATS_TEST_TMPDIR/pid")"
	c delete -f "$NAME"
}

@test "--keep leaves a stopped container" {
	bundle true
	c run --keep --bundle "$BUNDLE" "$NAME"
	[ "$(status_of "$NAME")" = stopped ]
	c delete "$NAME"
	nothing_left
}

@test "a container deleted by force while run waits for it is gone quietly" {
	bundle sleep 100
	c run --bundle "$BUNDLE" "$NAME" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	pid=$!
	wait_for has_status "$NAME" running
	c delete --force "$NAME"
	got=0
	wait "$pid" || got=$?
	[ "$got" -eq 137 ]
	[ ! -s "$BATS_TEST_TMPDIR/err" ]
	nothing_left
}

@test "orphans of a container without a pid namespace are ended with it" {
	bundle sh -c 'sleep 1000 >/dev/null 2>&1 & echo $!'
	edit 'del(.linux.namespaces[] | select(.type == "pid"))'
	run c run --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 0 ]
	[ ! -e "/proc/$output/exe" ]
	nothing_left
}

@test "crun's dialect: another configuration file, a manager by name" {
	bundle sh -c 'exit 3'
	mv "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/other.json"
	cd "$BATS_TEST_TMPDIR"
	run c --cgroup-manager=cgroupfs run --bundle "$BUNDLE" --config other.json "$NAME"
	[ "$status" -eq 3 ]
	run c --cgroup-manager=disabled run -b "$BUNDLE" -f other.json "$NAME"
	[ "$status" -eq 3 ]
}

@test "runc's dialect: one dash for long names, =true and =false" {
	bundle sh -c 'exit 3'
	run c --debug=false run -no-subreaper --bundle="$BUNDLE" --no-pivot=false --keep=false "$NAME"
	[ "$status" -eq 3 ]
	nothing_left
}

@test "the bundle is the working directory when none is named" {
	bundle sh -c 'exit 9'
	cd "$BUNDLE"
	run c run "$NAME"
	[ "$status" -eq 9 ]
}

@test "descriptors of the caller do not reach the program, but for those it is to have" {
	bundle sh -c 'ls /proc/self/fd | tr "\n" " "; cat <&3'
	echo kept >"$BATS_TEST_TMPDIR/kept"
	run c run --bundle "$BUNDLE" --preserve-fds 1 "$NAME" 3<"$BATS_TEST_TMPDIR/kept" 7</etc/passwd
	echo "$output"
	[ "$status" -eq 0 ]
	# ls itself has one more open: the directory it reads.
	[[ $output == "0 1 2 3 4 "* ]]
	[[ $output == *kept* ]]
	bundle sh -c 'ls /proc/self/fd | tr "\n" " "'
	run c run --bundle "$BUNDLE" "$NAME" 3</etc/passwd 7</etc/passwd
	[[ $output == "0 1 2 3 " ]]
	run c run --bundle "$BUNDLE" --preserve-fds 9 "$NAME" 3>&-
	[ "$status" -eq 1 ]
	[[ $output == *"is to be passed to the container but is not open"* ]]
}

@test "LISTEN_FDS become the program's, with its own pid" {
	bundle sh -c 'echo $LISTEN_FDS $LISTEN_PID; cat <&3'
	echo socket >"$BATS_TEST_TMPDIR/kept"
	run bash -c 'exec 3<"$1"; LISTEN_FDS=1 LISTEN_PID=$BASHPID exec creel --root "$2" run --bundle "$3" "$4"' \
		- "$BATS_TEST_TMPDIR/kept" "$CREEL_ROOT" "$BUNDLE" "$NAME"
	echo "$output"
	[ "${lines[0]}" = "1 1" ]
	[ "${lines[1]}" = socket ]
}

@test "version and help need nothing" {
	run creel --version
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == "creel version "* ]]
	[[ ${lines[1]} == "commit: "* ]]
	[[ ${lines[2]} == "spec: 1.3.0" ]]
	[ "$(creel -v)" = "$output" ]
	run creel --help
	[ "$status" -eq 0 ]
	run creel run --help
	[ "$status" -eq 0 ]
	[[ $output == *--no-subreaper* ]]
}

@test "features is JSON on standard output and nothing on standard error" {
	creel features >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
	[ ! -s "$BATS_TEST_TMPDIR/err" ]
	jq -e '.ociVersionMin and .ociVersionMax and (.mountOptions | index("rro"))
		and (.linux.namespaces | index("user")) and (.hooks | length == 6)' "$BATS_TEST_TMPDIR/out"
}

@test "spec does not overwrite, and what it writes runs" {
	mkdir -p "$BUNDLE"
	creel spec --bundle "$BUNDLE"
	run creel spec --bundle "$BUNDLE"
	[ "$status" -eq 1 ]
	[[ $output == *"File exists"* ]]
	ln -s "$ROOTFS" "$BUNDLE/rootfs"
	edit '.process.terminal = false | .process.args = ["sh", "-c", "exit 4"]'
	run c run --bundle "$BUNDLE" "$NAME"
	[ "$status" -eq 4 ]
}

@test "--die-with-parent: a container does not outlive who asked for it" {
	bundle sh -c 'echo begun; exec sleep 4713'
	for how in itself parent; do
		bash -c 'creel --root "$1" run --die-with-parent --bundle "$2" "$3" >"$4" & echo $! >"$5"; wait' \
			sh "$BATS_TEST_TMPDIR/root" "$BUNDLE" "$NAME" "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/pid" 3>&- &
		parent=$!
		wait_for grep -q begun "$BATS_TEST_TMPDIR/out"
		wait_for test -s "$BATS_TEST_TMPDIR/pid"
		[ "$how" = parent ] && kill -9 "$parent" || kill -9 "$(cat "$BATS_TEST_TMPDIR/pid")"
		wait "$parent" || true
		wait_for no_sleeper
		creel --root "$BATS_TEST_TMPDIR/root" delete --force "$NAME"
		rm "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/pid"
	done
	run c run --die-with-parent --detach --bundle "$BUNDLE" "$NAME"
	[ "$status" -ne 0 ]
	[[ $output == *"exclude one another"* ]]
}

no_sleeper() {
	! pgrep -f '^sleep 4713' >/dev/null
}

@test "--log-only leaves standard error to the container" {
	bundle /no/such/program
	run c --log "$BATS_TEST_TMPDIR/log" --log-only run --bundle "$BUNDLE" "$NAME"
	[ "$status" -ne 0 ]
	[ -z "$output" ]
	grep -q /no/such/program "$BATS_TEST_TMPDIR/log"
	run c --log-only run --bundle "$BUNDLE" "$NAME"
	[[ $output == *"--log-only needs --log"* ]]
}
