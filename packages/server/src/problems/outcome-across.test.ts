import { io } from '@yuzuru/concurrency'
import { createHttp } from '@yuzuru/http'
import { expect, test } from 'vitest'
import { serve } from '../listening/serve.ts'
import { HttpProblem } from './http-problem.ts'

const insert = { boundary: 'test', operation: 'insert', effect: 'write' } as const

test.each([
  ['says none, behind an effect', { outcome: 'none' }, true, 'unknown'],
  ['says unknown', { outcome: 'unknown' }, false, 'unknown'],
  ['says none, and nothing was done', { outcome: 'none' }, false, 'none'],
] as const)(
  'another service knows what a refused call may have done: the problem %s',
  async (_, init, acts, outcome) => {
    await using server = await serve(async () => {
      if (acts) await io(insert, {}, () => Promise.resolve('done'))
      throw new HttpProblem(409, 'The plan is closed', init)
    })
    await using http = createHttp({ origin: server.url })
    const called = http.request('/', { method: 'POST', body: 'x' })
    await expect(called).rejects.toMatchObject({ status: 409, code: 'conflict', outcome })
  },
)
