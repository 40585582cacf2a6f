# SPDX-License-Identifier: Apache-2.0
# A private containerd with its CRI plugin, as a kubelet drives it: pods on a CNI bridge.  The calls are
# gRPC over HTTP/2, which curl speaks; the messages are words with field numbers (tests/tools/pb.c),
# named here after the API's.
# shellcheck disable=SC1083 # 1{ and } are words

# shellcheck source=tests/e2e/engines/room.bash
. "$(dirname "${BASH_SOURCE[0]}")/../engines/room.bash"

PB=$BUILD_DIR/tests/tools/pb

# cri METHOD WORD...: the reply goes to stdout as a message; a failure's text to stderr.
cri() {
	local method=$1 service=Runtime
	shift
	case $method in ImageStatus | ListImages | PullImage) service=Image ;; esac
	"$PB" encode grpc "$@" >"$BATS_TEST_TMPDIR/request"
	in_room curl --silent --show-error --max-time 60 --http2-prior-knowledge \
		--unix-socket /run/containerd/containerd.sock -D "$BATS_TEST_TMPDIR/head" \
		-H 'content-type: application/grpc' -H 'te: trailers' --data-binary "@$BATS_TEST_TMPDIR/request" \
		-o "$BATS_TEST_TMPDIR/reply" "http://cri/runtime.v1.${service}Service/$method"
	tr -d '\r' <"$BATS_TEST_TMPDIR/head" >"$BATS_TEST_TMPDIR/headers"
	grep -q '^grpc-status: 0$' "$BATS_TEST_TMPDIR/headers" || {
		sed -n 's/^grpc-message: //p' "$BATS_TEST_TMPDIR/headers" >&2
		return 1
	}
	cat "$BATS_TEST_TMPDIR/reply"
}

# field PATH: of the message on stdin.
field() {
	"$PB" get grpc "$1"
}

# A room with containerd whose CRI plugin runs everything by $SHIM_TYPE.
cri_open() {
	room_open
	in_room mkdir -p /run/cni /etc/cni/net.d
	in_room tee /etc/cni/net.d/10-bridge.conflist >/dev/null <<-'END'
		{
			"cniVersion": "0.4.0",
			"name": "pods",
			"plugins": [
				{
					"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false,
					"ipam": {"type": "host-local", "ranges": [[{"subnet": "10.77.0.0/24"}]],
						"routes": [{"dst": "0.0.0.0/0"}]}
				}
			]
		}
	END
	in_room tee /etc/containerd/config.toml >/dev/null <<-END
		version = 2
		[plugins."io.containerd.grpc.v1.cri"]
			sandbox_image = "example.com/pause:latest"
			disable_apparmor = true
			restrict_oom_score_adj = true
			enable_selinux = false
			[plugins."io.containerd.grpc.v1.cri".cni]
				bin_dir = "/usr/lib/cni"
				conf_dir = "/etc/cni/net.d"
			[plugins."io.containerd.grpc.v1.cri".containerd]
				default_runtime_name = "creel"
				[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.creel]
					runtime_type = "$SHIM_TYPE"
					$SHIM_OPTIONS
	END
	in_room containerd >"$ROOM_DIR/containerd.log" 2>&1 </dev/null 3>&- &
	wait_for in_room ctr version
	cri_images
}

# Two images of busybox: one that waits, for the pods themselves, and one that does what it is told.
cri_images() {
	"$SRC_DIR/tools/make-busybox-image.sh" "$ROOM_DIR/busybox.tar"
	pause_image "$ROOM_DIR/busybox.tar" "$ROOM_DIR/pause.tar"
	in_room ctr -n k8s.io image import --base-name example.com/busybox "$ROOM_DIR/busybox.tar" >/dev/null
	in_room ctr -n k8s.io image import --base-name example.com/pause "$ROOM_DIR/pause.tar" >/dev/null
}

