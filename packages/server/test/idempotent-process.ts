/**
 * A server with one idempotent handler, in a process of its own: `idempotent-process.ts <url> <gated>`. With
 * `gated` it says each step to its parent and takes it when it is answered, so that a signal finds it there.
 */
import { once } from 'node:events'
import { run, sleep } from '@yuzuru/concurrency'
import { createDatabase, transaction } from '@yuzuru/db'
import type { Transaction } from 'kysely'
import { idempotent } from '../src/idempotency/idempotent.ts'
import { kyselyIdempotencyStore } from '../src/idempotency/kysely-idempotency-store.ts'
import { serve } from '../src/listening/serve.ts'
import type { TestSchema } from './database.ts'

const [url = '', gated] = process.argv.slice(2)

const tell = (message: unknown): void => void process.send?.(message)

async function step(name: string): Promise<void> {
  if (gated === undefined) return
  const answer = once(process, 'message')
  tell({ step: name })
  await answer
}

async function between<T>(name: string, fn: () => Promise<T>): Promise<T> {
  await step(`before ${name}`)
  const value = await fn()
  await step(`after ${name}`)
  return value
}

await run(async () => {
  await using db = createDatabase<TestSchema>({ url, cancelTimeoutMs: 200 })
  const store = kyselyIdempotencyStore<TestSchema>(db, {
    transaction: (fn) =>
      between('the transaction', () =>
        transaction(db, async (tx) => {
          const value = await fn(tx)
          await step('before COMMIT')
          return value
        }),
      ),
  })
  const approve = idempotent<Transaction<TestSchema>>(
    async (request, { tx }) => {
      await step('in the handler')
      const name = await request.text()
      await between('the effect', () => tx.insertInto('effects').values({ name }).execute())
      return new Response(`did ${name}`)
    },
    {
      store: {
        claim: (request) => between('the claim', () => store.claim(request)),
        finish: (...rest) => between('the answer is stored', () => store.finish(...rest)),
        renew: (...rest) => store.renew(...rest),
        release: (...rest) => store.release(...rest),
        transaction: (fn) => store.transaction(fn),
        prune: (limit) => store.prune(limit),
      },
      caller: () => 'office-1',
    },
  )
  const handle = async (request: Request): Promise<Response> => {
    const answer = await approve(request)
    await step('before the answer')
    return answer
  }
  await using server = await serve(handle, { lingerMs: 0 })
  tell({ port: server.port })
  await sleep(Infinity)
})
process.disconnect?.()
