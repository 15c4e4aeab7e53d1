import { describe, expect, test } from 'vitest'
import { FONTS_PATH } from './fonts-path.ts'
import { fontRoutes } from './routes.ts'

const routes = fontRoutes()

describe('the fonts', () => {
  test('are the files that the sheet names', async () => {
    const sheet = await (await routes.request(FONTS_PATH)).text()
    const paths = Array.from(sheet.matchAll(/url\((\/fonts\/[^)]+)\)/g), ([, path]) => path ?? '')
    expect(paths.length).toBeGreaterThan(100)
    expect(sheet).not.toContain('./files/')
    const answer = await routes.request(paths[0] ?? '')
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'font/woff2'])
    const magic = new Uint8Array(await answer.arrayBuffer()).subarray(0, 4)
    expect(Buffer.from(magic).toString('latin1')).toBe('wOF2')
  })

  test.each(['package.json', '..%2fpackage.json', 'noto-sans-jp-0-wght-normal.woff', '%00.woff2'])(
    'are no other file: %s',
    async (name) => {
      expect((await routes.request(`/fonts/${name}`)).status).toBeGreaterThanOrEqual(400)
    },
  )
})
