/** The arguments of the methods that concern certificates, the configuration and channels, converted (webrtc-pc, 4.4.2, 4.9 and 6.1). */

import { closedException, promised, requireArguments } from '../idl/index.ts'
import { generate, RTCCertificate } from './certificate.ts'
import { certificateRequest, type RTCKeyAlgorithm } from './certificate-algorithm.ts'
import {
  checkCertificates,
  configuredHost,
  convertConfiguration,
  type RTCConfiguration,
  setConfiguration,
} from './configuration.ts'
import { Connection } from './connection.ts'
import type { RTCDataChannel } from './data-channel.ts'
import { channelOptions, convertDataChannelInit, type RTCDataChannelInit } from './data-channel-init.ts'
import { platform } from './platform.ts'

/** @param target Where the connection's events are fired. */
export const createConnection = (target: EventTarget, configuration: RTCConfiguration, context: string): Connection => {
  const converted = convertConfiguration(configuration, context)
  const world = configuredHost(configuration, platform, context)
  checkCertificates(converted.certificates, world.host.timeOrigin + world.host.now(), context)
  return new Connection(target, world, setConfiguration(converted, undefined, false, context))
}

export const generateCertificate = (keygenAlgorithm: RTCKeyAlgorithm, context: string): Promise<RTCCertificate> =>
  promised(async () => {
    requireArguments(context, 1, keygenAlgorithm === undefined ? 0 : 1)
    const { key, validity } = certificateRequest(keygenAlgorithm)
    const slots = await generate(configuredHost(keygenAlgorithm, platform, context), key, validity)
    return new RTCCertificate(slots)
  })

export const reconfigure = (connection: Connection, configuration: RTCConfiguration, context: string): void => {
  const converted = convertConfiguration(configuration, context)
  if (connection.closed) throw closedException(context)
  const { described } = connection.negotiator
  connection.configuration = setConfiguration(converted, connection.configuration, described, context)
  connection.reconfigured()
}

export const createDataChannel = (
  connection: Connection,
  args: [label: string, dataChannelDict?: RTCDataChannelInit],
  context: string,
): RTCDataChannel => {
  requireArguments(context, 1, args.length)
  const converted = convertDataChannelInit(args[0], args[1], context)
  if (connection.closed) throw closedException(context)
  return connection.createDataChannel(channelOptions(converted, context), context)
}
