#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# creel compared with crun and runc, as far as they are installed, and with floor, which makes the same
# namespaces and mounts and nothing else.
#
#     make bench [ROUNDS=N] [VIEW=v1|v2] [PARTS="run seccomp exec cycle many memory program"]
#                [CRUN=PROGRAM] [RUNC=PROGRAM]                  (as root; 20 rounds unless said otherwise)
#
# All run in one view of the control groups, in a mount namespace of this script's own:
#   v1   the controllers' hierarchies alone; a hybrid machine's v2 tree is hidden, since crun refuses hybrids
#   v2   a fresh cgroup2 on /sys/fs/cgroup; crun before 1.9 wants CAP_SYS_RESOURCE for it
set -euo pipefail

build=${BUILD_DIR:-$PWD}
here=$(cd "$(dirname "$0")" && pwd)
rounds=${ROUNDS:-20}
parts=${PARTS:-run seccomp exec cycle many memory program}
turns=$build/tests/bench/turns
hybrid=/sys/fs/cgroup/unified/cgroup.controllers
default=v2
[ ! -e "$hybrid" ] || default=v1
view=${VIEW:-$default}

if [ "${1-}" != inside ]; then
	[ "$(id -u)" -eq 0 ] || { echo "bench: needs root" >&2; exit 1; }
	exec unshare --mount --propagation slave "$0" inside
fi

case $view in
v1) [ ! -e "$hybrid" ] || mount --bind /dev/null "$hybrid" ;;
v2) [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ] || mount -t cgroup2 cgroup2 /sys/fs/cgroup ;;
*) echo "bench: VIEW is v1 or v2" >&2; exit 2 ;;
esac

# ---- what is run: the document that creel writes, with changes ------------------------------------
work=$(mktemp -d)
mount -t tmpfs bench "$work" # state and bundles cost the same on every machine
mkdir -p "$work"/rootfs/{bin,dev,proc,sys,tmp,etc}
cp "$build/tests/bench/empty" "$work/rootfs/bin/true"
cp "$(command -v busybox)" "$work/rootfs/bin/sleep"
"$build/creel" spec --bundle "$work"

bundle() { # NAME FILTER: a bundle beside the others, with the same root
	mkdir "$work/$1"
	# An older version number for the sake of older runtimes.
	jq ".ociVersion = \"1.0.2\" | .process.terminal = false | .root.path = \"$work/rootfs\" | $2" \
		"$work/config.json" >"$work/$1/config.json"
}
bundle true '.process.args = ["/bin/true"]'
bundle sleep '.process.args = ["/bin/sleep", "1000"]'
for engine in docker podman; do
	jq .linux.seccomp "$here/../data/bundles/$engine-default.json" >"$work/$engine.json"
	bundle "$engine" ".process.args = [\"/bin/true\"] | .linux.seccomp = $(cat "$work/$engine.json")"
done

# ---- who runs it ----------------------------------------------------------------------------------
# Ours as `make install` leaves them: a file written in one piece is in memory in larger pieces than what a linker
# wrote here and there, and is mapped in less time.
installed=$(mktemp -d "$build/tests/bench/installed.XXXXXX")
cp "$build/creel" "$build/tests/bench/floor" "$installed/"
declare -A program=([creel]=$installed/creel [crun]=${CRUN:-crun} [runc]=${RUNC:-runc})
able=()
for name in creel crun runc; do
	command -v "${program[$name]}" >/dev/null || { echo "bench: no $name here"; continue; }
	if "${program[$name]}" --root "$work/state-$name" run --bundle "$work/true" "bench-$name" >/dev/null 2>"$work/err"; then
		able+=("$name")
	else
		echo "bench: $name does not run the bundle: $(head -n 1 "$work/err")"
	fi
done

