/** Several sinks as one, because a connection takes one. */

import type { TraceSink } from '../machine/index.ts'

/** A sink that tells each of these, in order. What none of them takes, it does not take either. */
export const combineSinks = (...sinks: readonly TraceSink[]): TraceSink => {
  const combined: { -readonly [name in keyof TraceSink]: TraceSink[name] } = {}
  // A layer makes nothing up for a sink that is not there: the absence must show.
  if (sinks.some(sink => sink.packet)) {
    combined.packet = (...details) => {
      for (const sink of sinks) sink.packet?.(...details)
    }
  }
  if (sinks.some(sink => sink.keyLog)) {
    combined.keyLog = line => {
      for (const sink of sinks) sink.keyLog?.(line)
    }
  }
  if (sinks.some(sink => sink.event)) {
    combined.event = (...details) => {
      for (const sink of sinks) sink.event?.(...details)
    }
  }
  return combined
}
