@_exported import Filtering
@_exported import NetworkTypes
@_exported import PolicyFormats
@_exported import PolicyTesting
@_exported import VirtualNetworks
