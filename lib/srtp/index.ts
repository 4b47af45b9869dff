/** srtp: SRTP and SRTCP. */

export {}
