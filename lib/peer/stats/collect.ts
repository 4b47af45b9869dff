/**
 * The statistics of a data session (webrtc-stats): the one place that knows its names. Machines keep plain counters.
 */

import { base64 } from '../../bytes/index.ts'
import type { AssociationView } from '../../channel/index.ts'
import { type CryptoProvider, type FingerprintHash, fingerprint } from '../../crypto/index.ts'
import type { DtlsConnection } from '../../dtls/index.ts'
import type { CandidatePair, IceCandidate } from '../../ice/index.ts'
import type { SessionTransport } from '../../session/index.ts'
import type { ChannelFace } from '../channels.ts'
import type { MediaSelector } from '../media-owner.ts'
import type { MediaSlots } from '../media-slots.ts'
import type { TransportFace } from '../transports.ts'
import type {
  RTCAnyStats,
  RTCCertificateStats,
  RTCDataChannelStats,
  RTCIceCandidatePairStats,
  RTCIceCandidateStats,
  RTCSctpTransportStats,
  RTCTransportStats,
} from './dictionaries.ts'
import { Ids } from './ids.ts'
import { collectMedia, selectFrom } from './media.ts'

/** An association that is connected. */
export interface AssociationSource {
  readonly view: AssociationView
  readonly transport: SessionTransport
  /** Bytes of UDP payload. */
  readonly datagramSize: number | undefined
}

/** What of a connection is looked at. */
export interface StatsSource {
  readonly transports: readonly TransportFace[]
  readonly channels: Iterable<ChannelFace>
  readonly association: AssociationSource | undefined
  readonly dataChannelsOpened: number
  readonly dataChannelsClosed: number
  /** DER of the certificate that is presented, once there is one. */
  readonly localCertificate: Uint8Array | undefined
  /** By which descriptions announce it first. */
  readonly localFingerprintHash: FingerprintHash
  readonly exposeRemoteAddresses: boolean
  readonly media: readonly MediaSlots[]
  /** One sender or receiver alone. */
  readonly selector?: MediaSelector | undefined
}

const describe = ({ protocol, address, port, type, usernameFragment }: IceCandidate): string =>
  `${protocol} ${address} ${port} ${type} ${usernameFragment ?? ''}`

/** What a handshake that is done has agreed on. */
const agreed = ({ version, cipherSuite, group, srtpProfile }: DtlsConnection) => ({
  ...(version !== undefined && { tlsVersion: version.toString(16).toUpperCase().padStart(4, '0') }),
  ...(cipherSuite && { dtlsCipher: cipherSuite.name }),
  ...(group && { tlsGroup: group === 'x25519mlkem768' ? 'X25519MLKEM768' : group }),
  ...(srtpProfile && { srtpCipher: srtpProfile }),
})

export class StatsCollector {
  readonly #crypto: CryptoProvider
  readonly #ids: Ids

  constructor(crypto: CryptoProvider) {
    this.#crypto = crypto
    this.#ids = new Ids(crypto, crypto.random)
  }

