import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import * as concurrency from './index.ts'
import * as inspect from './inspect.ts'
import * as tasks from './tasks.ts'
import * as resilience from './resilience.ts'
import * as sync from './sync.ts'

const urlOf = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href)

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

const page = read('../../../docs/semantics.md')

/** The examples of a page as one program, which prints the title of each that ran. */
const programOf = (text: string): { readonly titles: string[]; readonly program: string } => {
  const examples = text.split(/^##+ /m).flatMap((section) =>
    Array.from(section.matchAll(/```ts\n(.*?)```/gs), ([, code = '']) => ({
      title: section.slice(0, section.indexOf('\n')),
      code: code.replaceAll(/^import .*\n/gm, ''),
    })),
  )
  const blocks = examples.map(
    ({ title, code }) =>
      `await (async () => {\n${code}\n})()\nconsole.log(${JSON.stringify(title)})\n`,
  )
  return {
    titles: examples.map(({ title }) => title),
    program: `
      import assert from 'node:assert/strict'
      import * as concurrency from ${urlOf('index.ts')}
      import * as inspect from ${urlOf('inspect.ts')}
      import * as tasks from ${urlOf('tasks.ts')}
      import * as resilience from ${urlOf('resilience.ts')}
      import * as sync from ${urlOf('sync.ts')}
      import { TestClock } from ${urlOf('testing.ts')}
      const { ${Object.keys(concurrency).join(', ')} } = concurrency
      const { ${Object.keys(inspect).join(', ')} } = inspect
      const { ${Object.keys(tasks).join(', ')} } = tasks
      const { ${Object.keys(resilience).join(', ')} } = resilience
      const { ${Object.keys(sync).join(', ')} } = sync
      ${blocks.join('\n')}`,
  }
}

const run = (program: string): { readonly stdout: string; readonly stderr: string } =>
  spawnSync(process.execPath, ['--input-type=module-typescript', '-e', program], {
    encoding: 'utf8',
    timeout: 100_000,
  })

describe('docs/semantics.md', () => {
  test('states every rule with its reason and an example', () => {
    const rules = page.split(/^### /m).slice(1)
    for (const rule of rules) {
      expect(rule).toContain('_Why:_')
      expect(rule).toContain('```ts')
    }
    expect(rules.map((rule) => Number.parseInt(rule, 10))).toEqual(rules.map((_, at) => at + 1))
  })

  test('its examples run', () => {
    const { titles, program } = programOf(page)
    const { stdout, stderr } = run(program)
    expect({ ran: stdout.trim().split('\n'), stderr }).toEqual({ ran: titles, stderr: '' })
  })
})

describe('docs/manual/concurrency/README.md', () => {
  test('its example runs', () => {
    const { titles, program } = programOf(read('../../../docs/manual/concurrency/README.md'))
    expect(run(program)).toMatchObject({ stdout: `${titles.join('\n')}\n`, stderr: '' })
  })
})
