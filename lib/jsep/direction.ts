/** The direction of an m-section (RFC 8866, 6.7; RFC 3264, 6.1; RFC 9429, 4.2.3), of two sides and from either. */

import { attribute, type Direction, type Section } from '../sdp/index.ts'

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

/** What a session or an m-section says itself. */
export const stated = (section: Section): Direction | undefined =>
  DIRECTIONS.find(direction => attribute(section, direction) === true)
