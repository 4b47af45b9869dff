/** The grammar alone: a session description read, its parts printed, changed and written; and an error with its line. */

import { attribute, attributes, formatSdp, parseSdp, SdpError, typed } from 'purertc/sdp'

const text = `v=0
o=- 4774304641124458452 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
m=audio 9 UDP/TLS/RTP/SAVPF 111
c=IN IP4 0.0.0.0
a=mid:0
a=sendonly
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10;useinbandfec=1
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
a=mid:1
a=x-unknown:kept as it is
a=sctp-port:5000
`

const description = parseSdp(text)
for (const { mids } of attributes(description, 'group')) console.log(`bundled: ${mids.join(', ')}`)
for (const media of description.media) {
  console.log(`line ${media.line}: ${media.kind} over ${media.protocol}, mid ${attribute(media, 'mid')}`)
  for (const { payloadType, encoding, clockRate } of attributes(media, 'rtpmap')) {
    console.log(`  ${payloadType} is ${encoding} at ${clockRate} Hz`)
  }
}

// Models are plain data: a change is a copy.
const media = description.media.map(each =>
  each.kind === 'application' ? { ...each, attributes: [...each.attributes, typed('max-message-size', 65_536)] } : each,
)
const lines = formatSdp({ ...description, media }).split('\r\n')
console.log(lines.slice(-4, -1).join('\n'))

try {
  parseSdp(text.replace('opus/48000', 'opus'))
} catch (error) {
  if (error instanceof SdpError) console.log(`${error.code} error in line ${error.line}: ${error.message}`)
}
