/** sdp: the grammar and a typed model of a session description; its errors know their line. */

export { formatParameters } from './attributes/rtp.ts'
export type {
  AttributeName,
  AttributeValues,
  Direction,
  ExtensionMap,
  FingerprintValue,
  Fmtp,
  Group,
  Msid,
  MsidSemantic,
  Rid,
  RtcpAddress,
  RtcpFeedback,
  RtpMap,
  SctpMap,
  Setup,
  Simulcast,
  SimulcastStream,
  SsrcAttribute,
  SsrcGroup,
} from './attributes/values.ts'
export {
  type Attribute,
  attribute,
  attributes,
  type Bandwidth,
  type Connection,
  type MediaDescription,
  type Origin,
  type OtherAttribute,
  type Section,
  type SessionDescription,
  type Timing,
  type TypedAttribute,
  typed,
} from './description.ts'
export { SdpError, type SdpErrorCode } from './error.ts'
export { formatSdp } from './format.ts'
export { type ParseOptions, parseSdp } from './parse.ts'
