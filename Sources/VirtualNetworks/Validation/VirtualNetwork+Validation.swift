extension VirtualNetwork {
  public func inconsistencies() -> [ModelProblem] { [] }
}
