/** What the two ends negotiated, each as its own statistics tell it (webrtc-stats). */

import { bytes, milliseconds } from './format.js'

const VERSIONS = { FEFF: 'DTLS 1.0', FEFD: 'DTLS 1.2', FEFC: 'DTLS 1.3' }

/**
 * @param {object[]} entries of a stats report
 * @param {{ state: string, maxMessageSize: number, maxChannels: number | null } | null} sctp
 */
const factsOf = (entries, sctp) => {
  const byId = new Map(entries.map(entry => [entry.id, entry]))
  const transport = entries.find(({ type }) => type === 'transport') ?? {}
  const pair = byId.get(transport.selectedCandidatePairId) ?? {}
  const certificate = id => byId.get(id)?.fingerprint
  const candidate = id => {
    const found = byId.get(id)
    if (!found) return undefined
    const address = found.address || found.ip
    // Browsers keep addresses to themselves that they did not get from signalling.
    const place = address ? (address.includes(':') ? `[${address}]` : address) : 'address withheld'
    return `${place}:${found.port}, ${found.candidateType}, ${found.protocol}`
  }
  const channels = entries.filter(({ type }) => type === 'data-channel')
  const sum = name => channels.reduce((total, channel) => total + (channel[name] ?? 0), 0)
  // Not every browser counts packets.
  const amount = (size = 0, packets, messages) =>
    `${bytes(size)}${packets === undefined ? '' : ` in ${packets} packets`}, ${messages} messages`
  const limit = size => (size === null || size > 1e15 ? 'no limit' : bytes(size))
  return {
    'Candidate pair: local': candidate(pair.localCandidateId),
    'Candidate pair: remote': candidate(pair.remoteCandidateId),
    'ICE role': transport.iceRole,
    'ICE round trip':
      pair.currentRoundTripTime === undefined ? undefined : milliseconds(pair.currentRoundTripTime * 1000),
    'DTLS version': VERSIONS[transport.tlsVersion?.toUpperCase()] ?? transport.tlsVersion,
    'DTLS cipher suite': transport.dtlsCipher,
    'DTLS role': transport.dtlsRole,
    'Own certificate': certificate(transport.localCertificateId),
    'Peer’s certificate': certificate(transport.remoteCertificateId),
    SCTP: sctp
      ? `${sctp.state}, messages up to ${limit(sctp.maxMessageSize)}${sctp.maxChannels ? `, ${sctp.maxChannels} channels` : ''}`
      : undefined,
    Sent: amount(transport.bytesSent ?? pair.bytesSent, transport.packetsSent ?? pair.packetsSent, sum('messagesSent')),
    Received: amount(
      transport.bytesReceived ?? pair.bytesReceived,
      transport.packetsReceived ?? pair.packetsReceived,
      sum('messagesReceived'),
    ),
  }
}

export class Facts {
  #table = document.querySelector('#facts')

  /**
   * @param {RTCPeerConnection} peer
   * @param {{ stats: object[], sctp: object | null }} process
   */
  async show(peer, process) {
    const report = await peer.getStats()
    const { sctp } = peer
    const ours = factsOf(
      [...report.values()],
      sctp && {
        state: sctp.state,
        // JSON has no infinity, which is how the process's own figure would come.
        maxMessageSize: Number.isFinite(sctp.maxMessageSize) ? sctp.maxMessageSize : null,
        maxChannels: sctp.maxChannels,
      },
    )
    const theirs = factsOf(process.stats, process.sctp)
    const rows = Object.keys(ours).map(name => {
      const row = document.createElement('tr')
      const cells = [ours[name], theirs[name]].map(text => {
        const cell = document.createElement('td')
        cell.textContent = text === undefined ? '–' : text.length > 64 ? `${text.slice(0, 47)}…` : text
        cell.title = text ?? ''
        if (/certificate|suite|pair/.test(name)) cell.className = 'code'
        return cell
      })
      const head = Object.assign(document.createElement('th'), { scope: 'row', textContent: name })
      row.append(head, ...cells)
      return row
    })
    this.#table.replaceChildren(...rows)
  }
}
