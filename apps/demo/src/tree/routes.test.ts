import { expect, test } from 'vitest'
import { openTestApp } from '../../test/open-test-app.ts'

test('the tree shows what each task of the example waits for, and one example at a time', async () => {
  await using at = await openTestApp()
  const press = (): Promise<Response> =>
    fetch(`${at.url}/tree/example`, { method: 'POST', headers: { origin: at.url } })
  await press()
  const page = await (await press()).text()
  const tree = await (await fetch(`${at.url}/tree?lang=en`)).text()
  for (const text of ['the example', 'two at a time', 'sleep', 'Run three reads']) {
    expect(tree).toContain(text)
  }
  expect(page.match(/the example of \/tree/g)).toHaveLength(1)
  expect(page).toContain('<button disabled')
})
