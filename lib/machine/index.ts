/** machine: the contracts that protocol engines and hosts meet at, and the bookkeeping that they share. */

export { type DrivenMachine, Driver } from './driver.ts'
export { EventQueue } from './event-queue.ts'
export type {
  Cancellable,
  DatagramOptions,
  DatagramSink,
  DatagramSocket,
  Host,
  InterfaceAddress,
  MulticastOptions,
  StreamHandlers,
  StreamListener,
  StreamListenerOptions,
  StreamOptions,
  StreamSocket,
  TlsOptions,
} from './host.ts'
export { type FlushingMachine, type Machine, type Random, randomBytes, randomU32, randomUnit } from './machine.ts'
export { Timer } from './timer.ts'
export type { TraceSink } from './trace.ts'
