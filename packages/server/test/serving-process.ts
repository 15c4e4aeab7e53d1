import { once } from 'node:events'
import { run, shield, sleep } from '@yuzuru/concurrency'
import { afterResponse } from '../src/request/current-request.ts'
import { serve } from '../src/listening/serve.ts'
import type { ServeOptions } from '../src/listening/serve-options.ts'

// A server in a process of its own. It reports to its parent, and waits for its word.
const tell = (message: unknown): void => void process.send?.(message)

/** Ends at no cancel, and says that it heard of one. */
const stubborn = (): Promise<unknown> =>
  sleep(Infinity).catch(() => {
    tell('cancelled')
    return new Promise(() => {})
  })

async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url)
  if (pathname === '/now') return new Response('now')
  if (pathname === '/after') {
    afterResponse(stubborn)
    return new Response('before')
  }
  tell('under way')
  if (pathname === '/endless') await sleep(Infinity)
  if (pathname === '/stubborn') await stubborn()
  await once(process, 'message')
  // A cancelled scope would not let this pass.
  await sleep(1)
  return new Response('whole')
}

/** A client whose end takes for ever, where that is asked for. */
const client = {
  async [Symbol.asyncDispose](): Promise<void> {
    if (process.argv[3] !== 'endless client') return
    tell('closing the client')
    await shield(() => sleep(Infinity))
  },
}

await run(
  async () => {
    await using _client = client
    const options = JSON.parse(process.argv[2] ?? '{}') as ServeOptions
    await using server = await serve(answer, { lingerMs: 0, ...options })
    tell({ port: server.port })
    try {
      await sleep(Infinity)
    } finally {
      // Once the server has begun to close.
      setImmediate(() => tell('stopping'))
    }
  },
  { graceMs: 600_000 },
)
process.disconnect?.()
