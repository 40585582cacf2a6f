#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# creel-shim compared with containerd's shim for runc and with conmon.
#
#     make bench-shim [ROUNDS=N] [PARTS="start memory log"] [COUNT=50] [BYTES=N] [CRUN=PROGRAM]
#                                                             (as root; 10 rounds unless said otherwise)
#
#   start    ctr run --rm ... true: our shim and runtime, the runc shim with crun and with runc; the same
#            calls of our shim without containerd, so that its own share shows; and ctr version
#   memory   COUNT idle containers: PSS, threads and wake-ups of each supervisor
#   log      BYTES of lines through a container's log, and through cat
#
# containerd runs in namespaces of its own (tests/e2e/engines/room.bash).
set -euo pipefail

export BUILD_DIR=${BUILD_DIR:-$PWD}
here=$(cd "$(dirname "$0")" && pwd)
export SRC_DIR=${here%/tests/bench}
rounds=${ROUNDS:-10}
parts=${PARTS:-start memory log}
count=${COUNT:-50}
bytes=${BYTES:-500000000}
turns=$BUILD_DIR/tests/bench/turns
crun=${CRUN:-$(command -v crun || true)}

[ "$(id -u)" -eq 0 ] || { echo "bench: needs root" >&2; exit 1; }
for program in containerd ctr conmon jq; do
	command -v "$program" >/dev/null || { echo "bench: needs $program" >&2; exit 1; }
done

work=$(mktemp -d)
export BATS_FILE_TMPDIR=$work
# shellcheck source=tests/e2e/engines/room.bash
. "$SRC_DIR/tests/e2e/engines/room.bash"
finish() {
	room_close
	rm -rf "${work:?}"
}
trap finish EXIT
# crun refuses the two versions side by side.
grep -qv '^0:' /proc/self/cgroup && export ROOM_CGROUPS=v1
room_open
[ -z "$crun" ] || ln -s "$crun" "$ROOM_DIR/bin/crun"
in_room containerd >"$ROOM_DIR/containerd.log" 2>&1 </dev/null &
wait_for in_room ctr version
"$SRC_DIR/tools/make-busybox-image.sh" "$ROOM_DIR/busybox.tar"
in_room ctr image import --base-name example.com/busybox "$ROOM_DIR/busybox.tar" >/dev/null

# How each supervisor is asked for: NAME -> options of ctr run.
declare -A options=(
	[creel]="--runtime io.containerd.creel.v2"
	[runc]="--runtime io.containerd.runc.v2"
)
names=(creel runc)
if [ -n "$crun" ]; then
	options[runc+crun]="--runtime io.containerd.runc.v2 --runc-binary $ROOM_DIR/bin/crun"
	if in_room bash -c "ctr run --rm ${options[runc+crun]} example.com/busybox:latest try true" >/dev/null 2>&1; then
		names+=(runc+crun)
	else
		echo "bench: crun does not run containers here"
		in_room ctr container rm try >/dev/null 2>&1 || true
	fi
fi

# ---- the parts ------------------------------------------------------------------------------------
# The calls that containerd makes of a shim in the life of one container, by a program of our own.
by_hand() {
	cat >"$ROOM_DIR/bin/by-hand" <<-END
		#!/bin/sh
		cd /run/bench/ns/hand || exit
		export TTRPC_ADDRESS=/run/bench/none
		address=\$(containerd-shim-creel-v2 -namespace ns -address /run/bench/none -publish-binary /bin/true \\
			-id hand start </dev/null) || exit
		"$BUILD_DIR/tests/tools/ttrpc_client" script "\${address#unix://}" </run/bench/calls
	END
	printf '%s\n' 'Create id=hand bundle=/run/bench/ns/hand' 'Start id=hand' 'Wait id=hand' 'Delete id=hand' \
		'Shutdown id=hand' >"$ROOM_DIR/calls"
	chmod +x "$ROOM_DIR/bin/by-hand"
	make_bundle "$ROOM_DIR/hand" true
	in_room mkdir -p /run/bench/ns/hand
	in_room cp "$ROOM_DIR/hand/config.json" /run/bench/ns/hand/
	in_room cp "$ROOM_DIR/calls" /run/bench/
}

part_start() {
	local name contestants=()
	by_hand
	echo "ctr run --rm IMAGE true"
	for name in "${names[@]}"; do
		contestants+=("$name" "ctr run --rm ${options[$name]} example.com/busybox:latest bench true")
	done
	in_room "$turns" "$rounds" creel "${contestants[@]}" "without containerd" by-hand \
		"ctr version" "ctr version"
	in_room rm -rf /run/bench
}

# tell NAME PID...: what these processes weigh and how often they run while nothing happens.
tell() {
	local name=$1 pid pss=0 threads=0 before after
	shift
	before=$(switches "$@")
	sleep 5
	after=$(switches "$@")
	for pid in "$@"; do
		pss=$((pss + $(awk '$1 == "Pss:" { print $2 }' "/proc/$pid/smaps_rollup")))
		threads=$((threads + $(find "/proc/$pid/task" -mindepth 1 -maxdepth 1 | wc -l)))
	done
	awk -v name="$name" -v n=$# -v pss="$pss" -v t="$threads" -v w="$((after - before))" 'BEGIN {
		printf "  %-26s %8.3f MB %6.1f threads %8.2f wake-ups a second each\n", name, pss / n / 1024, t / n, w / n / 5 }'
}

