#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Generated manual pages have no warnings, generated completions are bash. Runs in the build directory.
set -eu
bash -n completions/creel*
if ! command -v mandoc >/dev/null; then
	echo "check-docs: mandoc is missing, manual pages were not looked at" >&2
	exit 77
fi
mandoc -T lint -W warning man/creel*.1 man/containerd-shim*.8
