/** Offer and answer over a link, for the stacks that have the W3C API or nearly. */

import type { Link, Signal } from '../stacks/index.ts'

export interface W3cConnection {
  onicecandidate: unknown
  onconnectionstatechange: unknown
  readonly connectionState: string
  createOffer(): Promise<Description>
  createAnswer(): Promise<Description>
  setLocalDescription(description: Description): Promise<unknown>
  setRemoteDescription(description: Description): Promise<unknown>
  addIceCandidate(candidate: object): Promise<unknown>
}

interface Description {
  readonly type: string
  readonly sdp: string
}

/** Resolves when the connection is made; rejects when it fails. */
function negotiate(pc: W3cConnection, link: Link, begin: () => Promise<unknown>): Promise<void> {
  return new Promise((resolve, reject) => {
    pc.onicecandidate = ({ candidate }: { candidate?: { candidate: string } | null }) => {
      if (candidate?.candidate) link.tell({ candidate: JSON.parse(JSON.stringify(candidate)) })
    }
    pc.onconnectionstatechange = () => {
      if (pc.connectionState === 'connected') resolve()
      else if (pc.connectionState === 'failed') reject(new Error('the connection failed'))
    }
    const apply = async ({ description, candidate }: Signal) => {
      if (candidate !== undefined) await pc.addIceCandidate(candidate)
      if (description === undefined) return
      await pc.setRemoteDescription(description)
      if (description.type === 'offer') await describe(pc, link, await pc.createAnswer())
    }
    let last: Promise<unknown> = begin()
    last.catch(reject)
    link.listen(signal => {
      last = last.then(() => apply(signal)).catch(reject)
    })
  })
}

async function describe(pc: W3cConnection, link: Link, { type, sdp }: Description): Promise<void> {
  link.tell({ description: { type, sdp } })
  await pc.setLocalDescription({ type, sdp })
}

export const offer = (pc: W3cConnection, link: Link): Promise<void> =>
  negotiate(pc, link, async () => describe(pc, link, await pc.createOffer()))

export const answer = (pc: W3cConnection, link: Link): Promise<void> => negotiate(pc, link, () => Promise.resolve())
