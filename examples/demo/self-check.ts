/** The process connects to itself over loopback: the same job as with a browser, seen without one. */

import { once } from 'node:events'
import { RTCPeerConnection } from 'purertc'

const MESSAGES = 20
const PATIENCE = 10_000

export interface SelfCheck {
  /** Milliseconds from the construction of the first object to an open channel. */
  readonly open: number
  readonly sent: number
  readonly echoed: number
  /** The address at which the other end was reached. */
  readonly address: string
  /** The DTLS version and cipher suite. */
  readonly security: string
}

interface Stats {
  readonly type: string
  readonly id: string
  readonly [name: string]: unknown
}

const isLoopback = (candidate: string): boolean => /^candidate:\S+ \d+ \S+ \d+ (127\.|::1 )/.test(candidate)

/** Rejects when no connection comes about within ten seconds, or a message comes back changed. */
export const checkOverLoopback = async (): Promise<SelfCheck> => {
  const began = performance.now()
  const configuration = { includeLoopback: true, exposeRemoteAddresses: true }
  const a = new RTCPeerConnection(configuration)
  const b = new RTCPeerConnection(configuration)
  try {
    // Other addresses of this machine would do as well, but this is to be seen on loopback.
    a.onicecandidate = ({ candidate }) => {
      if (candidate === null || isLoopback(candidate.candidate)) void b.addIceCandidate(candidate)
    }
    b.onicecandidate = ({ candidate }) => {
      if (candidate === null || isLoopback(candidate.candidate)) void a.addIceCandidate(candidate)
    }
    b.ondatachannel = ({ channel }) => {
      channel.binaryType = 'arraybuffer'
      channel.onmessage = ({ data }) => channel.send(data as ArrayBuffer)
    }
    const channel = a.createDataChannel('self-check')
    channel.binaryType = 'arraybuffer'
    const opened = once(channel, 'open', { signal: AbortSignal.timeout(PATIENCE) })
    // What fails first is what is told.
    opened.catch(() => {})
    await a.setLocalDescription()
    await b.setRemoteDescription(a.localDescription!)
    await b.setLocalDescription()
    await a.setRemoteDescription(b.localDescription!)
    await opened
    const open = performance.now() - began

    let echoed = 0
    for (let i = 0; i < MESSAGES; i++) {
      const message = i % 2 === 0 ? `message ${i} ✓` : new Uint8Array(i * 500).fill(i)
      const answer = once(channel, 'message', { signal: AbortSignal.timeout(PATIENCE) })
      channel.send(message)
      const [{ data }] = (await answer) as [{ data: string | ArrayBuffer }]
      const same =
        typeof message === 'string'
          ? data === message
          : typeof data !== 'string' && Buffer.compare(message, new Uint8Array(data)) === 0
      if (!same) throw new Error(`message ${i} came back changed`)
      echoed++
    }

    const report = (await a.getStats()) as unknown as ReadonlyMap<string, Stats>
    const transport = [...report.values()].find(({ type }) => type === 'transport')
    const pair = report.get(String(transport?.selectedCandidatePairId))
    const address = (id: unknown): string => String(report.get(String(id))?.address)
    return {
      open,
      sent: MESSAGES,
      echoed,
      address: address(pair?.remoteCandidateId),
      security: `${transport?.tlsVersion === 'FEFC' ? 'DTLS 1.3' : 'DTLS 1.2'}, ${transport?.dtlsCipher}`,
    }
  } finally {
    a.close()
    b.close()
  }
}
