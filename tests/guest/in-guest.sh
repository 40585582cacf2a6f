#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Inside the virtual machine: put the programs where they are installed, run the tests.  Called by run.sh in the staging directory.
set -u
cp -a root/. /
export SRC_DIR=$PWD BUILD_DIR=/usr/local/bin
status=0
for file; do
	start=$SECONDS
	bats --tap --timing "tests/$file" </dev/null || status=1
	echo "# $file: $((SECONDS - start)) s"
done
exit "$status"
