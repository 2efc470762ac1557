# shellcheck shell=bash
# Sourced by the checks. Bash 3.2 is enough (macOS), and the awk programs keep to POSIX.
#
# Every check is called as `Scripts/check-NAME [--root DIR]`, prints one line a finding
# (`file:line: what is wrong`), and exits 0 (clean), 1 (findings) or 2 (it could not run).

export LC_ALL=C

lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
scripts=$(dirname "$lib")
root=$(dirname "$scripts")
check_name=$(basename "$0")

# Prints the comment block at the top of the calling script.
usage() {
  awk 'NR > 1 { if ($0 !~ /^#/) exit; sub(/^# ?/, ""); print }' "$0"
}

die() {
  echo "$check_name: $*" >&2
  exit 2
}

# Sets `root` from the arguments and moves there.
enter_root() {
  while [ $# -gt 0 ]; do
    case $1 in
      --root)
        [ $# -ge 2 ] || die "--root wants a folder"
        root=$2
        shift 2
        ;;
      -h | --help) usage; exit 0 ;;
      *) die "unknown argument '$1' (see --help)" ;;
    esac
  done
  cd "$root" || die "no folder '$root'"
  root=$PWD
}

# Prints the Swift files below the given folders and files (those that exist), one a line, sorted.
# Hidden folders are build products.
swift_files() {
  local place
  for place in "$@"; do
    if [ -e "$place" ]; then
      find "$place" -type d -name '.?*' -prune -o -type f -name '*.swift' -print
    fi
  done | sort
}

# Prints the lines of a list file without comments and blank lines.
list_lines() {
  if [ -e "$1" ]; then
    sed -e 's/#.*//' -e 's/[[:space:]]*$//' -e '/^[[:space:]]*$/d' "$1"
  fi
}

# Prints every line of the Swift files named on standard input as `file<TAB>line<TAB>code`, with
# comments and the text of string literals taken out; code inside `\(…)` stays.
swift_code() {
  tr '\n' '\0' | xargs -0 awk -f "$lib/swift-code.awk" /dev/null
}

# Prints what Package.swift says, one fact a line; see manifest-facts.awk.
manifest_facts() {
  [ -e Package.swift ] || die "no Package.swift in $root"
  local json
  json=$(swift package --package-path . dump-package) || die "Package.swift cannot be read"
  printf '%s\n' "$json" | awk -f "$lib/manifest-facts.awk"
}
