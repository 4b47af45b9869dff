/**
 * Writes a session description (RFC 8866, section 5): lines in the order of the grammar, attributes in the order that
 * they have in the model, CRLF after each line. What `parseSdp` reads of it equals what was written.
 */

import { formatAttribute } from './attributes/table.ts'
import type { Attribute, Bandwidth, Connection, MediaDescription, SessionDescription, Timing } from './description.ts'

export const formatSdp = (description: SessionDescription): string => {
  const { origin, sessionName, information, uri, emails, phones, connection, timings, key } = description
  const { username, sessionId, sessionVersion, networkType, addressType, address } = origin
  const lines = ['v=0', `o=${username} ${sessionId} ${sessionVersion} ${networkType} ${addressType} ${address}`]
  lines.push(`s=${sessionName}`)
  if (information !== undefined) lines.push(`i=${information}`)
  if (uri !== undefined) lines.push(`u=${uri}`)
  for (const email of emails) lines.push(`e=${email}`)
  for (const phone of phones) lines.push(`p=${phone}`)
  if (connection !== undefined) lines.push(formatConnection(connection))
  lines.push(...description.bandwidths.map(formatBandwidth))
  for (const timing of timings) pushTiming(lines, timing)
  if (key !== undefined) lines.push(`k=${key}`)
  pushAttributes(lines, description.attributes)
  for (const media of description.media) pushMedia(lines, media)
  lines.push('')
  return lines.join('\r\n')
}

const pushMedia = (lines: string[], media: MediaDescription): void => {
  const { kind, port, portCount, protocol, formats, title, connections, bandwidths, key } = media
  const ports = portCount === undefined ? port : `${port}/${portCount}`
  lines.push(`m=${kind} ${ports} ${protocol} ${formats.join(' ')}`)
  if (title !== undefined) lines.push(`i=${title}`)
  lines.push(...connections.map(formatConnection), ...bandwidths.map(formatBandwidth))
  if (key !== undefined) lines.push(`k=${key}`)
  pushAttributes(lines, media.attributes)
}

const pushTiming = (lines: string[], { start, stop, repeats, zone }: Timing): void => {
  lines.push(`t=${start} ${stop}`)
  for (const repeat of repeats) lines.push(`r=${repeat}`)
  if (zone !== undefined) lines.push(`z=${zone}`)
}

const pushAttributes = (lines: string[], attributes: readonly Attribute[]): void => {
  for (const attribute of attributes) lines.push(`a=${formatAttribute(attribute)}`)
}

const formatConnection = ({ networkType, addressType, address }: Connection): string =>
  `c=${networkType} ${addressType} ${address}`

const formatBandwidth = ({ type, value }: Bandwidth): string => `b=${type}:${value}`
