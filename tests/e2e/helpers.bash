# SPDX-License-Identifier: Apache-2.0
# What the end-to-end tests share.  run.sh puts the build's programs first in PATH and exports
# BUILD_DIR and SRC_DIR; a single file also runs by `bats` from a build directory.

# shellcheck disable=SC2016 # jq has variables of its own
: "${SRC_DIR:=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}"
: "${BUILD_DIR:=$PWD}"
export SRC_DIR BUILD_DIR
case ":$PATH:" in
*":$BUILD_DIR:"*) ;;
*) PATH=$BUILD_DIR:$BUILD_DIR/tests/tools:$PATH ;;
esac

# requires WHAT [ARG...]: skip, with the reason, what this machine cannot do.
requires() {
	local what=$1
	shift
	case $what in
	root)
		[ "$(id -u)" -eq 0 ] || skip "needs root"
		;;
	program)
		local name
		for name in "$@"; do
			command -v "$name" >/dev/null || skip "needs the program $name"
		done
		;;
	cgroup2)
		grep -q ' cgroup2 ' /proc/self/mounts || skip "needs a mounted cgroup2 hierarchy"
		;;
	cgroup1)
		grep -q ' cgroup [^ ]*[ ,]memory' /proc/self/mounts || skip "needs cgroup v1 controllers"
		;;
	userns)
		unshare --user true 2>/dev/null || skip "needs user namespaces"
		;;
	*)
		echo "requires: unknown need '$what'" >&2
		return 1
		;;
	esac
}

# make_rootfs DIR: a root file system of Debian's static busybox.
make_rootfs() {
	mkdir -p "$1"/{bin,sbin,dev,etc,proc,root,run,sys,tmp,usr/bin,var}
	chmod 1777 "$1/tmp"
	cp /bin/busybox "$1/bin/busybox"
	# One process for four hundred links.
	perl -e 'symlink "busybox", "$ARGV[0]/$_" for qx(/bin/busybox --list) =~ /\S+/g' "$1/bin"
	printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/sh\n' >"$1/etc/passwd"
	printf 'root:x:0:\nuser:x:1000:\n' >"$1/etc/group"
}

# setup_creel: a state root and names of this test's own; teardown_creel deletes what is left.
setup_creel() {
	CREEL_ROOT=$BATS_TEST_TMPDIR/state
	BUNDLE=$BATS_TEST_TMPDIR/bundle
	# The last letter: what is looked for by the beginning of a name is not another test's.
	NAME=e2e-$BATS_TEST_NUMBER-$$t
	ROOTFS=$BATS_FILE_TMPDIR/rootfs
	[ -d "$ROOTFS" ] || make_rootfs "$ROOTFS"
}

teardown_creel() {
	local id
	for id in $(c list -q 2>/dev/null); do
		c delete --force "$id" || true
	done
}

# c ARG...: creel with this test's state root.
c() {
	creel --root "$CREEL_ROOT" "$@"
}

# bundle PROGRAM [ARG...]: $BUNDLE runs that program, without a terminal, in a control group of its own.
bundle() {
	mkdir -p "$BUNDLE"
	rm -f "$BUNDLE/config.json"
	creel spec --bundle "$BUNDLE"
	edit '.process.args = $ARGS.positional | .process.terminal = false | .root.path = $rootfs
		| .root.readonly = false | .linux.cgroupsPath = "/creel-e2e/" + $name' \
		--arg rootfs "$ROOTFS" --arg name "$NAME" --args -- "$@"
}

# edit FILTER [JQ-OPTION...]: change $BUNDLE/config.json.
edit() {
	local filter=$1
	shift
	jq "$filter" <"$BUNDLE/config.json" >"$BUNDLE/config.json.new" "$@"
	mv "$BUNDLE/config.json.new" "$BUNDLE/config.json"
}

# status_of ID
status_of() {
	c state "$1" | jq -r .status
}

# wait_for COMMAND...: until it succeeds; a busy machine has two minutes for it.
wait_for() {
	local end=$((SECONDS + 120))
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || {
			echo "waited in vain for: $*" >&2
			return 1
		}
		sleep 0.05
	done
}

# types SHOWN [PATTERN TEXT]...: what somebody types who reads: TEXT once the file SHOWN has PATTERN.
types() {
	local shown=$1
	shift
	while (($# > 0)); do
		wait_for grep -q -- "$1" "$shown"
		printf '%b' "$2"
		shift 2
	done
}

# types_until SHOWN PATTERN TEXT: again and again until that is the answer, to programs that do not
# say when they are ready.
types_until() {
	local shown=$1 pattern=$2 text=$3
	again() {
		grep -q -- "$pattern" "$shown" || {
			printf '%b' "$text" >&4
			sleep 0.2
			false
		}
	}
	wait_for again 4>&1
}

has_status() {
	[ "$(status_of "$1")" = "$2" ]
}

# nothing_left: no state directory and no control group of this test.
nothing_left() {
	local left
	# Other people's control groups may go away while find looks.
	left=$(find "$CREEL_ROOT" -mindepth 1 2>/dev/null || true
		find /sys/fs/cgroup -type d -path "*/creel-e2e/$NAME*" 2>/dev/null || true)
	[ -z "$left" ] || {
		echo "left behind: $left" >&2
		return 1
	}
}

# The bundle runs to the end, and $output is what it printed.
runs() {
	run c run --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[ "$status" -eq 0 ]
}

# The bundle is refused with TEXT, and nothing is left of the attempt.
refuses() { # TEXT
	run c run --bundle "$BUNDLE" "$NAME"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"$1"* ]]
	nothing_left
}
