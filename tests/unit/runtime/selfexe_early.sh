#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What runs before libc has started calls nobody, and nothing in it waits for relocation.
set -eu

object=runtime/libentry_a-selfexe_early.o
undefined=$(nm --undefined-only "$object" | sed 's/^ *U //' | tr '\n' ' ')
if [ "$undefined" != "__ehdr_start _start selfexe_clone " ]; then
	echo "$object: calls what is not there yet: $undefined" >&2
	exit 1
fi
if readelf --wide --sections "$object" | grep -E '\.rela\.(data|rodata)'; then
	echo "$object: has data that would have to be relocated first" >&2
	exit 1
fi
if readelf --wide --relocs "$object" | grep -E 'GOT|TPOFF|DTPMOD'; then
	echo "$object: uses tables that are not filled in yet" >&2
	exit 1
fi
