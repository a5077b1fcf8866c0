#!/usr/bin/env bash
# Promises about this repository that no compiler keeps: scripts/repository-checks.sh [--list | --only CHECK] [FOLDER].
#
# Each check is a function `check_NAME` that runs in FOLDER (default: this repository), prints what is wrong and where, and returns 1.
# scripts/repository-checks-test.sh shows for each of them that it can fail. To add one: write the function, then its violation there.
set -uo pipefail

# The slices of crates/network/src, each may name only those before it (docs/adr/0006-order-of-slices.md). `backup` and `verify` are none, and stand last.
SLICES="accounts centres guidance audit files reports keeping notices backup verify"
# Folders of crates/network/src that are no slices.
NOT_SLICES="migrations"
LONGEST_FILE=500

# Files of ours: tracked, or new and not ignored. Their names hold no spaces (check_file_names).
ours() { git ls-files --cached --others --exclude-standard -- "$@" | while IFS= read -r file; do [ -f "$file" ] && printf '%s\n' "$file"; done; }

# "The server cannot decrypt" is a fact of the build (protocol §2): none of the server's crates links a crate that opens.
check_server_cannot_decrypt() {
    local crate tree wrong=0
    for crate in server network platform envelope; do
        [ -d "crates/$crate" ] || continue
        tree=$(cargo tree --quiet --locked --offline --package "$crate" --edges normal --prefix none) ||
            tree=$(cargo tree --locked --package "$crate" --edges normal --prefix none) || return 1
        if grep -E '^(keyring|age|age-core) v' <<<"$tree" | sort -u; then
            echo "crates/$crate links the crates above: what opens sealed data belongs to keyring, keys and browser alone (protocol §2)"
            wrong=1
        fi
    done
    return $wrong
}

# The offline tool stays offline: it links nothing of the server, no driver of a database server and nothing that speaks to a network
# (docs/adr/0018-open-with-paper-alone.md).
check_keys_stays_offline() {
    [ -d crates/keys ] || return 0
    local tree
    tree=$(cargo tree --quiet --locked --offline --package keys --edges normal --prefix none) ||
        tree=$(cargo tree --locked --package keys --edges normal --prefix none) || return 1
    if grep -E '^(platform|network|server|sea-orm|sqlx|sqlx-[a-z]+|tokio|hyper|rustls|lettre) v' <<<"$tree" | sort -u; then
        echo "crates/keys links the crates above: the offline tool reads files and nothing else"
        return 1
    fi
}

# Names of files that every shell and every system takes.
check_file_names() {
    if git ls-files --cached --others --exclude-standard -z | tr '\0' '\n' | grep -nvE '^[A-Za-z0-9._/-]+$'; then
        echo "file names use letters, digits, dot, dash and underscore only"
        return 1
    fi
}

# Nobody reads a file of a thousand lines. Lock files, data and test vectors are not written by hand and do not count.
check_file_length() {
    local file lines wrong=0
    while IFS= read -r file; do
        lines=$(wc -l <"$file")
        if [ "$lines" -gt "$LONGEST_FILE" ]; then
            echo "$file has $lines lines, more than $LONGEST_FILE: split it by subject"
            wrong=1
        fi
    done < <(ours '*.rs' '*.ts' '*.mts' '*.js' '*.mjs' '*.css' '*.html' '*.ftl' '*.md' '*.sh' '*.toml' '*.yml' Makefile .ci/run)
    return $wrong
}

