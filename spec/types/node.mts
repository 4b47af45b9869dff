/**
 * The published declarations compile without lib.dom, with Node's types alone: they name nothing of a browser's.
 * Only compiled: `tsc -p spec/types/tsconfig.node.json`.
 */

import {
  type EncodedAudioChunk,
  EncodedAudioSource,
  EncodedChunkReader,
  MediaStream,
  type MediaStreamTrack,
  RTCDataChannel,
  type RTCError,
  RTCPeerConnection,
} from 'purertc'

const connection = new RTCPeerConnection()
connection.ondatachannel = ({ channel }) => {
  channel.onmessage = ({ data }) => channel.send(data)
  channel.onerror = ({ error }) => console.log(error.sctpCauseCode satisfies number | null)
}
connection.addEventListener('icecandidate', ({ candidate }) => candidate?.toJSON())
export const copy = async (from: RTCDataChannel, to: RTCDataChannel): Promise<void> => {
  for await (const message of from) to.send(message)
  await from.readable.pipeTo(to.writable)
}
export const last: { error?: RTCError; channel: RTCDataChannel | undefined } = { channel: undefined }
export const isChannel = (value: unknown): value is RTCDataChannel => value instanceof RTCDataChannel
export const echo = (track: MediaStreamTrack): MediaStream => {
  const source = new EncodedAudioSource({ codec: 'opus' })
  new EncodedChunkReader<EncodedAudioChunk>(track, { onchunk: chunk => source.write(chunk) })
  track.onended = () => source.end()
  return new MediaStream([source.track])
}
