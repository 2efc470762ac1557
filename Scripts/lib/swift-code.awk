# Takes comments and the text of string literals out of Swift source, line by line, and prints
# `file<TAB>line<TAB>code`. Knows nested block comments, multi-line and raw strings, and keeps the code of
# interpolations, so that a word found in the output is a word the compiler sees.
#
# depth is the height of a stack of open literals; for each level:
#   hashes[depth]  the # of a raw string        multi[depth]   1 for a """ string
#   parens[depth]  open parentheses of the interpolation being read, 0 when inside the text

FNR == 1 { depth = 0; comment = 0 }

{
  rest = $0
  code = ""
  while (rest != "") {
    if (comment > 0) {
      readComment()
    } else if (depth > 0 && parens[depth] == 0) {
      readText()
    } else {
      readCode()
    }
  }
  # A one-line literal ends with its line, whatever was misread in it.
  for (level = 1; level <= depth; level++) {
    if (!multi[level]) { depth = level - 1 }
  }
  gsub(/\t/, " ", code)
  print FILENAME "\t" FNR "\t" code
}

function readComment() {
  if (!match(rest, /\/\*|\*\//)) { rest = ""; return }
  comment += (substr(rest, RSTART, 1) == "/") ? 1 : -1
  rest = substr(rest, RSTART + 2)
  if (comment == 0) { code = code " " }
}

function readText(    closing, opening, at) {
  if (!match(rest, /[\\"]/)) { rest = ""; return }
  at = RSTART
  if (substr(rest, at, 1) == "\\") {
    opening = "\\" hashes[depth]
    if (substr(rest, at, length(opening)) != opening) { rest = substr(rest, at + 1); return }
    if (substr(rest, at + length(opening), 1) == "(") {
      parens[depth] = 1
      code = code " "
    }
    rest = substr(rest, at + length(opening) + 1)
    return
  }
  closing = (multi[depth] ? "\"\"\"" : "\"") hashes[depth]
  if (substr(rest, at, length(closing)) == closing) {
    rest = substr(rest, at + length(closing))
    depth--
    code = code "\""
  } else {
    rest = substr(rest, at + 1)
  }
}

function readCode(    found, token) {
  found = (depth > 0) ? match(rest, /#*"""|#*"|\/\/|\/\*|[()]/) : match(rest, /#*"""|#*"|\/\/|\/\*/)
  if (!found) { code = code rest; rest = ""; return }
  token = substr(rest, RSTART, RLENGTH)
  code = code substr(rest, 1, RSTART - 1)
  rest = substr(rest, RSTART + RLENGTH)
  if (token == "//") { rest = ""; return }
  if (token == "/*") { comment = 1; return }
  if (token == "(") { parens[depth]++; code = code token; return }
  if (token == ")") {
    parens[depth]--
    code = code (parens[depth] == 0 ? " " : token)
    return
  }
  code = code "\""
  depth++
  parens[depth] = 0
  multi[depth] = (token ~ /"""$/)
  hashes[depth] = token
  gsub(/"/, "", hashes[depth])
}
