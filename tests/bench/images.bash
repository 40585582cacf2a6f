# SPDX-License-Identifier: Apache-2.0
# bench_image DIR medium|many|small: an OCI layout with that image (bench_layer.c), named latest. A
# layout that is there is kept, because making it takes longer than what is measured with it.
. "${SRC_DIR:?}/tests/e2e/imagetool/layout.bash"

bench_image() {
	local dir=$1 kind=$2 i=0 files=() scratch
	[ ! -e "$dir/index.json" ] || return 0
	scratch=$(mktemp -d)
	while "${BUILD_DIR:?}/tests/bench/bench_layer" "$kind" "$i" 2>/dev/null >"$scratch/tar"; do
		gzip -n <"$scratch/tar" >"$scratch/$i.gz"
		files+=("$scratch/$i.gz")
		i=$((i + 1))
	done
	make_layout "$dir" latest "${files[@]}"
	rm -r "${scratch:?}"
}
