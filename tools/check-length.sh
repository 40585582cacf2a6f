#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A file has one subject.  Code over 600 lines has more than one; a table of rows may
# be longer and says "Table" in its first three lines.
set -eu
cd "$(dirname "$0")/.."
long=$(find libutil oci-spec runtime shim imagetool -name '*.[ch]' -exec awk '
	FNR <= 3 && /Table/ { table[FILENAME] = 1 }
	FNR == 601 && !table[FILENAME] { print "check-length: " FILENAME ": over 600 lines: split it by subject" }
' {} +)
[ -z "$long" ] || {
	echo "$long" >&2
	exit 1
}
