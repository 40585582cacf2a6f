# SPDX-License-Identifier: Apache-2.0
# What the safety tests share, above ../helpers.bash.
#
# CREEL_SAFETY_FULL=1 does what takes minutes: every system call instead of some, a thousand rounds
# instead of a hundred, races a hundred times as long.

load ../helpers

# full WHAT OTHERWISE: how much to do.
full() {
	[ "${CREEL_SAFETY_FULL:-0}" != 0 ] && echo "$1" || echo "$2"
}

# mark: every process of $BUNDLE is known by its environment.
mark() {
	edit '.process.env += ["CONTAINER=" + $n]' --arg n "$NAME"
}

# processes_left: pids of the container, and of a creel that works on it.
processes_left() {
	{
		grep -lsz "^CONTAINER=$NAME" /proc/[0-9]*/environ
		grep -lszx "$NAME" /proc/[0-9]*/cmdline
	} | grep -v "^/proc/$$/" || true
}

no_process() {
	[ -z "$(processes_left)" ]
}

no_mount() {
	! grep -F -e "$BATS_TEST_TMPDIR" -e "$ROOTFS" /proc/self/mountinfo
}

# nothing_left, but for the compiled filters that stay on purpose.
nothing_left() {
	local left
	left=$(find "$CREEL_ROOT" -mindepth 1 ! -path '*/.seccomp' ! -path '*/.seccomp/seccomp-??' 2>/dev/null || true
		find /sys/fs/cgroup -type d -path "*/creel-e2e/$NAME*" 2>/dev/null || true)
	[ -z "$left" ] || {
		echo "left behind: $left" >&2
		return 1
	}
}

# nothing_at_all: no state, group, mount or process of this test.
nothing_at_all() {
	nothing_left && no_mount || return 1
	# The dead take a moment to go.
	no_process || wait_for no_process || {
		processes_left >&2
		return 1
	}
}

# cleared: `delete --force` works, in a reasonable time, and nothing is left.
cleared() {
	timeout 120 creel --root "$CREEL_ROOT" delete --force "$NAME" || {
		echo "delete --force: status $?" >&2
		return 1
	}
	nothing_at_all
}

# hostile_image: $IMAGE is a copy of the root file system that a test may spoil.
hostile_image() {
	IMAGE=$BATS_TEST_TMPDIR/image
	rm -rf "$IMAGE"
	cp -a "$ROOTFS" "$IMAGE"
}

# hostile PROGRAM [ARG...]: a bundle of the hostile image.
hostile() {
	bundle "$@"
	edit '.root.path = $p' --arg p "$IMAGE"
}

# make_canary: a directory of the host that must stay as it is.
make_canary() {
	CANARY=$BATS_TEST_TMPDIR/canary
	mkdir -p "$CANARY"/{pts,shm,fd,net,self,sys}
	echo untouched | tee "$CANARY"/{ptmx,null,file,hosts,console} >/dev/null
	CANARY_BEFORE=$(picture "$CANARY")
}

# picture DIR: every name, type, mode, owner, size, time and checksum.
picture() {
	find "$1" -printf '%P %y %m %u:%g %s %T@ %l\n' | sort
	find "$1" -type f -exec cksum {} +
}

canary_untouched() {
	local now
	now=$(picture "$CANARY")
	[ "$now" = "$CANARY_BEFORE" ] || {
		diff <(echo "$CANARY_BEFORE") <(echo "$now") >&2
		return 1
	}
}

# replace PATH TARGET: a symbolic link in the image where something else was.
replace() {
	rm -rf "${IMAGE:?}/$1"
	mkdir -p "$(dirname "$IMAGE/$1")"
	ln -s "$2" "$IMAGE/$1"
}

# race A B [A B]...: exchange these names until race_over.
race() {
	racer "$@" 3>&- &
	RACER=$!
}

race_over() {
	[ -z "${RACER:-}" ] || {
		kill "$RACER" 2>/dev/null || true
		wait "$RACER" 2>/dev/null || true
		RACER=
	}
}

# refute COMMAND...: it fails.  (`! COMMAND` fails no test.)
refute() {
	if "$@"; then
		echo "should not have worked: $*" >&2
		return 1
	fi
}
