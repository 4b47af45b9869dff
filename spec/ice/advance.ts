import type { IceAgent } from '../../lib/ice/index.ts'

/** How often an agent may ask, at one moment, to be advanced again. */
const MOST_IN_A_ROW = 100

const unrest = new WeakMap<IceAgent, { now: number; times: number }>()

/** Advances an agent; throws when its deadline stays behind, where a timer would spin. */
export const advance = (agent: IceAgent, now: number): void => {
  agent.advance(now)
  const before = unrest.get(agent)
  const times = agent.deadline > now ? 0 : before?.now === now ? before.times + 1 : 1
  unrest.set(agent, { now, times })
  if (times > MOST_IN_A_ROW) throw new Error(`at ${now} ms the agent's deadline stays at ${agent.deadline} ms`)
}
