import { describe, expect, test } from 'vitest'
import { createFakeHttp } from './fake-http.ts'
import { Script } from './scripted-peer.ts'
import { startScriptedServer } from './scripted-server.ts'

describe('a script', () => {
  test.each([
    ['rest', "one of 'reset', 'drop', 'silence', got 'rest'"],
    [undefined, 'got undefined'],
    [
      { statsu: 503 },
      'Expected a known option of script.reply, got "statsu"; did you mean "status"?',
    ],
    [{ status: 1_000 }, 'from 100 to 999, got 1000'],
    [{ status: '503' }, 'from 100 to 999, got a string'],
  ])('refuses %j, which is no reply', (reply, words) => {
    const script = new Script()
    expect(() => script.reply(reply as never)).toThrow(TypeError)
    expect(() => script.reply(reply as never)).toThrow(words)
    expect(() => script.otherwise(reply as never)).toThrow(words)
  })

  test('answers with a 500 that says so when a function gives no reply', async () => {
    await using server = await startScriptedServer()
    server.reply(() => ({ statsu: 503 }) as never)
    const response = await fetch(server.url)
    expect([response.status, await response.text()]).toEqual([500, expect.stringMatching('statsu')])
    await using fake = createFakeHttp({ retry: false })
    fake.script.reply(() => 'rest' as never)
    await expect(fake.http.request('/')).rejects.toMatchObject({ status: 500 })
  })
})
