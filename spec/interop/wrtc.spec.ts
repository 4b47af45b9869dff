/** @roamhq/wrtc (libwebrtc as a Node addon) against ours. */

import { processPeer } from './drivers/process.ts'
import { interop } from './interop.ts'

await interop(processPeer('wrtc', { dtls12: true }))
