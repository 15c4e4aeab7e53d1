import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { keepInterim } from './interim-answers.ts'

/** A response as Node had it before 26.3: no method writes all interim answers. */
class EarlierResponse {
  readonly req: { readonly httpVersionMinor: number }
  readonly written: unknown[] = []

  constructor(httpVersionMinor: number) {
    this.req = { httpVersionMinor }
  }

  writeEarlyHints(hints: object, done?: () => void): void {
    this.written.push(hints)
    done?.()
  }
}

const earlier = (version: number) => {
  const response = new EarlierResponse(version)
  keepInterim(response as unknown as ServerResponse)
  return response
}

test('early hints of an earlier Node say nothing of where a body ends', async () => {
  const response = earlier(1)
  await new Promise<void>((done) =>
    response.writeEarlyHints({ link: '</a>', 'Content-Length': 1, 'transfer-encoding': 'a' }, done),
  )
  expect(response.written).toEqual([{ link: '</a>' }])
})

test('early hints of an earlier Node are not sent to HTTP/1.0, and call back all the same', async () => {
  const response = earlier(0)
  await new Promise<void>((done) => response.writeEarlyHints({ link: '</a>' }, done))
  expect(response.written).toEqual([])
})
