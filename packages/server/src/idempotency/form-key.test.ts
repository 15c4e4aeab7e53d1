import { expect, test, vi } from 'vitest'
import { memoryStage } from '../../test/idempotent-stage.ts'
import { idempotent } from './idempotent.ts'

const FORM = 'application/x-www-form-urlencoded'

/** Posts forms to a handler that has an effect each time that it is called. */
async function form() {
  const { store } = await memoryStage()
  const handler = vi.fn(async (request: Request): Promise<Response> => {
    const title = new URLSearchParams(await request.text()).get('title')
    return new Response(null, { status: 303, headers: { location: `/plans/${title}` } })
  })
  const handle = idempotent(handler, { store, caller: 'everyone', keyField: 'key' })
  const post = (body: string, headers: Record<string, string> = {}): Promise<Response> =>
    handle(
      new Request('http://service.example/plans', {
        method: 'POST',
        body,
        headers: { 'content-type': FORM, ...headers },
      }),
    )
  return { handler, post }
}

test('a second click on a form gets the answer of the first, and has no effect', async () => {
  const { handler, post } = await form()
  const answers = await Promise.all([post('title=a&key=k-1'), post('title=a&key=k-1')])
  const last = await post('title=a&key=k-1')
  expect([last.status, last.headers.get('location')]).toEqual([303, '/plans/a'])
  expect(last.headers.get('idempotent-replayed')).toBe('true')
  for (const { status } of answers) expect([303, 409]).toContain(status)
  expect(handler).toHaveBeenCalledOnce()
  // The same form, shown anew.
  expect((await post('title=a&key=k-2')).status).toBe(303)
  expect(handler).toHaveBeenCalledTimes(2)
})

test('a form that was changed under the same key is refused', async () => {
  const { post } = await form()
  await post('title=a&key=k-1')
  expect((await post('title=b&key=k-1')).status).toBe(422)
})

test('a header is the key, whatever the form has', async () => {
  const { handler, post } = await form()
  await post('title=a&key=k-1', { 'idempotency-key': 'h-1' })
  expect((await post('title=a&key=k-1')).headers.get('idempotent-replayed')).toBe(null)
  expect(handler).toHaveBeenCalledTimes(2)
})

test.each([
  ['no field', 'title=a', FORM],
  ['an empty one', 'title=a&key=', FORM],
  ['two of them', 'key=a&key=a', FORM],
  ['one that is no key', 'key=%E8%A8%88', FORM],
  ['one that is too long', `key=${'k'.repeat(256)}`, FORM],
  ['a body that is no form', '{"key":"k-1"}', 'application/json'],
  ['a body of a type that begins like a form', 'key=k-1', `${FORM}x`],
])('without a key it is refused: %s', async (_what, body, contentType) => {
  const { handler, post } = await form()
  expect((await post(body, { 'content-type': contentType })).status).toBe(400)
  expect(handler).not.toHaveBeenCalled()
})
