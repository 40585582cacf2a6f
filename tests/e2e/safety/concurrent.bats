#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Many processes that create, start, kill, delete, pause, look at and execute in one container at once; and
# a container's life many times over.

load helpers

setup() {
	requires root
	setup_creel
	bundle sleep 1000
	mark
	edit '.process.rlimits = []'
	LOG=$BATS_TEST_TMPDIR/log
	mkdir -p "$LOG"
}

teardown() {
	teardown_creel
}

# worker N ROUNDS VERB...: each VERB in turn, with every answer that is none of the legal ones in $LOG.
worker() {
	local n=$1 rounds=$2 i verb status
	shift 2
	for ((i = 0; i < rounds; i++)); do
		for verb in "$@"; do
			status=0
			# shellcheck disable=SC2086
			timeout 150 creel --root "$CREEL_ROOT" $verb </dev/null >/dev/null 2>"$LOG/err.$n" || status=$?
			case $status in
			0) ;;
			1 | 255) grep -vhE "$EXPECTED" "$LOG/err.$n" | awk -v verb="$verb" '{ print verb ": " $0 }' >>"$LOG/odd.$n" ;;
			137) [[ $verb == exec* ]] || echo "$verb: was killed" >>"$LOG/odd.$n" ;;
			*) echo "$verb: status $status: $(cat "$LOG/err.$n")" >>"$LOG/odd.$n" ;;
			esac
			[ "$status" -ne 124 ] || echo "$verb: hangs" >>"$LOG/odd.$n"
		done
	done
}

# What a verb may say when others were faster.
EXPECTED='already exists|does not exist|container not running|cannot start container|is not (running|paused)|cannot (pause|resume)'
EXPECTED+='|cannot delete container|was just made|never finished|it is paused|is (creating|created|stopped|running|paused)'
EXPECTED+='|init (died|was killed)|killed by SIGKILL|was deleted while|first process is gone|process [0-9]+ is gone|already has processes'
EXPECTED+='|No such (file or directory|device|process)|is not frozen|Connection (refused|reset)|Broken pipe|the container was deleted'

odd_ones() {
	cat "$LOG"/odd.* 2>/dev/null | head -n 40 || true
}

# together ROUNDS VERBS...: a process for each argument, whose words between | are verbs.
together() {
	local rounds=$1 n=0 each pids=() verbs
	shift
	for each in "$@"; do
		IFS='|' read -ra verbs <<<"$each"
		worker "$n" "$rounds" "${verbs[@]}" 3>&- &
		pids+=($!)
		n=$((n + 1))
	done
	wait "${pids[@]}"
	odd_ones
	[ -z "$(odd_ones)" ]
}

legal() {
	local state
	state=$(c state "$NAME" 2>/dev/null | jq -r .status)
	[[ -z $state || $state == created || $state == running || $state == stopped || $state == paused ]]
}

@test "one id in sixteen hands ends in a legal state, and then can be deleted" {
	local create="create --bundle $BUNDLE $NAME" run="run --detach --bundle $BUNDLE $NAME"
	together "$(full 100 4)" "$create|start $NAME" "$create|kill $NAME KILL" "$create|delete --force $NAME" "$run|state $NAME" \
		"$run|delete --force $NAME" "start $NAME|kill $NAME TERM" "kill $NAME KILL|delete $NAME" "delete $NAME|$create" \
		"delete --force $NAME|list" "pause $NAME|resume $NAME" "resume $NAME|pause $NAME" "state $NAME|ps $NAME" \
		"exec $NAME true|state $NAME" "exec --detach $NAME sleep 1|list -q" "exec $NAME true|delete --force $NAME" \
		"list|features"
	legal
	cleared
}

@test "sixteen creates: one container, fifteen refusals" {
	local i n=0 pids=()
	for ((i = 0; i < 16; i++)); do
		creel --root "$CREEL_ROOT" create --bundle "$BUNDLE" "$NAME" </dev/null >/dev/null 2>"$LOG/$i" 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		! wait "$i" || n=$((n + 1))
	done
	[ "$n" -eq 1 ]
	[ "$(grep -l 'already exists' "$LOG"/* | wc -l)" -eq 15 ]
	has_status "$NAME" created
	cleared
}

