import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { headersWithout } from './head-arguments.ts'

/*
 * An interim answer (100, 102, 103) comes before the answer. HTTP/1.0 has none: a proxy that speaks it, as nginx does
 * to what is behind it by default, takes one for the answer (RFC 9110, 15.2). None has a body, or says where one ends
 * (8.6; RFC 9112, 6.1).
 */

const OF_BODY = ['content-length', 'transfer-encoding']

type Given = OutgoingHttpHeaders | readonly unknown[] | null | undefined
type Done = (() => void) | undefined

/** Of later versions of Node: what all the others call. */
interface Interim {
  writeInformation?(status: number, headers?: Given | Done, done?: Done): void
}

/** Has an answer send no interim one to HTTP/1.0, and none that says where its body ends. */
export function keepInterim(response: ServerResponse & Interim): void {
  if (response.req.httpVersionMinor === 0) {
    Object.assign(response, NONE)
  } else if (response.writeInformation !== undefined) response.writeInformation = writeInformation
  else response.writeEarlyHints = writeEarlyHints
}

/** Called as any of those in {@link NONE} is: a callback may come last. */
function sendNothing(...given: readonly unknown[]): void {
  const done = given.at(-1)
  if (typeof done === 'function') process.nextTick(done)
}

/** In place of what Node writes an interim answer with, in any of its versions. */
const NONE: object = {
  writeInformation: sendNothing,
  writeEarlyHints: sendNothing,
  writeContinue: sendNothing,
  writeProcessing: sendNothing,
}

function writeInformation(
  this: ServerResponse & Interim,
  status: number,
  given?: Given | Done,
  done?: Done,
): void {
  Reflect.apply(own(this, 'writeInformation'), this, [status, sound(given), done])
}

function writeEarlyHints(this: ServerResponse, hints: object, done?: Done): void {
  Reflect.apply(own(this, 'writeEarlyHints'), this, [sound(hints), done])
}

function sound(given: unknown): unknown {
  return typeof given === 'object' && given !== null ? headersWithout(given, OF_BODY) : given
}

/** Node's own, or that of a framework. */
function own(response: ServerResponse, name: string): (...args: unknown[]) => void {
  return Reflect.get(Object.getPrototypeOf(response) as object, name) as () => void
}
