/**
 * Messages of multicast DNS (RFC 1035, 4.1; RFC 6762, 18), as far as addresses of hosts go: questions, and A and AAAA
 * records. Everything else in a message is stepped over.
 */

import ipaddr from 'ipaddr.js'
import { Reader, Writer } from '../bytes/index.ts'
import { readName, writeName } from './name.ts'

/** Types of questions and records (RFC 1035, 3.2.2; RFC 3596, 2.1). */
export const recordType = { A: 1, AAAA: 28, ANY: 255 } as const
/** A record that says which types there are of a name, and so which there are not (RFC 4034, 4; RFC 6762, 6.1). */
const NSEC = 47

const CLASS_IN = 1
const CLASS_ANY = 255
/** The top bit of the class: in a question "answer by unicast" (RFC 6762, 5.4), in a record "flush the cache" (10.2). */
const TOP = 0x8000

const FLAG_RESPONSE = 0x8000
const FLAG_AUTHORITATIVE = 0x0400
const FLAG_TRUNCATED = 0x0200
const OPCODE_AND_RCODE = 0x780f

/** Bytes of the largest message (RFC 6762, 17). */
const LARGEST = 9000
/** What is read of one message; the largest would have room for more. */
const MOST_QUESTIONS = 64
const MOST_RECORDS = 256

export interface Question {
  /** In lower case; '' for a name that no host here can have. */
  readonly name: string
  readonly type: number
  /** Whether an answer by unicast is wanted. */
  readonly unicast: boolean
}

export interface AddressRecord {
  /** In lower case; never ''. */
  readonly name: string
  /** Canonical text; its family is the record's type. */
  readonly address: string
  /** Seconds. */
  readonly ttl: number
  /** Whether it replaces what was known of this name and type. */
  readonly flush: boolean
}

export interface MdnsMessage {
  readonly id: number
  readonly response: boolean
  /** Whether more known answers follow in another message (RFC 6762, 18.5). */
  readonly truncated: boolean
  readonly questions: readonly Question[]
  /** Of a query: the answers that are known already (RFC 6762, 7.1). Of a response: its answers and additional records. */
  readonly records: readonly AddressRecord[]
}

export const typeOf = (address: string): number => (address.includes(':') ? recordType.AAAA : recordType.A)

/** Whether a question of this type asks for this address. */
export const asksFor = (type: number, address: string): boolean => type === recordType.ANY || type === typeOf(address)

/** The canonical text of an IP address (RFC 5952 for IPv6), or undefined when `text` is none or has a zone. */
export const canonicalAddress = (text: string): string | undefined => {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text).toString()
  if (!text.includes(':') || text.includes('%') || !ipaddr.IPv6.isValid(text)) return undefined
  return ipaddr.IPv6.parse(text).toRFC5952String()
}

/**
 * Whether an address is that of one host. Chromium announces names for 0.0.0.0 and :: too, of candidates that it does not
 * show.
 */
export const isDestination = (address: string): boolean => {
  const range = ipaddr.parse(address).range()
  return range !== 'unspecified' && range !== 'multicast' && range !== 'broadcast'
}

const readAddress = (type: number, data: Uint8Array): string | undefined => {
  if (type === recordType.A && data.length === 4) return new ipaddr.IPv4([...data]).toString()
  if (type === recordType.AAAA && data.length === 16) return new ipaddr.IPv6([...data]).toRFC5952String()
  return undefined
}

const readQuestions = (reader: Reader, count: number): Question[] => {
  const questions: Question[] = []
  for (let i = 0; i < count && !reader.failed; i++) {
    const name = readName(reader)
    const type = reader.u16()
    const klass = reader.u16()
    const asked = klass & ~TOP
    if (asked === CLASS_IN || asked === CLASS_ANY) questions.push({ name, type, unicast: (klass & TOP) !== 0 })
  }
  return questions
}

/** Reads `count` records; those of hosts' addresses go to `into`, if it is given. */
const readRecords = (reader: Reader, count: number, into: AddressRecord[] | undefined): void => {
  for (let i = 0; i < count && !reader.failed; i++) {
    const name = readName(reader)
    const type = reader.u16()
    const klass = reader.u16()
    const ttl = reader.u32()
    const address = readAddress(type, reader.vector16())
    if (reader.failed || address === undefined || name === '' || (klass & ~TOP) !== CLASS_IN) continue
    into?.push({ name, address, ttl, flush: (klass & TOP) !== 0 })
  }
}

/**
 * Reads a message, or returns undefined for one that is not well-formed, that has more than 9,000 bytes, 64 questions or
 * 256 records, or whose opcode or response code is not 0 (RFC 6762, 18.3 and 18.11).
 */
export const decodeMessage = (bytes: Uint8Array): MdnsMessage | undefined => {
  const reader = new Reader(bytes)
  const id = reader.u16()
  const flags = reader.u16()
  const questionCount = reader.u16()
  const answers = reader.u16()
  const authorities = reader.u16()
  const additional = reader.u16()
  if (reader.failed || bytes.length > LARGEST || (flags & OPCODE_AND_RCODE) !== 0) return undefined
  if (questionCount > MOST_QUESTIONS || answers + authorities + additional > MOST_RECORDS) return undefined
  const response = (flags & FLAG_RESPONSE) !== 0
  const questions = readQuestions(reader, questionCount)
  const records: AddressRecord[] = []
  readRecords(reader, answers, records)
  // What a probe says that it is going to claim (RFC 6762, 8.2) is no answer.
  readRecords(reader, authorities, undefined)
  readRecords(reader, additional, response ? records : undefined)
  if (reader.failed) return undefined
  return { id, response, truncated: (flags & FLAG_TRUNCATED) !== 0, questions, records }
}

/** Appends the NSEC record of a name that has the one type (RFC 4034, 4.1; RFC 6762, 6.1). */
const writeDenial = (writer: Writer, { name, address, ttl, flush }: AddressRecord, offsets: Map<string, number>) => {
  writeName(writer, name, offsets)
  writer
    .u16(NSEC)
    .u16(CLASS_IN | (flush ? TOP : 0))
    .u32(ttl)
  writer.nested16(() => {
    writeName(writer, name, offsets)
    const type = typeOf(address)
    const bitmap = new Uint8Array((type >> 3) + 1)
    bitmap[type >> 3] = 0x80 >> (type & 7)
    writer.u8(0).vector8(bitmap)
  })
}

/**
 * Writes a message. A response is authoritative (RFC 6762, 18.4). Addresses must be in canonical text.
 * @param denials For which of the records additional ones say that their names have no other type.
 */
export const encodeMessage = (message: MdnsMessage, denials: readonly AddressRecord[] = []): Uint8Array => {
  const { id, response, truncated, questions, records } = message
  const writer = new Writer()
  const offsets = new Map<string, number>()
  writer.u16(id)
  writer.u16((response ? FLAG_RESPONSE | FLAG_AUTHORITATIVE : 0) | (truncated ? FLAG_TRUNCATED : 0))
  writer.u16(questions.length).u16(records.length).u16(0).u16(denials.length)
  for (const { name, type, unicast } of questions) {
    writeName(writer, name, offsets)
    writer.u16(type).u16(CLASS_IN | (unicast ? TOP : 0))
  }
  for (const { name, address, ttl, flush } of records) {
    writeName(writer, name, offsets)
    writer
      .u16(typeOf(address))
      .u16(CLASS_IN | (flush ? TOP : 0))
      .u32(ttl)
    writer.vector16(Uint8Array.from(ipaddr.parse(address).toByteArray()))
  }
  for (const record of denials) writeDenial(writer, record, offsets)
  return writer.finish()
}
