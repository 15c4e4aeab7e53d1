import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'

/** Runs a program in a thread; once it posts `ready`, `act` is called. Gives what it posted, and its exit code. */
async function inThread(
  source: string,
  act: (worker: Worker) => unknown = () => undefined,
): Promise<{ readonly said: readonly unknown[]; readonly code: number }> {
  const entry = JSON.stringify(new URL('../index.ts', import.meta.url).href)
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads')
    const say = (value) => parentPort.postMessage(value)
    // Its warnings are said, not written.
    process.removeAllListeners('warning')
    process.on('warning', ({ message }) => say(message.slice(0, message.indexOf(' did'))))
    import(${entry}).then(async (y) => { ${source} })`,
    { eval: true },
  )
  const said: unknown[] = []
  worker.on('message', (value: unknown) => {
    if (value === 'ready') act(worker)
    else said.push(value)
  })
  const [code] = (await once(worker, 'exit')) as [number]
  return { said, code }
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
const go = (worker: Worker): void => worker.postMessage('go')

describe('a run in a thread', () => {
  test('gives what main returned, and the thread ends', async () => {
    const ended = await inThread(`say(await y.run(() => y.sleep(1).then(() => 'value')))`)
    expect(ended).toEqual({ said: ['value'], code: 0 })
  })

  test('throws what main threw', async () => {
    const ended = await inThread(
      `await y.run(() => Promise.reject(new RangeError('no'))).catch(({ name }) => say(name))`,
    )
    expect(ended).toEqual({ said: ['RangeError'], code: 0 })
  })

  test('is the end of the thread, though a server was left open', async () => {
    const ended = await inThread(
      `await y.run(async () => void require('node:http').createServer().listen(0, '127.0.0.1'))
      say('end')`,
    )
    expect(ended).toEqual({ said: ['end'], code: 0 })
  })

  test('is cancelled by a signal of its own, as a thread gets none of the process', async () => {
    const ended = await inThread(
      `const controller = new AbortController()
      parentPort.once('message', (reason) => controller.abort(reason))
      const main = async (scope) => {
        scope.defer(() => say('closed'))
        say('ready')
        await y.sleep(Infinity)
      }
      await y.run(main, { signal: controller.signal }).catch(({ source, cause }) => say([source, cause]))`,
      go,
    )
    expect(ended).toEqual({ said: ['closed', ['signal', 'go']], code: 0 })
  })

  test('stands until then, whatever it waits for', async () => {
    const ended = await inThread(
      `await y.run(async () => { say('ready'); await new Promise(() => {}) })`,
      (worker) => void worker.terminate(),
    )
    expect(ended).toEqual({ said: [], code: 1 })
  })

  test('gives up what is over its grace, and the thread ends', async () => {
    const ended = await inThread(
      `await y.run(() => void y.shield(() => new Promise(() => {})), { graceMs: 1 })`,
    )
    expect(ended).toEqual({ said: ['shield "shield"'], code: 0 })
  })

  test('with strict, a forgotten await is an error', async () => {
    const ended = await inThread(
      `const main = () => void y.sleep(Infinity).catch(() => {})
      await y.run(main, { strict: true }).catch(({ name }) => say(name))`,
    )
    expect(ended).toEqual({ said: ['LeftoverError'], code: 0 })
  })
})
