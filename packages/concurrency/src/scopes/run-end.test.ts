import { describe, expect, test } from 'vitest'
import { program } from '../../test/program.ts'

/** How a run ends, and the process with it. */
describe('the end of a run', () => {
  test.each([
    ['a sleep without end', 'await y.sleep(Infinity)'],
    ['an event', 'await new y.Event().wait()'],
    ['a queue', 'await new y.Queue().get()'],
    ['a promise of the platform', 'await new Promise(() => {})'],
  ])('does not come by itself while main waits for %s', async (_, wait) => {
    const ended = await program(
      `setTimeout(() => console.log('ready'), 100).unref()
      await y.run(async () => { ${wait} }, { graceMs: 50 })`,
      ['SIGTERM'],
    )
    expect(ended).toMatchObject({ code: 143, out: 'ready\n' })
  })

  test('comes when the grace is over, with what it waits for and the right code', async () => {
    const ended = await program(
      `await y.run(async () => {
        console.log('ready')
        await y.taskGroup((group) => {
          group.spawn(() => y.shield(() => y.sleep(1e9)), { name: 'upload of the plan' })
        })
      }, { graceMs: 50 })`,
      ['SIGTERM'],
    )
    expect(ended).toMatchObject({ code: 143 })
    expect(ended.err).toContain('shield "shield" did not end within its grace')
  })

  test('comes when the grace is over although main swallows its cancel', async () => {
    const ended = await program(
      `await y.run(async () => {
        console.log('ready')
        for (;;) { try { await y.sleep(1e9) } catch {} }
      }, { graceMs: 50 })`,
      ['SIGINT'],
    )
    expect(ended).toMatchObject({ code: 130 })
    expect(ended.err).toContain('run "main" did not end within its grace')
  })

  test('comes by a watchdog when the event loop hangs', async () => {
    const ended = await program(
      `await y.run(async () => {
        console.log('ready')
        try { await y.sleep(1e9) } finally { for (;;) {} }
      }, { graceMs: 50 })`,
      ['SIGTERM'],
    )
    expect(ended).toMatchObject({ code: null, signal: 'SIGTERM' })
  })

  test('comes by the second signal when the event loop hangs', async () => {
    const ended = await program(
      `import { writeSync } from 'node:fs'
      await y.run(async () => {
        writeSync(1, 'ready')
        try { await y.sleep(1e9) } finally { writeSync(1, 'ready'); for (;;) {} }
      }, { graceMs: Infinity })`,
      ['SIGTERM', 'SIGTERM'],
    )
    expect(ended).toMatchObject({ code: null, signal: 'SIGTERM' })
  })

  test('comes by the second signal also where somebody else listens', async () => {
    const ended = await program(
      `process.on('SIGTERM', () => {})
      await y.run(async () => {
        console.log('ready')
        try { await y.sleep(1e9) } finally { console.log('ready'); await y.shield(() => y.sleep(1e9)) }
      })`,
      ['SIGTERM', 'SIGTERM'],
    )
    expect(ended).toMatchObject({ code: 143 })
  })

  test('what main returned is given although what it left behind never ends', async () => {
    const ended = await program(
      `const value = await y.run(() => {
        void y.shield(() => new Promise(() => {}))
        return 'value'
      }, { graceMs: 50 })
      console.log(value)`,
    )
    expect(ended).toMatchObject({ code: 0, out: 'value\n' })
    expect(ended.err).toContain('shield "shield" did not end within its grace')
  })

  test('what main threw is thrown although what it left behind never ends', async () => {
    const ended = await program(
      `await y.run(() => {
        void y.shield(() => new Promise(() => {}))
        throw new Error('no database')
      }, { graceMs: 50 })`,
    )
    expect(ended.code).toBe(1)
    expect(ended.err).toContain('no database')
  })

  test.each([
    ['a server', `(await import('node:http')).createServer().listen(0, '127.0.0.1')`],
    ['stdin', `process.stdin.resume()`],
    [
      'a connection to a server of its own',
      `const { createServer, connect } = await import('node:net')
      const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1')
      await new Promise((resolve) => server.once('listening', resolve))
      const client = connect(server.address().port, '127.0.0.1')
      await new Promise((resolve) => client.once('connect', resolve))
      client.unref()
      await y.sleep(20)`,
    ],
  ])('is the end of the process, though %s was left open', async (_, open) => {
    const ended = await program(
      `await y.run(async () => { ${open} })\nconsole.log('end')`,
      [],
      'pipe',
    )
    expect(ended).toMatchObject({ code: 0, signal: null, out: 'end\n' })
  })

  test('is not the end of what was opened before', async () => {
    const ended = await program(
      `import { createServer } from 'node:http'
      const server = createServer().listen(0, '127.0.0.1', async () => {
        await y.run(() => 1)
        setTimeout(() => { console.log('served on'); server.close() }, 50).unref()
      })`,
    )
    expect(ended).toMatchObject({ code: 0, out: 'served on\n' })
  })

  test('its grace is a number of milliseconds', async () => {
    const { run } = await import('./run.ts')
    await expect(run(() => 1, { graceMs: -1 })).rejects.toThrow('Expected graceMs to be')
    await expect(run(() => 1, { graceMs: Number.NaN })).rejects.toThrow('Expected graceMs to be')
  })
})
