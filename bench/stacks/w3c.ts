/** The stacks that have the W3C API (or nearly), each with its own differences. */

import {
  type BenchChannel,
  Inbox,
  type Link,
  type PacketCounts,
  type Role,
  type Signal,
  type Stack,
  type StackName,
} from './stack.ts'

/** The part of the API that the bench uses, as every one of them has it. */
interface Connection {
  onicecandidate: unknown
  ondatachannel: unknown
  createDataChannel(label: string): Channel
  createOffer(): Promise<Description>
  createAnswer(): Promise<Description>
  setLocalDescription(description: Description): Promise<unknown>
  setRemoteDescription(description: Description): Promise<unknown>
  addIceCandidate(candidate: object): Promise<unknown>
  readonly localDescription?: Description | null | undefined
  getStats?(): Promise<{ values(): Iterable<Readonly<Record<string, unknown>>> }>
  close(): unknown
}

interface Description {
  readonly type: string
  readonly sdp: string
}

interface Channel {
  binaryType?: string
  readonly label: string
  readonly readyState: string
  onopen: unknown
  onmessage: unknown
  send(bytes: Uint8Array): unknown
}

interface Candidate {
  readonly candidate: string
  readonly sdpMid: string | null
  readonly sdpMLineIndex: number | null
}

export interface W3cOptions {
  /** The configuration that names no servers and takes messages of 256 KiB. */
  readonly configuration: object
  /** Keeps a reference to what it sends, so that it needs a copy to itself. */
  readonly keepsSent?: boolean
  /** False where candidates are told by the description alone, once all are known. */
  readonly trickles?: boolean
  /** Whether its statistics say how large datagrams are and how many SACKs were sent. */
  readonly counts?: boolean
}

async function packetCounts(pc: Connection): Promise<PacketCounts | undefined> {
  for (const entry of (await pc.getStats?.())?.values() ?? []) {
    if (entry['type'] !== 'sctp-transport') continue
    return {
      datagramSize: Number(entry['datagramSize']),
      sacksSent: Number(entry['sacksSent']),
      packetsReceived: Number(entry['packetsReceived']),
    }
  }
  return undefined
}

export function w3cStack(
  name: StackName,
  load: () => Promise<unknown>,
  { configuration, keepsSent = false, trickles = true, counts = false }: W3cOptions,
): Stack {
  return {
    name,
    async connect(role, link, count = 1) {
      const RTCPeerConnection = (await load()) as new (configuration: object) => Connection
      const pc = new RTCPeerConnection(configuration)
      const inbox = new Inbox()
      const channels = await open(pc, role, link, inbox, { trickles, count })
      return {
        send: keepsSent
          ? (bytes, channel = 0) => void channels[channel]?.send(Buffer.from(bytes))
          : (bytes, channel = 0) => void channels[channel]?.send(bytes),
        receive: listener => inbox.listen(listener),
        ...(counts && { counts: () => packetCounts(pc) }),
        close: () => void pc.close(),
      } satisfies BenchChannel
    },
  }
}

async function open(
  pc: Connection,
  role: Role,
  link: Link,
  inbox: Inbox,
  { trickles, count }: { readonly trickles: boolean; readonly count: number },
): Promise<readonly Channel[]> {
  pc.onicecandidate = ({ candidate }: { candidate?: Candidate | null }) => {
    if (!candidate?.candidate) return
    const { candidate: text, sdpMid, sdpMLineIndex } = candidate
    link.tell({ candidate: { candidate: text, sdpMid, sdpMLineIndex } })
  }
  const channels: Channel[] = []
  const opened = new Promise<readonly Channel[]>((resolve, reject) => {
    let ready = 0
    const wait = (channel: Channel) => {
      const number = Number(channel.label)
      channels[number] = channel
      channel.binaryType = 'arraybuffer'
      channel.onmessage = ({ data }: { data: ArrayBuffer | Uint8Array }) =>
        inbox.deliver(data instanceof Uint8Array ? data : new Uint8Array(data), number)
      const isOpen = () => {
        if (++ready === count) resolve(channels)
      }
      if (channel.readyState === 'open') isOpen()
      else channel.onopen = isOpen
    }
    if (role === 'offerer') for (let i = 0; i < count; i++) wait(pc.createDataChannel(String(i)))
    else pc.ondatachannel = ({ channel }: { channel: Channel }) => wait(channel)

    let last: Promise<unknown> = Promise.resolve()
    const apply = async ({ description, candidate }: Signal) => {
      if (candidate !== undefined) await pc.addIceCandidate(candidate)
      if (description === undefined) return
      await pc.setRemoteDescription(description)
      if (description.type === 'offer') await describe(pc, link, await pc.createAnswer(), trickles)
    }
    link.listen(signal => {
      last = last.then(() => apply(signal)).catch(reject)
    })
    if (role === 'offerer') {
      pc.createOffer()
        .then(offer => describe(pc, link, offer, trickles))
        .catch(reject)
    }
  })
  return opened
}

/** The description goes first, and what candidates come while it is applied are sent when it is on its way. */
async function describe(pc: Connection, link: Link, made: Description, trickles: boolean): Promise<void> {
  const tell = ({ type, sdp }: Description) => link.tell({ description: { type, sdp } })
  if (trickles) tell(made)
  await pc.setLocalDescription(made)
  if (!trickles) tell(pc.localDescription ?? made)
}
