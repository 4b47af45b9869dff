/** turn: the TURN client of RFC 8656. */

export { channelData, channelOf, isChannelData, writeChannelData } from './channel-data.ts'
export { TurnClient } from './client.ts'
export type { TurnClientOptions, TurnCounters, TurnCredentials, TurnEvent, TurnState } from './options.ts'
