#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A state directory in other hands, damaged, or of another time: nothing in it is obeyed that should not be.

load helpers

setup() {
	requires root
	setup_creel
	bundle sleep 1000
	mark
}

teardown() {
	rm -f "$CREEL_ROOT"-link
	teardown_creel
}

created() {
	c create --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
}

# victim: a process of the host that must stay alive.
victim() {
	sleep 1000 3>&- &
	VICTIM=$!
}

alive() {
	kill -0 "$VICTIM"
	kill "$VICTIM"
}

# every_verb: what obeys a state directory; none of them may crash or hang.
every_verb() {
	local verb
	for verb in state start 'kill {} KILL' 'exec {} true' pause resume ps list 'delete' 'delete --force'; do
		[[ $verb == *'{}'* || $verb == list ]] || verb="$verb {}"
		run timeout 120 creel --root "$CREEL_ROOT" ${verb//\{\}/$NAME}
		[ "$status" -lt 124 ] || [ "$status" -eq 255 ] || {
			echo "$verb: status $status: $output" >&2
			return 1
		}
	done
}

@test "a state root that is a stranger's link" {
	created
	ln -s "$CREEL_ROOT" "$CREEL_ROOT-link"
	# Our own link is as good as the directory.
	[ "$(creel --root "$CREEL_ROOT-link" state "$NAME" | jq -r .status)" = created ]
	chown -h 4242 "$CREEL_ROOT-link"
	for verb in "state $NAME" "start $NAME" "delete --force $NAME" list "create --bundle $BUNDLE $NAME-2"; do
		# shellcheck disable=SC2086
		run creel --root "$CREEL_ROOT-link" $verb
		echo "$output"
		[ "$status" -ne 0 ]
		[[ $output == *"the link '$CREEL_ROOT-link' belongs to user 4242"* ]]
	done
	has_status "$NAME" created
}

@test "a container's directory that is a link, or a stranger's" {
	created
	mv "$CREEL_ROOT/$NAME" "$BATS_TEST_TMPDIR/elsewhere"
	ln -s "$BATS_TEST_TMPDIR/elsewhere" "$CREEL_ROOT/$NAME"
	run c state "$NAME"
	[ "$status" -ne 0 ]
	run c delete --force "$NAME"
	[ -e "$BATS_TEST_TMPDIR/elsewhere/state.json" ]
	rm "$CREEL_ROOT/$NAME"
	mv "$BATS_TEST_TMPDIR/elsewhere" "$CREEL_ROOT/$NAME"
	chown 4242 "$CREEL_ROOT/$NAME"
	run c delete --force "$NAME"
	[ "$status" -eq 1 ]
	[[ $output == *"belongs to user 4242"* ]]
	chown 0 "$CREEL_ROOT/$NAME"
}

@test "the record of another container ends nothing" {
	created
	cp -a "$CREEL_ROOT/$NAME" "$CREEL_ROOT/$NAME-copy"
	for verb in state "kill {} KILL" start delete; do
		[[ $verb == *'{}'* ]] || verb="$verb {}"
		# shellcheck disable=SC2086
		run c ${verb//\{\}/$NAME-copy}
		echo "$output"
		[ "$status" -ne 0 ]
		[[ $output == *"state.json is that of container '$NAME'"* ]]
	done
	c delete --force "$NAME-copy"
	[ ! -e "$CREEL_ROOT/$NAME-copy" ]
	has_status "$NAME" created
}

@test "a pid that is somebody else's now is not signalled" {
	created
	sleep 0.05 # start times are in hundredths of a second
	victim
	c kill "$NAME" KILL
	wait_for has_status "$NAME" stopped
	# The pid came round again: only the time of its start tells.
	jq --argjson pid "$VICTIM" '.container.pid = $pid' "$CREEL_ROOT/$NAME/state.json" >"$BATS_TEST_TMPDIR/new"
	mv "$BATS_TEST_TMPDIR/new" "$CREEL_ROOT/$NAME/state.json"
	has_status "$NAME" stopped
	run c kill "$NAME" KILL
	[ "$status" -ne 0 ]
	run c kill --all "$NAME" KILL
	run c exec "$NAME" true
	[ "$status" -eq 255 ]
	run c start "$NAME"
	[ "$status" -ne 0 ]
	c delete --force "$NAME"
	alive
	nothing_at_all
}

@test "garbage, an empty file, an oversized one, a fifo, a directory, a device in place of the record" {
	local what f=$CREEL_ROOT/$NAME/state.json
	for what in ': >$f' 'echo garbage >$f' 'echo "{" >$f' 'head -c 100000000 /dev/zero | tr "\0" " " >$f' \
		'head -c 3000000 /dev/zero | tr "\0" "[" >$f' 'mkfifo $f' 'mkdir $f' 'ln -s /dev/zero $f' 'ln -s $f $f' \
		'echo "{\"container\":null}" >$f' 'head -c 4096 /dev/urandom >$f'; do
		mkdir -p "$CREEL_ROOT/$NAME"
		eval "$what"
		echo "$what"
		every_verb
		nothing_left
		mkdir -p "$CREEL_ROOT/$NAME"
		eval "$what"
		c delete --force "$NAME"
		nothing_left
	done
}

@test "every value of a record mutated: no crash, and no signal to the host" {
	local path doc
	created
	cp -a "$CREEL_ROOT/$NAME" "$BATS_TEST_TMPDIR/good"
	victim
	# One line for each: where, and the document.  The last of the numbers is beyond what jq can write.
	jq -r --argjson pid "$VICTIM" '. as $doc | paths | select(index("annotations") == null) as $p
		| (null, "", "../../..", "/", $pid, -1, 0, 1, 2147483648, "@huge", "a\u0000b", "\n", [], {}, true) as $v
		| "\($p | tojson) \($v | tojson)\t\($doc | setpath($p; $v) | tojson)"' "$BATS_TEST_TMPDIR/good/state.json" |
		sed 's/"@huge"/18446744073709551615/g' | awk -v n="$(full 1 23)" 'NR % n == 0' >"$BATS_TEST_TMPDIR/docs"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/docs")" -gt 20 ]
	while IFS=$'\t' read -r path doc; do
		printf '%s\n' "$doc" >"$CREEL_ROOT/$NAME/state.json"
		run timeout 120 creel --root "$CREEL_ROOT" kill "$NAME" KILL
		[ "$status" -le 1 ] || {
			echo "state with $path: $status $output" >&2
			return 1
		}
	done <"$BATS_TEST_TMPDIR/docs"
	cp "$BATS_TEST_TMPDIR/good/state.json" "$CREEL_ROOT/$NAME/"
	alive
	c delete --force "$NAME"
	nothing_at_all
}

@test "the configuration that was kept is gone or damaged" {
	local what f=$CREEL_ROOT/$NAME/config.json
	for what in 'rm $f' 'echo garbage >$f' 'head -c 3000000 /dev/zero | tr "\0" "[" >$f'; do
		edit '.hooks.poststop = [{"path": "/bin/true"}]'
		created
		eval "$what"
		run c exec "$NAME" true
		[ "$status" -eq 255 ]
		c delete --force "$NAME"
		nothing_at_all
	done
}

@test "strangers see nothing of a container, and no socket is in reach by name" {
	created
	[ "$(stat -c %a "$CREEL_ROOT/$NAME")" = 700 ]
	setpriv --reuid 4242 --regid 4242 --clear-groups sh -c 'ls "$1"; cat "$1/state.json"' - "$CREEL_ROOT/$NAME" \
		>"$BATS_TEST_TMPDIR/out" 2>/dev/null || true
	[ ! -s "$BATS_TEST_TMPDIR/out" ]
	# GHSA-36xw-fx78-c5r4: a name that begins with a NUL belongs to whoever shares the network namespace.
	refute grep -aE "@.*($NAME|creel)" /proc/net/unix
}

@test "a socket, a fifo, a file in the place of the gate" {
	local what g=$CREEL_ROOT/$NAME/start.sock
	for what in 'mkfifo $g' ': >$g' 'mkdir $g' 'ln -s /dev/null $g'; do
		created
		rm "$g"
		eval "$what"
		run timeout 100 creel --root "$CREEL_ROOT" start "$NAME"
		echo "$what: $status $output"
		[ "$status" -eq 1 ]
		c delete --force "$NAME"
		nothing_at_all
	done
}
