/**
 * The agent as a STUN server (RFC 8445, 7.3): judges the peer's connectivity checks, answers them, resolves a conflict of
 * roles, and hands what has been authenticated to the generation that it is meant for.
 */

import type { StunMessage } from '../stun/index.ts'
import { encodeError, encodeSuccess, judgeRequest } from './binding.ts'
import type { EarlyChecks } from './early-checks.ts'
import type { Generation } from './generation.ts'
import type { GenerationContext } from './generation-context.ts'
import type { Generations } from './generations.ts'

export class CheckServer {
  readonly #context: GenerationContext
  readonly #generations: Generations
  readonly #early: EarlyChecks

  /** Checks for credentials of ours to which the peer's are not known yet go into `early`. */
  constructor(context: GenerationContext, generations: Generations, early: EarlyChecks) {
    this.#context = context
    this.#generations = generations
    this.#early = early
  }

  /** Takes a Binding request in. */
  receive(message: StunMessage, socket: number, address: string, port: number, now: number): void {
    const { counters, transmit } = this.#context
    const generations = this.#generations.all
    counters.requestsReceived++
    const request = judgeRequest(message, generations)
    if ('reason' in request) {
      counters[request.reason]++
      if (request.response === undefined) return
      counters.errorsSent++
      transmit(request.response, socket, address, port, now)
      return
    }
    const { responder, remoteFragment } = request
    const isOfGeneration = ({ localFragment, remote }: Generation) =>
      localFragment === responder.localFragment && (remote === undefined || remote.usernameFragment === remoteFragment)
    if (!generations.some(isOfGeneration)) {
      // A peer that restarts tries its new candidates on ours from before, until it knows the new ones. There is no such
      // generation, and Chromium would select that pair and then never make one with our new credentials.
      counters.mixedGenerations++
      return
    }
    if (request.role === this.#context.role) {
      counters.roleConflicts++
      // Whoever has the larger number controls (RFC 8445, 7.3.1.1); never a lite agent, against one that checks.
      const isLarger = this.#context.tieBreaker >= request.tieBreaker
      if (this.#context.lite || isLarger === (this.#context.role === 'controlling')) {
        counters.errorsSent++
        transmit(encodeError(message, 487, 'Role Conflict', responder.localMac), socket, address, port, now)
        return
      }
      this.#context.switchRole()
    }
    counters.responsesSent++
    transmit(encodeSuccess(message, { address, port }, responder.localMac), socket, address, port, now)
    const { priority, useCandidate, nomination } = request
    const check = { socket, address, port, priority, useCandidate, nomination }
    const isMeant = ({ localFragment, remote }: Generation) =>
      localFragment === responder.localFragment && remote?.usernameFragment === remoteFragment
    const generation = generations.find(isMeant)
    if (generation !== undefined) generation.acceptCheck(check, 1, now)
    else if (!this.#early.add({ ...check, localFragment: responder.localFragment, remoteFragment, requests: 1 }))
      counters.droppedEarlyChecks++
  }
}
