#!/bin/sh
# Stands before rustc when scripts/wasm.sh compiles: takes the feature `precomputed-tables` away from curve25519-dalek.
#
# The tables hold multiples of the base point: 38 KB of what looks like chance, which no compression shrinks, in every download. Without
# them the same functions compute the multiples when they need them, in constant time as before: half a millisecond for each signature
# on a machine where Argon2id takes a second. The crate offers both ways; cargo cannot ask for this one, because `age` takes x25519-dalek
# with its defaults and features only add up. Nothing native is compiled like this, and the committed vectors hold in both.
set -eu
is_curve=
for argument do
    [ "$argument" != curve25519_dalek ] || is_curve=yes
done
if [ -n "$is_curve" ]; then
    # Every argument is looked at once and put back behind the others; `--cfg` waits until its value is known.
    count=$# held=
    while [ "$count" -gt 0 ]; do
        argument=$1
        shift
        count=$((count - 1))
        if [ -n "$held" ]; then
            held=
            [ "$argument" = 'feature="precomputed-tables"' ] || set -- "$@" --cfg "$argument"
        elif [ "$argument" = --cfg ]; then
            held=yes
        else
            set -- "$@" "$argument"
        fi
    done
fi
exec "$@"
