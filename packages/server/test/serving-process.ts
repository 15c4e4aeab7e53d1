import { once } from 'node:events'
import { run, sleep } from '@yuzuru/concurrency'
import { serve } from '../src/listening/serve.ts'

// A server in a process of its own. It reports to its parent, and waits for its word.
const tell = (message: unknown): void => void process.send?.(message)

async function answer(request: Request): Promise<Response> {
  tell('under way')
  if (new URL(request.url).pathname === '/endless') await sleep(Infinity)
  await once(process, 'message')
  // A cancelled scope would not let this pass.
  await sleep(1)
  return new Response('whole')
}

await run(async () => {
  await using server = await serve(answer, { drainMs: Number(process.argv[2]), lingerMs: 0 })
  tell({ port: server.port })
  try {
    await sleep(Infinity)
  } finally {
    // Once the server has begun to close.
    setImmediate(() => tell('stopping'))
  }
})
process.disconnect?.()
