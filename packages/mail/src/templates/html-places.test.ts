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
    ['a second URL of a list', () => html`<img srcset="${'/x 1x, data:image/svg+xml,x 2x'}" />`],
    ['a second value of a list', () => html`<img srcset="/x 1x, ${evil} 2x" />`],
    ['a URL after a blank that is an entity', () => html`<img srcset="/x&#32;${evil}" />`],
    ['a preloaded picture', () => html`<link imagesrcset="${`/x 1x, ${evil}`}" />`],
    ['a second address to tell', () => html`<a ping="${`/x ${evil}`}">x</a>`],
    ['a second archive', () => html`<object archive="${`/x ${evil}`}"></object>`],
    ['where a page goes on', () => html`<meta http-equiv="refresh" content="0;url=${evil}" />`],
    [
      'where a page goes on, said later',
      () => html`<meta content="0;url=${evil}" title=">" http-equiv="refresh" />`,
    ],
    ['what a page is told', () => html`<meta http-equiv="${'refresh'}" content="0;url=/" />`],
    ['where SVG goes', () => html`<animate attributeName="href" to="${evil}" />`],
    ['what SVG goes through', () => html`<animate attributeName="href" values="${evil}" />`],
    ['where SVG comes from', () => html`<animateTransform from="${evil}" />`],
    ['what SVG adds', () => html`<animateMotion by="${evil}" />`],
    ['what SVG sets', () => html`<set attributeName="href" to="${evil}" />`],
    ['a colon that is an entity', () => html`<a href="javascript&colon;${'alert(1)'}">x</a>`],
    ['a number that is a letter', () => html`<a href="&#106;avascript:${'alert(1)'}">x</a>`],
    ['an entity after the value', () => html`<a href="${'javascript'}&#58;alert(1)">x</a>`],
    ['a fragment that ends in a value', () => html`<a href="`],
    ['one that ends in a value with one in it', () => html`<p>${'x'}</p><a title='`],
    ['one that ends in a tag', () => html`<a `],
    [
      'one that ends in a name',
      () =>
        html`<p>${'x'}</p>
          <`,
    ],
    ['one that ends without quotes', () => html`<a href=`],
    ['one that ends in a comment', () => html`<!-- `],
    ['one that ends in a style sheet', () => html`<style>`],
    ['one that ends in a script', () => html`${'x'}<script>`],
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
    [
      'pictures of several sizes',
      () =>
        html`<img
          srcset="${'https://x.jp/a?w=1&h=2 1x, /b 2x'}, https://x.jp/?a=1&amp;b=c:d 3x"
        />`,
      'https://x.jp/a?w=1&amp;h=2 1x, /b 2x, https',
    ],
    ['an `&` in a path', () => html`<a href="${'a&b'}">x</a>`, 'a&amp;b'],
    ['an entity in a query', () => html`<a href="/?a=1&amp;b=${'c:d'}&copy=1">x</a>`, 'b=c:d'],
    ['a description', () => html`<meta name="description" content="${'5; plans'}" />`, '5; plans'],
    ['the name of a recipient', () => html`<a to="${'x:y'}">x</a>`, 'x:y'],
    ['a value in single quotes', () => html`<a title="${"it's"}">x</a>`, 'it&#39;s'],
  ])('%s', (_what, render, part) => {
    expect(String(render())).toContain(part)
  })
})
