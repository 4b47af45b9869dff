/** Writes down what a connection and its transports fire, with the states at that moment. */

import type { RTCDataChannel, RTCPeerConnection } from '../../lib/peer/index.ts'

/** Everything that `connection` fires, as `event: state`, in order. */
export const logConnection = (connection: RTCPeerConnection, log: string[]): void => {
  const told = (type: string, detail: () => string) => {
    connection.addEventListener(type, () => log.push(`${type}: ${detail()}`))
  }
  told('negotiationneeded', () => connection.signalingState)
  told('signalingstatechange', () => connection.signalingState)
  told('icegatheringstatechange', () => connection.iceGatheringState)
  told('iceconnectionstatechange', () => connection.iceConnectionState)
  told('connectionstatechange', () => connection.connectionState)
  connection.addEventListener('icecandidate', ({ candidate }) => {
    log.push(`icecandidate: ${candidate === null ? 'null' : candidate.candidate === '' ? 'end' : candidate.type}`)
  })
  connection.addEventListener('datachannel', ({ channel }) => {
    log.push(`datachannel: ${channel.label} ${channel.readyState}`)
    logChannel(channel, log)
  })
}

export const logChannel = (channel: RTCDataChannel, log: string[]): void => {
  for (const type of ['open', 'closing', 'close', 'error', 'bufferedamountlow']) {
    channel.addEventListener(type, () => log.push(`${channel.label} ${type}: ${channel.readyState}`))
  }
  channel.addEventListener('message', ({ data }) => {
    log.push(`${channel.label} message: ${typeof data === 'string' ? data : Object.prototype.toString.call(data)}`)
  })
}

/** What the transports of the connection's SCTP association fire; to be called when there is one. */
export const logTransports = (connection: RTCPeerConnection, log: string[]): void => {
  const sctp = connection.sctp!
  const dtls = sctp.transport
  const ice = dtls.iceTransport
  ice.addEventListener('statechange', () => log.push(`ice statechange: ${ice.state}`))
  ice.addEventListener('gatheringstatechange', () => log.push(`ice gatheringstatechange: ${ice.gatheringState}`))
  ice.addEventListener('selectedcandidatepairchange', () => log.push('ice selectedcandidatepairchange'))
  dtls.addEventListener('statechange', () => log.push(`dtls statechange: ${dtls.state}`))
  dtls.addEventListener('error', ({ error }) => log.push(`dtls error: ${error.errorDetail}`))
  sctp.addEventListener('statechange', () => log.push(`sctp statechange: ${sctp.state}`))
}
