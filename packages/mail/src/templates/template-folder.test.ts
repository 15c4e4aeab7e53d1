import { mkdtemp, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Cancelled, cancelScope, sleep } from '@yuzuru/concurrency'
import Handlebars from 'handlebars'
import nunjucks from 'nunjucks'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { defineAsyncTemplate } from './async-template.ts'
import type { CompileTemplate } from './compile-template.ts'
import { templateFolder } from './template-folder.ts'

let root: string
let folder: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'yuzuru-mail-'))
  folder = join(root, 'mails')
  await mkdir(folder)
  await writeFile(join(root, 'secret.html'), 'secret')
  await writeFile(join(folder, 'verify.html'), '<p>{{ name }} 様</p><a href="{{ url }}">確認</a>\n')
  await writeFile(join(folder, 'verify.txt'), '{{ name }} 様 {{ url }}\n')
  await writeFile(join(folder, 'latin1.html'), Buffer.from([0x3c, 0xe9]))
  await writeFile(join(folder, 'large.html'), Buffer.alloc(1_048_577, 'a'))
  await symlink(join(root, 'secret.html'), join(folder, 'link.html'))
})
afterAll(() => rm(root, { recursive: true }))

/** Jinja's kind, with what it needs to be careful. */
const jinja =
  (options: nunjucks.ConfigureOptions = { throwOnUndefined: true }): CompileTemplate =>
  (source, { kind }) => {
    const autoescape = options.autoescape ?? kind === 'html'
    const template = nunjucks.compile(
      source,
      new nunjucks.Environment(null, { ...options, autoescape }),
    )
    return (data) => template.render(data)
  }
const handlebars: CompileTemplate = (source, { kind }) =>
  Handlebars.compile(source, { strict: true, noEscape: kind === 'text' })

interface Data {
  readonly name: string
  readonly url: string
}
const data: Data = { name: '<花子>', url: 'https://x.jp/?a=1&b=2' }

describe.each([
  ['Nunjucks', jinja()],
  ['handlebars', handlebars],
])('a template of %s from a file', (_, compile) => {
  test('is escaped in HTML and as it is in a text, and has its text derived', async () => {
    const files = templateFolder(folder, { compile })
    const verify = defineAsyncTemplate<Data>()({
      ja: { subject: () => '確認', html: await files.html('verify.html') },
      en: { subject: () => 'Confirm', text: await files.text('verify.txt') },
    })
    const ja = await verify.render('ja', data)
    expect(String(ja.html)).toContain('<p>&lt;花子&gt; 様</p>')
    expect(ja.text).toBe('<花子> 様\n\n確認 [https://x.jp/?a=1&b=2]')
    const en = await verify.render('en', data)
    expect(en).toEqual({ subject: 'Confirm', text: '<花子> 様 https://x.jp/?a=1&b=2' })
  })

  test('fails when a variable is missing', async () => {
    const render = await templateFolder(folder, { compile }).html('verify.html')
    await expect(render({ name: '花子' })).rejects.toThrow(
      'Expected the template "verify.html" to render, got an error; see its cause',
    )
  })
})

describe('a template from a file', () => {
  test('is refused when its renderer is careless', async () => {
    const html = (compile: CompileTemplate) =>
      templateFolder(folder, { compile }).html('verify.html')
    await expect(html(jinja({ throwOnUndefined: false }))).rejects.toThrow(
      'variable that is missing',
    )
    await expect(html((source) => Handlebars.compile(source))).rejects.toThrow('strict: true')
    const raw = { throwOnUndefined: true, autoescape: false }
    await expect(html(jinja(raw))).rejects.toThrow('to escape the values of HTML ("verify.html")')
    const escaped = { throwOnUndefined: true, autoescape: true }
    await expect(
      templateFolder(folder, { compile: jinja(escaped) }).text('verify.txt'),
    ).rejects.toThrow('not to escape the values of a text')
  })

  test('may be of a renderer that places values in its own way', async () => {
    const compile: CompileTemplate = (source) => async () => `of ${source.length}`
    const render = await templateFolder(folder, { compile }).text('verify.txt')
    expect(await render({})).toBe('of 23')
  })

  test('is read from the folder that was named, and from nowhere else', async () => {
    const files = templateFolder(folder, { compile: jinja() })
    const outside = ['../secret.html', join(root, 'secret.html'), 'link.html', '.', 'a\0b']
    for (const path of outside) await expect(files.html(path)).rejects.toThrow(TypeError)
    await expect(files.html('none.html')).rejects.toThrow('got ENOENT')
  })

  test('is UTF-8, and small', async () => {
    const files = templateFolder(folder, { compile: jinja() })
    await expect(files.html('latin1.html')).rejects.toThrow('to be a file of UTF-8')
    await expect(files.html('large.html')).rejects.toThrow('EFBIG')
  })

  test('is read once', async () => {
    await writeFile(join(folder, 'once.html'), 'first')
    const render = await templateFolder(folder, { compile: jinja() }).html('once.html')
    await writeFile(join(folder, 'once.html'), 'second')
    expect(String(await render({}))).toBe('first')
  })

  test('passes a cancel on', async () => {
    const compile: CompileTemplate = () => async () => {
      await sleep(Infinity)
      return ''
    }
    const skipped: CompileTemplate = (source, file) =>
      source.includes('value') ? () => source : compile(source, file)
    const render = await templateFolder(folder, { compile: skipped }).html('verify.html')
    const ended = cancelScope(async (scope) => {
      queueMicrotask(() => scope.cancel())
      return await render({})
    })
    expect(Cancelled.isInstance(await ended.catch((error: unknown) => error))).toBe(true)
  })

  test('refuses a folder that is none, and a compile that is no function', () => {
    expect(() => templateFolder('', { compile: jinja() })).toThrow(TypeError)
    expect(() => templateFolder('a', {} as never)).toThrow('compile')
    expect(() => templateFolder('a', undefined as never)).toThrow('compile')
  })
})