  /**
   * @param timestamp Milliseconds since 1970, the same for the whole report.
   * @param timeOrigin The same where the monotonic clock is 0.
   */
  collect(source: StatsSource, timestamp: number, timeOrigin: number): Map<string, RTCAnyStats> {
    const entries = new Map<string, RTCAnyStats>()
    const add = (stats: RTCAnyStats): void => {
      entries.set(stats.id, stats)
    }
    const { dataChannelsOpened, dataChannelsClosed } = source
    const id = this.#ids.of('P', '')
    add({ id, timestamp, type: 'peer-connection', dataChannelsOpened, dataChannelsClosed })
    for (const channel of source.channels) add(this.#channel(channel, timestamp))
    for (const transport of source.transports) this.#transport(transport, source, timestamp, add)
    for (const slots of source.media) {
      const { transport } = slots.flow
      const face = source.transports.find(({ session }) => session !== undefined && session === transport)
      const transportId = face && this.#ids.of('T', this.#ids.number(face))
      collectMedia(slots, transportId, { ids: this.#ids, timestamp, timeOrigin, add })
    }
    return this.#selected(entries, source)
  }

  #selected(entries: Map<string, RTCAnyStats>, { selector, media }: StatsSource): Map<string, RTCAnyStats> {
    const slots = selector && media.find(({ transceiver }) => transceiver === selector.transceiver)
    if (selector === undefined) return entries
    const { sender, streams = [] } = slots?.flow ?? {}
    const ssrcs = selector.side === 'sender' ? [sender?.ssrc] : streams.map(({ ssrc }) => ssrc)
    const type = selector.side === 'sender' ? 'outbound-rtp' : 'inbound-rtp'
    return selectFrom(entries, stats => stats.type === type && 'ssrc' in stats && ssrcs.includes(stats.ssrc))
  }

  #channel({ channel, slots }: ChannelFace, timestamp: number): RTCDataChannelStats {
    const { id, label, protocol, messagesSent, bytesSent, messagesReceived, bytesReceived } = channel
    return {
      id: this.#ids.of('D', this.#ids.number(channel)),
      timestamp,
      type: 'data-channel',
      label,
      protocol,
      ...(id !== undefined && { dataChannelIdentifier: id }),
      state: slots.readyState,
      messagesSent,
      bytesSent,
      messagesReceived,
      bytesReceived,
    }
  }

  #transport(face: TransportFace, source: StatsSource, timestamp: number, add: (stats: RTCAnyStats) => void): void {
    const { session, iceSlots, dtlsSlots } = face
    if (session === undefined) return
    const transportId = this.#ids.of('T', this.#ids.number(face))
    const { ice, dtls } = session
    const { packetsSent, packetsReceived, bytesSent, bytesReceived } = session.transport.counters
    const candidateIds = new Map<IceCandidate, string>()
    const candidate = (side: 'local-candidate' | 'remote-candidate', item: IceCandidate): string => {
      let id = candidateIds.get(item)
      if (id === undefined) {
        const shown = side === 'local-candidate' || source.exposeRemoteAddresses || face.signalled(item)
        const stats = this.#candidate(side, item, transportId, shown, timestamp)
        id = stats.id
        candidateIds.set(item, id)
        add(stats)
      }
      return id
    }
    let selectedCandidatePairId: string | undefined
    for (const item of ice.localCandidates) candidate('local-candidate', item)
    for (const item of ice.remoteCandidates) candidate('remote-candidate', item)
    for (const pair of ice.pairs) {
      const local = candidate('local-candidate', pair.local)
      const remote = candidate('remote-candidate', pair.remote)
      const stats = this.#pair(pair, transportId, local, remote, timestamp)
      if (pair === ice.selectedPair) selectedCandidatePairId = stats.id
      add(stats)
    }
    const remoteHash = session.transport.fingerprintHash ?? 'sha-256'
    const certificates = {
      local: this.#certificate(source.localCertificate, source.localFingerprintHash, timestamp),
      remote: this.#certificate(dtlsSlots.remoteCertificates[0], remoteHash, timestamp),
    }
    for (const stats of [certificates.local, certificates.remote]) if (stats !== undefined) add(stats)
    const { localParameters } = iceSlots
    const stats: RTCTransportStats = {
      id: transportId,
      timestamp,
      type: 'transport',
      packetsSent,
      packetsReceived,
      bytesSent,
      bytesReceived,
      iceRole: iceSlots.role,
      ...(localParameters && { iceLocalUsernameFragment: localParameters.usernameFragment }),
      iceState: iceSlots.state,
      dtlsState: dtlsSlots.state,
      dtlsRole: dtls?.role ?? 'unknown',
      // What is told there has been agreed on: with the handshake, the certificate came to be known.
      ...(certificates.remote && dtls && agreed(dtls)),
      ...(selectedCandidatePairId !== undefined && { selectedCandidatePairId }),
      ...(certificates.local && { localCertificateId: certificates.local.id }),
      ...(certificates.remote && { remoteCertificateId: certificates.remote.id }),
      selectedCandidatePairChanges: face.selectedPairChanges,
    }
    add(stats)
    const { association } = source
    if (association?.transport === session) add(this.#association(association, transportId, timestamp))
  }

  #association(
    { view, datagramSize }: AssociationSource,
    transportId: string,
    timestamp: number,
  ): RTCSctpTransportStats {
    const { smoothedRoundTripTime, counters } = view
    return {
      id: this.#ids.of('SC', this.#ids.number(view)),
      timestamp,
      type: 'sctp-transport',
      transportId,
      ...(smoothedRoundTripTime !== undefined && { smoothedRoundTripTime: smoothedRoundTripTime / 1000 }),
      congestionWindow: view.congestionWindow,
      receiverWindow: view.peerReceiveWindow,
      mtu: view.mtu,
      unackData: view.unacknowledgedChunks,
      ...(datagramSize !== undefined && { datagramSize }),
      interleaving: view.interleaving,
      zeroChecksum: view.zeroChecksum,
      packetsSent: view.packetsSent,
      packetsReceived: counters.packetsReceived,
      bytesSent: view.bytesSent,
      bytesReceived: counters.bytesReceived,
      dataChunksSent: counters.dataChunksSent,
      dataChunksReceived: counters.dataChunksReceived,
      retransmittedChunks: counters.retransmittedChunks,
      duplicateChunks: counters.duplicates,
      sacksSent: counters.sacksSent,
      sacksReceived: counters.sacksReceived,
      fastRecoveries: counters.fastRecoveries,
      timeouts: counters.timeouts,
      abandonedMessages: counters.abandonedMessages,
    }
  }

