/** net: the platform as a `Host` (UDP, TCP, TLS, multicast, interfaces, resolver, timers, SSLKEYLOGFILE), and one layer alone over a socket or a stream. */

export { crypto, host } from './host.ts'
export { type DatagramMachine, type EventOf, type Running, type RunOptions, run } from './run.ts'
export {
  type RunningSctp,
  type RunSctpOptions,
  runSctp,
  SCTP_OVER_UDP_PORT,
  type SctpEventHandler,
  type SctpMachine,
  type SctpMachineOptions,
  type SctpOverUdp,
} from './run-sctp.ts'
export { type Framer, type RunningStream, type RunStreamOptions, runStream } from './run-stream.ts'
