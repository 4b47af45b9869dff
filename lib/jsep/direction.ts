/** The direction of an m-section (RFC 8866, 6.7; RFC 3264, 6.1; RFC 9429, 4.2.3), of two sides and from either. */

import { attribute, type Direction, type MediaDescription } from '../sdp/index.ts'

export const sends = (direction: Direction): boolean => direction === 'sendrecv' || direction === 'sendonly'

export const receives = (direction: Direction): boolean => direction === 'sendrecv' || direction === 'recvonly'

export const directionOf = (send: boolean, receive: boolean): Direction =>
  send ? (receive ? 'sendrecv' : 'sendonly') : receive ? 'recvonly' : 'inactive'

/** What one side's direction is from the other. */
export const reversed = (direction: Direction): Direction => directionOf(receives(direction), sends(direction))

/** What both allow. */
export const intersection = (a: Direction, b: Direction): Direction =>
  directionOf(sends(a) && sends(b), receives(a) && receives(b))

const DIRECTIONS = ['sendrecv', 'sendonly', 'recvonly', 'inactive'] as const

/** Of an m-section, or else of the whole description; both ways where neither says it. */
export const statedDirection = (
  media: MediaDescription,
  session: { readonly attributes: MediaDescription['attributes'] },
): Direction =>
  DIRECTIONS.find(direction => attribute(media, direction) === true) ??
  DIRECTIONS.find(direction => attribute(session, direction) === true) ??
  'sendrecv'
