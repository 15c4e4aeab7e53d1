import { GetObjectCommand, GetObjectTaggingCommand } from '@aws-sdk/client-s3'
import { createPresignedPost, type PresignedPostOptions } from '@aws-sdk/s3-presigned-post'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestServer, type TestServer } from './test-server.ts'

const Bucket = 'plans'
let server: TestServer
let now: number

beforeAll(async () => {
  now = Date.now()
  server = await startTestServer({ now: () => now })
})
afterAll(() => server[Symbol.asyncDispose]())

type Policy = Omit<PresignedPostOptions, 'Bucket' | 'Key'>

async function post(
  Key: string,
  file: Blob | string,
  options: Policy & { change?: (form: FormData) => void } = {},
): Promise<{ status: number; headers: Headers; text: string; code: string | undefined }> {
  const { change, ...policy } = options
  const { url, fields } = await createPresignedPost(server.client, { Bucket, Key, ...policy })
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  change?.(form)
  form.append('file', new Blob([file]), '計画.pdf')
  const response = await fetch(url, { method: 'POST', body: form, redirect: 'manual' })
  const text = await response.text()
  const code = /<Code>(\w+)<\/Code>/.exec(text)?.[1]
  return { status: response.status, headers: response.headers, text, code }
}

describe('POST policy', () => {
  test('a form within its policy stores the file, its type, metadata and tags', async () => {
    const content = Buffer.alloc(300_000, 'line\r\n--------')
    const answer = await post('forms/${filename}', new Blob([content]), {
      Fields: {
        'Content-Type': 'application/pdf',
        'x-amz-meta-office': '7',
        tagging: '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>',
      },
      Conditions: [['content-length-range', 1, 1_000_000]],
    })
    expect([answer.status, answer.text]).toEqual([204, ''])
    const Key = 'forms/計画.pdf'
    const got = await server.client.send(new GetObjectCommand({ Bucket, Key }))
    expect(content.equals(await got.Body!.transformToByteArray())).toBe(true)
    expect(got).toMatchObject({ ContentType: 'application/pdf', Metadata: { office: '7' } })
    expect(answer.headers.get('etag')).toBe(got.ETag)
    const tags = await server.client.send(new GetObjectTaggingCommand({ Bucket, Key }))
    expect(tags.TagSet).toEqual([{ Key: 'a', Value: 'b' }])
  })

  test.each([
    ['larger', 101, 'EntityTooLarge'],
    ['much larger', 5_000_000, 'EntityTooLarge'],
    ['smaller', 9, 'EntityTooSmall'],
  ])(
    'a file %s than content-length-range allows is refused and leaves nothing',
    async (_, size, code) => {
      const before = await server.files()
      const Conditions: Policy['Conditions'] = [['content-length-range', 10, 100]]
      const answer = await post('sized', 'x'.repeat(size), { Conditions })
      expect([answer.status, answer.code]).toEqual([400, code])
      expect(await server.files()).toEqual(before)
    },
  )

  test('its bounds themselves are allowed', async () => {
    const Conditions: Policy['Conditions'] = [['content-length-range', 10, 100]]
    for (const size of [10, 100]) {
      expect((await post('sized', 'x'.repeat(size), { Conditions })).status).toBe(204)
    }
  })

  test('a field that breaks a condition, or that no condition covers, is refused', async () => {
    const Conditions: Policy['Conditions'] = [
      ['starts-with', '$Content-Type', 'image/'],
      ['eq', '$x-amz-meta-office', '7'],
    ]
    const attempt = async (fields: Record<string, string>): Promise<string> => {
      const change = (form: FormData): void => {
        for (const [name, value] of Object.entries(fields)) form.set(name, value)
      }
      const { status, text } = await post('images/a', 'x', { Conditions, change })
      return `${status} ${/<Message>(.*)<\/Message>/.exec(text)?.[1] ?? ''}`
    }
    const right = { 'Content-Type': 'image/png', 'x-amz-meta-office': '7' }
    expect(await attempt(right)).toBe('204 ')
    expect(await attempt({ ...right, 'Content-Type': 'text/html' })).toMatch(
      /^403 .*Policy Condition failed: .*Content-Type/i,
    )
    expect(await attempt({ ...right, 'x-amz-meta-office': '8' })).toMatch(
      /^403 .*Policy Condition failed/,
    )
    expect(await attempt({ 'Content-Type': 'image/png' })).toMatch(/^403 .*Policy Condition failed/)
    expect(await attempt({ ...right, key: 'elsewhere' })).toMatch(/^403 .*Policy Condition failed/)
    expect(await attempt({ ...right, 'x-amz-meta-more': '1' })).toMatch(
      /^403 .*Extra input fields: x-amz-meta-more/,
    )
    expect(await attempt({ ...right, 'x-ignore-this': '1' })).toBe('204 ')
  })

  test('an expired policy is refused', async () => {
    now += 3_600_000
    const answer = await post('late', 'x', { Expires: 1_800 })
    now -= 3_600_000
    expect([answer.status, answer.code]).toEqual([403, 'AccessDenied'])
    expect(answer.text).toContain('Policy expired')
  })

  test('an altered policy or none is refused', async () => {
    const wide = { expiration: '2100-01-01T00:00:00Z', conditions: [['starts-with', '$key', '']] }
    const change = (form: FormData): void => {
      form.set('Policy', Buffer.from(JSON.stringify(wide)).toString('base64'))
    }
    expect((await post('a', 'x', { change })).code).toBe('SignatureDoesNotMatch')
    const without = await post('a', 'x', { change: (form) => form.delete('Policy') })
    expect([without.status, without.code]).toEqual([403, 'AccessDenied'])
  })

  test('success_action_status 201 answers with XML, success_action_redirect with a redirect', async () => {
    const created = await post('a&b', 'x', { Fields: { success_action_status: '201' } })
    expect(created.status).toBe(201)
    expect(created.text).toContain('<Key>a&amp;b</Key>')
    const target = 'http://localhost/done?from=form'
    const redirected = await post('a&b', 'x', { Fields: { success_action_redirect: target } })
    expect(redirected.status).toBe(303)
    const url = new URL(redirected.headers.get('location')!)
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      from: 'form',
      bucket: 'plans',
      key: 'a&b',
    })
  })

  test.each([
    [
      'no file',
      '--b\r\nContent-Disposition: form-data; name="key"\r\n\r\nk\r\n--b--\r\n',
      'InvalidArgument',
    ],
    [
      'no end',
      '--b\r\nContent-Disposition: form-data; name="key"\r\n\r\nk',
      'MalformedPOSTRequest',
    ],
    ['no name', '--b\r\nContent-Type: text/plain\r\n\r\nk\r\n--b--\r\n', 'MalformedPOSTRequest'],
    [
      'a field of 30 kB',
      `--b\r\nContent-Disposition: form-data; name="key"\r\n\r\n${'k'.repeat(30_000)}\r\n--b--\r\n`,
      'MaxPostPreDataLengthExceeded',
    ],
  ])('a form with %s is refused', async (_, body, code) => {
    const headers = { 'content-type': 'multipart/form-data; boundary=b' }
    const response = await fetch(`${server.s3.endpoint}/plans`, { method: 'POST', headers, body })
    expect(response.status).toBe(400)
    expect(await response.text()).toContain(`<Code>${code}</Code>`)
  })
})