# blob_add LAYOUT FILE: prints its digest.
blob_add() {
	local hex
	hex=$(sha256sum "$2" | cut -d' ' -f1)
	mv "$2" "$1/blobs/sha256/$hex"
	echo "sha256:$hex"
}

# pause_image FROM.tar TO.tar: the same image with another command.
pause_image() {
	local l=$BATS_FILE_TMPDIR/layout manifest config
	mkdir "$l"
	tar -C "$l" -xf "$1"
	manifest=$l/blobs/$(jq -r '.manifests[0].digest' "$l/index.json" | tr : /)
	config=$l/blobs/$(jq -r .config.digest "$manifest" | tr : /)
	jq -c '.config.Cmd = ["sleep", "100000"]' "$config" >"$l/new"
	jq -c --arg size "$(stat -c %s "$l/new")" --arg digest "$(blob_add "$l" "$l/new")" \
		'.config.digest = $digest | .config.size = ($size | tonumber)' "$manifest" >"$l/new2"
	jq -c --arg size "$(stat -c %s "$l/new2")" --arg digest "$(blob_add "$l" "$l/new2")" \
		'.manifests[0].digest = $digest | .manifests[0].size = ($size | tonumber)' "$l/index.json" >"$l/new3"
	mv "$l/new3" "$l/index.json"
	tar -C "$l" -cf "$2" .
	rm -rf "${l:?}"
}

# ---- what a kubelet asks for ----------------------------------------------------------------------

# pod_config NAME: words of PodSandboxConfig.
pod_config() {
	echo 1{ "1:$1" "2:uid-$1" 3:default 4=0 } "2:$1" "3:/run/logs/$1" 8{ "1:/$ROOM_CGROUP" 2{ 1{ 2=1 } } }
}

# pod_run NAME: prints the pod's id.
pod_run() {
	# shellcheck disable=SC2046
	cri RunPodSandbox 1{ $(pod_config "$1") } | field 1
}

pod_stop() {
	cri StopPodSandbox "1:$1" >/dev/null
}

pod_remove() {
	cri RemovePodSandbox "1:$1" >/dev/null
}

pod_ip() {
	cri PodSandboxStatus "1:$1" | field 1.5.1
}

# container_create POD-ID POD-NAME NAME WORD... -- COMMAND...: words are of ContainerConfig; prints the id.
container_create() {
	local pod=$1 pod_name=$2 name=$3 words=() command=()
	shift 3
	while [ "$1" != -- ]; do
		words+=("$1")
		shift
	done
	shift
	for word in "$@"; do command+=("3:$word"); done
	# shellcheck disable=SC2046
	cri CreateContainer "1:$pod" 2{ 1{ "1:$name" 2=0 } 2{ 1:example.com/busybox:latest } "${command[@]}" \
		"11:$name.log" 15{ 2{ 3{ 2=1 } } } "${words[@]}" } 3{ $(pod_config "$pod_name") } | field 1
}

container_start() {
	cri StartContainer "1:$1" >/dev/null
}

# container_run ...: created and started.
container_run() {
	local id
	id=$(container_create "$@")
	container_start "$id"
	echo "$id"
}

container_stop() {
	cri StopContainer "1:$1" "2=${2:-10}" >/dev/null
}

# container_state ID: created 0 (which is not said), running 1, exited 2.
container_state() {
	cri ContainerStatus "1:$1" | field 1.3
}

container_code() {
	cri ContainerStatus "1:$1" | field 1.7
}

container_has_ended() {
	[ "$(container_state "$1")" = 2 ]
}

# exec_sync ID COMMAND...: output to stdout and stderr, its exit code is ours.
exec_sync() {
	local id=$1 command=() reply=$BATS_TEST_TMPDIR/exec code
	shift
	for word in "$@"; do command+=("2:$word"); done
	cri ExecSync "1:$id" "${command[@]}" 3=20 >"$reply"
	field 1 <"$reply" | head -c -1
	field 2 <"$reply" | head -c -1 >&2
	code=$(field 3 <"$reply")
	return "${code:-0}"
}