line() { # NAME: its command, up to the verb
	echo "${program[$1]} --root $work/state-$1"
}
call() { # NAME VERB...
	"${program[$1]}" --root "$work/state-$1" "${@:2}" </dev/null
}
each_of_200() { # NAME VERB...: {} is the number, 8 at a time
	seq 200 | xargs -P 8 -I{} "${program[$1]}" --root "$work/state-$1" "${@:2}" >/dev/null 2>&1
}
finish() {
	local name id
	for name in "${able[@]}"; do
		for id in $(call "$name" list -q 2>/dev/null); do
			call "$name" delete --force "$id" 2>/dev/null || true
		done
	done
	cd / && umount -l "$work" && rmdir "$work"
	rm -f "$installed/creel" "$installed/floor" && rmdir "$installed"
}
trap finish EXIT

compete() { # BASE PREFIX-FUNCTION [NAME COMMAND]...: what the function says for each of the able, in turn
	local base=$1 command=$2 name contestants=("${@:3}")
	for name in "${able[@]}"; do
		contestants+=("$name" "$($command "$name")")
	done
	"$turns" "$rounds" "$base" "${contestants[@]}"
}

# ---- the parts ------------------------------------------------------------------------------------
floor=("floor" "$installed/floor $work/rootfs /bin/true")

run_true() { echo "$(line "$1") run --bundle $work/true bench-$1"; }
part_run() {
	echo "run /bin/true"
	compete floor run_true "${floor[@]}"
}

part_seccomp() {
	local with=(plain "$(run_true creel)") engine
	echo "creel run /bin/true with an engine's default system call filter, from the second start on"
	for engine in docker podman; do
		with+=("$engine" "$(line creel) run --bundle $work/$engine bench-creel")
		call creel run --bundle "$work/$engine" bench-creel # the first start compiles
	done
	"$turns" "$rounds" plain "${with[@]}"
}

exec_true() { echo "$(line "$1") exec bench-$1 /bin/true"; }
part_exec() {
	local name
	echo "exec /bin/true in a running container"
	for name in "${able[@]}"; do
		call "$name" run --detach --bundle "$work/sleep" "bench-$name" >/dev/null 2>&1
	done
	compete creel exec_true
	for name in "${able[@]}"; do
		call "$name" delete --force "bench-$name"
	done
}

cycle() {
	local l id=bench-$1
	l=$(line "$1")
	echo "$l create --bundle $work/sleep $id ; $l start $id ; $l state $id ; $l kill $id KILL ; $l delete --force $id"
}
part_cycle() {
	echo "create, start, state, kill, delete"
	compete creel cycle
}

list_all() { echo "$(line "$1") list"; }
part_many() {
	local name begin end
	echo "200 containers started 8 at a time, then listed"
	for name in "${able[@]}"; do
		begin=$(date +%s%N)
		each_of_200 "$name" run --detach --bundle "$work/sleep" "bench-$name-{}"
		end=$(date +%s%N)
		echo "  $name: $((200 * 1000000000 / (end - begin))) starts a second"
	done
	compete creel list_all
	for name in "${able[@]}"; do
		each_of_200 "$name" delete --force "bench-$name-{}"
	done
}

starts_with() { # NAME KB
	jq ".linux.resources.memory.limit = $2 * 1024" "$work/true/config.json" >"$work/small/config.json"
	timeout 10 "${program[$1]}" --root "$work/state-$1" run --bundle "$work/small" "bench-$1" >/dev/null 2>&1
}
part_memory() {
	local name low high middle
	echo "smallest memory limit with which /bin/true runs (KB, to 16)"
	mkdir "$work/small"
	for name in "${able[@]}"; do
		low=0 high=32768
		if ! starts_with "$name" $high; then
			echo "  $name: no limits here"
			continue
		fi
		while [ $((high - low)) -gt 16 ]; do
			middle=$(((low + high) / 2))
			if starts_with "$name" $middle; then high=$middle; else low=$middle; fi
		done
		echo "  $name: $high"
	done
}

version() { echo "$(line "$1") --version"; }
part_program() {
	echo "start of the program alone: --version, and an empty static one"
	compete empty version empty "$build/tests/bench/empty"
}

cd "$work"
echo "$rounds rounds, $view view of control groups"
for part in $parts; do
	echo
	"part_$part"
done
