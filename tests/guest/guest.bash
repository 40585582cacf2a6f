# SPDX-License-Identifier: Apache-2.0
# What the guest tests share, besides the helpers of the end-to-end tests.
# shellcheck disable=SC2016 # jq has variables of its own
load helpers

CGROUP=/sys/fs/cgroup

setup() {
	setup_creel
	SCOPE=creel-$NAME.scope
	GROUP=$CGROUP/machine.slice/$SCOPE
}

teardown() {
	teardown_creel
}

# The one that run.sh made.
make_rootfs() {
	cp -a "$SRC_DIR/rootfs" "$1"
}

# from_template PATH PROGRAM [ARG...]: $BUNDLE runs that program in a control group of that path.
# TEMPLATE is a file of run.sh: each jq in the guest takes a second.
from_template() {
	local config args="" arg
	config=$(<"$SRC_DIR/${TEMPLATE:-config.json}")
	for arg in "${@:2}"; do
		arg=${arg//\\/\\\\}
		args+=",\"${arg//\"/\\\"}\""
	done
	config=${config//'"@ARGS@"'/"${args#,}"}
	config=${config//@ROOTFS@/"$ROOTFS"}
	mkdir -p "$BUNDLE"
	printf '%s\n' "${config//@PATH@/"$1"}" >"$BUNDLE/config.json"
}

bundle() {
	from_template "/creel-e2e/$NAME" "$@"
}

# scoped PROGRAM [ARG...]: $BUNDLE for the systemd driver.
scoped() {
	from_template "machine.slice:creel:$NAME" "$@"
}

# limited_scope PROGRAM [ARG...]: the same with memory, cpu and pids limits.
limited_scope() {
	TEMPLATE=limited.json scoped "$@"
}

# pid_of ID
pid_of() {
	c state "$1" | sed -n 's/^  "pid": \([0-9]*\),$/\1/p'
}

status_of() {
	c state "$1" | sed -n 's/^  "status": "\(.*\)",$/\1/p'
}

# start_scoped: run it in the background.  Later verbs do without --systemd-cgroup.
start_scoped() {
	c --systemd-cgroup run --bundle "$BUNDLE" --detach "$NAME" >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null || {
		cat "$BATS_TEST_TMPDIR/out"
		return 1
	}
}

# property UNIT NAME
property() {
	systemctl show --value -p "$2" "$1"
}

# shows NAME=VALUE...: properties of this test's scope.
shows() {
	local want names=() have
	for want; do
		names+=(-p "${want%%=*}")
	done
	have=$(systemctl show "${names[@]}" "$SCOPE")
	for want; do
		grep -qxF "$want" <<<"$have" || {
			printf 'want: %s, but %s has:\n%s\n' "$want" "$SCOPE" "$have" >&2
			return 1
		}
	done
}

# says FILE TEXT: a file of this test's group.
says() {
	local text
	text=$(cat "$GROUP/$1")
	[ "$text" = "$2" ] || {
		echo "$GROUP/$1 says '$text', not '$2'" >&2
		return 1
	}
}

is_unloaded() {
	[ ! -e "$GROUP" ] && shows LoadState=not-found
}

# as_user COMMAND...: uid 1000, with a session.
as_user() {
	setpriv --reuid 1000 --regid 1000 --init-groups env -i HOME=/home/rootless USER=rootless \
		PATH="$PATH" XDG_RUNTIME_DIR=/run/user/1000 "$@"
}
