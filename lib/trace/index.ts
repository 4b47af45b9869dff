/** trace: what happens inside, written down for a person: key log, packets in the clear (pcapng), event log. */

export { combineSinks } from './combine.ts'
export { type EventLogOptions, eventLogSink } from './event-log.ts'
export { keyLogSink } from './key-log.ts'
export { type PcapngOptions, pcapngSink } from './pcapng.ts'