  #candidate(
    type: 'local-candidate' | 'remote-candidate',
    candidate: IceCandidate,
    transportId: string,
    shown: boolean,
    timestamp: number,
  ): RTCIceCandidateStats {
    const { address, port, protocol, priority, foundation } = candidate
    const { relatedAddress, relatedPort, usernameFragment, tcpType, url, relayProtocol } = candidate
    return {
      id: this.#ids.of(type === 'local-candidate' ? 'CL' : 'CR', `${transportId} ${describe(candidate)}`),
      timestamp,
      type,
      transportId,
      address: shown ? address : (candidate.hostName ?? null),
      port,
      protocol,
      candidateType: candidate.type,
      priority,
      ...(url !== undefined && { url }),
      ...(relayProtocol !== undefined && { relayProtocol }),
      foundation,
      ...(relatedAddress !== undefined && { relatedAddress }),
      ...(relatedPort !== undefined && { relatedPort }),
      ...(usernameFragment !== undefined && { usernameFragment }),
      ...(tcpType !== undefined && { tcpType }),
    }
  }

  #pair(
    pair: CandidatePair,
    transportId: string,
    localCandidateId: string,
    remoteCandidateId: string,
    timestamp: number,
  ): RTCIceCandidatePairStats {
    const { currentRoundTripTime } = pair
    return {
      id: this.#ids.of('CP', this.#ids.number(pair)),
      timestamp,
      type: 'candidate-pair',
      transportId,
      localCandidateId,
      remoteCandidateId,
      state: pair.state,
      nominated: pair.nominated,
      packetsSent: pair.packetsSent,
      packetsReceived: pair.packetsReceived,
      bytesSent: pair.bytesSent,
      bytesReceived: pair.bytesReceived,
      totalRoundTripTime: pair.totalRoundTripTime / 1000,
      ...(currentRoundTripTime !== undefined && { currentRoundTripTime: currentRoundTripTime / 1000 }),
      requestsReceived: pair.requestsReceived,
      requestsSent: pair.requestsSent,
      responsesReceived: pair.responsesReceived,
      responsesSent: pair.responsesSent,
      consentRequestsSent: pair.consentRequestsSent,
    }
  }

  #certificate(der: Uint8Array | undefined, hash: FingerprintHash, timestamp: number): RTCCertificateStats | undefined {
    if (der === undefined) return undefined
    const value = fingerprint(this.#crypto, hash, der)
    return {
      id: this.#ids.of('CF', value),
      timestamp,
      type: 'certificate',
      fingerprint: value,
      fingerprintAlgorithm: hash,
      base64Certificate: base64(der),
    }
  }
}
