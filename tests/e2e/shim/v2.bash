# SPDX-License-Identifier: Apache-2.0
# containerd's side of a shim, without containerd: bundles, `start`, calls by tests/tools/ttrpc_client.

# shellcheck source=tests/e2e/helpers.bash
. "$(dirname "${BASH_SOURCE[0]}")/../helpers.bash"

# Call from setup().
v2_setup() {
	: "${SHIM_RUNTIME:=}"
	requires root
	requires program busybox ttrpc_client
	T=$BATS_TEST_TMPDIR
	# Ids are also names of cgroups, and the address is in the socket's name: nobody else has them.
	P=v2-$$-$BATS_TEST_NUMBER
	SHIM=$T/containerd-shim-creel-v2
	ln -s "$BUILD_DIR/containerd-shim-creel-v2" "$SHIM"
	RUNTIME_ROOT=$T/root
	SHIMS=()
	unset GRPC_ADDRESS
	export TTRPC_ADDRESS=$T/c.ttrpc
	ttrpc_client events "$TTRPC_ADDRESS" >"$T/events" 2>/dev/null 3>&- &
	EVENTS_PID=$!
	ttrpc_client encode containerd.runc.v1.Options "root=$RUNTIME_ROOT" "binary_name=$SHIM_RUNTIME" >"$T/options"
	wait_for test -S "$TTRPC_ADDRESS"
}

# Call from teardown(): nothing may be left, whatever the test did.
v2_teardown() {
	[ -n "${EVENTS_PID:-}" ] || return 0
	local dir fifo pid
	for pid in "${SHIMS[@]}"; do
		# One that has ended may have left its number to a stranger.
		is_shim "$pid" || continue
		kill -KILL "$pid" 2>/dev/null || true
		wait_for is_no_shim "$pid"
	done
	for dir in "$T"/ns/*/; do
		v2_delete "$(basename "$dir")" >/dev/null 2>&1 || true
	done
	# A reader of what nobody has opened to write would wait for ever.
	for fifo in "$T"/fifo/*/*; do
		[ ! -p "$fifo" ] || : <>"$fifo"
	done
	kill "$EVENTS_PID" || true
}

# Is it a server of this test's?
is_shim() {
	tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline" | grep -qF -- "-address $T/c.sock "
}

is_no_shim() {
	! is_shim "$1"
}

# bundle ID SCRIPT [MEMBERS]: a bundle that runs a shell script; MEMBERS is more of config.json.
bundle() {
	local dir=$T/ns/$1 namespaces=${NAMESPACES-'{"type": "pid"},'}
	mkdir -p "$dir"
	[ -d "$T/rootfs" ] || make_rootfs "$T/rootfs"
	cat >"$dir/config.json" <<-END
		{
			"ociVersion": "1.0.2",
			"process": {
				"user": {"uid": 0, "gid": 0}, "cwd": "/", "env": ["PATH=/bin"],
				"args": ["/bin/sh", "-c", $(jq -n --arg s "$2" '$s')]
			},
			"root": {"path": "${ROOT_PATH:-$T/rootfs}"},
			"mounts": [
				{"destination": "/proc", "type": "proc", "source": "proc"},
				{"destination": "/dev", "type": "tmpfs", "source": "tmpfs"}
			],
			"linux": {"cgroupsPath": "/$1", "namespaces": [$namespaces {"type": "mount"}]}
			${3:+, $3}
		}
	END
}

# v2 ID OPTION... ACTION: the program as containerd calls it, in the bundle.
v2() {
	local id=$1
	shift
	(cd "$T/ns/$id" && exec "$SHIM" -namespace ns -address "$T/c.sock" -publish-binary /bin/false -id "$id" "$@" 3>&-)
}

v2_start() {
	v2 "$1" start </dev/null
	note_shim "$1"
}

v2_delete() {
	v2 "$1" -bundle "$T/ns/$1" delete </dev/null
}

# The server's pid, for teardown: $SHIM_PID.
note_shim() {
	SHIM_PID=$(ask "$1" Connect "id=$1" | sed -n 's/^shim_pid: //p')
	SHIMS+=("$SHIM_PID")
}

socket_of() {
	local text
	text=$(cat "$T/ns/$1/address")
	[[ $text != '{'* ]] || text=$(jq -r .address <<<"$text")
	echo "${text#unix://}"
}

# ask ID METHOD WORD...: a call of the Task service, of the shim that has ID.
ask() {
	local id=$1
	shift
	ttrpc_client call "$(socket_of "$id")" "$@"
}

# create ID WORD...: the Create request, with streams unless they are among the words.
create() {
	local id=$1
	shift
	ask "$id" Create "id=$id" "bundle=$T/ns/$id" options.type_url=containerd.runc.v1.Options \
		"options.value=@$T/options" "$@"
}

# fifos ID: in, out, err; what comes out is kept in files of the same names with .got.
fifos() {
	mkdir -p "$T/fifo/$1"
	mkfifo -m 700 "$T/fifo/$1"/{in,out,err}
	cat "$T/fifo/$1/out" >"$T/fifo/$1/out.got" 3>&- &
	cat "$T/fifo/$1/err" >"$T/fifo/$1/err.got" 3>&- &
}

# Words of a request that name them.
with_fifos() {
	echo "stdout_path=$T/fifo/$1/out" "stderr_path=$T/fifo/$1/err"
}
