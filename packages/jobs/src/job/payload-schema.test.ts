import { Cancelled, IoError } from '@yuzuru/concurrency'
import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { defineJob } from './define-job.ts'
import type { Job } from './job.ts'
import { checked, PayloadRefusal, type PayloadSchema } from './payload-schema.ts'

/** The same payload in each library: a number of a plan, and addresses; `on` becomes a Date. */
const LIBRARIES: Readonly<Record<string, PayloadSchema>> = {
  zod: z.object({
    planId: z.number(),
    to: z.array(z.object({ email: z.email() })),
    on: z.iso.date().transform((on) => new Date(on)),
  }),
  valibot: v.object({
    planId: v.number(),
    to: v.array(v.object({ email: v.pipe(v.string(), v.email()) })),
    on: v.pipe(
      v.string(),
      v.isoDate(),
      v.transform((on) => new Date(on)),
    ),
  }),
  arktype: type({
    planId: 'number',
    to: type({ email: 'string.email' }).array(),
    on: 'string.date.parse',
  }),
  'an asynchronous schema': z.object({
    planId: z.number().refine(async () => true),
    to: z.array(z.object({ email: z.email() })),
    on: z.iso.date().transform(async (on) => new Date(on)),
  }),
  'a function that parses by a schema': (json) =>
    z
      .object({
        planId: z.number(),
        to: z.array(z.object({ email: z.email() })),
        on: z.iso.date().transform((on) => new Date(on)),
      })
      .parse(json),
}

const fine = { planId: 1, to: [{ email: 'hanako@example.jp' }], on: '2026-04-01' }

const refusalOf = async (schema: PayloadSchema, json: unknown): Promise<PayloadRefusal> => {
  const error = await Promise.try(() => checked(schema, json)).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(PayloadRefusal)
  return error as PayloadRefusal
}

describe('a payload is checked by', () => {
  for (const [name, schema] of Object.entries(LIBRARIES)) {
    test(`${name}: the handler gets what that makes of it`, async () => {
      expect(await checked(schema, fine)).toEqual({ ...fine, on: new Date('2026-04-01') })
    })

    test(`${name}: a refusal names the places and holds none of the values`, async () => {
      const to = [{ email: 'taro@example.jp' }, { email: 'secret-of-taro' }]
      const refusal = await refusalOf(schema, { planId: 'secret-plan', to, on: '2026-04-01' })
      expect(refusal.message.split(', ').toSorted()).toEqual([
        'payload.planId',
        'payload.to[1].email',
      ])
      expect(refusal.cause).toBeUndefined()
      expect(JSON.stringify(refusal) + String(refusal.stack)).not.toContain('secret')
    })
  }

  test('a schema of records whose keys are data, which a refusal does not show', async () => {
    const byAddress = z.record(z.string(), z.number())
    const refusal = await refusalOf(byAddress, { 'taro@example.jp': 'x' })
    expect(refusal.message).toBe('payload[…]')
  })

  test('a schema with many issues: ten places are named', async () => {
    const numbers = z.array(z.number())
    const refusal = await refusalOf(numbers, Array.from({ length: 30 }, String))
    expect(refusal.message).toMatch(/^payload\[0\], .*, payload\[9\] and 20 more$/)
  })

  test('a function that throws: that is the cause', async () => {
    const cause = new Error('no plan')
    const schema = (): never => {
      throw cause
    }
    expect((await refusalOf(schema, {})).cause).toBe(cause)
    expect((await refusalOf(() => Promise.reject(cause), {})).cause).toBe(cause)
    expect((await refusalOf(() => Promise.reject(), {})).message).toBe('it threw')
  })

  test('one whose own call was cancelled or failed: that is no refusal', async () => {
    const down = new IoError('down', {
      boundary: 'db',
      operation: 'query',
      code: 'connection_lost',
      retryable: true,
      outcome: 'none',
    })
    for (const error of [down, new Cancelled('enough', { source: 'scope', scope: 'test' })]) {
      await expect(Promise.try(() => checked(() => Promise.reject(error), {}))).rejects.toBe(error)
    }
  })
})

test('the types of a payload follow from its schema', () => {
  const run = async (): Promise<void> => undefined
  const schema = z.object({ on: z.iso.date().transform((on) => new Date(on)) })
  const byZod = defineJob({
    name: 'zod',
    schema,
    run: async (payload) => {
      expectTypeOf(payload).toEqualTypeOf<{ on: Date }>()
    },
  })
  expectTypeOf(byZod).toEqualTypeOf<Job<{ on: string }, { on: Date }, void>>()
  const byValibot = defineJob({ name: 'valibot', schema: v.object({ n: v.number() }), run })
  expectTypeOf(byValibot).toEqualTypeOf<Job<{ n: number }, { n: number }, void>>()
  const byArktype = defineJob({ name: 'arktype', schema: type({ n: 'number' }), run })
  expectTypeOf(byArktype).toEqualTypeOf<Job<{ n: number }, { n: number }, void>>()
  const byFunction = defineJob({ name: 'function', schema: (json) => ({ n: Number(json) }), run })
  expectTypeOf(byFunction).toEqualTypeOf<Job<{ n: number }, { n: number }, void>>()
  const withResult = defineJob({ name: 'result', schema, run: async () => ({ sent: 1 }) })
  expectTypeOf(withResult).toEqualTypeOf<Job<{ on: string }, { on: Date }, { sent: number }>>()
  const byHand = defineJob<{ n: number }>({ name: 'hand', run })
  expectTypeOf(byHand).toEqualTypeOf<Job<{ n: number }, { n: number }, void>>()
})
