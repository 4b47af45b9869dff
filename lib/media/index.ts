/** media: MediaStreamTrack and its family, sources and sinks. */

export {}
