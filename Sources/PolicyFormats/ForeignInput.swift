/// Inputs that people hand in by mistake, with the command that makes the right file.
public enum ForeignInput: String, Hashable, Sendable, CaseIterable {
  case awsText, awsTable, awsYAML, awsProjection
  case terraformPlan, terraformPlanFile, terraformState, cloudFormation, kubernetes, azureTemplate
  case capture, compressed, archive, html, sallyportResult, other

  /// What it is, with an article: `a Terraform plan`.
  public var name: String {
    switch self {
    case .awsText: "output of aws --output text"
    case .awsTable: "output of aws --output table"
    case .awsYAML: "output of aws --output yaml"
    case .awsProjection: "a bare array (output of aws --query?)"
    case .terraformPlan: "a Terraform plan"
    case .terraformPlanFile: "a Terraform configuration"
    case .terraformState: "a Terraform state"
    case .cloudFormation: "a CloudFormation template"
    case .kubernetes: "a Kubernetes object"
    case .azureTemplate: "an Azure Resource Manager template"
    case .capture: "a packet capture"
    case .compressed: "a compressed file"
    case .archive: "an archive"
    case .html: "a web page or XML"
    case .sallyportResult: "a result of sallyport itself"
    case .other: "neither JSON nor anything else that is known here"
    }
  }

  /// What to do instead.
  public var advice: String {
    switch self {
    case .awsText, .awsTable, .awsYAML:
      "make it again with --output json, for example: aws ec2 describe-security-groups --output json > groups.json"
    case .awsProjection:
      "make it again without --query, for example: aws ec2 describe-security-groups --output json > groups.json"
    case .terraformPlan, .terraformPlanFile, .terraformState, .cloudFormation:
      "apply it, then ask AWS what is there: aws ec2 describe-security-groups --output json > groups.json"
    case .capture: "captures are named without -n: sallyport audit CAPTURE -n NETWORK"
    case .compressed, .archive: "unpack it first"
    case .kubernetes, .azureTemplate, .html, .sallyportResult, .other:
      "expected outputs of aws ec2 describe-*; " + PolicyFormatError.command
    }
  }
}