switches() {
	local pid
	for pid in "$@"; do cat /proc/"$pid"/task/*/status; done |
		awk '/ctxt_switches/ { n += $2 } END { print n + 0 }'
}

# supervisors PATTERN: pids in this namespace of the room's processes whose command line matches.
supervisors() {
	local pid
	sleep 2 # those of the part before are gone by then
	for pid in $(in_room pgrep -f "$1"); do
		# The room counts its own pids: find ours by the last of NSpid.
		grep -l "^NSpid:.*[[:space:]]$pid\$" /proc/[0-9]*/status 2>/dev/null | sed 's#/proc/\([0-9]*\)/status#\1#'
	done
}

containerd_memory() { # NAME PATTERN
	local i
	for i in $(seq "$count"); do
		# shellcheck disable=SC2086
		in_room ctr run -d ${options[$1]} example.com/busybox:latest "m$i" sleep 100000
	done
	# shellcheck disable=SC2046
	tell "containerd, $1" $(supervisors "$2")
	for i in $(seq "$count"); do
		in_room ctr task rm -f "m$i" >/dev/null 2>&1 || true
		in_room ctr container rm "m$i" || true
	done
}

# A bundle whose root is the image's, for the supervisors without containerd.
make_bundle() { # DIRECTORY ARG...
	local dir=$1
	shift
	mkdir -p "$dir"
	[ -d "$ROOM_DIR/rootfs" ] || {
		image_root "$ROOM_DIR/rootfs"
		cp "$BUILD_DIR/tests/bench/chatter" "$ROOM_DIR/rootfs/bin/chatter"
	}
	rm -f "$dir/config.json"
	in_room "$BUILD_DIR/creel" spec --bundle "$dir"
	jq --arg root "$ROOM_DIR/rootfs" '.process.terminal = false | .root.path = $root | .process.args = $ARGS.positional' \
		"$dir/config.json" --args "$@" >"$dir/new"
	mv "$dir/new" "$dir/config.json"
}

# alone PROGRAM ID BUNDLE LOG: a container under conmon's command line.
alone() {
	in_room mkdir -p /run/bench/exits "/run/bench/$2"
	in_room "$1" --api-version 1 -c "$2" -u "$2" -n "$2" -r "$BUILD_DIR/creel" -b "$3" -p "/run/bench/$2/pid" \
		--exit-dir /run/bench/exits --socket-dir-path /run/bench/"$2" -l "$4" --full-attach
	wait_for in_room test -s "/run/bench/$2/pid"
	in_room "$BUILD_DIR/creel" start "$2"
}

conmon_memory() { # PROGRAM PATTERN
	local i
	for i in $(seq "$count"); do
		make_bundle "$ROOM_DIR/b$i" sleep 100000
		alone "$1" "m$i" "$ROOM_DIR/b$i" "k8s-file:$ROOM_DIR/b$i/log"
	done
	# shellcheck disable=SC2046
	tell "conmon's command line, ${1##*/}" $(supervisors "$2")
	for i in $(seq "$count"); do in_room "$BUILD_DIR/creel" delete --force "m$i"; done
	in_room rm -rf /run/bench
}

people_memory() {
	local i
	for i in $(seq "$count"); do
		make_bundle "$ROOM_DIR/b$i" sleep 100000
		in_room "$BUILD_DIR/creel-shim" run -d --runtime "$BUILD_DIR/creel" --bundle "$ROOM_DIR/b$i" "m$i" >/dev/null
	done
	# shellcheck disable=SC2046
	tell "creel-shim run -d" $(supervisors 'creel-shim.* supervise')
	for i in $(seq "$count"); do in_room "$BUILD_DIR/creel-shim" rm --force "m$i"; done >/dev/null
}

part_memory() {
	echo "a supervisor of one of $count idle containers"
	containerd_memory creel containerd-shim-creel-v2
	containerd_memory runc containerd-shim-runc-v2
	conmon_memory "$BUILD_DIR/creel-shim" 'creel-shim --api-version'
	conmon_memory /usr/bin/conmon '/usr/bin/conmon --api-version'
	people_memory
}

# log_by PROGRAM: one container that writes everything, until its exit is known.
log_by() {
	rm -f "$ROOM_DIR/log"
	case $1 in
	cat) "$BUILD_DIR/tests/bench/chatter" "$bytes" | cat >"$ROOM_DIR/log" ;;
	run) in_room "$BUILD_DIR/creel-shim" run -d --rm --runtime "$BUILD_DIR/creel" --log-path "$ROOM_DIR/log" \
		--bundle "$ROOM_DIR/chatter" chatter >/dev/null && in_room "$BUILD_DIR/creel-shim" wait chatter >/dev/null 2>&1 || true ;;
	*)
		alone "$1" chatter "$ROOM_DIR/chatter" "k8s-file:$ROOM_DIR/log"
		wait_for in_room test -e /run/bench/exits/chatter
		in_room "$BUILD_DIR/creel" delete chatter
		in_room rm -rf /run/bench
		;;
	esac
	[ "$(stat -c %s "$ROOM_DIR/log")" -ge "$bytes" ] || { echo "bench: $1 lost output" >&2; return 1; }
}

part_log() {
	local name begin
	make_bundle "$ROOM_DIR/chatter" chatter "$bytes"
	echo "$bytes bytes of lines to the log"
	declare -A best=()
	for _ in $(seq "$((rounds < 5 ? rounds : 5))"); do
		for name in cat "$BUILD_DIR/creel-shim" run /usr/bin/conmon; do
			begin=$(date +%s%N)
			log_by "$name"
			best[$name]="${best[$name]:-} $((($(date +%s%N) - begin) / 1000000))"
		done
	done
	for name in cat "$BUILD_DIR/creel-shim" run /usr/bin/conmon; do
		# shellcheck disable=SC2086
		printf '  %-26s %8s ms at best\n' "${name##*/}" "$(printf '%s\n' ${best[$name]} | sort -n | head -n 1)"
	done
}

for part in $parts; do
	"part_$part"
done
