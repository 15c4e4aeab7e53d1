import { run, sleep } from '@yuzuru/concurrency'
import { serve } from '../src/listening/serve.ts'

// One of several processes that listen on one port. It reports where, and stops at SIGTERM.

const tell = (message: unknown): void => void process.send?.(message)

await run(async () => {
  await using server = await serve(async (_request: Request) => new Response(`${process.pid}`), {
    port: Number(process.argv[2]),
    reusePort: true,
    lingerMs: 2_000,
  })
  tell({ port: server.port })
  await sleep(Infinity)
})
if (process.connected) process.disconnect?.()
