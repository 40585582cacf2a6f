#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# gcc -fanalyzer, which understands cleanup attributes, over the whole tree.
#   analyze.sh BUILD-DIRECTORY     (made, or used again)
set -eu
[ $# -eq 1 ] || {
	echo "usage: $0 BUILD-DIRECTORY" >&2
	exit 2
}
src=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
cd "$1"
[ -f Makefile ] || "$src/configure" --enable-werror CFLAGS="-O1 -g -fanalyzer" >configure.out
make -j "$(nproc)" all
echo "analyze: clean"
