import { expect, test } from 'vitest'
import { program } from '../../test/program.ts'

test('printTaskTreeOn prints the live tree to stderr when the signal comes', async () => {
  const ended = await program(
    `const printing = printTaskTreeOn()
    await y.run(async () => {
      const gate = new y.Event({ name: 'gate' })
      const alive = setInterval(() => {}, 1e6)
      process.on('SIGUSR2', () => { gate.set(); clearInterval(alive) })
      console.log('ready')
      await gate.wait()
    })
    printing[Symbol.dispose]()
    console.log(process.listenerCount('SIGUSR2'))`,
    ['SIGUSR2'],
  )
  expect(ended).toMatchObject({ code: 0, out: 'ready\n1\n' })
  expect(ended.err).toMatch(/^run main \d+ ms\n└─ waits for event "gate", 1st in line \d+ ms\n$/)
})
