/** What the parent and the processes of a measurement tell each other. */

import type { Signal } from '../stacks/index.ts'
import type { ForwarderName } from './roles.ts'

export type Role = 'camera' | 'forwarder' | 'viewers'

export type Command =
  | { readonly type: 'be'; readonly role: Role; readonly name: ForwarderName }
  /** Makes its end of a connection; answered when that is made. */
  | { readonly type: 'connect'; readonly link: number }
  /** The camera sends that many packets a second from now on. */
  | { readonly type: 'rate'; readonly perSecond: number }
  /** Collected: what nobody holds is not to be counted among what is held. That takes its time. */
  | { readonly type: 'mark'; readonly collected?: boolean }
  | { readonly type: 'profile' }

/** What a process has done and used since it started. */
export interface Mark {
  /** Milliseconds of the machine's monotonic clock. */
  readonly time: number
  /** Microseconds of CPU in all threads, user and system. */
  readonly cpu: number
  /** Bytes of the heap and of buffers. */
  readonly heap: number
  /** Packets that the camera has sent, that the viewers have received; the forwarder does not count. */
  readonly packets: number
}

export type ToChild =
  | { readonly id: number; readonly command: Command }
  | { readonly link: number; readonly signal: Signal }

export type FromChild =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failure: string }
  | { readonly link: number; readonly signal: Signal }
