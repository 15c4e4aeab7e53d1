import type { IoProgress } from '@yuzuru/concurrency'

/**
 * What a send may tell about itself, by the signal that nodemailer carries through to the transport: the
 * one way to hand it on that leaves nodemailer's own steps (plugins, DKIM) in between.
 */
const progressOf = new WeakMap<AbortSignal, IoProgress>()

/** Lets the transport at the other end of nodemailer find `progress`. */
export function passProgress(signal: AbortSignal, progress: IoProgress): void {
  progressOf.set(signal, progress)
}

/** The progress that was passed along with `signal`; none if somebody called the native client. */
export function passedProgress(signal: AbortSignal | undefined): IoProgress | undefined {
  return signal === undefined ? undefined : progressOf.get(signal)
}
