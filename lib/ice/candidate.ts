/**
 * ICE candidates and the candidate-attribute (RFC 8839, 5.1; RFC 6544, 4.5 for `tcptype`; RFC 8838 for `ufrag`).
 */

import { addressBytes, canonicalAddress } from '../stun/index.ts'

export type CandidateType = 'host' | 'srflx' | 'prflx' | 'relay'
export type TcpType = 'active' | 'passive' | 'so'

export interface IceCandidate {
  /** Equal for candidates that would meet the same fate (RFC 8445, 5.1.1.3): 1 to 32 ice-chars. */
  readonly foundation: string
  /** 1 to 256; with rtcp-mux always 1. */
  readonly component: number
  readonly protocol: 'udp' | 'tcp'
  /** 1 to 2^32 - 1 (RFC 8445, 5.1.2 gives values below 2^31). */
  readonly priority: number
  /** Canonical text of an IP address, or a host name (mDNS). */
  readonly address: string
  /** 0 to 65535. */
  readonly port: number
  readonly type: CandidateType
  readonly tcpType?: TcpType
  /** The base of a reflexive candidate or the mapped address of a relayed one: for diagnosis only. */
  readonly relatedAddress?: string
  readonly relatedPort?: number
  /** The generation that it belongs to. */
  readonly usernameFragment?: string
  /** Of ours only, and never written: the server that it came from, and how a TURN server is spoken to. */
  readonly url?: string
  readonly relayProtocol?: 'udp' | 'tcp' | 'tls'
  /** Of the peer's only, and never written: the name that `address` was resolved from, which is all that it has shown. */
  readonly hostName?: string
}

const ICE_CHARS = /^[A-Za-z0-9+/]+$/
const DIGITS = /^[0-9]{1,10}$/
const HOST_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,253}[A-Za-z0-9.])?$/

const integer = (text: string | undefined, least: number, most: number): number | undefined => {
  if (text === undefined || !DIGITS.test(text)) return undefined
  const value = Number(text)
  return value >= least && value <= most ? value : undefined
}

const isType = (text: string | undefined): text is CandidateType =>
  text === 'host' || text === 'srflx' || text === 'prflx' || text === 'relay'
const isTcpType = (text: string | undefined): text is TcpType =>
  text === 'active' || text === 'passive' || text === 'so'

/** Whether it may be a host name; four numbers that are no address are none. */
export const isHostName = (text: string): boolean => HOST_NAME.test(text) && !/^[0-9.]+$/.test(text)

/** An address of the grammar's connection-address: canonical when it is an IP address, or a plausible host name. */
const connectionAddress = (text: string | undefined): string | undefined => {
  if (text === undefined) return undefined
  const address = canonicalAddress(text)
  if (address !== undefined) return address
  return isHostName(text) ? text : undefined
}

/**
 * Parses a candidate-attribute, with or without `a=` and `candidate:` in front and a line end behind.
 *
 * Undefined for what does not follow the grammar, and for transports, types and TCP types that nothing here speaks
 * (RFC 8839, 5.1: such a candidate is ignored). Unknown extension attributes are skipped.
 */
export const parseCandidate = (text: string): IceCandidate | undefined => {
  const tokens = text
    .trim()
    .replace(/^a=/, '')
    .replace(/^candidate:/i, '')
    .split(/ +/)
  const [foundation = '', componentText, transportText = '', priorityText, addressText, portText, typ, type] = tokens
  const component = integer(componentText, 1, 256)
  const protocol = transportText.toLowerCase()
  const priority = integer(priorityText, 1, 0xffffffff)
  const address = connectionAddress(addressText)
  const port = integer(portText, 0, 0xffff)
  if (!ICE_CHARS.test(foundation) || foundation.length > 32) return undefined
  if (component === undefined || priority === undefined || address === undefined || port === undefined) return undefined
  if ((protocol !== 'udp' && protocol !== 'tcp') || typ !== 'typ' || !isType(type)) return undefined

  let tcpType: TcpType | undefined
  let relatedAddress: string | undefined
  let relatedPort: number | undefined
  let usernameFragment: string | undefined
  for (let i = 8; i + 1 < tokens.length; i += 2) {
    const value = tokens[i + 1]!
    switch (tokens[i]) {
      case 'raddr':
        relatedAddress = connectionAddress(value)
        if (relatedAddress === undefined) return undefined
        break
      case 'rport':
        relatedPort = integer(value, 0, 0xffff)
        if (relatedPort === undefined) return undefined
        break
      case 'tcptype':
        if (!isTcpType(value)) return undefined
        tcpType = value
        break
      case 'ufrag':
        usernameFragment = value
        break
    }
  }
  return {
    foundation,
    component,
    protocol,
    priority,
    address,
    port,
    type,
    ...(protocol === 'tcp' && tcpType !== undefined && { tcpType }),
    ...(relatedAddress !== undefined && { relatedAddress }),
    ...(relatedPort !== undefined && { relatedPort }),
    ...(usernameFragment !== undefined && { usernameFragment }),
  }
}

/** The candidate-attribute without `a=`: `candidate:1 1 udp 2130706431 192.0.2.1 54321 typ host ufrag Abcd`. */
export const formatCandidate = (candidate: IceCandidate): string => {
  const { foundation, component, protocol, priority, address, port, type } = candidate
  const { tcpType, relatedAddress, relatedPort, usernameFragment } = candidate
  let text = `candidate:${foundation} ${component} ${protocol} ${priority} ${address} ${port} typ ${type}`
  if (relatedAddress !== undefined) text += ` raddr ${relatedAddress} rport ${relatedPort ?? 0}`
  if (tcpType !== undefined) text += ` tcptype ${tcpType}`
  if (usernameFragment !== undefined) text += ` ufrag ${usernameFragment}`
  return text
}

/** Whether one peer can be at the address: not unspecified, multicast or broadcast. */
export const isUnicast = (address: string): boolean => {
  const bytes = addressBytes(address)
  if (bytes === undefined) return false
  if (bytes.length === 4) return bytes[0] !== 0 && bytes[0]! < 224
  return bytes[0] !== 0xff && bytes.some(byte => byte !== 0)
}

/**
 * Whether a candidate of the peer's is of use here: the one component, a port, and for TCP how it connects (RFC 6544,
 * 4.5).
 */
export const isUsable = ({ component, protocol, tcpType, port }: IceCandidate): boolean =>
  component === 1 && port !== 0 && (protocol === 'udp' || tcpType !== undefined)
