#!/usr/bin/env bash
# Adds up what the runners said: scripts/sum-results.sh LOG STATUS prints "N passed, N failed".
#
# Counts the summary lines of cargo test ("test result: …"), of node's runner ("# pass 3", "ℹ fail 0") and of our own checks
# ("check: 9 passed, 0 failed"). A run that failed without a counted failure, such as one that did not compile, counts as one.
set -euo pipefail
sed 's/\x1b\[[0-9;]*m//g' "$1" | awk -v status="$2" '
    /^test result: / { for (i = 2; i <= NF; i++) { if ($i == "passed;") passed += $(i - 1); if ($i == "failed;") failed += $(i - 1) } }
    /^(#|ℹ) pass [0-9]+$/ { passed += $3 }
    /^(#|ℹ) fail [0-9]+$/ { failed += $3 }
    /^check: [0-9]+ passed, [0-9]+ failed$/ { passed += $2; failed += $4 }
    END {
        if (status != 0 && failed == 0) failed = 1
        printf "%d passed, %d failed\n", passed, failed
    }'
