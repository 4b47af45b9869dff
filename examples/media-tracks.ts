/**
 * Tracks that the application makes: their clones, constraints, mute and end, as mediacapture-main has them, without any
 * connection. A sender (`connection.addTrack(track)`) takes them as it takes those from a peer.
 */

import { EncodedVideoSource, MediaStream, OverconstrainedError } from 'purertc'

const camera = new EncodedVideoSource({
  codec: 'vp8',
  label: 'test picture',
  settings: { width: 1280, height: 720, frameRate: 30 },
  capabilities: { width: { min: 160, max: 1280 }, height: { min: 90, max: 720 }, frameRate: { min: 1, max: 30 } },
})
const { track } = camera
const stream = new MediaStream([track, track.clone()])
console.log(`${stream.getVideoTracks().length} tracks of '${track.label}', active: ${stream.active}`)

// What tracks ask for, the source is told: an encoder can follow.
camera.onsettingschange = () => console.log('encode', JSON.stringify(camera.settings))
await track.applyConstraints({ width: { max: 640 }, aspectRatio: 16 / 9 })
try {
  await track.applyConstraints({ width: { min: 4096 } })
} catch (error) {
  if (error instanceof OverconstrainedError) console.log(`cannot be: ${error.constraint}`)
}

// Mute is the source's, and told to all tracks; enabled is each track's own.
track.onmute = () => console.log(`muted: ${track.muted}, enabled: ${track.enabled}`)
camera.muted = true
await Promise.resolve()

// The source stops with the last of its tracks.
camera.onended = () => console.log('nobody needs the camera any more')
for (const each of stream.getTracks()) each.stop()
console.log(`active: ${stream.active}`)
