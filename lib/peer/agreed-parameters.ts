/** What was agreed on, as getParameters tells it (webrtc-pc, 5.2 and 5.3). */

import type { NegotiatedMedia } from '../jsep/index.ts'
import { codecCapability } from './rtp-capabilities.ts'
import type { RTCRtpParameters } from './rtp-parameters.ts'

/** Of one direction; empty lists where nothing is agreed on. */
export const agreedParameters = (
  negotiated: NegotiatedMedia | undefined,
  direction: 'send' | 'receive',
): RTCRtpParameters => {
  const { codecs = [], extensions = [] } = negotiated?.[direction] ?? {}
  return {
    codecs: codecs.map(codec => ({ ...codecCapability(codec), payloadType: codec.payloadType })),
    headerExtensions: extensions.map(({ uri, id, encrypted = false }) => ({ uri, id, encrypted })),
    rtcp: { reducedSize: negotiated?.reducedSize ?? false },
  }
}
