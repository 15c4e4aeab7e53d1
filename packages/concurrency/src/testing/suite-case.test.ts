import { expect, test } from 'vitest'
import { casesOf } from './suite-case.ts'

test('casesOf gives each case a fixture of its own, made with its settings, disposed of in any way', async () => {
  const log: string[] = []
  const of = casesOf(async (name: string) => {
    log.push(`make ${name}`)
    return {
      name,
      [Symbol.asyncDispose]: async () => void log.push(`dispose ${name}`),
    }
  })
  const cases = [
    of('works', ({ name }) => void log.push(`run ${name}`), 'a'),
    of('fails', () => Promise.reject(new Error('no')), 'b'),
  ]
  expect(log).toEqual([])
  const results = []
  for (const { name, run } of cases) {
    results.push([
      name,
      await run().then(
        () => 'passed',
        (error: Error) => error.message,
      ),
    ])
  }
  expect(results).toEqual([
    ['works', 'passed'],
    ['fails', 'no'],
  ])
  expect(log).toEqual(['make a', 'run a', 'dispose a', 'make b', 'dispose b'])
})

test('casesOf refuses what makes no case', () => {
  expect(() => casesOf(1 as never)).toThrow('Expected make to be a function')
  const of = casesOf(() => ({ [Symbol.asyncDispose]: async () => undefined }))
  expect(() => of('', () => undefined)).toThrow('Expected name')
  expect(() => of('a', undefined as never)).toThrow('Expected body to be a function')
})
