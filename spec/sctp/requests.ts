/** RE-CONFIG chunks made and read by hand (RFC 6525 3 and 4). */

import { type Chunk, chunk, parameter, u16, u32, view } from './craft.ts'
import { PEER_TSN, type Puppet } from './puppet.ts'

export const outgoingReset = (sequence: number, answers: number, lastTsn: number, ids: readonly number[]): number[] =>
  parameter(13, [...u32(sequence), ...u32(answers), ...u32(lastTsn), ...ids.flatMap(u16)])
export const incomingReset = (sequence: number, ids: readonly number[]): number[] =>
  parameter(14, [...u32(sequence), ...ids.flatMap(u16)])
export const response = (sequence: number, result: number): number[] =>
  parameter(16, [...u32(sequence), ...u32(result)])
export const addOutgoing = (sequence: number, count: number): number[] =>
  parameter(17, [...u32(sequence), ...u16(count), 0, 0])
export const addIncoming = (sequence: number, count: number): number[] =>
  parameter(18, [...u32(sequence), ...u16(count), 0, 0])
export const reconfig = (...parameters: readonly number[][]): Chunk => chunk(130, 0, parameters.flat())

/** Type, number and what follows it, of each RE-CONFIG that was sent. */
export const sent = (puppet: Puppet): { type: number; sequence: number; rest: number[] }[] =>
  puppet
    .take()
    .filter(({ type }) => type === 130)
    .map(out => {
      const fields = view(out)
      const end = fields.getUint16(2)
      return { type: fields.getUint16(0), sequence: fields.getUint32(4), rest: [...out.value.subarray(8, end)] }
    })

/** The results that were sent, in order, by the number of the request. */
export const results = (puppet: Puppet): [number, number][] =>
  sent(puppet)
    .filter(({ type }) => type === 16)
    .map(({ sequence, rest }) => [sequence - PEER_TSN, rest[3]!])
