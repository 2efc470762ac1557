# Reads the JSON of `swift package dump-package` and prints what the checks need, one fact a line:
#   target NAME TYPE PATH      TYPE as SwiftPM says it: regular, executable, system, test, macro, plugin
#   depends NAME DEPENDENCY    DEPENDENCY is a target of this package or a product of another
#   setting NAME KIND VALUE    a setting, for example: setting Filtering treatAllWarnings error
#
# A JSON token never spans lines. key[1...height] is the way to where we are: key[1] = "targets",
# key[2] = the index of the target, key[3] = a member of it, and so on.

{
  text = $0
  while (match(text, /"([^"\\]|\\.)*"|[][{},:]|[^][{},:" \t]+/)) {
    token = substr(text, RSTART, RLENGTH)
    text = substr(text, RSTART + RLENGTH)
    if (token == "{" || token == "[") {
      height++
      isList[height] = (token == "[")
      key[height] = isList[height] ? 0 : ""
      expectsKey = !isList[height]
      if (height == 7 && insideSetting()) { settings[++settingCount] = key[6] }
    } else if (token == "}" || token == "]") {
      height--
      expectsKey = 0
      if (height == 2 && key[1] == "targets") { report() }
    } else if (token == ",") {
      if (isList[height]) { key[height]++ } else { expectsKey = 1 }
    } else if (token == ":") {
      expectsKey = 0
    } else if (expectsKey) {
      key[height] = unquoted(token)
    } else if (token != "null" && key[1] == "targets") {
      value(unquoted(token))
    }
  }
}

function insideSetting() {
  return key[1] == "targets" && key[3] == "settings" && key[5] == "kind"
}

function value(text) {
  if (height == 3 && key[3] == "name") { name = text }
  if (height == 3 && key[3] == "type") { type = text }
  if (height == 3 && key[3] == "path") { path = text }
  if (height == 6 && key[3] == "dependencies" && key[6] == 0) { dependencies[++dependencyCount] = text }
  if (height >= 7 && insideSetting()) { settings[settingCount] = settings[settingCount] " " text }
}

function unquoted(token) {
  sub(/^"/, "", token)
  sub(/"$/, "", token)
  gsub(/\\\//, "/", token)
  return token
}

function report(    at) {
  if (path == "") { path = (type == "test" ? "Tests/" : "Sources/") name }
  sub(/\/$/, "", path)
  print "target", name, type, path
  for (at = 1; at <= dependencyCount; at++) { print "depends", name, dependencies[at] }
  for (at = 1; at <= settingCount; at++) { print "setting", name, settings[at] }
  name = type = path = ""
  dependencyCount = settingCount = 0
}
