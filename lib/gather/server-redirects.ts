/**
 * Asks a server, and those that it sends us on to (300, ALTERNATE-SERVER: RFC 8489, 10), or once more from another port of
 * ours where that may help. Each server is asked once, those of another family never, and there is an end to it: whoever
 * forges an answer, or a ring of servers, costs us a few requests.
 */

import { type AlternateServer, addressFamily, type StunAddress } from '../stun/index.ts'
import type { RelayFailure } from './relay-flow.ts'
import { type AttemptFailure, type ServerAttempts, UNREACHABLE } from './server-attempts.ts'
import type { ServerLink } from './server-link.ts'

/** How often we ask in all. */
const MOST_ATTEMPTS = 3

/** @param elsewhere From a port that the server has not heard from. */
export type OpenLink = (to: AlternateServer, elsewhere: boolean) => Promise<ServerLink | AttemptFailure>

/** Resolves with undefined when the server has given what was asked for. Closes the link, or keeps it. */
export type AskServer = (link: ServerLink, to: StunAddress) => Promise<RelayFailure | undefined>

export interface ServerQuestion {
  readonly open: OpenLink
  readonly ask: AskServer
  /** Whether nobody wants the answer any more. */
  isOver(): boolean
}

export const isFailure = <F extends AttemptFailure>(result: object | F): result is F => 'code' in result

/** Asks one address of a server after the other, as long as nobody is there; tells what came of it in the end. */
export const askInTurn = async (
  question: ServerQuestion,
  targets: readonly StunAddress[],
  attempts: ServerAttempts,
): Promise<void> => {
  let failure: AttemptFailure | undefined
  for (const target of targets) {
    failure = await followServer(question, target)
    if (failure === undefined) return question.isOver() ? undefined : attempts.succeeded()
    if (failure.code !== UNREACHABLE) break
  }
  if (failure !== undefined) attempts.failed(failure)
}

/** Asks `target` first. Resolves with undefined when something has come of it, or nobody wants it any more. */
const followServer = async (question: ServerQuestion, target: StunAddress): Promise<AttemptFailure | undefined> => {
  const visited: StunAddress[] = []
  let to: AlternateServer = target
  let elsewhere = false
  while (!question.isOver()) {
    const link = await question.open(to, elsewhere)
    if (isFailure(link)) return link
    if (question.isOver()) {
      link.close()
      return undefined
    }
    const { address, port } = link
    visited.push(to)
    const failure = await question.ask(link, to)
    if (failure === undefined) return undefined
    const { alternate, code, text } = failure
    elsewhere = failure.elsewhere !== undefined
    const next = elsewhere ? to : isNew(alternate, visited) ? alternate : undefined
    if (next === undefined || visited.length >= MOST_ATTEMPTS) return { code, text, address, port }
    to = next
  }
  return undefined
}

/** Whether that server is of the family of the others (RFC 8489, 14.15), and has not been asked. */
const isNew = (server: AlternateServer | undefined, visited: readonly StunAddress[]): boolean =>
  server !== undefined &&
  visited.every(
    ({ address, port }) =>
      addressFamily(address) === addressFamily(server.address) && (address !== server.address || port !== server.port),
  )