# Links between documents and to files resolve, and so do their anchors.
check_links() {
    local file target path anchor wrong=0
    while IFS= read -r file; do
        while IFS= read -r target; do
            case $target in http://* | https://* | mailto:* | tel:*) continue ;; esac
            path=${target%%#*}
            anchor=
            [ "$path" = "$target" ] || anchor=${target#*#}
            if [ -n "$path" ]; then path=$(dirname -- "$file")/$path; else path=$file; fi
            if [ ! -e "$path" ]; then
                echo "$file links to $target, which does not exist"
                wrong=1
            elif [ -n "$anchor" ] && [ -f "$path" ] && ! anchors "$path" | grep -qxF -- "$anchor"; then
                echo "$file links to $target, but that document has no such heading"
                wrong=1
            fi
        done < <(sed '/^```/,/^```/d; s/`[^`]*`//g' "$file" | grep -oE '\]\([^)[:space:]]+\)' | sed 's/^](//; s/)$//')
    done < <(ours '*.md')
    return $wrong
}
# anchors FILE: the anchors that a forge makes of the headings.
anchors() {
    sed '/^```/,/^```/d' "$1" | sed -n 's/^#\{1,6\} \(.*\)$/\1/p' | tr '[:upper:]' '[:lower:]' | sed 's/[^[:alnum:] _-]//g; s/ /-/g'
}

# What a document names in `code` as a path exists, and `path::name` is really in that file. The threat model stands on it.
check_named_files() {
    local file name path symbol wrong=0
    while IFS= read -r file; do
        while IFS= read -r name; do
            path=${name%%::*}
            path=${path%/}
            symbol=
            [ "$path" = "${name%/}" ] || symbol=${name##*::}
            if [ ! -e "$path" ]; then
                echo "$file names $name, which does not exist"
                wrong=1
            elif [ -n "$symbol" ] && ! grep -rqF -- "$symbol" "$path"; then
                echo "$file names $name, but $path does not contain $symbol"
                wrong=1
            fi
        done < <(sed '/^```/,/^```/d' "$file" | grep -oE '`(crates|web|e2e|docs|scripts|translations|data)/[A-Za-z0-9_./:-]+`' | tr -d '`' |
            grep -vE '^(web/(dist|wasm|node_modules)|e2e/node_modules)(/|$)' | grep -vF NNNN | sort -u)
    done < <(ours README.md ARCHITECTURE.md THREAT-MODEL.md GLOSSARY.md CONTRIBUTING.md SECURITY.md 'data/*.md' 'docs/adr/*.md' 'docs/walkthroughs/*.md')
    return $wrong
}

# What a comment names below docs/ exists; a decision record may be named by its number alone.
check_documents_named_in_code() {
    local file name wrong=0
    while IFS=: read -r file name; do
        if [ ! -e "$name" ] && [ ! -e "$name.md" ] && ! compgen -G "$name-*.md" >/dev/null; then
            echo "$file names $name, which does not exist"
            wrong=1
        fi
    done < <(grep -oE 'docs/(adr|walkthroughs)/[A-Za-z0-9_.-]*[A-Za-z0-9]|docs/[a-z]+\.md' /dev/null $(ours '*.rs' '*.ts' '*.mjs' '*.toml' '*.sh' '*.html' |
        grep -v '^scripts/repository-checks') | sort -u)
    return $wrong
}

# The threat model says for each adversary which file or test holds the line: a row without one is a wish.
check_threat_model_rows() {
    local wrong=0 row
    [ -f THREAT-MODEL.md ] || { echo "THREAT-MODEL.md is missing"; return 1; }
    while IFS= read -r row; do
        if ! grep -qE '`(crates|web|e2e|scripts|translations)/[^`]+`' <<<"$row"; then
            echo "THREAT-MODEL.md: no file or test holds this line: ${row:0:90}…"
            wrong=1
        fi
    done < <(awk '/^## / { inside = ($0 ~ /^## What holds/); row = "" }
        inside && /^\|/ { if ($0 !~ /^\|[-| ]*$/) { if (row != "") print row; row = $0 } else row = "" }
        inside && !/^\|/ || !inside { if (row != "") print row; row = "" }
        END { if (row != "") print row }' THREAT-MODEL.md)
    return $wrong
}

# Slices depend in one direction only. Their tests may borrow each other's helpers.
check_slice_order() {
    local slice folder file line used later wrong=0
    [ -d crates/network/src ] || return 0
    for folder in crates/network/src/*/; do
        slice=$(basename "$folder")
        if ! grep -qw -- "$slice" <<<"$SLICES $NOT_SLICES"; then
            echo "crates/network/src/$slice has no place in the order of slices: settle it in a decision record and in scripts/repository-checks.sh"
            wrong=1
        fi
    done
    later=
    for slice in $(tr ' ' '\n' <<<"$SLICES" | tac); do
        for used in $later; do
            while IFS=: read -r file line _; do
                echo "$file:$line: the slice $slice uses $used, which comes after it; the order is: $SLICES"
                wrong=1
            done < <(grep -rnE "(crate|network)::(\{[^}]*\b)?$used\b|super::super::$used\b" "crates/network/src/$slice" --include='*.rs' 2>/dev/null |
                grep -vE '^[^:]+/tests(/[^:]*)?(\.rs)?:|^[^:]+:[0-9]+:[[:space:]]*//')
        done
        later="$later $slice"
    done
    return $wrong
}

# An exception to a lint is written `#[expect(…, reason = "…")]`, so that it goes when its reason goes.
check_no_allow() {
    local wrong=0
    if grep -nE '#!?\[(cfg_attr\([^]]*)?allow\(' /dev/null $(ours '*.rs'); then
        echo "write #[expect(…, reason = \"…\")] instead of allow"
        wrong=1
    fi
    if grep -nE '@ts-(ignore|nocheck)|eslint-disable' /dev/null $(ours '*.ts' '*.mts' '*.mjs' '*.js'); then
        echo "mend the type instead of silencing the compiler"
        wrong=1
    fi
    return $wrong
}

# Every dependency is named in the code of its crate. One needed only for a feature it switches on says so: `# for its feature`.
check_unused_dependencies() {
    local manifest folder line name identifier wrong=0
    for manifest in crates/*/Cargo.toml; do
        [ -f "$manifest" ] || continue
        folder=$(dirname "$manifest")
        while IFS= read -r name; do
            identifier=${name//-/_}
            if ! grep -rqE --include='*.rs' "(^|[^A-Za-z0-9_])$identifier(::|;| as |\\\$|!|,|\})" "$folder"; then
                echo "$manifest: nothing in $folder uses $name"
                wrong=1
            fi
        done < <(dependencies "$manifest" '^\[(.*\.)?(dev-|build-)?dependencies\]')
    done
    [ -f Cargo.toml ] || return $wrong
    while IFS= read -r name; do
        if ! grep -qE "^$name( |\.|=)" crates/*/Cargo.toml; then
            echo "Cargo.toml: no crate uses the workspace dependency $name"
            wrong=1
        fi
    done < <(dependencies Cargo.toml '^\[workspace\.dependencies\]')
    return $wrong
}
# dependencies MANIFEST SECTION: the names in the sections that match.
dependencies() {
    awk -v section="$2" '/^\[/ { inside = ($0 ~ section) } inside && /^[A-Za-z0-9_-]+[ .=]/ && !/for its feature/ { sub(/[ .=].*/, ""); print }' "$1"
}

# Nothing of the machine it was written on: no home folder, no registry host.
check_no_machine_paths() {
    local wrong=0 slash=/
    local paths="(^|[^A-Za-z0-9_.~\$}-])${slash}(root|home|work|Users)${slash}[a-z.]"
    local hosts='(registry\.npmjs|registry\.yarnpkg|(index|static)\.crates|files\.pythonhosted|proxy\.golang)\.(org|com|io)|[a-z]*(artifactory|verdaccio|devpi|nexus)[a-z]*[.:/][a-z0-9]'
    if grep -nIE "$paths|https?:${slash}${slash}[^ \"]*($hosts)|\"resolved\": " /dev/null \
        $(ours | grep -vE '(^|/)(Cargo\.lock|repository-checks(-test)?\.sh)$'); then
        echo "paths of one machine and registry hosts do not belong into the repository"
        wrong=1
    fi
    return $wrong
}

list() { declare -F | sed -n 's/^declare -f check_//p'; }

only=
case ${1:-} in
    --list) list; exit 0 ;;
    --only) only=$2; shift 2 ;;
esac
cd -- "${1:-$(dirname -- "${BASH_SOURCE[0]}")/..}" || exit 2
status=0
for name in ${only:-$(list)}; do
    "check_$name" || status=1
done
exit $status
