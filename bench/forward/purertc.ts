/** purertc in each of the roles, by its public API. */

import { type MediaStreamTrack, RTCPeerConnection, type RTCStatsReport, RtpSource } from 'purertc'
import type { Link } from '../stacks/index.ts'
import type { Camera, Forwarder, Viewers } from './roles.ts'
import { Video } from './video.ts'
import { answer, offer, type W3cConnection } from './w3c.ts'

const connection = () => new RTCPeerConnection({ iceServers: [] })
const asW3c = (pc: RTCPeerConnection) => pc as unknown as W3cConnection

/** A figure of all entries of a type, summed up. */
const sum = (stats: RTCStatsReport, type: string, member: string): number => {
  let total = 0
  for (const entry of stats.values()) {
    const figures = entry as unknown as Readonly<Record<string, unknown>>
    if (figures['type'] === type) total += Number(figures[member] ?? 0)
  }
  return total
}

export function camera(): Camera {
  const pc = connection()
  const video = new Video()
  const source = new RtpSource({ kind: 'video', codecs: ['vp8'] })
  source.onkeyframerequest = () => {
    video.keyFrame = true
  }
  pc.addTrack(source.track)
  return {
    connect: link => offer(asW3c(pc), link),
    send: () => {
      video.next()
      source.write(video)
    },
    sent: async () => sum(await pc.getStats(), 'outbound-rtp', 'packetsSent'),
  }
}

export function forwarder(): Forwarder {
  let track: MediaStreamTrack
  return {
    receive: async (link: Link) => {
      const pc = connection()
      pc.ontrack = event => {
        track = event.track
      }
      await answer(asW3c(pc), link)
    },
    addViewer: async (link: Link) => {
      const pc = connection()
      pc.addTrack(track)
      await offer(asW3c(pc), link)
    },
  }
}

export function viewers(): Viewers {
  const connections: RTCPeerConnection[] = []
  return {
    add: async link => {
      const pc = connection()
      connections.push(pc)
      await answer(asW3c(pc), link)
    },
    received: async () => {
      const reports = await Promise.all(connections.map(pc => pc.getStats()))
      return reports.reduce((total, report) => total + sum(report, 'inbound-rtp', 'packetsReceived'), 0)
    },
    profile: async () => {
      for (const entry of (await connections[0]?.getStats())?.values() ?? []) {
        if (entry.type === 'transport' && 'srtpCipher' in entry) return String(entry.srtpCipher)
      }
      return ''
    },
  }
}
