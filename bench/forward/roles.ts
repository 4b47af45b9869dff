/**
 * Who takes part in forwarding: a camera, whose one stream of video goes to a forwarder; the forwarder, which hands it to
 * viewers undecoded; and the viewers, which count. Each is a process of its own. Links carry their signals: the camera's has
 * the number 0, the viewers' those after it. Whoever sends media on a link offers.
 */

import type { Link } from '../stacks/index.ts'

/** `dgram` is plain UDP through and through: what the platform alone costs. The others differ in the forwarder alone. */
export const FORWARDERS = ['dgram', 'purertc', 'node-datachannel', 'werift'] as const
export type ForwarderName = (typeof FORWARDERS)[number]

export interface Camera {
  /** Resolves when what is sent arrives. */
  connect(link: Link): Promise<void>
  /** Sends a packet of RTP of 1,200 bytes, protection not counted. */
  send(): void
  /** Packets that went out, each once. */
  sent(): Promise<number>
}

export interface Forwarder {
  /** Takes the camera's connection; resolves when its track is there. */
  receive(link: Link): Promise<void>
  /** Sends the track to one viewer more; resolves when connected. */
  addViewer(link: Link): Promise<void>
}

export interface Viewers {
  /** Resolves when connected. */
  add(link: Link): Promise<void>
  /** Packets that came, each once, of all viewers together. */
  received(): Promise<number>
  /** How media is protected; empty where it is not. */
  profile(): Promise<string>
}

/** Bytes of an RTP packet, by the payload and what a header with two extensions has. */
export const PACKET = 1200
export const PAYLOAD = PACKET - 24
/** Packets of a frame. */
export const FRAME = 10
