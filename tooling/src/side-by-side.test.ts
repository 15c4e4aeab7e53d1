import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type EndedStep, lanesOf, sideBySide } from './side-by-side.ts'

const step = (name: string, command: string) => ({ name, command })

type Lanes = Parameters<typeof sideBySide>[0]

async function run(...lanes: Lanes) {
  return await runTelling(() => undefined, lanes)
}

async function runTelling(onEnded: (step: EndedStep) => void, lanes: Lanes) {
  const ended: EndedStep[] = []
  const failed = await sideBySide(lanes, (each) => {
    ended.push(each)
    onEnded(each)
  })
  return { failed: failed.map(({ name }) => name), ended }
}

/** A named pipe: who opens one end waits for who opens the other. */
function pipe(): string {
  const folder = mkdtempSync(join(tmpdir(), 'side-by-side-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, 'pipe')
}

test('lanes run beside each other, and the steps of a lane in turn', async () => {
  const path = pipe()
  const { failed, ended } = await run(
    [
      step('make', `mkfifo ${path}.a ${path}.b`),
      step('ask', `echo hello >${path}.a; cat ${path}.b`),
    ],
    [step('answer', `until [ -p ${path}.b ]; do :; done; cat ${path}.a; echo world >${path}.b`)],
  )
  expect(failed).toEqual([])
  expect(new Map(ended.map(({ name, output }) => [name, output]))).toEqual(
    new Map([
      ['make', ''],
      ['ask', 'world\n'],
      ['answer', 'hello\n'],
    ]),
  )
})

test('a failure is told with its output, and no step is begun after it', async () => {
  const path = pipe()
  // What runs meanwhile ends after the failure, and not before it.
  const { failed, ended } = await runTelling(
    ({ name }) => name === 'bad' && writeFileSync(path, ''),
    [
      [step('bad', `echo seen; echo wrong >&2; exit 3`), step('never', 'echo never')],
      [step('long', `until [ -e ${path} ]; do :; done; echo whole`), step('later', 'echo never')],
    ],
  )
  expect(failed).toEqual(['bad'])
  expect(ended.find(({ name }) => name === 'bad')).toMatchObject({
    code: 3,
    output: 'seen\nwrong\n',
  })
  expect(ended.map(({ output }) => output)).not.toContain('never\n')
  expect(ended.find(({ name }) => name === 'long')?.output).toBe('whole\n')
})

test.each(['exit 1', 'kill -9 $$', 'no-such-program-at-all', 'false'])(
  'a step that ends by `%s` has failed',
  async (command) => {
    expect((await run([step('it', command)])).failed).toEqual(['it'])
  },
)

test('the arguments name lanes and their steps', () => {
  expect(
    lanesOf(['--lane', 'lint: pnpm lint', '--lane', 'types: all of them: tsc', 'b: c']),
  ).toEqual([[step('lint', 'pnpm lint')], [step('types: all of them', 'tsc'), step('b', 'c')]])
})

test.each([
  [['lint: pnpm lint']],
  [['--lane', 'lint']],
  [['--lane', '--lanes']],
  [['--lane', ': x']],
])('other arguments are refused: %j', (args) => {
  expect(() => lanesOf(args)).toThrow(/^Expected --lane or "name: command", got "/)
})
