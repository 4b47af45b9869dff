/** Which description may be applied in which signalling state, and what comes of it (RFC 9429, 3.2; webrtc-pc, 4.3.1). */

export type SdpType = 'offer' | 'pranswer' | 'answer' | 'rollback'

export type SignalingState =
  | 'stable'
  | 'have-local-offer'
  | 'have-remote-offer'
  | 'have-local-pranswer'
  | 'have-remote-pranswer'

export type Side = 'local' | 'remote'

type Transitions = Partial<Record<SdpType, SignalingState>>

/** A rollback has the same effect from either side, and none from a provisional answer (webrtc-pc, 4.4.1.5). */
const TRANSITIONS: Readonly<Record<SignalingState, Readonly<Record<Side, Transitions>>>> = {
  stable: {
    local: { offer: 'have-local-offer' },
    remote: { offer: 'have-remote-offer' },
  },
  'have-local-offer': {
    local: { offer: 'have-local-offer', rollback: 'stable' },
    remote: { pranswer: 'have-remote-pranswer', answer: 'stable', rollback: 'stable' },
  },
  'have-remote-offer': {
    local: { pranswer: 'have-local-pranswer', answer: 'stable', rollback: 'stable' },
    remote: { offer: 'have-remote-offer', rollback: 'stable' },
  },
  'have-local-pranswer': {
    local: { pranswer: 'have-local-pranswer', answer: 'stable' },
    remote: {},
  },
  'have-remote-pranswer': {
    local: {},
    remote: { pranswer: 'have-remote-pranswer', answer: 'stable' },
  },
}

/** The state after a description, or undefined when it may not be applied. */
export const nextState = (state: SignalingState, side: Side, type: SdpType): SignalingState | undefined =>
  TRANSITIONS[state][side][type]
