/** srtp: SRTP and SRTCP. */

export {
  keyingMaterialLength,
  type SrtpKeys,
  type SrtpProfile,
  splitKeyingMaterial,
} from './profile.ts'
export { SrtpReceiver, type SrtpReceiverOptions } from './receiver.ts'
export { SrtpSender, type SrtpSenderOptions } from './sender.ts'
