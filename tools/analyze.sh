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
# What GCC 12 gets wrong: memory kept in a grown array is a leak to it, and a variable with a cleanup
# attribute is read before its initialiser.  Sanitizers and clang-tidy watch both.
blind="-Wno-analyzer-malloc-leak -Wno-analyzer-use-of-uninitialized-value"
[ -f Makefile ] || "$src/configure" --enable-werror CFLAGS="-O1 -fanalyzer $blind" CPPFLAGS=-DSTATIC_ANALYSIS >configure.out
make -j "$(nproc)" all
echo "analyze: clean"
