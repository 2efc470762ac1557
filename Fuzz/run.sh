#!/usr/bin/env bash
# Fuzzes readers of hostile input with libFuzzer.
#
# Usage: Fuzz/run.sh TARGET|all SECONDS [FOLDER...]   that long for each target, from the seeds, what earlier runs found,
#                                                     and further folders of inputs; optimized, with AddressSanitizer
#        Fuzz/run.sh TARGET|all runs=N                N inputs for each target, from the seeds alone, the same each time;
#                                                     a debug build: continuous integration
#        Fuzz/run.sh TARGET FILE                      one input again, with what goes wrong
#        Fuzz/run.sh --list                           the targets
#
# Seeds are made of the fixtures at each call. Inputs that are found interesting go to Fuzz/.corpus/TARGET; an input that
# crashes, hangs (10 s) or takes more than 1 GiB goes to Fuzz/.findings, and the exit code is 1. Exit code 77: libFuzzer is
# not on this machine.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

usage() { awk 'NR > 1 { if ($0 !~ /^#/) exit; sub(/^# ?/, ""); print }' run.sh; }
case ${1:-} in
  '') usage >&2; exit 64 ;;
  -h | --help) usage; exit 0 ;;
esac

runtime=$(swift -print-target-info 2> /dev/null | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')
if [ -z "$(find -L "$runtime/clang" -name 'libclang_rt.fuzzer*' -print -quit 2> /dev/null)" ]; then
  echo "SKIP: this Swift has no libFuzzer (libclang_rt.fuzzer below $runtime)"
  exit 77
fi

# A few inputs are not worth the minutes that the optimizer and AddressSanitizer take to build.
case ${2:-} in
  runs=* | '') build=(-c debug -Xswiftc -sanitize=fuzzer); fuzz=.build/debug/Fuzz ;;
  *) build=(-c release -Xswiftc -sanitize=fuzzer,address); fuzz=.build/release/Fuzz ;;
esac
# lld: gold will not have both libFuzzer's main function and ours, where SwiftPM chooses which.
mkdir -p .findings
swift build --product Fuzz "${build[@]}" -Xcc -fsanitize=fuzzer-no-link -Xswiftc -use-ld=lld > .findings/build.log 2>&1 || {
  cat .findings/build.log
  exit 1
}
if [ "$1" = --list ]; then exec "$fuzz" --list; fi
[ $# -ge 2 ] || { usage >&2; exit 64; }

seeds=$(mktemp -d)
trap 'rm -rf "$seeds"' EXIT
"$fuzz" --seeds .. "$seeds" > /dev/null

if [ "$1" = all ]; then targets=$("$fuzz" --list); else targets=$1; fi
what=$2
shift 2

# Swift's own printing of backtraces reads the stack in ways that AddressSanitizer takes for a mistake.
export SWIFT_BACKTRACE=enable=no FUZZ_PROJECT=.. ASAN_OPTIONS=detect_leaks=0
failed=0
for target in $targets; do
  export FUZZ_TARGET=$target
  [ -d "$seeds/$target" ] || { echo "run.sh: no target '$target'; there are: $("$fuzz" --list | tr '\n' ' ')" >&2; exit 64; }
  options=(-timeout=10 -rss_limit_mb=1024 -dict="$seeds/$target.dict" -artifact_prefix=".findings/$target-"
    -print_final_stats=1)
  log=.findings/$target.log
  status=0
  case $what in
    runs=*)
      # A fixed seed: the same inputs wherever it runs.
      "$fuzz" "${options[@]}" -seed=1 -runs="${what#runs=}" "$seeds/$target" > "$log" 2>&1 || status=$?
      ;;
    *[!0-9]*)
      "$fuzz" "${options[@]}" "$what" || status=$?
      [ $status -eq 0 ] || failed=1
      continue
      ;;
    *)
      mkdir -p ".corpus/$target"
      "$fuzz" "${options[@]}" -max_total_time="$what" ".corpus/$target" "$seeds/$target" "$@" > "$log" 2>&1 || status=$?
      ;;
  esac
  figures=$(grep -a 'cov: ' "$log" | tail -n 1 | sed 's/\t/ /g') || true
  if [ $status -eq 0 ]; then
    printf 'ok    %-13s %s\n' "$target" "$figures"
  else
    failed=1
    printf 'FAIL  %-13s exit %d: Fuzz/%s\n' "$target" $status "$log"
    grep -aE 'Fatal error|ERROR: |Test unit written' "$log" | head -n 5 | sed 's/^/      /' || true
  fi
done
# Files of others that run at the same time are theirs.
for file in /dev/shm/sallyport-fuzz-*; do
  if [ -e "$file" ] && ! kill -0 "${file##*-}" 2> /dev/null; then rm -f "$file"; fi
done
exit $failed
