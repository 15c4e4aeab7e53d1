import cluster from 'node:cluster'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { run, sleep } from '@yuzuru/concurrency'
import { serve } from '../src/listening/serve.ts'

// Two processes on one port whose listening socket is this one's. At each message it replaces one of them: the
// new one listens before the old one is sent SIGTERM. It reports the port, and when a replacement is done.

const tell = (message: unknown): void => void process.send?.(message)

if (cluster.isPrimary) await supervise()
else await work()

async function supervise(): Promise<void> {
  // The workers take connections from the one queue of the system, which no worker's end empties.
  cluster.schedulingPolicy = cluster.SCHED_NONE
  const port = await freePort()
  const begin = async (): Promise<ReturnType<typeof cluster.fork>> => {
    const worker = cluster.fork({ PORT: String(port) })
    await once(worker, 'message')
    return worker
  }
  const workers = [await begin(), await begin()]
  const replace = async (): Promise<void> => {
    workers.push(await begin())
    const old = workers.shift()
    const exited = old && once(old, 'exit')
    old?.process.kill('SIGTERM')
    const [code] = (await exited) as [number]
    tell({ replaced: code })
  }
  process.on('message', () => void replace())
  process.on('disconnect', () => {
    for (const { process } of workers) process.kill('SIGKILL')
  })
  tell({ port })
}

/** The workers share a socket for each port that they name. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  return port
}

async function work(): Promise<void> {
  await run(async () => {
    const answer = async (_request: Request): Promise<Response> => new Response('ok')
    const port = Number(process.env['PORT'])
    await using server = await serve(answer, { port, lingerMs: 2_000 })
    tell({ port: server.port })
    await sleep(Infinity)
  })
  cluster.worker?.disconnect()
}
