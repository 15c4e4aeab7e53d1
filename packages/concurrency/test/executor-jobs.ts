import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { threadId } from 'node:worker_threads'
import { checkpoint, currentSignal } from '../src/scopes/checkpoint.ts'
import { IoError } from '../src/boundary/io-error.ts'
import { jobScope, moved } from '../src/job.ts'
import { remaining } from '../src/scopes/remaining.ts'

/* The jobs of the executors' tests. Those that take a port connect to it, and so tell that they run. */

export const context: { readonly requestId: AsyncLocalStorage<string> } = {
  requestId: new AsyncLocalStorage(),
}

export const notAFunction: number = 1

export function add(a: number, b: number): number {
  return a + b
}

export async function worker(): Promise<string> {
  await checkpoint()
  return `${process.pid}:${threadId}`
}

/** Has a worker of its own do the work. */
export async function nested(kind: 'threads' | 'processes'): Promise<number> {
  const { threads } = await import('../src/threads.ts')
  const { processes } = await import('../src/processes.ts')
  const module = new URL('executor-jobs.ts', import.meta.url)
  await using executor = (kind === 'threads' ? threads : processes)({ module, workers: 1 })
  return (await executor.call('add', 1, 2)) as number
}

export function budget(): number {
  return remaining()
}

export function requestId(): string | undefined {
  return context.requestId.getStore()
}

/** Yields to nobody. */
export function reports(values: readonly unknown[]): number {
  for (const value of values) jobScope()?.report(value)
  return values.length
}

/** Says that it hangs, and yields to nobody. */
export function reportsAndHangs(): never {
  jobScope()?.report('it hangs')
  for (;;);
}

export function reportsFunction(): void {
  jobScope()?.report(() => undefined)
}

export function echo(value: unknown): unknown {
  return value
}

export function environment(name: string): string | undefined {
  return process.env[name]
}

/** Yields to nobody and never looks at its flag. */
export async function hang(port: number): Promise<never> {
  await call(port)
  for (;;);
}

/** Looks at its flag. */
export async function obey(port: number): Promise<never> {
  await call(port)
  for (;;) await checkpoint()
}

/** Looks at its flag, and tells nobody. */
export async function obeyHere(): Promise<never> {
  for (;;) await checkpoint()
}

/** Waits for nothing but its signal. */
export async function heed(): Promise<never> {
  const signal = currentSignal()
  if (signal?.aborted === false) await once(signal, 'abort')
  throw signal?.reason
}

/** The same, and says so once it waits. */
export async function heedAndTell(port: number): Promise<never> {
  const socket = await call(port)
  const ending = heed()
  socket.write('waiting')
  return await ending
}

/** Sees its flag without ever yielding. */
export async function spin(port: number): Promise<never> {
  await call(port)
  for (;;) jobScope()?.throwIfCancelled()
}

/** Waits for nothing but its signal; then says so, and takes the time that it is given. */
export async function save(port: number): Promise<string> {
  const socket = await call(port)
  const signal = currentSignal()
  if (signal?.aborted === false) await once(signal, 'abort')
  socket.write('saving')
  await once(socket, 'close')
  return 'saved'
}

/** Runs until the other side closes. */
export async function hold(port: number): Promise<string> {
  const socket = await call(port)
  await once(socket, 'close')
  return await worker()
}

export async function exit(port: number): Promise<never> {
  await call(port)
  process.exit(3)
}

export async function explode(port: number): Promise<never> {
  await call(port)
  setTimeout(() => {
    throw new Error('outside the job')
  })
  return await new Promise(() => undefined)
}

/** What is left of it throws once it has returned. */
export async function explodeLater(port: number): Promise<string> {
  await call(port)
  setTimeout(() => {
    throw new Error('after the job')
  })
  return 'done'
}

/** Ends its worker with an error that a thread's own trouble with a value would look like. */
export async function explodeCloning(port: number): Promise<never> {
  await call(port)
  setTimeout(() => structuredClone(() => undefined))
  return await new Promise(() => undefined)
}

export function devour(): never {
  const eaten: number[][] = []
  for (;;) eaten.push(Array.from({ length: 100_000 }, (_, index) => index + 0.5))
}

export function fail(): never {
  throw new RangeError('too far', { cause: new Error('a step') })
}

export function failAtIo(): never {
  throw new IoError('the disk is full', {
    boundary: 'disk',
    operation: 'write',
    code: 'full',
    retryable: true,
    outcome: 'unknown',
  })
}

export function failWithText(): never {
  // oxlint-disable-next-line no-throw-literal -- what somebody else's code may do
  throw 'only a text'
}

/** Throws one of the things that can be thrown, by its name. */
export function failWith(what: string): never {
  const bad = (): never => {
    throw new Error('no')
  }
  const things: Readonly<Record<string, () => unknown>> = {
    nothing: () => undefined,
    null: () => null,
    number: () => 7,
    symbol: () => Symbol('s'),
    function: () => bad,
    object: () => ({ code: 7, deep: { list: [1] } }),
    unclonable: () => ({ code: 7, bad }),
    getter: () => Object.defineProperty({ code: 7 }, 'bad', { get: bad, enumerable: true }),
    instance: () => new URLSearchParams('a=1'),
    frozen: () => Object.freeze(new RangeError('frozen')),
    dom: () => new DOMException('stop', 'AbortError'),
    aggregate: () => new AggregateError([new TypeError('a'), bad], 'all', { cause: 'c' }),
    round: () => {
      const error = new Error('round')
      return Object.assign(error, { cause: error })
    },
    causeGetter: () => Object.defineProperty(new Error('asked'), 'cause', { get: bad }),
    port: () => ({ code: 7, port: new MessageChannel().port1 }),
  }
  throw things[what]?.()
}

export async function failLaterWith(what: string): Promise<never> {
  await checkpoint()
  return failWith(what)
}

export function fill(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length).fill(7)
  return moved(bytes, [bytes.buffer])
}

export function giveFunction(): unknown {
  return { inside: () => 'a secret' }
}

async function call(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  // The other end may go first.
  socket.on('error', () => undefined)
  socket.resume()
  await once(socket, 'connect')
  return socket
}

/** Blocks its thread, as a native call does, until `count` threads are here. */
export function meet(arrived: SharedArrayBuffer, count: number): number {
  const cell = new Int32Array(arrived)
  if (Atomics.add(cell, 0, 1) + 1 >= count) Atomics.notify(cell, 0)
  for (let here = Atomics.load(cell, 0); here < count; here = Atomics.load(cell, 0)) {
    Atomics.wait(cell, 0, here)
    Atomics.notify(cell, 0)
  }
  return count
}
