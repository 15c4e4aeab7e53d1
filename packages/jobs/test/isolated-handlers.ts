/* The handlers that the tests run in threads and processes. */
import { writeFileSync } from 'node:fs'
import { threadId } from 'node:worker_threads'
import { IoError, remaining, sleep, throwIfCancelled } from '@yuzuru/concurrency'
import type { IsolatedContext } from '../src/job/isolated-context.ts'

/** Where it runs, and what it knows. */
export async function run(
  { n }: { readonly n: number },
  context: IsolatedContext,
): Promise<Readonly<Record<string, unknown>>> {
  const { jobId, attempt, attempts, enqueuedAt, cron, signal } = context
  await sleep(0)
  return {
    n,
    where: `${process.pid}:${threadId}`,
    jobId,
    attempt,
    attempts,
    enqueued: enqueuedAt instanceof Date,
    cron: cron?.name ?? 'none',
    aborted: signal.aborted,
    budget: remaining() < Infinity,
  }
}

/** Says that it runs, with the process that it runs in, and yields to nobody. */
export function spin(_: unknown, { progress }: IsolatedContext): never {
  progress({ pid: process.pid })
  for (;;);
}

/** Says that it runs, and ends when it is asked to. */
export async function wait(
  { file }: { readonly file: string },
  { progress, signal }: IsolatedContext,
): Promise<void> {
  progress('waits')
  try {
    await sleep(Infinity)
  } finally {
    writeFileSync(file, `aborted: ${signal.aborted}`)
  }
}

/** A loop that yields to nobody and asks whether it is to end. */
export function look(
  { file }: { readonly file: string },
  { progress, signal }: IsolatedContext,
): never {
  progress('looks')
  try {
    for (;;) throwIfCancelled()
  } finally {
    writeFileSync(file, `aborted: ${signal.aborted}`)
  }
}

/** Ends what it runs in: itself on its own, or by a hand from outside. */
export async function end({ how }: { readonly how: string }): Promise<void> {
  if (how === 'SIGKILL') process.kill(process.pid, 'SIGKILL')
  if (how === 'exit') process.exit(3)
  // As one that is content with itself; and as one that no longer hears its worker.
  if (how === 'exit 0') process.exit(0)
  if (how === 'disconnect') process.disconnect?.()
  if (how === 'memory') {
    const hungry: number[][] = []
    for (;;) hungry.push(Array.from({ length: 10_000 }, (_, n) => n))
  }
  if (how === 'throw') {
    setImmediate(() => {
      throw new Error('outside of the handler')
    })
  }
  await sleep(Infinity)
}

/** Goes on beside one that crashes. */
export async function neighbour({ n }: { readonly n: number }): Promise<number> {
  await sleep(n)
  return n
}

export async function fail({ as }: { readonly as: string }): Promise<void> {
  if (as === 'refused') {
    throw new IoError('the card was refused', {
      boundary: 'cards',
      operation: 'charge',
      code: 'refused',
      retryable: false,
      outcome: 'none',
    })
  }
  if (as === 'doubt') {
    throw new IoError('no answer', {
      boundary: 'cards',
      operation: 'charge',
      code: 'lost',
      retryable: false,
      outcome: 'unknown',
    })
  }
  throw new RangeError('out of its range')
}

/** What it may not have. */
export function reach({ what }: { readonly what: string }, context: IsolatedContext): unknown {
  return Reflect.get(context, what)
}

export function give({ what }: { readonly what: string }): unknown {
  if (what === 'function') return () => undefined
  if (what === 'date') return new Date(0)
  return undefined
}

/** Throws, or gives, what nobody expects. */
export function hostile({ how }: { readonly how: string }): unknown {
  const circle: Record<string, unknown> = {}
  circle['self'] = circle
  const trap = new Proxy(
    {},
    {
      get: () => {
        throw new Error('a trap')
      },
      ownKeys: () => {
        throw new Error('a trap')
      },
    },
  )
  const values: Readonly<Record<string, unknown>> = {
    null: null,
    undefined: undefined,
    symbol: Symbol('no'),
    function: () => undefined,
    bigint: 1n,
    circle,
    trap,
    text: 'a text',
    long: 'x'.repeat(2_000_000),
    error: Object.assign(new Error('odd'), {
      name: { toString: () => 'not a text' },
      message: { odd: true },
      cause: trap,
    }),
  }
  const [verb, what = ''] = how.split(' ')
  if (verb === 'throw') throw values[what] as Error
  return values[what]
}

export function say({ bytes }: { readonly bytes: number }, { progress }: IsolatedContext): void {
  progress('x'.repeat(bytes))
}

export const notAFunction: number = 1
