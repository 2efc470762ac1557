@_exported import CaptureFiles
@_exported import Filtering
@_exported import NetworkTypes
@_exported import PolicyFormats
@_exported import RuleMatching
@_exported import TrafficAudit
@_exported import VirtualNetworks
@_exported import WireFormat
