import { expect, test } from 'vitest'
import { run } from '../page/fixture.ts'
import { plot } from './plot.ts'

const svg = plot(run)

test('a plot is named and described for who cannot see it', () => {
  expect(svg).toContain('role="img" aria-labelledby="title desc"')
  expect(svg).toContain('<title id="title">db/example: reads &amp; &lt;writes></title>')
  expect(svg).toContain('ours / theirs: 2.00×, at most 1.50×, missed.')
})

test('each figure on each Node has a bar, and its text is text', () => {
  expect(svg.match(/class="fill"/g)).toHaveLength(6)
  expect(svg.match(/class="bar"/g)).toHaveLength(2)
  expect(svg).toContain('>ours · 26</text>')
  expect(svg).toContain('>2.00× (at most 1.50×), missed</text>')
})

test('a plot can be read in the light and in the dark', () => {
  expect(svg).toContain('@media (prefers-color-scheme: dark)')
  expect(svg).toContain('<rect class="ground"')
})

test('a difference below zero goes to the left of zero', () => {
  const lines = [{ name: 'less', unit: 'µs', median: -5, low: -10, high: 10 }]
  const drawn = plot({ ...run, results: [{ node: 'v26.10.0', method: '-', lines }] })
  const [, x = '', width = ''] =
    /class="fill" x="([\d.]+)" y="\d+" width="([\d.]+)"/.exec(drawn) ?? []
  expect(Number(x) + Number(width)).toBe(445)
})