@test "sixteen deletes of one container: all are content or say that it is gone" {
	local i pids=()
	c create --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	for ((i = 0; i < 16; i++)); do
		timeout 150 creel --root "$CREEL_ROOT" delete --force "$NAME" 2>"$LOG/$i" 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	nothing_at_all
}

# held FILE STRACE-EXPRESSION...: a create that is stopped where these say; HELD is its strace, $LOG/FILE what it says.
held() {
	local log=$1 each how=()
	shift
	for each in "$@"; do
		how+=(-e "$each")
	done
	strace -o "$LOG/trace.$log" "${how[@]}" \
		creel --root "$CREEL_ROOT" create --bundle "$BUNDLE" "$NAME" >/dev/null 2>"$LOG/$log" 3>&- </dev/null &
	HELD=$!
	wait_for grep -q 'stopped by SIGSTOP' "$LOG/trace.$log"
}

let_go() { # STRACE
	kill -CONT "$(tr -d " " <"/proc/$1/task/$1/children")"
}

@test "a directory that is deleted in the moment of its making is not another creator's" {
	local first second
	requires program strace
	# The first has made its directory and stops before it has the lock; meanwhile it is deleted, and made by a second.
	held first trace=flock inject=flock:error=EINTR:signal=STOP:when=1
	first=$HELD
	c delete --force "$NAME"
	# ... which stops once it has its lock, and writes its record only when the first has given up.
	held second trace=flock inject=flock:signal=STOP:when=1
	second=$HELD
	let_go "$first"
	refute wait "$first"
	let_go "$second"
	wait "$second" || {
		cat "$LOG/second"
		return 1
	}
	cat "$LOG/first"
	grep -q "container '$NAME' already exists" "$LOG/first"
	has_status "$NAME" created
	cleared
}

@test "a directory that is deleted and made by another before it is opened stays the other's" {
	local pid got=0
	requires program strace
	# The first directory is the container's where the root is there.
	install -d -m 1700 "$CREEL_ROOT"
	held create trace=mkdirat inject=mkdirat:signal=STOP:when=1
	pid=$HELD
	[ -d "$CREEL_ROOT/$NAME" ]
	c delete --force "$NAME"
	c create --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&- </dev/null
	let_go "$pid"
	wait "$pid" || got=$?
	cat "$LOG/create"
	[ "$got" -ne 0 ]
	grep -q "container '$NAME' already exists" "$LOG/create"
	has_status "$NAME" created
	cleared
}

@test "a directory that is deleted in the moment of its making is made again" {
	local pid
	requires program strace
	# Stopped before it has the lock, while its directory looks like what a killed creator left.
	held create trace=flock inject=flock:error=EINTR:signal=STOP:when=1
	pid=$HELD
	refute c delete "$NAME"
	refute test -d "$CREEL_ROOT/$NAME"
	let_go "$pid"
	wait "$pid" || {
		cat "$LOG/create"
		return 1
	}
	has_status "$NAME" created
	cleared
}

# fds_of PID
fds_of() {
	find "/proc/$1/fd" -mindepth 1 2>/dev/null | wc -l
}

groups() {
	find /sys/fs/cgroup -type d -path '*/creel-e2e/*' -path "*$NAME*" | wc -l
}

