import { describe, expect, test } from 'vitest'
import { html } from './html.ts'

const evil = 'javascript:alert(1)'

describe('html refuses', () => {
  test.each<[string, () => unknown]>([
    ['javascript: in a link', () => html`<a href="${evil}">x</a>`],
    ['data: in a picture', () => html`<img src="${'data:image/svg+xml,<svg onload=x>'}" />`],
    ['vbscript:', () => html`<a href="${'vbscript:x'}">x</a>`],
    ['a scheme in capitals', () => html`<a href="${'JavaScript:alert(1)'}">x</a>`],
    ['a scheme after blanks', () => html`<a href="${'\n\t javascript:x'}">x</a>`],
    ['a scheme with control characters in it', () => html`<a href="${'java\tscript:x'}">x</a>`],
    ['a scheme of two values', () => html`<a href="${'java'}${'script:x'}">x</a>`],
    ['a scheme that the template ends', () => html`<a href="${'javascript'}://x">x</a>`],
    ['a scheme that the template begins', () => html`<a href="java${'script:x'}">x</a>`],
    ['a scheme after an empty value', () => html`<a href="${''}${evil}">x</a>`],
    ['a list that makes a scheme', () => html`<a href="${['javascript', ':x']}">x</a>`],
    ['a form that goes elsewhere', () => html`<form action="${evil}"></form>`],
    // oxfmt-ignore
    ['an attribute without quotes', () => html`<a href=${'https://x.jp'}>x</a>`],
    // oxfmt-ignore
    ['a part of one without quotes', () => html`<a title=a${'b'}>x</a>`],
    ['an attribute in a value', () => html`<a ${'onclick=x'}>x</a>`],
    ['a name of an attribute', () => html`<a ${'title'}="x">x</a>`],
    ['a name of an element', () => html`<${'b'}>x</b>`],
    ['a program', () => html`<a onclick="go('${'x'}')">x</a>`],
    ['a document within', () => html`<iframe srcdoc="${'x'}"></iframe>`],
    ['a style that loads', () => html`<p style="background: ${'url(https://x.jp)'}">x</p>`],
    // oxfmt-ignore
    ['a style sheet', () => html`<style>p { color: ${'red'} }</style>`],
    // oxfmt-ignore
    ['a script', () => html`<script>let x = ${1}</script>`],
    ['a comment', () => html`<!-- ${'x'} -->`],
    ['HTML in an attribute', () => html`<a title="${html`<b>x</b>`}">x</a>`],
  ])('%s', (_what, render) => {
    expect(render).toThrow(TypeError)
    // What a user wrote is not in it.
    expect(render).not.toThrow(/alert|onload/)
  })
})

describe('html takes', () => {
  test.each<[string, () => unknown, string]>([
    ['a link', () => html`<a href="${'https://x.jp/?a=1&b=2'}">x</a>`, 'https://x.jp/?a=1&amp;b=2'],
    ['a path', () => html`<a href="/plans/${7}">x</a>`, '/plans/7'],
    ['a path with a colon', () => html`<a href="/a/${'b:c'}">x</a>`, '/a/b:c'],
    ['an address', () => html`<a href="mailto:${'a@x.jp'}">x</a>`, 'mailto:a@x.jp'],
    ['an inline picture', () => html`<img src="cid:${'logo'}" />`, 'cid:logo'],
    ['a title that looks like a scheme', () => html`<a title="${evil}">x</a>`, evil],
    ['a text that looks like one', () => html`<p>${evil}</p>`, evil],
    ['a colour', () => html`<p style="color: ${'#c00'}; width: ${50}%">x</p>`, '#c00'],
    [
      'a value after a style sheet',
      () =>
        html`<style>
            p {
            }
          </style>
          <p>${'x'}</p>`,
      '<p>x</p>',
    ],
    [
      'a value after a comment',
      () =>
        html`<!-- <a href= -->
          <p>${'x'}</p>`,
      '<p>x</p>',
    ],
    ['a value after a `<` that is none', () => html`1 < 2 ${'x'}`, '1 < 2 x'],
    ['a value in single quotes', () => html`<a title="${"it's"}">x</a>`, 'it&#39;s'],
  ])('%s', (_what, render, part) => {
    expect(String(render())).toContain(part)
  })
})
