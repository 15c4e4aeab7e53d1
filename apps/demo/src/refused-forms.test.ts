import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fillApp } from '../test/fill-app.ts'
import { openTestApp, type TestApp } from '../test/open-test-app.ts'
import { hiddenFields } from './day/hidden-fields.ts'
import { Visitor } from './day/visitor.ts'

const FORM = /<form\b([^>]*)>(.*?)<\/form>/gs
const CONTROL = /<(?:input|select|textarea)\b([^>]*)>/g
const BUTTON = /<button\b([^>]* name="[^>]*)>/

function attribute(tag: string, name: string): string {
  return new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(tag)?.[1] ?? ''
}

/** A form that a person fills in. */
interface FilledForm {
  readonly action: string
  /** The names of what is filled in. */
  readonly names: readonly string[]
  /** What it sends when nothing is filled in. */
  readonly empty: Readonly<Record<string, string>>
}

function filledForms(page: string): FilledForm[] {
  return Array.from(page.matchAll(FORM), ([, head = '', body = '']) => {
    const controls = Array.from(body.matchAll(CONTROL), ([, tag = '']) => tag)
    const shown = controls.filter((tag) => attribute(tag, 'type') !== 'hidden')
    const names = [...new Set(shown.map((tag) => attribute(tag, 'name')))]
    const [, button = ''] = BUTTON.exec(body) ?? []
    const pressed = { [attribute(button, 'name')]: attribute(button, 'value') }
    const left = Object.fromEntries(names.map((name) => [name, '']))
    const empty = { ...hiddenFields(body), ...pressed, ...left }
    return { method: attribute(head, 'method'), action: attribute(head, 'action'), names, empty }
  }).filter(({ method, names }) => method === 'post' && names.length > 0)
}

/** Every page with a form, and the forms that are filled in: a new one is found, and wants its line. */
const PAGES: readonly (readonly [
  path: string,
  who: 'nobody' | 'full',
  forms: readonly string[],
])[] = [
  ['/', 'nobody', []],
  ['/register', 'nobody', ['/register: officeName staffName email']],
  ['/sign-in', 'nobody', ['/sign-in: email']],
  ['/home', 'full', ['/home/offices: officeName']],
  ['/plans', 'full', ['/plans: title']],
  ['/plans/PLAN', 'full', ['/plans/PLAN/document: document']],
  ['/plans/PLAN/meeting', 'full', ['/plans/PLAN/meeting: startsAt repeats']],
  [
    '/requests',
    'full',
    [
      '/requests/REQUEST/decision: notify',
      '/requests/REQUEST/decision: decisionReason',
      '/requests: kind reason',
    ],
  ],
  ['/billing', 'full', []],
  ['/billing/plan?to=year', 'full', []],
  ['/billing/invoices', 'full', []],
  ['/calendar', 'full', []],
  ['/await', 'full', []],
  ['/slow', 'full', []],
  ['/tree', 'full', []],
  ['/faults', 'full', []],
  ['/day', 'full', []],
  ['/inbox', 'full', []],
]

let at: TestApp
const open = new AsyncDisposableStack()
const visitors = new Map<string, Visitor>()
let planId = ''

beforeAll(async () => {
  at = open.use(await openTestApp())
  const filled = await fillApp(at)
  planId = filled.planId
  visitors.set('nobody', open.use(new Visitor(at.url)))
  visitors.set('full', open.use(new Visitor(at.url, { session: filled.sessions.full })))
})
afterAll(() => open.disposeAsync())

describe.each(PAGES)('%s', (path, who, forms) => {
  test('each form that is refused links its fields from the summary, and each says what is wrong', async () => {
    const visitor = visitors.get(who)!
    const page = await visitor.get(path.replace('PLAN', planId), {
      headers: { accept: 'text/html' },
    })
    const found = filledForms(page.text)
    const known = ({ action, names }: FilledForm): string =>
      `${action
        .split('?')[0]!
        .replace(planId, 'PLAN')
        .replace(/requests\/[^/]+/, 'requests/REQUEST')}: ${names.join(' ')}`
    expect(found.map(known)).toEqual(forms)
    for (const { action, names, empty } of found) {
      const refused = await visitor.submit(action, empty)
      expect([action, refused.status]).toEqual([action, 422])
      const main = refused.text
      const [, summary = ''] = /<div class="problems"[^>]*>(.*?)<\/div>/s.exec(main) ?? []
      const links = Array.from(
        summary.matchAll(/<li data-field="([^"]*)"><a href="#([^"]*)">([^<]*)</g),
        ([, field = '', id = '', text = '']) => ({ field, id, text }),
      )
      expect(links.map(({ field }) => field)).toEqual(names)
      for (const { field, id, text } of links) {
        const elements = Array.from(main.matchAll(/<(?:input|select|textarea|fieldset)\b([^>]*)>/g))
        const own = elements.filter(([, tag = '']) => attribute(tag, 'id') === id)
        expect([field, own.length]).toEqual([field, 1])
        const [, tag = ''] = own[0]!
        expect([field, attribute(tag, 'aria-invalid')]).toEqual([field, 'true'])
        const said = attribute(tag, 'aria-describedby').split(' ').at(-1)
        expect(main).toMatch(new RegExp(`<span class="problem" id="${said}">${text}</span>`))
      }
    }
  })
})
