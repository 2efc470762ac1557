# Judges imports. Input, in this order: layers.txt, the manifest's facts, the folders of Sources (one name a
# line), and the code of all Swift files as swift_code prints it. `part` says which one is being read.

function find(place, message) { print place ": " message }

# The targets and folders in `places` (separated by spaces) that hold `file`, a path below Sources/.
function allowedAt(places, file,    count, at, list) {
  count = split(places, list, " ")
  for (at = 1; at <= count; at++) {
    if (list[at] == "*" || file == list[at] || index(file, list[at] "/") == 1) { return 1 }
  }
  return 0
}

function tail(from,    at, text) {
  for (at = from; at <= NF; at++) { text = text (at > from ? " " : "") $at }
  return text
}

# --- layers.txt
part == "table" {
  sub(/#.*/, "")
  if (NF == 0) { next }
  if ($1 ~ /^[0-9]+$/ && NF == 3 && ($3 == "foundation" || $3 == "no-foundation")) {
    if ($2 in storey) { find(table ":" FNR, $2 " is named twice") }
    storey[$2] = $1 + 0
    foundation[$2] = ($3 == "foundation")
  } else if ($1 == "only" && NF >= 3) {
    only[$2] = tail(3)
  } else if ($1 == "never" && NF >= 3) {
    for (at = 3; at <= NF; at++) { never[$2, $at] = 1 }
  } else if (($1 == "system" || $1 == "product") && NF >= 3) {
    outside[$2] = tail(3)
    isProduct[$2] = ($1 == "product")
  } else {
    find(table ":" FNR, "not a line of this table: " $0)
  }
  next
}

# --- the manifest
part == "manifest" && $1 == "target" {
  type[$2] = $3
  if (index($4, "Sources/") == 1) { targetOf[substr($4, length("Sources/") + 1)] = $2 }
  next
}
part == "manifest" && $1 == "depends" {
  declared[$2, $3] = 1
  if (($2 in storey) && type[$2] != "test" && ($3 in storey)) {
    problem = forbidden($2, $3)
    if (problem != "") { find("Package.swift", $2 " depends on " $3 ": " problem) }
  }
  next
}
part == "manifest" { next }

# --- the folders of Sources
part == "folders" {
  folder = $1
  if (!(folder in storey)) {
    find("Sources/" folder, "not in " table ": give the target a storey")
  } else if (!(folder in targetOf)) {
    find("Sources/" folder, "no target of Package.swift has this folder")
  }
  next
}

# --- the code: file, line, code, separated by tabs
part == "code" && $2 == 1 && $1 ~ /^Sources\/[^\/]*$/ { find($1, "a file outside any target's folder") }
part == "code" && $3 ~ /(^|[^A-Za-z0-9_.`])import[ \t]/ {
  count = split($3, statements, ";")
  for (at = 1; at <= count; at++) {
    module = importedModule(statements[at])
    if (module != "") { judge($1, $2, module) }
  }
}

# The module of an import statement, or "" when it is none.
function importedModule(text) {
  gsub(/`/, "", text)
  sub(/^[ \t]+/, "", text)
  while (match(text, /^@[A-Za-z_]+(\([^)]*\))?[ \t]*/) ||
         match(text, /^(public|package|internal|fileprivate|private)[ \t]+/)) {
    text = substr(text, RLENGTH + 1)
  }
  if (!match(text, /^import[ \t]+/)) { return "" }
  text = substr(text, RLENGTH + 1)
  sub(/^(typealias|struct|class|actor|enum|protocol|let|var|func|macro)[ \t]+/, "", text)
  if (!match(text, /^[A-Za-z_][A-Za-z0-9_]*/)) { return "" }
  return substr(text, 1, RLENGTH)
}

# Why `importer` may not use `module`, by storey; "" when it may.
function forbidden(importer, module) {
  if ((importer, module) in never) { return "forbidden in " table }
  if (storey[module] == storey[importer]) { return "a neighbour on storey " storey[importer] }
  if (storey[module] > storey[importer]) {
    return "from storey " storey[importer] " up to storey " storey[module]
  }
  return ""
}

function judge(file, line, module,    below, target, place, problem) {
  place = file ":" line
  below = file
  sub(/^(\.\/)?Sources\//, "", below)
  target = below
  sub(/\/.*/, "", target)
  if (target == below || !(target in storey)) { return }  # said already, once for the file or folder
  if (module == target) {
    find(place, target " imports itself")
  } else if (module in storey) {
    problem = forbidden(target, module)
    if (problem == "" && (module in only) && !allowedAt(only[module], below)) {
      problem = "only for " only[module]
    }
    if (problem == "" && !((target, module) in declared)) {
      problem = "not declared as a dependency of " target " in Package.swift"
    }
    if (problem != "") { find(place, target " imports " module ": " problem) }
  } else if (module ~ /^Foundation([A-Z][A-Za-z]*)?$/) {
    if (!foundation[target]) { find(place, target " imports " module ": a target without Foundation") }
  } else if (!(module in outside)) {
    find(place, target " imports " module ": not in " table)
  } else if (!allowedAt(outside[module], below)) {
    find(place, target " imports " module ": only for " outside[module])
  } else if (isProduct[module] && !((target, module) in declared)) {
    find(place, target " imports " module ": not declared as a dependency of " target " in Package.swift")
  }
}
