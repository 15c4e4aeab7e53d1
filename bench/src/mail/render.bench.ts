import { defineTemplate, html } from '@yuzuru/mail'
import Handlebars from 'handlebars'
import type { Benchmark } from '../benchmark.ts'

interface Plan {
  readonly id: number
  readonly title: string
  readonly url: string
}

/** What is in a text has to be escaped, as in any. */
const plans: readonly Plan[] = Array.from({ length: 20 }, (_, id) => ({
  id,
  title: `支援計画 ${id} <要確認> & "至急"`,
  url: `https://example.jp/plans/${id}?from=mail&office=7`,
}))
const data = { name: '佐藤 花子', plans }

const ours = defineTemplate<typeof data>()({
  ja: {
    subject: () => '支援計画書の確認をお願いします',
    text: ({ name }) => `${name} 様`,
    html: ({ name, plans: rows }) => html`
      <!doctype html>
      <p>${name} 様</p>
      <table>
        ${rows.map(
          ({ id, title, url }) =>
            html`<tr>
              <td>${id}</td>
              <td>${title}</td>
              <td><a href="${url}">open</a></td>
            </tr>`,
        )}
      </table>
    `,
  },
})

const theirs = Handlebars.compile<typeof data>(
  `<!doctype html>
<p>{{name}} 様</p>
<table>
  {{#each plans}}
    <tr>
      <td>{{id}}</td>
      <td>{{title}}</td>
      <td><a href="{{url}}">open</a></td>
    </tr>
  {{/each}}
</table>
`,
)

const RENDERS = 50

/** How many rows came out. */
const rowsOf = (text: string): number => text.split('<tr>').length - 1

export const benchmark: Benchmark = {
  kind: 'comparison',
  title: 'a render of a template with a table of 20 rows, three values in each, all escaped',
  operation: 'render',
  warmUpMs: 1_000,
  bars: [{ of: 'yuzuru', against: 'handlebars', atMost: 1 }],
  cases: () => [
    {
      name: 'yuzuru',
      operations: RENDERS,
      expected: RENDERS * plans.length,
      run() {
        let rows = 0
        for (let count = 0; count < RENDERS; count += 1)
          rows += rowsOf(String(ours.render('ja', data).html))
        return Promise.resolve(rows)
      },
    },
    {
      name: 'handlebars',
      operations: RENDERS,
      expected: RENDERS * plans.length,
      run() {
        let rows = 0
        for (let count = 0; count < RENDERS; count += 1) rows += rowsOf(theirs(data))
        return Promise.resolve(rows)
      },
    },
  ],
}