@test "many lives leave no zombie, group, mount, descriptor or key" {
	local i rounds
	rounds=$(full 1000 60)
	edit '.process.args = ["true"]'
	# One process that has them all as children, and sees what they leave: it is their reaper, too.
	cat >"$BATS_TEST_TMPDIR/lives.sh" <<-'END'
		# Not in a substitution: its pipe may or may not be closed already when ls looks.
		ls /proc/$$/fd >"$5/before"
		cat /proc/self/mountinfo >"$5/mounts"
		i=0
		while [ "$i" -lt "$4" ]; do
			case $((i % 4)) in
			0) creel --root "$1" run --bundle "$2" "$3" ;;
			1) creel --root "$1" create --bundle "$2" "$3" && creel --root "$1" start "$3" && creel --root "$1" delete --force "$3" ;;
			2) creel --root "$1" run --detach --bundle "$2" "$3" && creel --root "$1" delete --force "$3" ;;
			3) creel --root "$1" create --bundle "$2" "$3" && creel --root "$1" delete "$3" ;;
			esac || exit 1
			i=$((i + 1))
		done >/dev/null 2>"$5/messages" </dev/null
		sleep 0.3
		ps --ppid $$ -o pid=,stat=,comm= | awk '$2 ~ /Z/ || $3 == "creel"' >"$5/children"
		ls /proc/$$/fd >"$5/after"
		cmp "$5/before" "$5/after" >>"$5/children"
		diff "$5/mounts" /proc/self/mountinfo >>"$5/children"
	END
	# Others mount meanwhile.
	unshare -m --propagation private sh "$BATS_TEST_TMPDIR/lives.sh" "$CREEL_ROOT" "$BUNDLE" "$NAME" "$rounds" "$LOG" 3>&- || {
		cat "$LOG/messages"
		return 1
	}
	cat "$LOG/children"
	[ ! -s "$LOG/children" ]
	nothing_at_all
	[ "$(groups)" -eq 0 ]
	# Keyrings go some time after their last process.
	no_keyring() { [ "$(grep -c "_ses\.$NAME:" /proc/keys)" -eq 0 ]; }
	[ ! -e /proc/keys ] || wait_for no_keyring
}

@test "create and start leave no zombie with the one who called them" {
	# As a shim does: a subreaper that waits for all it gets.
	cat >"$BATS_TEST_TMPDIR/shim.sh" <<-'END'
		for i in 1 2 3 4 5; do
			creel --root "$1" create --bundle "$2" "$3" || exit 1
			creel --root "$1" start "$3" && creel --root "$1" exec "$3" true
			creel --root "$1" kill "$3" KILL
			creel --root "$1" delete --force "$3" || exit 1
		done >/dev/null 2>&1 </dev/null
		sleep 0.3
		ps -e -o ppid=,stat=,comm= | awk -v me=$$ '$1 == me && $2 ~ /Z/' >"$4/zombies"
	END
	sh "$BATS_TEST_TMPDIR/shim.sh" "$CREEL_ROOT" "$BUNDLE" "$NAME" "$LOG" 3>&-
	cat "$LOG/zombies"
	[ ! -s "$LOG/zombies" ]
	nothing_at_all
}

@test "a hook that asks creel about its own container gets an answer" {
	edit '.hooks = {"createRuntime": [{"path": $c, "args": ["creel", "--root", $r, "state", $n]}],
		"poststart": [{"path": $c, "args": ["creel", "--root", $r, "exec", $n, "true"]}],
		"poststop": [{"path": $c, "args": ["creel", "--root", $r, "state", $n]}]}' \
		--arg c "$BUILD_DIR/creel" --arg r "$CREEL_ROOT" --arg n "$NAME"
	timeout 120 creel --root "$CREEL_ROOT" create --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 </dev/null 3>&-
	timeout 120 creel --root "$CREEL_ROOT" start "$NAME"
	timeout 120 creel --root "$CREEL_ROOT" delete --force "$NAME"
	nothing_at_all
}

@test "a list of many containers with large records needs little memory" {
	local n
	n=$(full 1000 50)
	edit '.annotations = {"big": ("x" * 1000000)}'
	c create --bundle "$BUNDLE" "$NAME" >/dev/null 2>&1 3>&-
	for ((i = 0; i < n; i++)); do
		mkdir "$CREEL_ROOT/copy-$i"
		sed "s/\"$NAME\"/\"copy-$i\"/" "$CREEL_ROOT/$NAME/state.json" >"$CREEL_ROOT/copy-$i/state.json"
	done
	# All of them together would not fit.
	prlimit --as=33554432 creel --root "$CREEL_ROOT" list >"$BATS_TEST_TMPDIR/out"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/out")" -eq $((n + 2)) ]
	rm -rf "$CREEL_ROOT"/copy-*
}
