import { Cancelled, IoError } from '@yuzuru/concurrency'
import { expectFunction, expectOptions, expected, fieldOf } from '@yuzuru/concurrency/boundary'
import { NamedFolder } from '../named-folder.ts'
import { type Html, trustedHtml } from './html.ts'
import { expectCareful } from './careful-renderer.ts'
import type { CompileTemplate, TemplateFile } from './compile-template.ts'

/** A file of a mail is small; Gmail cuts off the HTML behind 102 kB. */
const MAX_BYTES = 1_048_576

/** For {@link templateFolder}. */
export interface TemplateFolderOptions {
  /**
   * The renderer of your choice. It has to throw for a variable that is missing, to escape values in HTML, and
   * not to escape them in a text: with `{{ value }}` and `<%= value %>` that is tried with each file.
   */
  readonly compile: CompileTemplate
}

/** Templates that are files in one folder; see {@link templateFolder}. */
export interface TemplateFolder {
  /**
   * Reads a file of HTML, for `html` of `defineAsyncTemplate`.
   *
   * @param path relative to the folder; neither `..` nor a symbolic link leads out of it
   * @throws {TypeError} unless it is a file of UTF-8 in the folder, of at most 1 MiB, and `compile` takes it
   */
  html(path: string): Promise<(data: object) => Promise<Html>>
  /** The same for a file of plain text, for `text` or `subject`. A line break at its end is left out. */
  text(path: string): Promise<(data: object) => Promise<string>>
}

/**
 * Mail templates that are files: Nunjucks, handlebars, Liquid, or any other that compiles to a function. A file is
 * read once, when it is asked for, so that one that is missing ends the start of a program and not its first mail.
 *
 * Escaping is up to the renderer. A variable that the data lacks has to be an error: a mail with a hole in it, or
 * with a link to `?token=`, must not go out. Where a renderer is more forgiving, the file is refused.
 *
 * @throws {TypeError} unless `folder` is a path and `compile` a function
 *
 * @example
 * const html = new nunjucks.Environment(null, { throwOnUndefined: true })
 * const text = new nunjucks.Environment(null, { throwOnUndefined: true, autoescape: false })
 * const files = templateFolder('mails', {
 *   compile: (source, { kind }) => {
 *     const template = nunjucks.compile(source, kind === 'html' ? html : text)
 *     return (data) => template.render(data)
 *   },
 * })
 * const verifyAddress = defineAsyncTemplate<{ url: string }>()({
 *   ja: { subject: () => 'メールアドレスの確認', html: await files.html('verify.ja.html') },
 *   en: { subject: () => 'Confirm your address', html: await files.html('verify.en.html') },
 * })
 */
export function templateFolder(folder: string, options: TemplateFolderOptions): TemplateFolder {
  expectOptions(options, ['compile'], 'templateFolder')
  const compile: unknown = options?.compile
  expectFunction('compile', compile)
  const files = new NamedFolder(folder, { folder: 'the template folder', file: 'a template' })
  const load = async (file: TemplateFile): Promise<(data: object) => Promise<string>> => {
    const source = await sourceOf(files, file.path)
    await expectCareful(options.compile, file)
    const render = options.compile(source, file)
    expectFunction(`what compile makes of "${file.path}"`, render)
    return (data) => rendered(file, render, data)
  }
  return {
    async html(path) {
      const render = await load({ path, kind: 'html' })
      return async (data) => trustedHtml(await render(data))
    },
    async text(path) {
      const render = await load({ path, kind: 'text' })
      return async (data) => (await render(data)).replace(/\r?\n$/, '')
    },
  }
}

async function sourceOf(files: NamedFolder, path: string): Promise<string> {
  if (typeof path !== 'string') throw expected('path of a template to be a string', path)
  const whole = files.resolve(path)
  const pieces: Uint8Array[] = []
  let size = 0
  try {
    for await (const piece of files.read(whole)) {
      size += piece.length
      if (size > MAX_BYTES) throw Object.assign(new Error('too large'), { code: 'EFBIG' })
      pieces.push(piece)
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(pieces))
  } catch (cause) {
    const code = fieldOf(cause, 'code')
    const why = typeof code === 'string' ? code : 'an error'
    throw new TypeError(`Expected the template "${path}" to be a file of UTF-8, got ${why}`, {
      cause,
    })
  }
}

async function rendered(
  { path }: TemplateFile,
  render: (data: object) => string | PromiseLike<string>,
  data: object,
): Promise<string> {
  let text: unknown
  try {
    text = await render(data)
  } catch (cause) {
    if (Cancelled.isInstance(cause) || IoError.isInstance(cause)) throw cause
    // What the renderer says may hold data.
    throw new TypeError(`Expected the template "${path}" to render, got an error; see its cause`, {
      cause,
    })
  }
  if (typeof text === 'string') return text
  throw expected(`the template "${path}" to give a string`, text)
}
