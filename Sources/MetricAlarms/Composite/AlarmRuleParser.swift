extension AlarmRule {
  /// Reads a rule as CloudWatch writes it: NOT binds before AND, AND before OR.
  public init(parsing text: String) throws(AlarmRuleProblem) {
    var parser = try AlarmRuleParser(text)
    self = try parser.rule()
  }
}

/// Recursive descent; as deep as there are parentheses, whose number is limited.
private struct AlarmRuleParser {
  private let characters: [Character]
  private var position = 0
  private var elements = 0

  init(_ text: String) throws(AlarmRuleProblem) {
    characters = Array(text)
    if characters.count > AlarmRule.lengthLimit {
      throw AlarmRuleProblem(
        offset: AlarmRule.lengthLimit, found: "\(characters.count) characters",
        expected: "at most \(AlarmRule.lengthLimit)")
    }
  }

  mutating func rule() throws(AlarmRuleProblem) -> AlarmRule {
    let rule = try disjunction()
    skipSpaces()
    if position < characters.count { throw problem("AND, OR or the end") }
    if rule.children.count > AlarmRule.childLimit {
      throw AlarmRuleProblem(
        offset: 0, found: "\(rule.children.count) alarms", expected: "at most \(AlarmRule.childLimit)")
    }
    return rule
  }

  private mutating func disjunction() throws(AlarmRuleProblem) -> AlarmRule {
    var rules = [try conjunction()]
    while take("OR") { rules.append(try conjunction()) }
    return rules.count == 1 ? rules[0] : .any(rules)
  }

  private mutating func conjunction() throws(AlarmRuleProblem) -> AlarmRule {
    var rules = [try negation()]
    while take("AND") { rules.append(try negation()) }
    return rules.count == 1 ? rules[0] : .all(rules)
  }

  private mutating func negation() throws(AlarmRuleProblem) -> AlarmRule {
    var isNegated = false
    while take("NOT") { isNegated.toggle() }
    let rule = try element()
    return isNegated ? .not(rule) : rule
  }

  private mutating func element() throws(AlarmRuleProblem) -> AlarmRule {
    skipSpaces()
    elements += 1
    if elements > AlarmRule.elementLimit { throw tooManyElements }
    if takeCharacter("(") {
      let rule = try disjunction()
      try expect(")")
      return rule
    }
    if take("TRUE") { return .constant(true) }
    if take("FALSE") { return .constant(false) }
    if take("AT_LEAST") { return try quorum() }
    if let state = takeState() {
      try expect("(")
      let name = try name(before: ")")
      try expect(")")
      return .state(state, of: name)
    }
    throw problem("ALARM(…), OK(…), INSUFFICIENT_DATA(…), AT_LEAST(…), TRUE, FALSE, NOT or (")
  }

  /// `(2, ALARM, (a, b, c))`, or a percentage, or `NOT` before the state.
  private mutating func quorum() throws(AlarmRuleProblem) -> AlarmRule {
    try expect("(")
    let needed = try threshold()
    try expect(",")
    let isNegated = take("NOT")
    guard let state = takeState() else { throw problem("ALARM, OK or INSUFFICIENT_DATA") }
    try expect(",")
    try expect("(")
    var names: [String] = []
    repeat {
      elements += 1
      if elements > AlarmRule.elementLimit { throw tooManyElements }
      names.append(try name(before: ",", ")"))
      skipSpaces()
    } while takeCharacter(",")
    try expect(")")
    try expect(")")
    return .atLeast(needed, state, isNegated: isNegated, of: names)
  }

  private mutating func threshold() throws(AlarmRuleProblem) -> AlarmRule.Quorum {
    skipSpaces()
    let begin = position
    while position < characters.count, characters[position].isASCII, characters[position].isNumber {
      position += 1
    }
    guard let number = Int(String(characters[begin..<position])), number > 0 else {
      position = begin
      throw problem("a number of alarms, 2, or a percentage, 60%")
    }
    guard takeCharacter("%") else { return .count(number) }
    if number > 100 {
      position = begin
      throw problem("a percentage from 1% to 100%")
    }
    return .percentage(number)
  }

  private mutating func takeState() -> AlarmState? {
    for state in AlarmState.allCases where take(state.rawValue) { return state }
    return nil
  }

  /// A name or ARN; in quotation marks it may hold what ends it otherwise.
  private mutating func name(before ends: Character...) throws(AlarmRuleProblem) -> String {
    skipSpaces()
    let isQuoted = takeCharacter("\"")
    let begin = position
    while position < characters.count,
      isQuoted ? characters[position] != "\"" : !ends.contains(characters[position])
    {
      position += 1
    }
    var name = String(characters[begin..<position])
    if isQuoted {
      try expect("\"")
    } else {
      while name.last?.isWhitespace == true { name.removeLast() }
    }
    if name.isEmpty {
      position = begin
      throw problem("an alarm's name or ARN")
    }
    return name
  }

  // MARK: Characters

  private mutating func skipSpaces() {
    while position < characters.count, characters[position].isWhitespace { position += 1 }
  }

  /// Takes a whole word, in any case.
  private mutating func take(_ word: String) -> Bool {
    skipSpaces()
    let end = position + word.count
    guard end <= characters.count, String(characters[position..<end]).uppercased() == word else {
      return false
    }
    if end < characters.count, characters[end].isLetter || characters[end].isNumber || characters[end] == "_"
    {
      return false
    }
    position = end
    return true
  }

  private mutating func takeCharacter(_ character: Character) -> Bool {
    guard position < characters.count, characters[position] == character else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Character) throws(AlarmRuleProblem) {
    if character != "\"" { skipSpaces() }
    guard takeCharacter(character) else { throw problem(character == "\"" ? "a closing \"" : "\(character)") }
  }

  private var tooManyElements: AlarmRuleProblem {
    problem("at most \(AlarmRule.elementLimit) alarms, constants and parentheses")
  }

  private func problem(_ expected: String) -> AlarmRuleProblem {
    let rest = characters[min(position, characters.count)...].prefix { !$0.isWhitespace }.prefix(20)
    return AlarmRuleProblem(
      offset: position, found: rest.isEmpty ? "the end" : "\"\(String(rest))\"", expected: expected)
  }
}
