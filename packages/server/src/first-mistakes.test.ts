import { unclearMistakes } from '@yuzuru/tooling/first-mistakes'
import { expect, test } from 'vitest'
import * as fastify from './fastify.ts'
import * as hono from './hono.ts'
import * as face from './index.ts'
import * as kysely from './kysely.ts'
import * as node from './node.ts'
import * as testing from './testing.ts'

/** What is handed to a framework, which calls it. */
const HANDED_OVER = ['requestScope', 'onError', 'notFound']

test.each([
  ['@yuzuru/server', face, []],
  ['@yuzuru/server/fastify', fastify, HANDED_OVER],
  ['@yuzuru/server/hono', hono, ['onError', 'notFound']],
  ['@yuzuru/server/kysely', kysely, []],
  ['@yuzuru/server/node', node, ['onError', 'notFound']],
  ['@yuzuru/server/testing', testing, []],
])(
  'whoever passes %s too little, or the wrong thing, is told what was expected',
  async (_, entry, except) => {
    expect(await unclearMistakes(entry, except)).toEqual([])
  },
)
