# SPDX-License-Identifier: Apache-2.0
# For the tests of conmon's command line: what an engine does around it, without an engine.  CONMON
# names another program to see what that does.

# shellcheck source=tests/e2e/shim/shim.bash
. "$(dirname "${BASH_SOURCE[0]}")/shim.bash"

# Call from setup().
conmon_setup() {
	shim_setup
	requires program jq python3
	: "${CONMON:=$BUILD_DIR/creel-shim}"
	mkdir -p "$T/exits" "$T/persist" "$T/socks"
	mkfifo "$T/sync" "$T/start" "$T/attachpipe"
	exec {SYNC}<>"$T/sync" {START}<>"$T/start" {ATTACHED}<>"$T/attachpipe"
	LOG=$T/ctr.log
}

# Call from teardown().
conmon_teardown() {
	[ -z "${SYNC:-}" ] || exec {SYNC}>&- {START}>&- {ATTACHED}>&-
	shim_teardown
}

# conmon ARG...: with pipes and the options that every engine gives.
conmon() {
	echo go >&"$START"
	env _OCI_SYNCPIPE=7 _OCI_STARTPIPE=8 _OCI_ATTACHPIPE=9 "$CONMON" --api-version 1 -c "$ID" -u "$ID" \
		-r "$(command -v "$SHIM_RUNTIME")" --runtime-arg --root --runtime-arg "$RUNTIME_ROOT" -n name \
		--conmon-pidfile "$T/conmon.pid" "$@" 3>&- 7>"$T/sync" 8<"$T/start" 9>"$T/attachpipe"
}

# created ARG...: conmon makes the container; $PID is its process.
created() {
	conmon -b "$BUNDLE" -p "$T/pidfile" --exit-dir "$T/exits" --persist-dir "$T/persist" \
		--socket-dir-path "$T/socks" -l "k8s-file:$LOG" "$@"
	hears
	PID=$(sed -n 's/^{"data": \([0-9]*\)}$/\1/p' <<<"$HEARD")
	[ -n "$PID" ] || {
		echo "the sync pipe says: $HEARD" >&2
		return 1
	}
}

# started ARG...: and it runs.
started() {
	created "$@"
	runtime start "$ID"
}

# hears: the next line of the sync pipe is $HEARD.
hears() {
	HEARD=
	read -r -t 120 HEARD <&"$SYNC"
}

# ended: conmon has gone.
ended() {
	eventually 20 gone "$(cat "$T/conmon.pid")"
}

# texts FILE: what a log's records say, without their times.
texts() {
	cut -d' ' -f2- "$1"
}

# process ARG...: process.json for an exec session.
process() {
	printf '{"terminal": %s, "user": {"uid": 0, "gid": 0}, "args": ["/bin/sh", "-c", "%s"], "env": ["PATH=/bin"], "cwd": "/"}\n' \
		"${2:-false}" "$1" >"$T/process.json"
}

# client FILE [INPUT]: attach; what comes is appended to FILE, packet by packet.
client() {
	# shellcheck disable=SC2016
	python3 -c '
import os, socket, sys
os.chdir(sys.argv[1])
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect("attach")
open(sys.argv[2] + ".there", "w")
if len(sys.argv) > 3:
    s.send(sys.argv[3].encode())
    s.shutdown(socket.SHUT_WR)
with open(sys.argv[2], "ab", buffering=0) as out:
    while True:
        packet = s.recv(9000)
        if not packet: break
        out.write(packet)
' "${CLIENT_DIR:-$BUNDLE}" "$@" 3>&-
}
